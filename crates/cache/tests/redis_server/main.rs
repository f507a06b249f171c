//! The Redis layer before real servers. All tests that need one stand in `served`: the gate `services` runs them, and the
//! others leave that name out.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "../support/babbler.rs"]
mod babbler;
mod served;
#[path = "../support/redis.rs"]
mod server;
