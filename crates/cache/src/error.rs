//! The crate's one error type. What a caller does about it (usually: go on without the cache) is his.

use std::io;
#[cfg(feature = "files")]
use std::path::Path;
use std::path::PathBuf;

use crate::Digest;

/// A secret shorter than this can be guessed.
#[cfg(any(feature = "disk", feature = "layers"))]
pub(crate) const MIN_SECRET_BYTES: usize = 16;

/// Says what could not be done, to what, and why.
///
/// A cache may always be done without: a caller logs the error and computes. [`Glob`](Error::Glob),
/// [`Path`](Error::Path), [`Folder`](Error::Folder) and [`Secret`](Error::Secret) are mistakes that somebody should correct.
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
    /// A dependency cannot be looked up, because it is none or because there is nothing to look it up in.
    #[error("cannot look up {name}: {reason}")]
    Dependency {
        /// What was to be looked up.
        name: String,
        /// What is wrong, as the rest of the sentence.
        reason: String,
    },
    /// A settings file could not be read as one.
    #[error("cannot read a value in {file}: {reason}")]
    Config {
        /// The file, relative to the project.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tool did not say its version.
    #[error("cannot ask `{command}`: {reason}")]
    Tool {
        /// What was called.
        command: String,
        /// How it ended.
        reason: String,
        /// Why it could not be started, if that was the trouble.
        source: Option<io::Error>,
    },
    /// Git could not say what is in the work tree.
    #[error("git cannot look at the work tree {root}: {reason}", root = .root.display())]
    Git {
        /// The folder that was to be looked at.
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
    /// The cache's folder is not safe to use: somebody else could change what is in it.
    #[error("the cache folder {path} {reason}; {hint}", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it, as the rest of the sentence.
        reason: String,
        /// What can be done.
        hint: &'static str,
    },
    /// A newer program has written the cache's index; it is left as it is.
    #[error(
        "the cache index {path} has format {found}, and this program knows {known}; update it or use another folder",
        path = .path.display()
    )]
    Newer {
        /// The index file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this program knows.
        known: i64,
    },
    /// The thread that does the work for other threads cannot be started.
    #[error("cannot start a thread for the cache layers")]
    Runtime {
        /// What the system said.
        source: io::Error,
    },
    /// A secret is too short.
    #[error("a secret of {bytes} bytes can be guessed; take at least {min_bytes}")]
    Secret {
        /// How long it is.
        bytes: usize,
        /// How long it has to be.
        min_bytes: usize,
    },
    /// A result is larger than what may be carried.
    #[error("the result of `{name}` takes {bytes} bytes, and {max_bytes} may be carried")]
    TooLarge {
        /// The subject.
        name: String,
        /// What it takes with all that belongs to it.
        bytes: u64,
        /// What would be allowed.
        max_bytes: u64,
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
    #[cfg(feature = "files")]
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { action, path: path.to_owned(), source }
    }

    #[cfg(feature = "files")]
    pub(crate) fn path(path: &str, reason: &'static str) -> Error {
        Error::Path { path: path.to_owned(), reason }
    }

    #[cfg(feature = "files")]
    pub(crate) fn glob(glob: &str, reason: impl Into<String>) -> Error {
        Error::Glob { glob: glob.to_owned(), reason: reason.into() }
    }
}

/// Returns whether the file went away, which is no failure between a listing and a look.
#[cfg(feature = "files")]
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
