//! The choice of a pattern: how often it is right, what it does with odd texts, and whether its skeletons are workflows.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod measure;
mod page;

mod accuracy;
mod odd_texts;
mod skeletons;
