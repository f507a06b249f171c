//! How long things took: recorded in buckets of a fixed number, read as quantiles.
//!
//! The buckets are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees", VLDB 2019) with its linearly interpolated mapping: each power of two is cut into 32 equal
//! parts, so that finding the bucket takes a shift and no logarithm. Whatever the times are, a quantile that is read is
//! within 1/64 (1.6 %) of a time that was recorded at that rank.

mod buckets;
mod distribution;
mod recorder;

pub use distribution::Distribution;
pub use recorder::Sketch;
