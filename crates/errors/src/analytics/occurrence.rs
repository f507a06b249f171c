//! A failure that happened, with all that is known of when and where. Leaves counting to `ledger`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Fault;

/// The reasons of faults that say that nothing was tried: a breaker, a limiter or a full queue refused.
///
/// No answer of a service is one of them: `rate_limited` is what a real HTTP 429 is called, and that was tried.
pub const REJECTIONS: [&str; 3] = ["circuit_open", "bulkhead_full", "rate"];

/// Under this key of its context a refusal says who refused.
const REJECTED_BY: &str = "rejected_by";

/// The reason of faults that somebody wanted.
const CANCELLED: &str = "cancelled";

/// A failure that happened.
///
/// ```
/// use std::time::SystemTime;
/// use segno_errors::{Fault, Kind, analytics::Occurrence};
///
/// let fault = Fault::new(Kind::Timeout, "no answer within 30 s");
/// let occurrence = Occurrence { agent: Some("coder"), ..Occurrence::of(&fault, SystemTime::now()) };
/// assert!(!occurrence.is_rejection());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'o> {
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub fault: &'o Fault,
    /// Who met it.
    pub agent: Option<&'o str>,
    /// In which workflow.
    pub workflow: Option<&'o str>,
    /// In which run of it.
    pub run: Option<&'o str>,
    /// At which step of that.
    pub step: Option<&'o str>,
    /// Agents and steps whose failure would explain this one.
    pub depends_on: &'o [&'o str],
}

impl<'o> Occurrence<'o> {
    /// Makes an occurrence of which nothing is known but what and when.
    pub fn of(fault: &'o Fault, at: SystemTime) -> Occurrence<'o> {
        Occurrence { at, fault, agent: None, workflow: None, run: None, step: None, depends_on: &[] }
    }

    /// Says whether nothing was tried: the reason is one of [`REJECTIONS`], or the context says `rejected_by`.
    pub fn is_rejection(&self) -> bool {
        self.fault.why().is_some_and(|reason| REJECTIONS.contains(&reason))
            || self.fault.context().iter().any(|(key, _)| key == REJECTED_BY)
    }

    /// Says whether somebody wanted it; such a fault is never counted.
    pub fn is_cancelled(&self) -> bool {
        self.fault.why() == Some(CANCELLED)
    }
}

/// What came of trying again after a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// It went well in the end.
    pub cured: bool,
    /// How long the pause and the further attempts took.
    pub spent: Duration,
    /// What they cost, as far as that is known.
    pub cost_usd: Option<f64>,
}

/// Returns a moment as milliseconds since 1970; the years before are 1970.
pub(super) fn millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(LATEST).min(LATEST))
}

/// The latest moment that is told apart, in the year 3058: so that no sum of moments passes what a number holds.
const LATEST: u64 = 1 << 45;
