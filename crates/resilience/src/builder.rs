//! Building a retry policy piece by piece; every bad number is an error here and none a panic later.
//! Leaves what the numbers mean to `retry` and `backoff`.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::{Backoff, Error, Jitter, Retry};

/// The start of the default back-off.
const DEFAULT_MIN: Duration = Duration::from_millis(50);

/// The end of the default back-off.
const DEFAULT_MAX: Duration = Duration::from_secs(5);

/// The longest pause that another side may impose unless the caller says otherwise.
const DEFAULT_THROTTLE_LIMIT: Duration = Duration::from_secs(60);

/// The pieces of a [`Retry`], begun with [`Retry::attempts`].
///
/// Unless set, the back-off is exponential from 50 ms to 5 s with full jitter, and an asked pause is
/// honoured up to 60 s.
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::{Error, Retry};
///
/// let wrong = Duration::from_secs(9)..=Duration::from_secs(1);
/// assert!(matches!(Retry::attempts(3).exponential(wrong).build(), Err(Error::EmptyRange { .. })));
/// assert_eq!(Retry::attempts(0).build(), Err(Error::NoAttempts));
/// ```
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct RetryBuilder {
    attempts: u32,
    backoff: Backoff,
    jitter: Option<Jitter>,
    throttle_limit: Duration,
}

impl RetryBuilder {
    pub(crate) fn new(attempts: u32) -> RetryBuilder {
        RetryBuilder {
            attempts,
            backoff: Backoff::exponential(DEFAULT_MIN..=DEFAULT_MAX),
            jitter: None,
            throttle_limit: DEFAULT_THROTTLE_LIMIT,
        }
    }

    /// Sets the schedule of waits.
    pub fn backoff(self, backoff: Backoff) -> RetryBuilder {
        RetryBuilder { backoff, ..self }
    }

    /// Sets a schedule that doubles from the range's start up to its end.
    pub fn exponential(self, range: RangeInclusive<Duration>) -> RetryBuilder {
        self.backoff(Backoff::exponential(range))
    }

    /// Sets how waits are spread, whatever the schedule says, before or after it is set.
    pub fn jitter(self, jitter: Jitter) -> RetryBuilder {
        RetryBuilder { jitter: Some(jitter), ..self }
    }

    /// Sets the longest pause that is granted when the other side asks for one.
    pub fn throttle_limit(self, limit: Duration) -> RetryBuilder {
        RetryBuilder { throttle_limit: limit, ..self }
    }

    /// Checks the numbers and returns the policy.
    ///
    /// # Errors
    ///
    /// [`Error::NoAttempts`] for 0 attempts, [`Error::EmptyRange`] for a back-off that starts above
    /// its end, [`Error::ZeroFactor`] for one that is multiplied by 0.
    pub fn build(self) -> Result<Retry, Error> {
        Retry::checked(self.attempts, self.backoff, self.jitter, self.throttle_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks the first wait of a policy for the unit 0.5.
    fn check(builder: RetryBuilder, expected: Duration) {
        let wait = builder.build().map(|retry| retry.next(1, Verdict::Transient, 0.5));
        assert_eq!(wait, Ok(Some(expected)));
    }

    #[test]
    fn jitter_holds_for_a_schedule_set_before_or_after() {
        let constant = Backoff::constant(SECOND);
        check(Retry::attempts(2).backoff(constant.clone()), SECOND / 2);
        check(Retry::attempts(2).backoff(constant.clone()).jitter(Jitter::None), SECOND);
        check(Retry::attempts(2).jitter(Jitter::None).backoff(constant.clone()), SECOND);
        check(Retry::attempts(2).backoff(constant.jitter(Jitter::Equal)), SECOND * 3 / 4);
    }

    #[test]
    fn the_default_schedule_starts_at_fifty_milliseconds() {
        check(Retry::attempts(2).jitter(Jitter::None), DEFAULT_MIN);
    }

    #[test]
    fn every_bad_number_is_an_error() {
        let backoff = Backoff::exponential(SECOND..=SECOND / 2);
        let expected = Error::EmptyRange { min: SECOND, max: SECOND / 2 };
        assert_eq!(Retry::attempts(2).backoff(backoff).build(), Err(expected));
        let backoff = Backoff::none().factor(0);
        assert_eq!(Retry::attempts(2).backoff(backoff).build(), Err(Error::ZeroFactor));
        assert_eq!(Retry::attempts(0).build(), Err(Error::NoAttempts));
    }
}
