//! Wakes the thread that flushes buffers in time. It sleeps as long as all buffers are empty.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Bell {
    /// Nobody needs to ring: the thread is awake, or will be.
    rung: AtomicBool,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    stopped: bool,
}

impl Bell {
    /// A buffer is no longer empty.
    pub(super) fn ring(&self) {
        // One load when the thread is awake already.
        if !self.rung.load(Ordering::SeqCst) && !self.rung.swap(true, Ordering::SeqCst) {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).rung = true;
            self.wake.notify_all();
        }
    }

    pub(super) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.wake.notify_all();
    }

    /// Waits for a ring and then for `delay`. Returns whether to go on.
    ///
    /// Who adds a line after this returned rings again, and that is not missed.
    pub(super) fn wait(&self, delay: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rung = self.wake.wait_while(state, |state| !state.rung && !state.stopped);
        let mut state = rung.unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        let waited = self.wake.wait_timeout_while(state, delay, |state| !state.stopped);
        let stopped = waited.unwrap_or_else(PoisonError::into_inner).0.stopped;
        self.rung.store(false, Ordering::SeqCst);
        !stopped
    }
}
