//! The binary from outside: each test runs it in a temporary folder and compares what it says, whole.
#![allow(clippy::unwrap_used)]

mod cache;
mod caching;
mod cancelling;
mod children;
mod comfort;
mod erp;
mod exports;
mod failing;
mod hindsight;
mod history;
mod logs;
mod patterns;
mod reporting;
mod resuming;
mod running;
mod schema;
mod secrets;
mod select;
mod storage;
mod support;
mod surroundings;
mod testing;
mod values;

mod bad_files;
mod bad_steps;
