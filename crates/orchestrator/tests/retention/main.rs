//! What is no longer kept goes, and nothing else, wherever a collection is cut off.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod collecting;
mod project;
