//! What the result of a call means for the parts of a policy. Leaves the judging to the caller's closure.

use std::time::Duration;

/// What the result of a call means.
///
/// ```
/// use segno_resilience::Verdict;
///
/// let judge = |status: &u16| match status {
///     429 => Verdict::Throttled(None),
///     500..=599 => Verdict::Transient,
///     _ => Verdict::Ignore,
/// };
/// assert_eq!(judge(&503), Verdict::Transient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing is wrong, although the call may have returned an error: nothing to repeat, and a
    /// success for a breaker.
    Ok,
    /// It may work soon: repeat after the back-off. A failure for a breaker.
    Transient,
    /// The other side asks for a pause, of this length if it said so: repeat after it. It lives, so a
    /// breaker does not count this; an adaptive limit slows down.
    Throttled(Option<Duration>),
    /// It will fail the same way again: stop at once. A failure for a breaker.
    Permanent,
    /// It says nothing about the other side, such as a cancelled call or a mistake of the caller: stop,
    /// and count it nowhere.
    Ignore,
}

impl Verdict {
    /// Says whether the same call may be repeated.
    pub fn is_retryable(self) -> bool {
        matches!(self, Verdict::Transient | Verdict::Throttled(_))
    }
}

/// Judges results: a closure over the whole result, or [`on_error`] for one that looks at errors only.
pub trait Classify<T, E> {
    /// Returns what this result means.
    fn verdict(&self, result: &Result<T, E>) -> Verdict;
}

impl<T, E, F: Fn(&Result<T, E>) -> Verdict> Classify<T, E> for F {
    fn verdict(&self, result: &Result<T, E>) -> Verdict {
        self(result)
    }
}

/// Takes every error for one that may pass; the judge of a policy that was given none.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryError;

impl<T, E> Classify<T, E> for EveryError {
    fn verdict(&self, result: &Result<T, E>) -> Verdict {
        if result.is_ok() { Verdict::Ok } else { Verdict::Transient }
    }
}

/// A judge that looks at errors only; see [`on_error`].
#[derive(Clone, Copy, Debug)]
pub struct OnError<F>(F);

/// Makes a judge of a closure over errors: what is not an error is fine.
///
/// ```
/// use segno_resilience::{Retry, Verdict, on_error};
/// use std::io::{Error, ErrorKind};
///
/// let judge = on_error(|error: &Error| match error.kind() {
///     ErrorKind::ConnectionRefused => Verdict::Transient,
///     _ => Verdict::Permanent,
/// });
/// let retry = Retry::attempts(3).build()?;
/// assert!(retry.run_blocking(judge, |_| Err::<(), _>(Error::from(ErrorKind::NotFound))).is_err());
/// # Ok::<(), segno_resilience::Error>(())
/// ```
pub fn on_error<E, F: Fn(&E) -> Verdict>(judge: F) -> OnError<F> {
    OnError(judge)
}

impl<T, E, F: Fn(&E) -> Verdict> Classify<T, E> for OnError<F> {
    fn verdict(&self, result: &Result<T, E>) -> Verdict {
        result.as_ref().err().map_or(Verdict::Ok, &self.0)
    }
}
