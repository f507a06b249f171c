//! Building a retry policy piece by piece; every bad number is an error here and none a panic later.
//! Leaves what the numbers mean to `retry` and `backoff`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{Backoff, Jitter, Retry};
use crate::{Budget, Clock, Error, Part};

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
/// assert!(matches!(Retry::attempts(0).build(), Err(Error::NoAttempts)));
/// ```
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct RetryBuilder {
    attempts: u32,
    backoff: Backoff,
    jitter: Option<Jitter>,
    throttle_limit: Duration,
    deadline: Option<Duration>,
    budget: Option<Result<Budget, Error>>,
    clock: Option<Clock>,
}

impl RetryBuilder {
    pub(crate) fn new(attempts: u32) -> RetryBuilder {
        RetryBuilder {
            attempts,
            backoff: Backoff::exponential(DEFAULT_MIN..=DEFAULT_MAX),
            jitter: None,
            throttle_limit: DEFAULT_THROTTLE_LIMIT,
            deadline: None,
            budget: None,
            clock: None,
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

    /// Sets a schedule of waits that are all the same.
    pub fn constant(self, delay: Duration) -> RetryBuilder {
        self.backoff(Backoff::constant(delay))
    }

    /// Spreads waits from nothing to their ceiling, which is also the default.
    pub fn full_jitter(self) -> RetryBuilder {
        self.jitter(Jitter::Full)
    }

    /// Sets how long the whole call may take, waits between attempts included.
    ///
    /// A wait that would end later is not begun: the call is given up with the error that it has. A
    /// future is dropped when the time is over; blocking code is told by
    /// [`Attempt::remaining`](crate::Attempt::remaining).
    pub fn deadline(self, deadline: Duration) -> RetryBuilder {
        RetryBuilder { deadline: Some(deadline), ..self }
    }

    /// Sets the budget that retries are paid from; the first attempt is free.
    pub fn budget(self, budget: impl Part<Budget>) -> RetryBuilder {
        RetryBuilder { budget: Some(budget.build_on(&Clock::system())), ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> RetryBuilder {
        RetryBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the policy.
    ///
    /// # Errors
    ///
    /// [`Error::NoAttempts`] for 0 attempts, [`Error::EmptyRange`] for a back-off that starts above
    /// its end, [`Error::ZeroFactor`] for one that is multiplied by 0, [`Error::Number`] for one that grows
    /// from nothing, for a deadline of nothing and for a budget's bad numbers.
    pub fn build(self) -> Result<Retry, Error> {
        self.build_on(&Clock::system())
    }
}

impl Part<Retry> for RetryBuilder {
    fn build_on(self, clock: &Clock) -> Result<Retry, Error> {
        let RetryBuilder { attempts, backoff, jitter, throttle_limit, deadline, budget, .. } = self;
        let (clock, budget) = (self.clock.unwrap_or_else(|| clock.clone()), budget.transpose()?);
        Retry::checked(Retry { attempts, backoff, throttle_limit, deadline, budget, clock }, jitter)
    }
}

impl Part<Retry> for Retry {
    fn build_on(self, _: &Clock) -> Result<Retry, Error> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks the first wait of a policy for the unit 0.5.
    fn check(builder: RetryBuilder, expected: Duration) {
        let wait = builder.build().unwrap().next(1, Verdict::Transient, 0.5);
        assert_eq!(wait, Some(expected));
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
        assert_eq!(Retry::attempts(2).backoff(backoff).build().unwrap_err(), expected);
        let backoff = Backoff::none().factor(0);
        assert_eq!(Retry::attempts(2).backoff(backoff).build().unwrap_err(), Error::ZeroFactor);
        assert_eq!(Retry::attempts(0).build().unwrap_err(), Error::NoAttempts);
        let deadline = Retry::attempts(2).deadline(Duration::ZERO).build().unwrap_err();
        assert_eq!(deadline.to_string(), "the deadline of a call must be longer than nothing, not 0ns");
    }
}
