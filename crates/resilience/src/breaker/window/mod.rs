//! What a breaker remembers of the calls before: the last so many, or those of the last so many seconds.
//! Both take a fixed amount of memory, and a push takes the same time whatever the traffic.

mod ring;

mod buckets;

use crate::clock::Moment;

pub(super) use buckets::{Buckets, MAX_TIME, MIN_TIME};
pub(super) use ring::{MAX_CALLS, Ring};

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) is_failed: bool,
    pub(super) is_slow: bool,
}

impl Outcome {
    /// Says whether a window that holds nothing else stays as it is.
    #[inline]
    pub(super) fn is_fine(self) -> bool {
        !self.is_failed && !self.is_slow
    }
}

/// How many calls a window holds, and of what kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

impl Sums {
    fn add(&mut self, outcome: Outcome) {
        self.calls += 1;
        self.failures += u64::from(outcome.is_failed);
        self.slow += u64::from(outcome.is_slow);
    }

    fn remove(&mut self, other: Sums) {
        self.calls -= other.calls;
        self.failures -= other.failures;
        self.slow -= other.slow;
    }
}

/// The calls that count. A breaker that only counts failures in a row has a ring of no calls.
#[derive(Debug)]
pub(super) enum Window {
    Count(Ring),
    Time(Box<Buckets>),
}

impl Window {
    /// Counts a call; the clock is read only where it matters.
    pub(super) fn push(&mut self, outcome: Outcome, now: impl FnOnce() -> Moment) {
        match self {
            Window::Count(ring) => ring.push(outcome),
            Window::Time(buckets) => buckets.push(outcome, now()),
        }
    }

    /// Returns what the last push left.
    pub(super) fn sums(&self) -> Sums {
        match self {
            Window::Count(ring) => ring.sums(),
            Window::Time(buckets) => buckets.sums(),
        }
    }

    /// Forgets what is too old now.
    pub(super) fn advance(&mut self, now: impl FnOnce() -> Moment) {
        match self {
            Window::Count(_) => (),
            Window::Time(buckets) => buckets.advance(now()),
        }
    }

    /// Says whether pushing a call that is fine would change nothing.
    pub(super) fn is_clean(&self) -> bool {
        match self {
            Window::Count(ring) => ring.is_clean(),
            // A success is counted with its time.
            Window::Time(_) => false,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        match self {
            Window::Count(ring) => ring.clear(),
            Window::Time(buckets) => buckets.clear(),
        }
    }
}
