//! The file side: which files a glob or a work tree means, and what each one's content is.

mod content;
mod facts;
mod git;
mod glob;
mod hashes;
mod memo;
mod paths;
mod project;
mod walk;

pub use memo::CLOCK_TICK;
pub use project::Files;

pub(crate) use glob::Globs;
pub(crate) use memo::{Row, Stamp};
pub(crate) use paths::{TEMPORARY, project_path};
pub(crate) use walk::{Leaf, Links};
