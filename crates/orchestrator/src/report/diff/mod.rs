//! What differs between two runs: a pure fold of their two reports.

mod between;
mod json;
mod lines;
mod text;

pub use between::{Diff, InputChange, OutputChange, RunFacts, Side, TaskDiff};
pub use lines::Line;
