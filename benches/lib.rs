//! What the benches share: two works timed in turn, and a run of durable steps that do nothing.
//!
//! `cargo bench` runs each topic and prints, beside criterion's figures, how it compares with its peer in the same run.

mod contest;
mod crowd;
mod durable;
mod rounds;
mod values;

pub use contest::{Contest, processor_time};
pub use crowd::Crowd;
pub use durable::DurableSteps;
pub use rounds::{Work, compare, per_step, tell};
pub use values::incompressible;
