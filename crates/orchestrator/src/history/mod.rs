//! Execution history: the runs of a journal, found by what they were, kept for ever or removed.

mod filter;
mod search;
mod store;

pub use filter::Filter;
pub use store::{Cleared, History, Left};
