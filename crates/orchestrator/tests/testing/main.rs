//! Tests of the tests: workflows in the virtual world, from outside.
#![allow(clippy::unwrap_used)]

mod support;

mod faults;
mod kills;
mod mocks;
mod patterns;
mod time;

mod cassettes;
mod mistakes;
mod reports;
mod secrets;
