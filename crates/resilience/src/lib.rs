//! Calls that survive. This file names the modules and what they offer; logic is in them.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod verdict;

mod failure;

mod error;

mod attempt;

mod clock;

mod rest;

mod retry;

mod timeout;

mod sync;

mod breaker;

mod bulkhead;

mod concurrency;

#[cfg(feature = "rate")]
mod rate;

mod shedding;

#[cfg(feature = "tokio")]
mod hedge;

mod fallback;

mod policy;

mod given_up;

mod registry;

#[cfg(feature = "serde")]
mod config;

#[cfg(feature = "tower")]
mod layer;

pub use attempt::Attempt;
pub use breaker::{Breaker, BreakerBuilder, BreakerSnapshot, Change, Permit, State, Why};
pub use bulkhead::{Bulkhead, BulkheadBuilder, BulkheadSnapshot, Priority, Slot};
pub use clock::{Clock, ManualClock, Moment};
pub use concurrency::{Concurrency, ConcurrencyBuilder, ConcurrencySnapshot, Lease};
#[cfg(feature = "serde")]
pub use config::{
    Algorithm, BreakerConfig, BulkheadConfig, ConcurrencyConfig, HedgeConfig, PolicyConfig, RateConfig, RetryConfig,
};
pub use error::{Error, Part};
pub use failure::{Cause, Failure, Limit, Rejection, Rejector};
pub use fallback::Fallback;
pub use given_up::GivenUp;
#[cfg(feature = "tokio")]
pub use hedge::{Hedge, HedgeBuilder};
#[cfg(feature = "tower")]
pub use layer::{PolicyLayer, PolicyService};
pub use policy::{Policy, PolicyBuilder, PolicyState, Tally};
#[cfg(feature = "rate")]
pub use rate::{Rate, RateBuilder};
pub use registry::{Event, Registry};
pub use retry::{Backoff, Budget, BudgetBuilder, Jitter, Retry, RetryBuilder};
#[cfg(feature = "macros")]
pub use segno_resilience_macros::{policy, retry};
pub use shedding::{Shedding, SheddingBuilder, Ticket};
pub use timeout::Timeout;
pub use verdict::{Classify, EveryError, OnError, Verdict, on_error};
