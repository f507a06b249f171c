//! Holds events of one call site back: all but one of so many, and what is more than so many a second.
//! Leaves to `output` to say how many were suppressed, and to `loggers` who wants it.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Level;

use crate::loggers::Logger;

/// What a call site has let through, for all threads.
#[derive(Debug)]
pub(crate) struct Gate {
    sample: Option<Sample>,
    limit: Option<Limit>,
}

#[derive(Debug)]
struct Sample {
    one_of: NonZeroU32,
    seen: AtomicU64,
}

#[derive(Debug)]
struct Limit {
    per_second: u64,
    /// The second that is counted.
    second: AtomicU64,
    passed: AtomicU64,
    suppressed: AtomicU64,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Write,
    /// It is written, and before it that so many were suppressed.
    WriteAfter(u64),
    /// It is one of those that are left out of a sample.
    Leave,
    /// It is more than the limit, which is counted.
    Suppress,
}

impl Gate {
    /// Makes the gate of a call site at `level`, unless everything passes.
    pub(crate) fn new(logger: &Logger, level: Level) -> Option<Gate> {
        let is_sampled = level > Level::WARN;
        let one_of = logger.sample.filter(|one_of| is_sampled && one_of.get() > 1);
        let sample = one_of.map(|one_of| Sample { one_of, seen: AtomicU64::new(0) });
        let limit = logger.limit.map(|limit| Limit {
            per_second: u64::from(limit.get()),
            second: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        });
        (sample.is_some() || limit.is_some()).then_some(Gate { sample, limit })
    }

    /// Decides about an event in this second of the clock.
    pub(crate) fn admit(&self, second: u64) -> Verdict {
        match &self.sample {
            Some(sample) if !sample.takes_next() => Verdict::Leave,
            _ => self.limit.as_ref().map_or(Verdict::Write, |limit| limit.admit(second)),
        }
    }

    /// Returns for how many events one that is written stands, if it is one of a sample.
    pub(crate) fn one_of(&self) -> Option<NonZeroU32> {
        self.sample.as_ref().map(|sample| sample.one_of)
    }

    /// Takes the events that nobody told of, once their second is over.
    pub(crate) fn take_suppressed(&self, now: u64) -> u64 {
        match &self.limit {
            Some(limit) if limit.second.load(Ordering::Relaxed) != now => limit.suppressed.swap(0, Ordering::Relaxed),
            _ => 0,
        }
    }

    /// Says whether events were suppressed that nobody told of.
    pub(crate) fn has_suppressed(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.suppressed.load(Ordering::Relaxed) > 0)
    }

    /// Gives back what could not be told.
    pub(crate) fn give_back(&self, suppressed: u64) {
        if let Some(limit) = &self.limit {
            limit.suppressed.fetch_add(suppressed, Ordering::Relaxed);
        }
    }
}

impl Sample {
    /// The first one is taken, so that what is rare is seen at all.
    fn takes_next(&self) -> bool {
        self.seen.fetch_add(1, Ordering::Relaxed).is_multiple_of(u64::from(self.one_of.get()))
    }
}

impl Limit {
    fn admit(&self, second: u64) -> Verdict {
        // A clock that jumps back begins a new second, too. Threads that meet here may let a few more pass.
        if self.second.load(Ordering::Relaxed) != second && self.second.swap(second, Ordering::Relaxed) != second {
            self.passed.store(0, Ordering::Relaxed);
        }
        if self.passed.fetch_add(1, Ordering::Relaxed) >= self.per_second {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return Verdict::Suppress;
        }
        match self.suppressed.load(Ordering::Relaxed) {
            0 => Verdict::Write,
            _ => Verdict::WriteAfter(self.suppressed.swap(0, Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts on events at these seconds: `w`ritten, `l`eft, `s`uppressed, or written after the number.
    fn check(sample: u32, limit: u32, level: Level, seconds: &[u64], expected: &str) {
        let logger = Logger { sample: NonZeroU32::new(sample), limit: NonZeroU32::new(limit), ..Logger::default() };
        let gate = Gate::new(&logger, level);
        let verdicts: String = seconds
            .iter()
            .map(|second| match gate.as_ref().map_or(Verdict::Write, |gate| gate.admit(*second)) {
                Verdict::Write => "w".to_owned(),
                Verdict::WriteAfter(suppressed) => suppressed.to_string(),
                Verdict::Leave => "l".to_owned(),
                Verdict::Suppress => "s".to_owned(),
            })
            .collect();
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn one_of_a_sample_is_written() {
        check(3, 0, Level::INFO, &[1; 7], "wllwllw");
        check(1, 0, Level::INFO, &[1; 3], "www");
        check(0, 0, Level::DEBUG, &[1; 3], "www");
    }

    #[test]
    fn warnings_are_never_left_out_of_a_sample() {
        check(3, 0, Level::WARN, &[1; 4], "wwww");
        check(3, 0, Level::ERROR, &[1; 4], "wwww");
    }

    #[test]
    fn what_is_more_than_the_limit_is_told_in_the_next_second() {
        check(0, 2, Level::ERROR, &[1, 1, 1, 1, 2, 2, 2, 9], "wwss2ws1");
    }

    #[test]
    fn a_clock_that_jumps_back_begins_a_new_second() {
        check(0, 1, Level::INFO, &[5, 5, 3, 3, 0, 0], "ws1s1s");
    }

    #[test]
    fn a_sample_counts_against_the_limit_only_with_what_it_takes() {
        check(2, 2, Level::INFO, &[1; 8], "wlwlslsl");
    }

    #[test]
    fn what_was_suppressed_is_taken_once_when_its_second_is_over() {
        let logger = Logger { limit: NonZeroU32::new(1), ..Logger::default() };
        let gate = Gate::new(&logger, Level::INFO).unwrap();
        (0..4).for_each(|_| _ = gate.admit(7));
        assert_eq!(gate.take_suppressed(7), 0);
        assert_eq!(gate.take_suppressed(8), 3);
        assert_eq!(gate.take_suppressed(8), 0);
        gate.give_back(3);
        assert_eq!(gate.admit(8), Verdict::WriteAfter(3));
    }
}
