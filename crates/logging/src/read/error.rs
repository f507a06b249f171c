//! What stops a query. Broken lines do not: they are counted in the tally.

use std::io;
use std::path::PathBuf;

/// Why logs could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that was named cannot be opened.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file was open and could not be read on, or its compressed data are damaged.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder said.
        source: io::Error,
    },
    /// The file is compressed and this build cannot read that.
    #[error("cannot read {path}: it is compressed. Build with the feature `compress`")]
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// The text of a filter or of a mapping of keys is wrong.
    #[error("{problem} at character {at} of {text:?}. {hint}")]
    Text {
        /// What is wrong.
        problem: String,
        /// The whole text.
        text: String,
        /// The place in it, counted in characters from 1.
        at: usize,
        /// What can be written instead.
        hint: String,
    },
}
