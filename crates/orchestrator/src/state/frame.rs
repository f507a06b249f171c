//! Frames: a node in its round and item, while the run knows of it.

use std::sync::Arc;

use serde_json::Value;

use crate::model::{Inputs, Outcome, Reply, Skip, Status, Timestamp};
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
    pub(super) phase: Phase,
    /// The attempt that runs, ran last, or was interrupted; 0 before the first.
    pub(super) attempt: u32,
    /// What more is known of it, where there is more.
    pub(super) more: Option<Box<More>>,
}

/// What only some frames have.
#[derive(Debug, Default)]
pub(super) struct More {
    /// What was opened inside it, in that order.
    pub(super) children: Vec<FrameId>,
    /// The fallback that is at work; 0: the step's own call.
    pub(super) call: u32,
    /// How many attempts the calls before it made.
    pub(super) spent: u32,
    /// The items of an `each` once they are known.
    pub(super) items: Option<Arc<Vec<Value>>>,
    /// The branch or case that was chosen, by the number of the child; `None` inside: none.
    pub(super) chosen: Option<Option<u32>>,
    /// How good each round of a loop was.
    pub(super) scores: Vec<Option<f64>>,
    /// The round that a loop keeps, from 0.
    pub(super) kept: Option<u32>,
    /// The inputs of a sub-workflow.
    pub(super) inputs: Option<Inputs>,
    /// The outputs of a workflow.
    pub(super) outputs: Option<Inputs>,
    /// What takes effects back, in the order in which that is done.
    pub(super) undo: Vec<FrameId>,
    /// What came back of the attempt that runs: the agent's reply, then those of its checks.
    pub(super) replies: Vec<Arc<Reply>>,
    /// Values of the shared data that the step was given.
    pub(super) data: Option<Inputs>,
    /// The fallbacks that took over, in that order; the last one is at work.
    pub(super) took_over: Vec<u32>,
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

    /// Says whether it was given up, which degrades what it is part of.
    pub(super) fn is_left_out(&self) -> bool {
        matches!(self, End::Task(outcome) if matches!(&**outcome, Outcome::Skipped { because: Skip::LeftOut }))
    }

    /// Says whether it did not run because something it needs failed.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(self, End::Task(outcome) if matches!(&**outcome, Outcome::Skipped { because: Skip::Needs { .. } }))
    }
}

impl Frame {
    /// Says whether it is the frame of a node inside these rounds and items.
    pub(super) fn is_at(&self, node: NodeId, indices: &[u32]) -> bool {
        self.node == node && *self.indices == *indices
    }

    pub(super) fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_with(Box::default)
    }

    pub(super) fn more(&self) -> Option<&More> {
        self.more.as_deref()
    }

    /// Returns what was opened inside it, in that order.
    pub(super) fn children(&self) -> &[FrameId] {
        self.more().map(|more| &more.children[..]).unwrap_or_default()
    }

    /// Returns the round that it keeps, if it is a loop that is over.
    pub(super) fn kept(&self) -> Option<u32> {
        self.more().and_then(|more| more.kept)
    }

    pub(super) fn end(&self) -> Option<&End> {
        match &self.phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }
}

/// A frame that waits for a node which is not over yet.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    pub(super) frame: FrameId,
    pub(super) target: NodeId,
    /// The rounds and items in which it is meant.
    pub(super) reach: Arc<[u32]>,
}

/// What follows from what has been taken in.
#[derive(Debug)]
pub(super) enum Next {
    /// A group may open its next child or be over.
    Advance(FrameId),
    /// What somebody waited for is over.
    Wake(Waiter),
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
    /// Work out what a group must know: its guard, case, list, inputs, whether there is another round.
    Decide,
    /// Make this attempt, counted from 1.
    Attempt(u32),
    /// Record that it does not run.
    Skip(Skip),
}
