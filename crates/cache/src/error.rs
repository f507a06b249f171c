//! The crate's one error type. What a caller does about it (usually: go on without the cache) is his.

use std::io;
use std::path::{Path, PathBuf};

use crate::Digest;

/// Says what could not be done, to what, and why.
///
/// A cache may always be done without: a caller logs the error and computes. Only
/// [`Glob`](Error::Glob) and [`Path`](Error::Path) are mistakes that somebody should correct.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A glob cannot be used.
    #[error("the glob `{glob}` {reason}")]
    Glob {
        /// The glob as it was given.
        glob: String,
        /// What is wrong with it, as the rest of the sentence.
        reason: String,
    },
    /// A path is refused, or it names something that has no content.
    #[error("the path `{path}` {reason}")]
    Path {
        /// The path as it was given or found.
        path: String,
        /// What is wrong with it, as the rest of the sentence.
        reason: &'static str,
    },
    /// A glob or work tree holds more files than one manifest may list.
    #[error("`{name}` holds more than {limit} files")]
    TooManyFiles {
        /// The glob or folder.
        name: String,
        /// The limit that was passed.
        limit: usize,
    },
    /// Git could not list the work tree.
    #[error("git cannot list the work tree {root}: {reason}", root = .root.display())]
    Git {
        /// The folder that was to be listed.
        root: PathBuf,
        /// What git said, or how it ended.
        reason: String,
        /// Why git could not be started, if that was the trouble.
        source: Option<io::Error>,
    },
    /// The operating system refused something.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The index of the store could not be read or written.
    #[error("cannot {action} in the cache index {path}", path = .path.display())]
    Index {
        /// What was tried.
        action: &'static str,
        /// The index file.
        path: PathBuf,
        /// What the database said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A content that something refers to is not in the store any more.
    #[error("object {digest} is not in the cache")]
    MissingObject {
        /// The content's digest.
        digest: Digest,
    },
    /// A stored content is not what its digest says; it was removed.
    #[error("object {digest} in the cache is damaged")]
    DamagedObject {
        /// The digest it should have had.
        digest: Digest,
    },
    /// Stored bytes are no manifest of this version.
    #[error("a stored manifest is damaged: {reason}")]
    Manifest {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text is not a digest.
    #[error("`{text}` is not a digest of 64 hex digits")]
    Digest {
        /// The text, cut to 80 characters.
        text: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn path(path: &str, reason: &'static str) -> Error {
        Error::Path { path: path.to_owned(), reason }
    }

    pub(crate) fn glob(glob: &str, reason: impl Into<String>) -> Error {
        Error::Glob { glob: glob.to_owned(), reason: reason.into() }
    }
}

/// Returns whether the file went away, which is no failure between a listing and a look.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
