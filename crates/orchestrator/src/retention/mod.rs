//! How long runs are kept, and the collection of what is no longer: runs, logs, locks, blobs, definitions.
//!
//! A collection may be killed anywhere: the rows of a run go first, in one transaction, and all else is found by having no
//! row that names it (mark and sweep), so the next collection goes on.

mod collect;
mod policy;
mod sizes;
mod strays;
mod sweep;
#[cfg(feature = "sqlite")]
mod turn;

pub use collect::{Collected, Collector, Freed};
pub use policy::{Retention, Why};
#[cfg(feature = "sqlite")]
pub use turn::Turn;
