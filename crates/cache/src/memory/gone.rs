//! What leaves in one call: collected under the locks, told and dropped outside them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Cause;
use super::builder::Listener;

/// What left, and why. The first two have their places here: mostly one leaves, and two where a light one did not make room
/// enough for a heavier one.
pub(crate) struct Gone<K, V> {
    few: [Option<(K, V, Cause)>; 2],
    more: Vec<(K, V, Cause)>,
}

impl<K, V> Gone<K, V> {
    #[inline(always)]
    pub(crate) fn new() -> Gone<K, V> {
        Gone { few: [None, None], more: Vec::new() }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, key: K, value: V, cause: Cause) {
        match &mut self.few {
            [place @ None, _] | [_, place @ None] => *place = Some((key, value, cause)),
            _ => self.more.push((key, value, cause)),
        }
    }

    /// Tells the listener of everything that left. A listener that panics is no reason not to tell it the rest, nor for the
    /// call to fail that made room: it is told as an event.
    pub(crate) fn tell(self, listener: &Listener<K, V>) {
        for (key, value, cause) in self.few.into_iter().flatten().chain(self.more) {
            if catch_unwind(AssertUnwindSafe(|| listener(&key, &value, cause))).is_err() {
                tracing::error!(?cause, "the removal listener of a cache panicked");
            }
        }
    }
}
