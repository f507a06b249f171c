//! The guard: time runs from its making to its end, however that comes.

use std::time::{Duration, Instant};

use super::histogram::Histogram;
use super::operation::tell;
use super::{Operation, Outcome};

/// Measures until it is dropped, and tells then.
///
/// Dropped without a word, the work has succeeded, or panicked if the thread does.
#[derive(Debug)]
#[must_use = "it measures until it is dropped"]
pub struct Timer {
    name: &'static str,
    histogram: &'static Histogram,
    slow_after: Option<Duration>,
    begun: Instant,
    /// What is told when it is dropped without a word.
    otherwise: Outcome,
    is_told: bool,
}

impl Timer {
    pub(super) fn begin(operation: &Operation, otherwise: Outcome) -> Timer {
        Timer {
            name: operation.name(),
            histogram: operation.histogram(),
            slow_after: operation.slow(),
            begun: Instant::now(),
            otherwise,
            is_told: false,
        }
    }

    /// Ends with this outcome, and returns how long it took.
    pub fn end(mut self, outcome: Outcome) -> Duration {
        self.tell(outcome)
    }

    /// Ends with what the result says, and returns the result.
    pub fn end_with<T, E>(self, result: Result<T, E>) -> Result<T, E> {
        self.end(Outcome::of(&result));
        result
    }

    /// Forgets the work: nothing is counted or told.
    pub fn discard(mut self) {
        self.is_told = true;
    }

    fn tell(&mut self, outcome: Outcome) -> Duration {
        let took = self.begun.elapsed();
        self.is_told = true;
        self.histogram.count(took, outcome);
        tell(self.name, took, self.slow_after, outcome);
        took
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(Outcome::unsaid(self.otherwise));
        }
    }
}
