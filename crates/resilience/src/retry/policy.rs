//! The decision to try again: a pure function of attempts, verdict and a random number. Leaves waiting
//! and drawing to the shells, and the bookkeeping of one call to `call`.

use std::time::Duration;

use super::{Backoff, Jitter, RetryBuilder};
use crate::{Budget, Clock, Error, Verdict};

/// A retry policy: checked numbers that any number of calls share.
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::{Jitter, Retry, Verdict};
///
/// let second = Duration::from_secs(1);
/// let retry = Retry::attempts(3).exponential(second..=10 * second).jitter(Jitter::None).build()?;
/// assert_eq!(retry.next(1, Verdict::Transient, 0.0), Some(second));
/// assert_eq!(retry.next(2, Verdict::Transient, 0.0), Some(2 * second));
/// assert_eq!(retry.next(3, Verdict::Transient, 0.0), None);
/// assert_eq!(retry.next(1, Verdict::Permanent, 0.0), None);
/// # Ok::<(), segno_resilience::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Retry {
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) throttle_limit: Duration,
    pub(super) deadline: Option<Duration>,
    pub(super) budget: Option<Budget>,
    pub(super) clock: Clock,
}

impl Retry {
    /// Starts a policy in which the body runs at most this many times, the first call included.
    pub fn attempts(attempts: u32) -> RetryBuilder {
        RetryBuilder::new(attempts)
    }

    /// Creates a policy out of numbers that may be wrong.
    pub(super) fn checked(retry: Retry, jitter: Option<Jitter>) -> Result<Retry, Error> {
        if retry.attempts == 0 {
            return Err(Error::NoAttempts);
        }
        if retry.deadline == Some(Duration::ZERO) {
            return Err(Error::number("the deadline of a call", "longer than nothing", Duration::ZERO));
        }
        let backoff = retry.backoff.clone().checked()?;
        let backoff = match jitter {
            Some(jitter) => backoff.jitter(jitter),
            None => backoff,
        };
        Ok(Retry { backoff, ..retry })
    }

    /// Returns the policy with a deadline, unless it has an earlier one of its own, and on the clock of all
    /// other parts: a moment of one clock says nothing on another.
    pub(crate) fn within(self, deadline: Option<Duration>, clock: &Clock) -> Result<Retry, Error> {
        let deadline = self.deadline.into_iter().chain(deadline).min();
        Retry::checked(Retry { deadline, clock: clock.clone(), ..self }, None)
    }

    /// Returns how many times the body runs at most, the first call included.
    pub fn max_attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns how long a whole call may take.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Returns the longest pause that is granted when the other side asks for one.
    pub fn throttle_limit(&self) -> Duration {
        self.throttle_limit
    }

    /// Returns the budget that retries are paid from, if there is one.
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// Returns the wait before the next attempt, or `None` if there is none.
    ///
    /// `unit` is a random number in `0..1`. A pause that the other side asked for is honoured up to
    /// the throttle limit; the own back-off is the least wait even then, so that an asked pause of
    /// zero does not become a busy loop. The budget is not asked: see [`Budget::try_spend`].
    pub fn next(&self, attempts_made: u32, verdict: Verdict, unit: f64) -> Option<Duration> {
        self.next_after(None, attempts_made, verdict, unit)
    }

    /// Returns the wait before the next attempt like [`Retry::next`], for jitter that looks at the wait
    /// before this one.
    pub fn next_after(
        &self,
        previous: Option<Duration>,
        attempts_made: u32,
        verdict: Verdict,
        unit: f64,
    ) -> Option<Duration> {
        if attempts_made >= self.attempts {
            return None;
        }
        let own = self.backoff.delay_after(previous, attempts_made, unit);
        match verdict {
            Verdict::Transient | Verdict::Throttled(None) => Some(own),
            Verdict::Throttled(Some(asked)) => Some(asked.min(self.throttle_limit).max(own)),
            Verdict::Ok | Verdict::Permanent | Verdict::Ignore => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks the wait after the first of three attempts, in milliseconds: own wait 1 s, limit 10 s.
    fn check(verdict: Verdict, expected: Option<u64>) {
        let retry = Retry::attempts(3)
            .exponential(SECOND..=5 * SECOND)
            .jitter(Jitter::None)
            .throttle_limit(10 * SECOND)
            .build()
            .unwrap();
        assert_eq!(retry.next(1, verdict, 0.5), expected.map(Duration::from_millis));
        assert_eq!(retry.next(3, verdict, 0.5), None);
        assert_eq!(retry.next(u32::MAX, verdict, 0.5), None);
    }

    #[test]
    fn only_what_may_work_later_is_repeated() {
        check(Verdict::Transient, Some(1_000));
        check(Verdict::Throttled(None), Some(1_000));
        check(Verdict::Permanent, None);
        check(Verdict::Ignore, None);
        check(Verdict::Ok, None);
    }

    #[test]
    fn an_asked_pause_is_honoured_up_to_the_limit_and_not_below_the_own_wait() {
        check(Verdict::Throttled(Some(7 * SECOND)), Some(7_000));
        check(Verdict::Throttled(Some(11 * SECOND)), Some(10_000));
        check(Verdict::Throttled(Some(Duration::MAX)), Some(10_000));
        check(Verdict::Throttled(Some(Duration::ZERO)), Some(1_000));
    }

    fn duration() -> impl Strategy<Value = Duration> {
        let any = (0..=u64::MAX, 0..1_000_000_000u32).prop_map(|(s, n)| Duration::new(s, n));
        prop_oneof![Just(Duration::ZERO), Just(Duration::MAX), any]
    }

    proptest! {
        #[test]
        fn no_number_makes_it_panic_or_wait_past_both_limits(
            (one, two, limit) in (duration(), duration(), duration()),
            (attempts, made) in (1..=u32::MAX, any::<u32>()),
            (asked, unit) in (proptest::option::of(duration()), any::<f64>()),
        ) {
            let least = Duration::from_nanos(1);
            let (min, max) = (one.min(two).max(least), one.max(two).max(least));
            let retry = Retry::attempts(attempts)
                .exponential(min..=max)
                .throttle_limit(limit)
                .build()
                .unwrap();
            let wait = retry.next(made, Verdict::Throttled(asked), unit);
            prop_assert_eq!(wait.is_some(), made < attempts);
            prop_assert!(wait.unwrap_or_default() <= max.max(limit));
        }
    }
}
