//! The laws of the engine, tried on random nested flows: what was killed ends the same, what is equal has equal keys.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "../../src/state/random_flows.rs"]
mod random_flows;
mod worker;

mod fallbacks;
mod fork;
mod keys;
mod resume;
