//! Failures as errors of one's own type, for functions whose signature has no room for more. Leaves
//! the failure itself to `failure`.

use std::error::Error;
use std::io;

use crate::Failure;

/// An error type that has a word for calls that were not let through or ran out of time.
///
/// The error of the body, where there was one, comes back as it was.
///
/// ```
/// use segno_resilience::{Failure, GivenUp};
///
/// #[derive(Debug, PartialEq)]
/// enum Trouble { NoSuchPage, Unavailable }
///
/// impl GivenUp for Trouble {
///     fn given_up(failure: Failure<Trouble>) -> Trouble {
///         failure.into_inner().unwrap_or(Trouble::Unavailable)
///     }
/// }
/// ```
pub trait GivenUp: Sized {
    /// Returns the error that stands for this failure.
    fn given_up(failure: Failure<Self>) -> Self;
}

impl GivenUp for io::Error {
    fn given_up(failure: Failure<io::Error>) -> io::Error {
        let kind = match failure.is_timed_out() {
            true => io::ErrorKind::TimedOut,
            false => io::ErrorKind::ResourceBusy,
        };
        let text = failure.to_string();
        failure.into_inner().unwrap_or_else(|| io::Error::new(kind, text))
    }
}

impl GivenUp for String {
    fn given_up(failure: Failure<String>) -> String {
        let text = failure.to_string();
        failure.into_inner().unwrap_or(text)
    }
}

impl GivenUp for Box<dyn Error + Send + Sync> {
    fn given_up(failure: Failure<Box<dyn Error + Send + Sync>>) -> Box<dyn Error + Send + Sync> {
        let text = failure.to_string();
        failure.into_inner().unwrap_or_else(|| text.into())
    }
}

impl GivenUp for Box<dyn Error> {
    fn given_up(failure: Failure<Box<dyn Error>>) -> Box<dyn Error> {
        let text = failure.to_string();
        failure.into_inner().unwrap_or_else(|| text.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Cause, Limit, Rejection, Rejector};

    /// Checks what a failure is as an error of these types.
    fn check<E: GivenUp + ToString>(cause: Cause<E>, expected: &str) {
        let failure = Failure { cause, attempts: 1, waited: Duration::ZERO };
        assert_eq!(E::given_up(failure).to_string(), expected);
    }

    #[test]
    fn the_error_of_the_body_goes_before_why_it_was_given_up() {
        let rejection = Rejection { by: Rejector::Rate, retry_after: None };
        check(Cause::Failed(String::from("busy")), "busy");
        check(Cause::Rejected { rejection, last: Some(String::from("busy")) }, "busy");
        check(Cause::Rejected::<String> { rejection, last: None }, "rejected by the rate limit after 1 attempt");
        check(
            Cause::Rejected::<Box<dyn Error>> { rejection, last: None },
            "rejected by the rate limit after 1 attempt",
        );
        let allowed = Duration::from_secs(2);
        let late = Cause::TimedOut { limit: Limit::Attempt, allowed, last: None };
        check::<io::Error>(late, "no answer within 2.0s after 1 attempt");
    }

    #[test]
    fn a_time_out_is_one_for_io_too() {
        let late = Cause::TimedOut { limit: Limit::Attempt, allowed: Duration::from_secs(2), last: None };
        let error = io::Error::given_up(Failure { cause: late, attempts: 1, waited: Duration::ZERO });
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
