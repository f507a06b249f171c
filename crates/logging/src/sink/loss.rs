//! Counts lines that a sink could not take.
//! Leaves to `layer` to say so in the log once the sink works again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Sink;

/// Tells what became of the log; stays valid for as long as it is kept.
///
/// Comes from [`Logging::install`](crate::Logging::install) or
/// [`JsonLayer::guard`](crate::JsonLayer::guard). When it and its clones are dropped, which should be at the program's end,
/// the log says what is missing from it and buffers are written; lines that come later are still written, each at once.
#[derive(Clone)]
#[must_use = "the log is closed when the last guard is dropped"]
pub struct Guard {
    watch: Arc<Watch>,
}

/// What the clones of a guard share.
struct Watch {
    /// All sinks of a layer, which counts itself what they could not take.
    sink: Arc<dyn Sink>,
}

/// While it lives, lines are kept back, to be written in one call.
#[must_use = "lines are kept back only while it lives"]
pub struct Hold<'g> {
    guard: &'g Guard,
}

impl Guard {
    pub(crate) fn new(sink: Arc<dyn Sink>) -> Self {
        Guard { watch: Arc::new(Watch { sink }) }
    }

    /// Keeps the lines of all threads back until the hold is dropped, so that a thousand lines that are written together
    /// cost one call and not a thousand.
    ///
    /// For pieces of work that last microseconds and never wait: a process that is killed meanwhile loses the lines.
    pub fn hold(&self) -> Hold<'_> {
        self.watch.sink.hold();
        Hold { guard: self }
    }

    /// Hands on to the system what is kept in buffers, and says what was suppressed.
    ///
    /// # Errors
    /// What the medium said.
    pub fn flush(&self) -> std::io::Result<()> {
        self.watch.sink.flush()
    }

    /// Returns how many lines could not be written so far, whether or not the log says so already.
    pub fn lost(&self) -> u64 {
        self.watch.sink.lost()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The log itself is what could be told; there is no other place.
        _ = self.sink.close();
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        _ = self.guard.watch.sink.release();
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guard").field("lost", &self.lost()).finish_non_exhaustive()
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

    /// Returns how many there are in all.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
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
