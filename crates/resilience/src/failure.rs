//! A call that was given up: why, after how much, with the last error as it was. Leaves the meaning of
//! the call's own error to the caller.

use std::fmt;
use std::time::Duration;

/// A call that was given up, with the last error as it was.
///
/// ```
/// use segno_resilience::{Retry, Verdict, on_error};
///
/// let retry = Retry::attempts(3).build()?;
/// let result = retry.run_blocking(on_error(|_: &&str| Verdict::Permanent), |_| Err::<(), _>("no such page"));
/// let failure = result.unwrap_err();
/// assert_eq!(failure.to_string(), "gave up after 1 attempt");
/// assert_eq!(failure.into_inner(), Some("no such page"));
/// # Ok::<(), segno_resilience::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    /// Why it was given up.
    pub cause: Cause<E>,
    /// How many times the body ran.
    pub attempts: u32,
    /// How long was waited between attempts, as asked for; the attempts themselves not counted.
    pub waited: Duration,
}

/// Why a call was given up. `last` is the error of an attempt before, if one was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<E> {
    /// The body failed.
    Failed(E),
    /// A part of the policy did not let it through.
    Rejected {
        /// Which part, and when it may let it through.
        rejection: Rejection,
        /// The error of an attempt before.
        last: Option<E>,
    },
    /// It ran out of time.
    TimedOut {
        /// Which time.
        limit: Limit,
        /// How long that was.
        allowed: Duration,
        /// The error of an attempt before.
        last: Option<E>,
    },
}

/// Which time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// That of one attempt.
    Attempt,
    /// That of the whole call, waits included.
    Deadline,
}

/// A call that was not let through.
///
/// ```
/// use segno_resilience::{Rejection, Rejector};
///
/// let rejection = Rejection { by: Rejector::Bulkhead, retry_after: None };
/// assert_eq!(rejection.to_string(), "rejected by the bulkhead");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// Which part rejected it.
    pub by: Rejector,
    /// After how long it may be let through, where that is known.
    pub retry_after: Option<Duration>,
}

/// The parts that can reject a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejector {
    /// The circuit breaker is open, or enough probes are under way.
    Breaker,
    /// The rate is used up, and waiting for it would take too long.
    Rate,
    /// All places are taken, and so is the queue; or the wait in it was too long.
    Bulkhead,
    /// The adaptive limit of concurrency is reached.
    Concurrency,
    /// The load is too high for a call of this priority.
    Shedding,
}

impl Rejector {
    /// Returns the name that is shown, such as `breaker`.
    pub fn name(self) -> &'static str {
        match self {
            Rejector::Breaker => "breaker",
            Rejector::Rate => "rate limit",
            Rejector::Bulkhead => "bulkhead",
            Rejector::Concurrency => "concurrency limit",
            Rejector::Shedding => "load shedding",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rejected by the {}", self.by.name())?;
        match self.retry_after {
            Some(wait) => write!(formatter, ", to be tried again in {wait:.1?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejection {}

impl<E> Cause<E> {
    /// Returns the last error of the body, if it ever ended with one.
    pub fn into_last(self) -> Option<E> {
        match self {
            Cause::Failed(error) => Some(error),
            Cause::Rejected { last, .. } | Cause::TimedOut { last, .. } => last,
        }
    }
}

impl<E> Failure<E> {
    /// Creates the failure of a call that was not let through at all.
    pub(crate) fn rejected(rejection: Rejection) -> Failure<E> {
        Failure { cause: Cause::Rejected { rejection, last: None }, attempts: 0, waited: Duration::ZERO }
    }

    /// Returns the last error of the body, if it ever ended with one.
    pub fn into_inner(self) -> Option<E> {
        self.cause.into_last()
    }

    /// Says that there is an answer to this failure: an attempt in which it happened goes on, and what fails
    /// in it later may be tried again. To be called where the failure is looked at, before anything is
    /// awaited; the methods of [`Fallback`](crate::Fallback) do so by themselves.
    ///
    /// Retries inside retries do not multiply: without this a call that used its retries up keeps the call
    /// round it from repeating the attempt, whatever that attempt makes of it and if it fails.
    ///
    /// ```
    /// use segno_resilience::{Backoff, EveryError, Retry};
    ///
    /// let retry = Retry::attempts(3).backoff(Backoff::none()).build()?;
    /// let page = retry.run_blocking(EveryError, |at| {
    ///     if let Err(failure) = retry.run_blocking(EveryError, |_| Err::<(), _>("no cache")) {
    ///         failure.dealt_with();
    ///     }
    ///     if at.number < 3 { Err("busy") } else { Ok("page") }
    /// });
    /// assert_eq!(page, Ok("page"));
    /// # Ok::<(), segno_resilience::Error>(())
    /// ```
    pub fn dealt_with(&self) {
        crate::retry::take_back();
    }

    /// Returns which part did not let the call through, if one did not.
    pub fn rejection(&self) -> Option<Rejection> {
        match &self.cause {
            Cause::Rejected { rejection, .. } => Some(*rejection),
            Cause::Failed(_) | Cause::TimedOut { .. } => None,
        }
    }

    /// Says whether a part of the policy did not let the call through.
    pub fn is_rejected(&self) -> bool {
        self.rejection().is_some()
    }

    /// Says whether a time ran out.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.cause, Cause::TimedOut { .. })
    }
}

/// Says why and after how much; the last error is the source and is not repeated here.
impl<E> fmt::Display for Failure<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Failed(_) => formatter.write_str("gave up")?,
            Cause::Rejected { rejection, .. } => rejection.fmt(formatter)?,
            Cause::TimedOut { limit: Limit::Attempt, allowed, .. } => {
                write!(formatter, "no answer within {allowed:.1?}")?;
            }
            Cause::TimedOut { limit: Limit::Deadline, allowed, .. } => {
                write!(formatter, "not done within {allowed:.1?}")?;
            }
        }
        match self.attempts {
            0 => return Ok(()),
            1 => formatter.write_str(" after 1 attempt")?,
            attempts => write!(formatter, " after {attempts} attempts")?,
        }
        match self.waited {
            Duration::ZERO => Ok(()),
            waited => write!(formatter, " and {waited:.1?} of waiting"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Failure<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Failed(error) => Some(error),
            Cause::Rejected { last, .. } | Cause::TimedOut { last, .. } => last.as_ref().map(|error| error as _),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks the text of a failure, and that the last error is its source.
    fn check(cause: Cause<fmt::Error>, attempts: u32, waited: u64, expected: &str) {
        let waited = Duration::from_millis(waited);
        let failure = Failure { cause, attempts, waited };
        assert_eq!(failure.to_string(), expected);
        assert!(failure.source().is_some_and(|source| source.is::<fmt::Error>()));
        assert_eq!(failure.into_inner(), Some(fmt::Error));
    }

    #[test]
    fn a_failure_says_why_and_how_much_was_tried() {
        let last = Some(fmt::Error);
        let rejection = Rejection { by: Rejector::Breaker, retry_after: Some(2 * SECOND) };
        check(Cause::Failed(fmt::Error), 1, 0, "gave up after 1 attempt");
        check(Cause::Failed(fmt::Error), 3, 0, "gave up after 3 attempts");
        check(Cause::Failed(fmt::Error), 3, 1_210, "gave up after 3 attempts and 1.2s of waiting");
        check(
            Cause::Rejected { rejection, last },
            2,
            0,
            "rejected by the breaker, to be tried again in 2.0s after 2 attempts",
        );
        check(
            Cause::TimedOut { limit: Limit::Deadline, allowed: SECOND, last },
            2,
            500,
            "not done within 1.0s after 2 attempts and 500.0ms of waiting",
        );
    }

    #[test]
    fn a_call_that_was_not_let_through_has_no_attempts() {
        let rejection = Rejection { by: Rejector::Bulkhead, retry_after: None };
        let failure = Failure::<fmt::Error>::rejected(rejection);
        assert_eq!((failure.to_string().as_str(), failure.attempts), ("rejected by the bulkhead", 0));
        assert!(failure.is_rejected() && failure.source().is_none());
    }
}
