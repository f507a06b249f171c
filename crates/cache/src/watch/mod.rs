//! Files of dependencies watched in a process that runs for long: a change is told at once.

mod coverage;
mod event;
mod handle;
mod looking;
mod news;

pub use event::{WatchEvent, WatchLoss, WatchOptions};
pub use handle::Watch;
