//! Memory in front of layers that do as they are told.

#![cfg(feature = "layers")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod double;

mod failures;
mod loads;
mod values;
