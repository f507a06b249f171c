//! What to do when a call was given up: a value of earlier is often better than none. Leaves what else
//! [`Result`] can do to it.

use std::future::Future;

use crate::Failure;
use crate::retry::{take_back, tell};

/// Fallbacks for a call that was given up.
///
/// For a fallback that never fails `unwrap_or_else` does, and for another call `or_else`; these are for one
/// that may have nothing to offer either, where the failure is what the caller wants to know.
///
/// Inside an attempt of another call these also say that the failure is dealt with, so that a later one of
/// that attempt is tried again: see [`Failure::dealt_with`].
///
/// ```
/// use segno_resilience::{Backoff, EveryError, Fallback, Retry};
///
/// let retry = Retry::attempts(2).backoff(Backoff::none()).build()?;
/// let down = || retry.run_blocking(EveryError, |_| Err::<u32, _>("down"));
/// assert_eq!(down().or_cached(|| Some(7)), Ok(7));
/// assert_eq!(down().or_cached(|| None).unwrap_err().into_inner(), Some("down"));
/// # Ok::<(), segno_resilience::Error>(())
/// ```
pub trait Fallback<T, E>: Sized {
    /// Returns the value, else the one that was remembered, else the failure.
    ///
    /// # Errors
    ///
    /// The failure, if nothing was remembered.
    fn or_cached(self, remembered: impl FnOnce() -> Option<T>) -> Result<T, Failure<E>>;

    /// Returns the value, else the one that a closure makes of the failure, else the failure: the closure
    /// looks at why, and answers only what it knows an answer to.
    ///
    /// # Errors
    ///
    /// The failure, if the closure makes nothing of it.
    fn or_instead(self, instead: impl FnOnce(&Failure<E>) -> Option<T>) -> Result<T, Failure<E>>;

    /// Returns the value, else the one that a future remembers, else the failure.
    ///
    /// # Errors
    ///
    /// The failure, if nothing was remembered.
    fn or_cached_async<Fut>(self, remembered: impl FnOnce() -> Fut) -> impl Future<Output = Result<T, Failure<E>>>
    where
        Fut: Future<Output = Option<T>>;
}

impl<T, E> Fallback<T, E> for Result<T, Failure<E>> {
    fn or_cached(self, remembered: impl FnOnce() -> Option<T>) -> Result<T, Failure<E>> {
        self.or_instead(|_| remembered())
    }

    fn or_instead(self, instead: impl FnOnce(&Failure<E>) -> Option<T>) -> Result<T, Failure<E>> {
        self.or_else(|failure| match instead(&failure) {
            Some(value) => {
                failure.dealt_with();
                Ok(value)
            }
            None => Err(failure),
        })
    }

    async fn or_cached_async<Fut>(self, remembered: impl FnOnce() -> Fut) -> Result<T, Failure<E>>
    where
        Fut: Future<Output = Option<T>>,
    {
        match self {
            Ok(value) => Ok(value),
            Err(failure) => {
                // At once: while this waits, other calls on this thread may tell something too.
                let has_told = take_back();
                remembered().await.ok_or_else(|| {
                    if has_told {
                        tell();
                    }
                    failure
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::{Rejection, Rejector};

    type Called = Result<u32, Failure<()>>;

    fn rejected() -> Failure<()> {
        Failure::rejected(Rejection { by: Rejector::Breaker, retry_after: None })
    }

    /// Checks what a call becomes when so much was remembered, in both forms.
    fn check(called: &Called, remembered: Option<u32>, expected: &Called) {
        let now = std::pin::pin!(called.clone().or_cached_async(|| ready(remembered)));
        let now = now.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert_eq!(now, std::task::Poll::Ready(expected.clone()));
        assert_eq!(called.clone().or_cached(|| remembered), *expected);
    }

    #[test]
    fn what_was_remembered_replaces_a_failure_and_nothing_else() {
        check(&Ok(1), Some(2), &Ok(1));
        check(&Err(rejected()), Some(2), &Ok(2));
        check(&Err(rejected()), None, &Err(rejected()));
    }

    #[test]
    fn a_fallback_may_look_at_why() {
        let instead = |failure: &Failure<()>| failure.is_timed_out().then_some(7);
        assert_eq!(Called::Err(rejected()).or_instead(instead), Err(rejected()));
        let instead = |failure: &Failure<()>| failure.is_rejected().then_some(7);
        assert_eq!(Called::Err(rejected()).or_instead(instead), Ok(7));
    }
}
