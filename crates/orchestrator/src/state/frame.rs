//! Frames: a node in its round and item, while the run knows of it.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Outcome, Skip, Status, Timestamp};
use crate::patterns::Tally;
use crate::plan::NodeId;

/// A frame's number in its run, by the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub(super) u32);

/// A node in its round and item.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) node: NodeId,
    pub(super) parent: Option<FrameId>,
    pub(super) indices: Arc<[u32]>,
    pub(super) tally: Tally,
    pub(super) children: Vec<FrameId>,
    pub(super) phase: Phase,
    /// The attempt that runs, ran last, or was interrupted; 0 before the first.
    pub(super) attempt: u32,
    /// The items of an `each` once they are known.
    pub(super) items: Option<Arc<Vec<Value>>>,
}

/// Where a frame stands.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// It waits for this many of its needs.
    Waiting(u32),
    /// The loop may take it up.
    Ready(Work),
    /// The loop has taken it up; what comes of it is not recorded yet.
    Taken,
    /// An attempt runs.
    Running,
    /// It waits before its next attempt.
    Resting(Timestamp),
    /// A group with open children.
    Open,
    /// It is over.
    Ended(End),
}

/// How a frame ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// A group's status.
    Group(Status),
    /// A task's outcome; also that of a group that failed or was skipped before it opened.
    Task(Arc<Outcome>),
}

impl End {
    pub(super) fn status(&self) -> Status {
        match self {
            End::Group(status) => *status,
            End::Task(outcome) => outcome.status(),
        }
    }

    /// Says whether it did not run because something it needs failed.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(self, End::Task(outcome) if matches!(&**outcome, Outcome::Skipped { because: Skip::Needs { .. } }))
    }
}

impl Frame {
    pub(super) fn end(&self) -> Option<&End> {
        match &self.phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }
}

/// A frame that waits for a node which is not over yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) frame: FrameId,
    pub(super) target: NodeId,
}

/// Something that the loop may take up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The frame.
    pub frame: FrameId,
    /// What is to be done.
    pub work: Work,
}

/// What is to be done with a ready frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Ask the guard.
    Decide,
    /// Work out the list.
    Expand,
    /// Make this attempt, counted from 1.
    Attempt(u32),
    /// Record that it does not run, because this step failed.
    Skip {
        /// The step that it needs.
        needs: String,
    },
}
