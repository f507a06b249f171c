//! The patterns: pure, two small functions each. `open` says how many children may be open now, `settle` how it ended.
//!
//! A pattern sees only counts of how its children ended, never which or when, so completion order cannot change what
//! it decides. That is also why nothing is cut short when one of several parallel children fails: what would have
//! been cut depends on timing, and a resumed run would decide differently.

mod always;
mod conditional;
mod each;
mod parallel;
mod sequential;

use crate::model::Status;
use crate::plan::Kind;

/// How far the children of one group are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many children there are; known once the guard is asked or the list worked out.
    pub width: u32,
    /// How many were opened.
    pub opened: u32,
    /// Ended well.
    pub succeeded: u32,
    /// Ended with something usable.
    pub partial: u32,
    /// Failed.
    pub failed: u32,
    /// Failed, and were allowed to.
    pub tolerated: u32,
    /// Did not run, by a guard.
    pub skipped: u32,
    /// Did not run, because something they need failed.
    pub blocked: u32,
}

impl Tally {
    /// Returns how many children ended.
    pub fn ended(&self) -> u32 {
        self.succeeded + self.partial + self.failed + self.tolerated + self.skipped + self.blocked
    }

    /// Says whether a child ended in a way that the group cannot put up with.
    pub fn broke(&self) -> bool {
        self.failed + self.blocked > 0
    }

    /// Returns the status that these children add up to.
    fn status(&self) -> Status {
        match self {
            _ if self.broke() => Status::Failed,
            _ if self.partial + self.tolerated > 0 => Status::Partial,
            _ if self.succeeded == 0 && self.skipped > 0 => Status::Skipped,
            _ => Status::Succeeded,
        }
    }
}

/// Returns how many children, counted from the first, may be open now.
pub fn open(kind: &Kind, tally: &Tally) -> u32 {
    match kind {
        Kind::Task(_) => 0,
        Kind::Sequential => sequential::open(tally),
        Kind::Parallel => parallel::open(tally),
        Kind::Conditional(_) => conditional::open(tally),
        Kind::Each(_) => each::open(tally),
        Kind::Always => always::open(tally),
    }
}

/// Returns how the group ended, once it has.
pub fn settle(kind: &Kind, tally: &Tally) -> Option<Status> {
    match kind {
        Kind::Task(_) => None,
        Kind::Sequential => sequential::settle(tally),
        Kind::Parallel => parallel::settle(tally),
        Kind::Conditional(_) => conditional::settle(tally),
        Kind::Each(_) => each::settle(tally),
        Kind::Always => always::settle(tally),
    }
}
