//! Retry round any closure, sync or async. This file names the modules and what they offer; logic is in them.
#![doc = include_str!("../README.md")]

mod retry;

mod verdict;

mod backoff;

mod jitter;

mod builder;

mod blocking;

#[cfg(feature = "tokio")]
mod asynchronous;

mod error;

pub use backoff::Backoff;
pub use builder::RetryBuilder;
pub use error::{Error, Failure};
pub use jitter::Jitter;
pub use retry::{Attempt, Retry};
pub use verdict::Verdict;
