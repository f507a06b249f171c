//! The lock and the atomics that code under a model checker is made of: the standard library's, or with
//! `--cfg segno_loom` loom's, which tries out how threads may interleave. Not `cfg(loom)`: tokio has that.

#[cfg(not(segno_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64},
};

#[cfg(segno_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64},
};
