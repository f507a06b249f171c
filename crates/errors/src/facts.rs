//! What a fault answers when it is asked. Leaves setting it to `fault` and judging it in a situation to `judge`.

use std::error::Error;
use std::time::Duration;

use crate::{Advice, Blame, Category, Effect, Fault, Kind, Later, Severity};

/// The reason of what somebody stopped on purpose.
pub(crate) const CANCELLED: &str = "cancelled";

impl Fault {
    /// Returns what failed.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the category of the kind.
    pub fn category(&self) -> Category {
        self.0.kind.category()
    }

    /// Returns what happened, as it was given.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the finer cause, if one is known.
    pub fn why(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Returns what a person can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns whose fault it is.
    pub fn blame_on(&self) -> Blame {
        self.0.blame.unwrap_or(self.0.kind.blame())
    }

    /// Returns the most repetitions that make sense, where the fault or its kind limits them below what the caller
    /// would make anyway.
    pub fn most_retries(&self) -> Option<u32> {
        self.0.retries.or(self.0.kind.most_retries())
    }

    /// Returns how long after the fault was made a used-up quota is full again, if that is known. The same call is still
    /// not worth repeating by itself: whoever waits that long waits for hours or days.
    pub fn resets_after(&self) -> Option<Duration> {
        self.0.reset
    }

    /// Returns what to do about it, best first; never empty.
    pub fn advice(&self) -> &[Advice] {
        match self.0.advice.as_deref() {
            Some(advice) if !advice.is_empty() => advice,
            _ => self.0.kind.advice(),
        }
    }

    /// Returns the technical text.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns what was being done.
    pub fn operation_name(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Returns the facts that were added, in the order of their first mention.
    pub fn context(&self) -> &[(String, String)] {
        &self.0.context
    }

    /// Returns whether the same call may work later.
    pub fn may_work_later(&self) -> Later {
        self.0.later
    }

    /// Returns whether the failed call changed anything outside.
    pub fn effect_had(&self) -> Effect {
        self.0.effect
    }

    /// Returns how bad it is.
    pub fn severity_level(&self) -> Severity {
        self.0.severity
    }

    /// Returns the id that ties this fault to the logs of the same piece of work.
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation.as_deref()
    }

    /// Returns the texts of the errors below this one, outermost first, at most 32.
    pub fn causes(&self) -> &[String] {
        self.0.causes.texts()
    }

    /// Returns where the fault was made, as `file:line:column`.
    pub fn location(&self) -> &str {
        self.0.location.text()
    }
}

impl Error for Fault {
    /// Returns the live error below, which is gone once the fault was read back from a store.
    ///
    /// It is the error itself, whose own text is not scrubbed: print [`Fault::causes`], not the source.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.causes.source()
    }
}
