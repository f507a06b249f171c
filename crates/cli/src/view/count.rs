//! Counts of instances by how they ended. What is an instance, and when it is over, is `ledger`'s.

use segno_orchestrator::model::Status;

/// Instances of one node: one, or one for each item.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// How many are known to come.
    pub(super) expected: u32,
    pub(super) succeeded: u32,
    pub(super) partial: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
    /// Those of the skipped that a guard left out.
    pub(super) guarded: u32,
    /// Those of the skipped that were given up.
    pub(super) left_out: u32,
    /// Those of the skipped that were never reached.
    pub(super) unreached: u32,
    /// Those that are not expected any longer, because something else was chosen.
    pub(super) unchosen: u32,
    /// Those that were remembered.
    pub(super) cached: u32,
    /// Those that failed themselves, not by their children.
    pub(super) broken: u32,
    /// Of a fan-out: whose items are known, or will never be.
    pub(super) resolved: u32,
}

/// What the tasks below a node, or the instances of one, come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) total: u32,
    pub(super) ended: u32,
    pub(super) cached: u32,
    pub(super) partial: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Sum {
    /// Adds what other tasks come to.
    pub(super) fn add(&mut self, other: Sum) {
        self.total += other.total;
        self.ended += other.ended;
        self.cached += other.cached;
        self.partial += other.partial;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Count {
    /// Returns how many are over.
    pub(super) fn ended(&self) -> u32 {
        self.succeeded + self.partial + self.failed + self.skipped
    }

    /// Returns what the instances come to.
    pub(super) fn sum(&self) -> Sum {
        let Count { expected, partial, failed, skipped, cached, .. } = *self;
        Sum { total: expected, ended: self.ended(), cached, partial, failed, skipped }
    }

    /// Counts one that is over.
    pub(super) fn note(&mut self, status: Status) {
        match status {
            Status::Succeeded => self.succeeded += 1,
            Status::Partial => self.partial += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
    }

    /// Returns what they add up to once all are over.
    pub(super) fn status(&self) -> Status {
        match self {
            _ if self.failed > 0 => Status::Failed,
            _ if self.partial > 0 => Status::Partial,
            _ if self.succeeded == 0 => Status::Skipped,
            _ => Status::Succeeded,
        }
    }
}
