//! Counts lines that a sink could not take.
//! Leaves to `layer` to say so in the log once the sink works again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells what became of the log; stays valid for as long as it is kept.
///
/// Comes from [`Logging::install`](crate::Logging::install) or
/// [`JsonLayer::guard`](crate::JsonLayer::guard).
#[derive(Debug, Clone)]
pub struct Guard {
    loss: Arc<Loss>,
}

impl Guard {
    pub(crate) fn new(loss: Arc<Loss>) -> Self {
        Guard { loss }
    }

    /// Returns how many lines could not be written so far, whether or not the log says so already.
    pub fn lost(&self) -> u64 {
        self.loss.total.load(Ordering::Relaxed)
    }
}

/// The lines that were lost: all of them, and those that the log does not tell of yet.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    total: AtomicU64,
    untold: AtomicU64,
}

impl Loss {
    /// Counts a lost line.
    pub(crate) fn count(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.untold.fetch_add(1, Ordering::Relaxed);
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
