//! The service: one queue, one rate, and work that nobody waits for any more is done all the same.

use std::collections::VecDeque;
use std::time::Duration;

use segno_resilience::Moment;

/// What it does in a second when it is well.
const RATE: u32 = 1_250;
/// The share of that which is left in the outage: a tenth.
const LEFT: u32 = 10;
/// How many requests wait.
const MAX_QUEUE: usize = 5_000;

pub(crate) struct Server {
    queue: VecDeque<usize>,
    outage: (Moment, Moment),
}

impl Server {
    pub(crate) fn new(outage: (Moment, Moment)) -> Server {
        Server { queue: VecDeque::new(), outage }
    }

    /// Takes a request in; says whether there was room, and whether the server was idle before.
    pub(crate) fn take(&mut self, request: usize) -> Option<bool> {
        if self.queue.len() >= MAX_QUEUE {
            return None;
        }
        self.queue.push_back(request);
        Some(self.queue.len() == 1)
    }

    /// Returns how long the request at the head takes from now.
    pub(crate) fn takes(&self, now: Moment) -> Duration {
        let (begin, end) = self.outage;
        let whole = Duration::from_secs(1) / RATE;
        if (begin..end).contains(&now) { whole * LEFT } else { whole }
    }

    /// Ends the request at the head; says whether there is another one.
    pub(crate) fn end(&mut self) -> (Option<usize>, bool) {
        (self.queue.pop_front(), !self.queue.is_empty())
    }
}
