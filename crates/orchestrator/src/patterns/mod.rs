//! The patterns: pure, two small functions each. `open` says how many children may be open now, `settle` how it ended.
//!
//! A pattern sees only counts of how its children ended, never which or when, so completion order cannot change what
//! it decides. That is also why nothing is cut short when one of several parallel children fails: what would have
//! been cut depends on timing, and a resumed run would decide differently.

mod always;
mod conditional;
mod each;
mod flow;
pub(crate) mod iterative;
mod on_failure;
mod parallel;
mod pipeline;
mod sequential;
mod undo;

use crate::model::{Status, Verdict};
use crate::plan::Kind;

/// How far the children of one group are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many children there are; known once the guard is asked or the list worked out. Of a loop it grows.
    pub width: u32,
    /// No more children will come.
    pub closed: bool,
    /// What a loop said last, and how the round that it keeps ended.
    pub kept: Option<(Verdict, Status)>,
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
        Kind::Parallel(limit) => parallel::open(*limit, tally),
        Kind::Conditional(_) | Kind::Switch(_) => conditional::open(tally),
        Kind::Each(fan) => each::open(fan.limit, tally),
        Kind::Pipe(fan) => pipeline::open(fan.limit, tally),
        Kind::Loop(_) => iterative::open(tally),
        Kind::Flow(_) => flow::open(tally),
        Kind::Always => always::open(tally),
        Kind::OnFailure => on_failure::open(tally),
        Kind::Undo => undo::open(tally),
    }
}

/// Returns how the group ended, once it has.
pub fn settle(kind: &Kind, tally: &Tally) -> Option<Status> {
    match kind {
        Kind::Task(_) => None,
        Kind::Sequential => sequential::settle(tally),
        Kind::Parallel(_) => parallel::settle(tally),
        Kind::Conditional(_) | Kind::Switch(_) => conditional::settle(tally),
        Kind::Each(fan) => each::settle(fan.at_least, tally),
        Kind::Pipe(fan) => pipeline::settle(fan.at_least, tally),
        Kind::Loop(rounds) => iterative::settle(rounds, tally),
        Kind::Flow(_) => flow::settle(tally),
        Kind::Always => always::settle(tally),
        Kind::OnFailure => on_failure::settle(tally),
        Kind::Undo => undo::settle(tally),
    }
}
