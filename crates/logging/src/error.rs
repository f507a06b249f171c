//! What can go wrong when logging is set up. Nothing fails later: lost lines are counted.

use std::io;
use std::path::PathBuf;

use tracing::subscriber::SetGlobalDefaultError;

use crate::loggers::Mistake;

/// Why [`Logging::install`](crate::Logging::install) or [`FileSink::open`](crate::FileSink::open)
/// failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder of the log file is missing and cannot be made.
    #[error("cannot create the log folder {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log file cannot be opened for writing.
    #[error("cannot open the log file {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread to write the log.
    #[error("cannot start a thread for the log")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
    /// The program has a global `tracing` subscriber already.
    #[error("cannot install the logger: this program has one already")]
    Installed {
        /// What `tracing` said.
        source: SetGlobalDefaultError,
    },
    /// The text form of levels has mistakes.
    #[error("cannot read the levels: {}", .mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Levels {
        /// All of them.
        mistakes: Vec<Mistake>,
    },
    /// More loggers were given a level than are kept.
    #[error("more than {most} loggers cannot have a level of their own")]
    TooManyLoggers {
        /// How many can.
        most: usize,
    },
}
