//! How long something went on, without the time in which nobody owned the run.

use std::time::Duration;

use segno_orchestrator::model::Timestamp;

/// From when to when something went on, without the time in which nobody owned the run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) began: Option<Timestamp>,
    pub(super) last: Timestamp,
}

impl Span {
    /// Notes that something happened in it.
    pub(super) fn touch(&mut self, at: Timestamp) {
        self.began.get_or_insert(at);
        self.last = at;
    }

    /// Leaves out time that passed while it had begun.
    pub(super) fn shift(&mut self, gap: Duration) {
        self.began = self.began.map(|began| began.after(gap));
    }

    /// Returns how long it went on until then; nothing if it has not begun.
    pub(super) fn until(&self, end: Timestamp) -> Duration {
        self.began.map_or(Duration::ZERO, |began| end.since(began))
    }
}
