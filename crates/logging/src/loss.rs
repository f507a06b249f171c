//! Counts lines that a sink could not take.
//! Leaves to `layer` to say so in the log once the sink works again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Sink;

/// Tells what became of the log; stays valid for as long as it is kept.
///
/// Comes from [`Logging::install`](crate::Logging::install) or
/// [`JsonLayer::guard`](crate::JsonLayer::guard).
#[derive(Clone)]
pub struct Guard {
    loss: Arc<Loss>,
    sink: Arc<dyn Sink>,
}

/// While it lives, lines are kept back, to be written in one call.
pub struct Hold<'g> {
    guard: &'g Guard,
}

impl Guard {
    pub(crate) fn new(loss: Arc<Loss>, sink: Arc<dyn Sink>) -> Self {
        Guard { loss, sink }
    }

    /// Keeps the lines of all threads back until the hold is dropped, so that a thousand lines that are written together
    /// cost one call and not a thousand.
    ///
    /// For pieces of work that last microseconds and never wait: a process that is killed meanwhile loses the lines.
    #[must_use]
    pub fn hold(&self) -> Hold<'_> {
        self.sink.hold();
        Hold { guard: self }
    }

    /// Returns how many lines could not be written so far, whether or not the log says so already.
    pub fn lost(&self) -> u64 {
        self.loss.total.load(Ordering::Relaxed)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let Guard { loss, sink } = self.guard;
        loss.count(sink.release());
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guard").field("loss", &self.loss).finish_non_exhaustive()
    }
}

impl fmt::Debug for Hold<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hold")
    }
}

/// The lines that were lost: all of them, and those that the log does not tell of yet.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    total: AtomicU64,
    untold: AtomicU64,
}

impl Loss {
    /// Counts lost lines.
    pub(crate) fn count(&self, lines: u64) {
        self.total.fetch_add(lines, Ordering::Relaxed);
        self.untold.fetch_add(lines, Ordering::Relaxed);
    }

    /// Takes the lines to tell of; zero nearly always, which costs one load.
    pub(crate) fn take_untold(&self) -> u64 {
        match self.untold.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.untold.swap(0, Ordering::Relaxed),
        }
    }

    /// Gives back what could not be told.
    pub(crate) fn give_back(&self, untold: u64) {
        self.untold.fetch_add(untold, Ordering::Relaxed);
    }
}
