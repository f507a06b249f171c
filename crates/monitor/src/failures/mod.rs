//! What failed in a project's runs, folded from their events and kept, so that a new process knows the past, also of runs
//! that are gone. Counting itself is left to `segno_errors::analytics`.

mod record;

mod fold;

mod store;

pub use record::{Failures, FindPlan, TakenIn};
pub use store::FailureStore;

#[cfg(test)]
mod tests;
