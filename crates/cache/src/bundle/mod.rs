//! Stored results to be carried elsewhere: one with all that it refers to, and files of many.

mod archive;
mod carry;
mod encoding;
mod parts;

pub use archive::{ArchiveError, ArchiveReader, ArchiveWriter, Secret};
pub use parts::{Bundle, BundleError};
