//! What a cache in memory holds, in a file, so that the next process does not begin with nothing.
//!
//! A snapshot is JSON, line by line: a head with the format and the time, a line for each entry, and a last line with the
//! number of entries and a checksum over all before. It is written beside its place and renamed, so that there is always
//! a whole one or none. Who can write the file can put anything into the cache.
//!
//! Events have the target `segno_cache::snapshot`: "a snapshot is written" (`entries`, `path`) and "a snapshot is restored"
//! (`recovery`, `path`), both at level info.

mod file;
mod lines;
mod of_cache;

pub use file::{Recovery, Restoration};
