//! What leaves in one call: collected under the locks, told and dropped outside them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Cause;
use super::builder::Listener;

/// What left, and why. The first has its place here, because mostly it is the only one.
pub(crate) struct Gone<K, V> {
    first: Option<(K, V, Cause)>,
    more: Vec<(K, V, Cause)>,
}

impl<K, V> Gone<K, V> {
    #[inline(always)]
    pub(crate) fn new() -> Gone<K, V> {
        Gone { first: None, more: Vec::new() }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, key: K, value: V, cause: Cause) {
        if self.first.is_none() {
            self.first = Some((key, value, cause));
        } else {
            self.more.push((key, value, cause));
        }
    }

    /// Tells the listener of everything that left. A listener that panics is no reason not to tell it the rest, nor for the
    /// call to fail that made room: it is told as an event.
    pub(crate) fn tell(self, listener: &Listener<K, V>) {
        for (key, value, cause) in self.first.into_iter().chain(self.more) {
            if catch_unwind(AssertUnwindSafe(|| listener(&key, &value, cause))).is_err() {
                tracing::error!(?cause, "the removal listener of a cache panicked");
            }
        }
    }
}
