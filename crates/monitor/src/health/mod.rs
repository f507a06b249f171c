//! Health: 100 minus named deductions, of a workflow over its last 20 runs and of the project, each with its evidence.

mod deductions;
mod facts;
mod look;
mod score;

pub use deductions::Deduction;
pub use facts::{CriticalFault, RunDetail, RunFacts, Storage};
pub use score::{Health, ProjectHealth, Verdict};
