//! What can go wrong: a policy with bad numbers, and a call that was given up. Leaves the meaning of
//! the call's own error to the caller.

use std::fmt;
use std::time::Duration;

/// A number that no policy can be built with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The body would never run.
    #[error("a retry needs at least 1 attempt, not 0")]
    NoAttempts,
    /// The shortest wait is longer than the longest.
    #[error("a back-off cannot start at {min:?} and end at {max:?}")]
    EmptyRange {
        /// Where the waits would start.
        min: Duration,
        /// Where they would end.
        max: Duration,
    },
    /// Every wait after the first would be nothing.
    #[error("a back-off cannot be multiplied by 0")]
    ZeroFactor,
}

/// A call that was given up, with the last error as it was.
///
/// ```
/// use segno_resilience::{Retry, Verdict};
///
/// let retry = Retry::attempts(3).build()?;
/// let result = retry.run_blocking(|_: &&str| Verdict::Permanent, |_| Err::<(), _>("no such page"));
/// let failure = result.unwrap_err();
/// assert_eq!(failure.to_string(), "gave up after 1 attempt");
/// assert_eq!(failure.into_inner(), "no such page");
/// # Ok::<(), segno_resilience::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    /// The error of the last attempt.
    pub cause: E,
    /// How many times the body ran.
    pub attempts: u32,
    /// How long was waited between attempts, as asked for; the attempts themselves not counted.
    pub waited: Duration,
}

impl<E> Failure<E> {
    /// Returns the error of the last attempt.
    pub fn into_inner(self) -> E {
        self.cause
    }
}

/// Says how much was tried; the cause is the source and is not repeated here.
impl<E> fmt::Display for Failure<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(formatter, "gave up after {} attempt{plural}", self.attempts)?;
        match self.waited {
            Duration::ZERO => Ok(()),
            waited => write!(formatter, " and {waited:.1?} of waiting"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Failure<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    /// Checks the text of a failure.
    fn check(attempts: u32, waited: u64, expected: &str) {
        let waited = Duration::from_millis(waited);
        let failure = Failure { cause: fmt::Error, attempts, waited };
        assert_eq!(failure.to_string(), expected);
        assert!(failure.source().is_some_and(|source| source.is::<fmt::Error>()));
    }

    #[test]
    fn a_failure_says_how_much_was_tried() {
        check(1, 0, "gave up after 1 attempt");
        check(3, 0, "gave up after 3 attempts");
        check(3, 1_210, "gave up after 3 attempts and 1.2s of waiting");
    }
}
