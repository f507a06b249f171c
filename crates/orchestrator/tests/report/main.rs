//! Reports as whole outputs: one run that shows every case, in each form, compared with a golden file.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[cfg(feature = "diff")]
mod differing;
mod forms;
mod sample;
