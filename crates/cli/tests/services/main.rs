//! Two projects that share what they remember through a Redis server of the test's own.
//!
//! All tests stand in `served`: the gate `services` runs them, and the gate `test` leaves them out.
#![allow(clippy::unwrap_used)]

#[path = "../../../cache/tests/support/redis.rs"]
#[allow(dead_code, reason = "the cache's own tests need more of it")]
mod redis;
mod served;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod support;
