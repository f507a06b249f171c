//! One row of a classification table: all that is known about a failure before it happens. Leaves
//! the rows to the tables of `io`, `exit` and `signal`.

use crate::{Effect, Fault, Kind, Later, Severity};

/// What a foreign failure means. Where a row says nothing, the kind's default holds.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    kind: Kind,
    reason: &'static str,
    message: &'static str,
    hint: &'static str,
    severity: Option<Severity>,
    later: Option<Later>,
    effect: Effect,
}

impl Row {
    /// Creates a row with the defaults of the kind and an unknown effect.
    pub(crate) const fn new(kind: Kind, reason: &'static str, message: &'static str, hint: &'static str) -> Row {
        Row { kind, reason, message, hint, severity: None, later: None, effect: Effect::Unknown }
    }

    /// Sets a severity other than the kind's.
    pub(crate) const fn severity(self, severity: Severity) -> Row {
        Row { severity: Some(severity), ..self }
    }

    /// Says that the same call may work soon, though the kind says never.
    pub(crate) const fn transient(self) -> Row {
        Row { later: Some(Later::Transient), ..self }
    }

    /// Says that the same call will fail again, though the kind says it may work.
    pub(crate) const fn never(self) -> Row {
        Row { later: Some(Later::Never), ..self }
    }

    /// Says that nothing was changed outside.
    pub(crate) const fn no_effect(self) -> Row {
        Row { effect: Effect::None, ..self }
    }

    /// Creates the fault that this row describes.
    #[track_caller]
    pub(crate) fn fault(&self) -> Fault {
        let Row { kind, reason, message, hint, .. } = *self;
        Fault::fixed(kind, message, reason, hint)
            .severity(self.severity.unwrap_or(kind.severity()))
            .later(self.later.unwrap_or(kind.later()))
            .effect(self.effect)
    }
}

/// Returns what the table tests compare: `kind reason later effect severity`.
#[cfg(test)]
pub(crate) fn outline(fault: &Fault) -> String {
    format!(
        "{} {} {:?} {:?} {}",
        fault.kind().code().trim_end_matches("_ERROR"),
        fault.why().unwrap_or("-"),
        fault.may_work_later(),
        fault.effect_had(),
        fault.severity_level().name()
    )
    .to_lowercase()
}
