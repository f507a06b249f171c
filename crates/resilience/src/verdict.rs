//! What a failed call means for whoever may repeat it. Leaves the judging to the caller's closure.

use std::time::Duration;

/// What the result of a call means.
///
/// ```
/// use segno_resilience::Verdict;
///
/// let judge = |status: &u16| match status {
///     429 => Verdict::Throttled(None),
///     500..=599 => Verdict::Transient,
///     _ => Verdict::Permanent,
/// };
/// assert_eq!(judge(&503), Verdict::Transient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing is wrong, although the call returned an error: there is nothing to repeat.
    Ok,
    /// It may work soon: repeat after the back-off.
    Transient,
    /// The other side asks for a pause, of this length if it said so.
    Throttled(Option<Duration>),
    /// It will fail the same way again: stop at once.
    Permanent,
    /// It says nothing about the other side, such as a cancelled call: stop, and do not count it.
    Ignore,
}
