//! The locks and the atomic that loads are made of: the standard library's, or with `--cfg segno_loom` loom's, which
//! tries out how threads may interleave. Not `cfg(loom)`: tokio has that.

#[cfg(not(segno_loom))]
pub(super) use std::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU64, atomic::fence};

#[cfg(segno_loom)]
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU64, atomic::fence};

/// Declares a variable that each thread has of its own: loom's threads take turns on one of the system's.
macro_rules! own_of_thread {
    ($name:ident: $type:ty = $value:expr) => {
        #[cfg(not(segno_loom))]
        thread_local! { static $name: std::cell::Cell<$type> = const { std::cell::Cell::new($value) }; }
        #[cfg(segno_loom)]
        loom::thread_local! { static $name: std::cell::Cell<$type> = std::cell::Cell::new($value); }
    };
}

pub(super) use own_of_thread;
