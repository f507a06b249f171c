//! Trying again: how often, after how long, within which time and budget.

mod policy;

mod backoff;

mod jitter;

mod budget;

mod builder;

mod call;

mod nested;

#[cfg(feature = "tokio")]
mod first;

mod shells;

pub use backoff::Backoff;
pub use budget::{Budget, BudgetBuilder};
pub use builder::RetryBuilder;
pub use jitter::Jitter;
pub use policy::Retry;

pub(crate) use call::{Call, Made, Next, Then};
pub(crate) use nested::{Ears, take_back, tell};
