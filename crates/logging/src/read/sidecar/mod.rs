//! Small files beside segments that are written no more, so that counts and percentiles of them need no line: `<segment>.idx`.
//! Writers with the features `subscriber` and `read` make them in the background when a segment is sealed and compressed, and
//! remove them with their segments; of other segments whoever asks first makes them.
//!
//! A sidecar holds the times between which the segment's lines lie, its lines by level and component, the quantiles of its
//! numeric fields by component, and what could not be read in it. It is an answer kept, and nothing is lost with it: one that
//! is missing, damaged, of another version, or made of other bytes than stand in the segment is made anew or passed over. It
//! names the segment's place on the disk, size, times of change, and checksums of its beginning and end; its own checksum stands on its last line.
//!
//! It is never longer than a quarter of its segment, or 4 KiB: rather than that it is made without quantiles, or not at all.
//!
//! # The format, version 1
//! One JSON object on one line and the FNV-1a-64 of that line, as 16 hexadecimal digits, on the next.

mod answer;
mod gather;
mod identity;
mod shelf;
mod summary;

pub use answer::{Summed, analyze_with};
pub use shelf::{Shelf, path};
#[cfg(feature = "subscriber")]
pub(crate) use shelf::{Shelved, shelve};
pub use summary::Summary;
