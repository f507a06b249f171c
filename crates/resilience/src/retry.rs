//! The core of retrying: may there be another attempt, and after which wait? Leaves the waiting, the
//! randomness and the calls to the shells (`blocking`, `asynchronous`).

use std::time::Duration;

use crate::{Backoff, Error, Failure, Jitter, RetryBuilder, Verdict};

/// A retry policy: checked numbers, no state, so one can be shared by any number of calls.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    backoff: Backoff,
    throttle_limit: Duration,
}

/// Which attempt a body is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The number of this attempt; the first is 1.
    pub number: u32,
    /// How many attempts there are at most.
    pub of: u32,
}

impl Retry {
    /// Starts a policy in which the body runs at most this many times, the first call included.
    pub fn attempts(attempts: u32) -> RetryBuilder {
        RetryBuilder::new(attempts)
    }

    /// Creates a policy out of numbers that may be wrong.
    pub(crate) fn checked(
        attempts: u32,
        backoff: Backoff,
        jitter: Option<Jitter>,
        throttle_limit: Duration,
    ) -> Result<Retry, Error> {
        if attempts == 0 {
            return Err(Error::NoAttempts);
        }
        let backoff = backoff.checked()?;
        let backoff = match jitter {
            Some(jitter) => backoff.jitter(jitter),
            None => backoff,
        };
        Ok(Retry { attempts, backoff, throttle_limit })
    }

    /// Returns how many times the body runs at most, the first call included.
    pub fn max_attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the wait before the next attempt, or `None` if there is none.
    ///
    /// `unit` is a random number in `0..1`. A pause that the other side asked for is honoured up to
    /// the throttle limit; the own back-off is the least wait even then, so that an asked pause of
    /// zero does not become a busy loop.
    pub fn next(&self, attempts_made: u32, verdict: Verdict, unit: f64) -> Option<Duration> {
        if attempts_made >= self.attempts {
            return None;
        }
        let own = self.backoff.delay(attempts_made, unit);
        match verdict {
            Verdict::Transient | Verdict::Throttled(None) => Some(own),
            Verdict::Throttled(Some(asked)) => Some(asked.min(self.throttle_limit).max(own)),
            Verdict::Ok | Verdict::Permanent | Verdict::Ignore => None,
        }
    }
}

/// One call that is being retried: the bookkeeping that both shells share.
pub(crate) struct Call<'a> {
    retry: &'a Retry,
    number: u32,
    waited: Duration,
}

impl<'a> Call<'a> {
    /// Starts a call that stands before its first attempt.
    pub(crate) fn of(retry: &'a Retry) -> Call<'a> {
        Call { retry, number: 1, waited: Duration::ZERO }
    }

    /// Returns the attempt to be made now.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt { number: self.number, of: self.retry.attempts }
    }

    /// Takes the error of the present attempt: either the wait before the next one, or the failure.
    pub(crate) fn failed<E>(&mut self, cause: E, verdict: Verdict, unit: f64) -> Result<Duration, Failure<E>> {
        let Some(wait) = self.retry.next(self.number, verdict, unit) else {
            return Err(Failure { cause, attempts: self.number, waited: self.waited });
        };
        self.number += 1;
        self.waited = self.waited.saturating_add(wait);
        Ok(wait)
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
            let (min, max) = (one.min(two), one.max(two));
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
