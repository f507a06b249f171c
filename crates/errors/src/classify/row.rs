//! One row of a classification table: all that is known about a failure before it happens. Leaves
//! the rows to the tables of `io`, `exit`, `http` and the others.

use crate::{Advice, Blame, Effect, Fault, Kind, Later, Severity};

/// What a foreign failure means. Where a row says nothing, the kind's default holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) reason: &'static str,
    message: &'static str,
    hint: &'static str,
    severity: Option<Severity>,
    later: Option<Later>,
    blame: Option<Blame>,
    retries: Option<u32>,
    advice: Option<&'static [Advice]>,
    pub(crate) effect: Effect,
}

impl Row {
    /// Creates a row with the defaults of the kind and an unknown effect.
    pub(crate) const fn new(kind: Kind, reason: &'static str, message: &'static str, hint: &'static str) -> Row {
        let (severity, later, blame, retries, advice) = (None, None, None, None, None);
        Row { kind, reason, message, hint, severity, later, blame, retries, advice, effect: Effect::Unknown }
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

    /// Says that the same call may work soon, but that one repetition is all that makes sense.
    pub(crate) const fn once(self) -> Row {
        Row { later: Some(Later::Transient), retries: Some(1), ..self }
    }

    /// Says that nothing was changed outside.
    pub(crate) const fn no_effect(self) -> Row {
        Row { effect: Effect::None, ..self }
    }

    /// Sets somebody else to blame than the kind says.
    pub(crate) const fn blame(self, blame: Blame) -> Row {
        Row { blame: Some(blame), ..self }
    }

    /// Sets other advice than the kind's.
    pub(crate) const fn advise(self, advice: &'static [Advice]) -> Row {
        Row { advice: Some(advice), ..self }
    }

    /// Says that somebody stopped it on purpose.
    pub(crate) const fn cancelled(message: &'static str, hint: &'static str) -> Row {
        Row::new(Kind::BusinessLogic, "cancelled", message, hint).severity(Severity::Low)
    }

    /// Returns how bad it is.
    pub(crate) fn severity_level(&self) -> Severity {
        self.severity.unwrap_or(self.kind.severity())
    }

    /// Returns whether the same call may work later.
    pub(crate) fn may_work_later(&self) -> Later {
        self.later.unwrap_or(self.kind.later())
    }

    /// Returns whose fault it is.
    pub(crate) fn blame_on(&self) -> Blame {
        self.blame.unwrap_or(self.kind.blame())
    }

    /// Creates the fault that this row describes.
    #[track_caller]
    pub(crate) fn fault(&self) -> Fault {
        let mut fault = Fault::fixed(self.kind, self.message, self.reason, self.hint)
            .severity(self.severity_level())
            .later(self.may_work_later())
            .blame(self.blame_on())
            .effect(self.effect);
        if let Some(retries) = self.retries {
            fault = fault.retries(retries);
        }
        match self.advice {
            Some(advice) => fault.advise(advice),
            None => fault,
        }
    }
}

/// Returns the row of a key; the tables are short enough to be read from top to bottom.
pub(crate) fn find<K: Copy + PartialEq<Q>, Q: Copy>(table: &'static [(K, Row)], key: Q) -> Option<&'static Row> {
    table.iter().find(|(known, _)| *known == key).map(|(_, row)| row)
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
