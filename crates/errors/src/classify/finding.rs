//! What an error means, found out without making a fault of it: a pointer to a row and to the error. Leaves the
//! search to `chain`.

use std::error::Error;
use std::fmt;

use super::row::Row;
use crate::judge::{breaker, is_retryable};
use crate::trail::Trail;
use crate::{Blame, Breaker, Effect, Fault, Kind, Later, Severity};

/// What [`classify`](crate::classify()) found out about an error that it only borrowed.
///
/// It answers what a retry or a breaker asks without an allocation. [`Finding::fault`] makes a fault of it, which then
/// holds the texts of the chain; to keep the live error too, give it away: [`Fault::of`].
#[must_use = "it says what the error means"]
#[derive(Clone)]
pub struct Finding<'e> {
    pub(super) meaning: Meaning<'e>,
    pub(super) error: &'e (dyn Error + 'static),
}

/// Where the answer stands.
#[derive(Clone, Debug)]
pub(super) enum Meaning<'e> {
    /// In a table.
    Row(&'static Row),
    /// In the chain itself: somebody classified it before.
    Fault(&'e Fault),
    /// With a classifier of the user's.
    Own(Fault),
}

impl Finding<'_> {
    /// Returns what failed.
    pub fn kind(&self) -> Kind {
        self.ask(|row| row.kind, Fault::kind)
    }

    /// Returns the finer cause, if one is known.
    pub fn why(&self) -> Option<&str> {
        match &self.meaning {
            Meaning::Row(row) => Some(row.reason),
            Meaning::Fault(fault) => fault.why(),
            Meaning::Own(fault) => fault.why(),
        }
    }

    /// Returns whether the same call may work later.
    pub fn may_work_later(&self) -> Later {
        self.ask(Row::may_work_later, Fault::may_work_later)
    }

    /// Returns whether the failed call changed anything outside.
    pub fn effect_had(&self) -> Effect {
        self.ask(|row| row.effect, Fault::effect_had)
    }

    /// Returns how bad it is.
    pub fn severity_level(&self) -> Severity {
        self.ask(Row::severity_level, Fault::severity_level)
    }

    /// Returns whose fault it is.
    pub fn blame_on(&self) -> Blame {
        self.ask(Row::blame_on, Fault::blame_on)
    }

    /// Says whether the same call is worth repeating, as [`Fault::is_retryable`] does.
    pub fn is_retryable(&self) -> bool {
        is_retryable(self.may_work_later(), self.effect_had(), self.why())
    }

    /// Returns what a circuit breaker should make of it, as [`Fault::breaker`] does.
    pub fn breaker(&self) -> Breaker {
        breaker(self.kind(), self.may_work_later(), self.why())
    }

    /// Makes a fault of it, with the texts of the error and all below it; the caller's place is kept.
    ///
    /// A fault that stands in the chain comes out as it was put in.
    #[track_caller]
    pub fn fault(self) -> Fault {
        match self.meaning {
            Meaning::Row(row) => row.fault().seen(Trail::seen(self.error)),
            Meaning::Fault(fault) => fault.clone(),
            Meaning::Own(fault) if fault.causes().is_empty() => fault.seen(Trail::seen(self.error)),
            Meaning::Own(fault) => fault,
        }
    }

    fn ask<T>(&self, row: impl FnOnce(&Row) -> T, fault: impl FnOnce(&Fault) -> T) -> T {
        match &self.meaning {
            Meaning::Row(known) => row(known),
            Meaning::Fault(known) => fault(known),
            Meaning::Own(known) => fault(known),
        }
    }
}

/// Shows what was found, not the error itself, whose text nobody has looked through for secrets.
impl fmt::Debug for Finding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Finding");
        shown.field("kind", &self.kind()).field("why", &self.why()).field("later", &self.may_work_later());
        shown.finish_non_exhaustive()
    }
}
