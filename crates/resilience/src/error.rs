//! A number that no policy can be built with. Leaves calls that were given up to `failure`.

use std::fmt::Debug;
use std::time::Duration;

/// A number that no policy can be built with: found when the policy is built, never later.
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
    /// The settings name a part that this build was made without.
    #[error("this build has no such part: it needs the feature `{feature}` of segno-resilience")]
    LeftOut {
        /// The feature that brings it.
        feature: &'static str,
    },
    /// A key of the settings that says nothing by itself, or not beside another one.
    #[error("`{key}` {must}")]
    Key {
        /// The key, such as `of_last`.
        key: &'static str,
        /// What it must stand with or without.
        must: &'static str,
    },
    /// Any other number out of its range.
    #[error("{what} must be {must}, not {is}")]
    Number {
        /// What the number is of, such as `a breaker's failure rate`.
        what: &'static str,
        /// Which numbers are allowed.
        must: &'static str,
        /// The number that was given.
        is: String,
    },
}

impl Error {
    /// Creates the error of a number that is out of its range.
    pub(crate) fn number(what: &'static str, must: &'static str, is: impl Debug) -> Error {
        Error::Number { what, must, is: format!("{is:?}") }
    }
}

/// A part of a policy: built already, and then shared with whoever else holds it, or still to be built.
///
/// Each part's builder and each finished part is one, so that `policy.breaker(..)` takes both.
pub trait Part<P> {
    /// Returns the part, built on this clock unless it was built before.
    ///
    /// # Errors
    ///
    /// A number that is out of its range.
    fn build_on(self, clock: &crate::Clock) -> Result<P, Error>;
}
