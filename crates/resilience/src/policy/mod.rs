//! All parts round one call, in one order: what a stranger holds in his hand.

mod whole;

mod builder;

mod attempt;

mod guards;

mod shells;

mod tally;

pub use builder::PolicyBuilder;
pub use tally::Tally;
pub use whole::{Policy, PolicyState};
