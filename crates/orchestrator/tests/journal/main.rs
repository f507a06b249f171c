//! The journal on disk: yesterday's files are read, damage is found and set aside, two writers lose nothing.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod store;

mod damage;
mod golden;
mod repair;
mod upkeep;
mod writers;
