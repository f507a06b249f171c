//! The file side: which files a glob or a work tree means, and what each one's content is.

mod content;
mod facts;
mod folder;
mod git;
mod glob;
mod hashes;
mod memo;
#[cfg(feature = "disk")]
mod outputs;
mod paths;
mod project;
mod shelf;
mod walk;

pub use memo::CLOCK_TICK;
#[cfg(feature = "disk")]
pub use outputs::{OutputFile, Outputs, Restored};
pub use project::Files;

pub(crate) use git::{git, refused};
pub(crate) use glob::{Globs, Pattern};
#[cfg(feature = "disk")]
pub(crate) use memo::Row;
pub(crate) use memo::Stamp;
pub(crate) use paths::project_path;
#[cfg(feature = "watch")]
pub(crate) use paths::{is_never, join};
