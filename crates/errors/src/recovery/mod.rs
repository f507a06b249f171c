//! Recovery that acts: what to do about a fault in a situation, as a value that anybody can carry out and record.

mod abilities;

mod situation;

mod step;

mod decide;

mod round;

mod run;

pub use abilities::Abilities;
pub use decide::{Decision, Obstacle, decide};
pub use run::{Next, Recovered, Recovery};
pub use situation::{Clamp, Situation};
pub use step::Step;
