//! What a template may see of a step: its outcome, or those of its items, from the frame's own round and item outwards.

use std::sync::Arc;

use serde_json::Value;

use super::fold::RunState;
use super::frame::{End, FrameId};
use crate::model::{Address, Inputs, Outcome, Status};
use crate::plan::{Kind, NodeId, StepRef};

/// A step as templates see it.
#[derive(Clone, Debug)]
pub enum View {
    /// A task's outcome, and the frame that it belongs to.
    Task(FrameId, Arc<Outcome>),
    /// A group's status.
    Group(Status),
    /// A fan-out's status and its items.
    Items(Status, Vec<View>),
    /// A loop's status, its rounds, the number of the kept one from 0, and how good that was.
    Rounds {
        /// How it ended.
        status: Status,
        /// Its rounds.
        rounds: Vec<View>,
        /// The round that it keeps, from 0.
        kept: Option<u32>,
        /// How good that was.
        score: Option<f64>,
    },
    /// A workflow's status and its outputs.
    Flow(Status, Option<Inputs>),
}

impl RunState {
    /// Returns the step whose outermost node a template names, as seen from `frame`. `None`: there is no round before.
    pub fn view(&self, frame: FrameId, step_ref: &StepRef) -> Option<View> {
        let mut seen = self.seen(frame);
        if let Some(round) = step_ref.previous {
            let depth = self.plan.node(round).scope.len();
            seen[depth] = seen[depth].checked_sub(1)?;
            seen.truncate(depth + 1);
        }
        let found = self.indices(frame, step_ref.target, &seen);
        let found = found.and_then(|indices| self.frame_at(step_ref.target, &indices));
        Some(found.map_or(View::Group(Status::Skipped), |found| self.view_of(found)))
    }

    /// Returns the rounds and items that a frame's templates are in: a loop's conditions are in its last round.
    fn seen(&self, frame: FrameId) -> Vec<u32> {
        let mut seen = self.frame(frame).indices.to_vec();
        if matches!(self.plan_node(frame).kind, Kind::Loop(_)) {
            seen.push(self.frame(frame).tally.opened.saturating_sub(1));
        }
        seen
    }

    /// Returns the indices of a node seen from elsewhere: shared rounds and items are the same, and of a loop that is
    /// seen from outside it is the round that it keeps.
    fn indices(&self, frame: FrameId, target: NodeId, seen: &[u32]) -> Option<Vec<u32>> {
        let node = self.plan_node(frame);
        let own = node.scope.iter().chain(Some(&node.id).filter(|_| matches!(node.kind, Kind::Loop(_))));
        let scope = &self.plan.node(target).scope;
        let shared = own.zip(scope).take_while(|(mine, theirs)| mine == theirs).count().min(seen.len());
        let mut indices = seen[..shared].to_vec();
        for each in &scope[shared..] {
            let outer = self.frame_at(*each, &indices)?;
            indices.push(self.frame(outer).kept()?);
        }
        Some(indices)
    }

    fn view_of(&self, id: FrameId) -> View {
        let frame = self.frame(id);
        let Some(end) = frame.end() else {
            return View::Group(Status::Skipped);
        };
        let status = match end {
            End::Task(outcome) => return View::Task(id, outcome.clone()),
            End::Group(status) => *status,
        };
        let views = || frame.children().iter().map(|child| self.view_of(*child)).collect();
        let more = frame.more();
        match &self.plan_node(id).kind {
            Kind::Each(_) | Kind::Pipe(_) => View::Items(status, views()),
            Kind::Loop(_) => {
                let last = u32::try_from(frame.children().len()).ok().and_then(|count| count.checked_sub(1));
                let kept = frame.kept().or(last);
                let scores = more.map(|more| &more.scores[..]).unwrap_or_default();
                let score = kept.and_then(|round| scores.get(round as usize).copied().flatten());
                View::Rounds { status, rounds: views(), kept, score }
            }
            Kind::Conditional(_) => match (frame.children().first(), more.and_then(|more| more.chosen)) {
                (Some(child), Some(Some(0))) => self.view_of(*child),
                _ => View::Group(status),
            },
            Kind::OnFailure => frame.children().first().map_or(View::Group(status), |child| self.view_of(*child)),
            Kind::Flow(_) => View::Flow(status, more.and_then(|more| more.outputs.clone())),
            _ => View::Group(status),
        }
    }

    /// Returns what is seen of a step or task from outside: of loops round it that the address says nothing of, the round
    /// that they keep. `None`: it was not reached, or a list round it has several of it.
    pub fn seen_at(&self, address: &Address) -> Option<View> {
        let nodes = self.plan.nodes_of(&address.step);
        let node = nodes.iter().find(|node| node.scope.len() >= address.indices.len())?;
        let mut indices = address.indices.clone();
        for outer in &node.scope[indices.len()..] {
            let outer = self.frame_at(*outer, &indices)?;
            indices.push(self.frame(outer).kept()?);
        }
        self.frame_at(node.id, &indices).map(|frame| self.view_of(frame))
    }

    /// Returns the item of the nearest `each` round a frame, within its own workflow.
    pub fn item(&self, frame: FrameId) -> Option<&Value> {
        let node = self.plan_node(frame);
        let outside = node.scope.len() - self.plan.own_scope(node).len();
        let indices = &self.frame(frame).indices;
        (outside..node.scope.len()).rev().find_map(|depth| self.item_at(node.scope[depth], indices, depth))
    }

    fn item_at(&self, each: NodeId, indices: &[u32], depth: usize) -> Option<&Value> {
        let each = self.frame_at(each, &indices[..depth])?;
        self.frame(each).more()?.items.as_ref()?.get(*indices.get(depth)? as usize)
    }

    /// Returns the index in whatever repeats a frame most closely, within its own workflow; a loop's own conditions are
    /// in its last round.
    pub fn nearest_index(&self, frame: FrameId) -> Option<u32> {
        let node = self.plan_node(frame);
        match (&node.kind, self.plan.own_scope(node)) {
            (Kind::Loop(_), _) => self.seen(frame).last().copied(),
            (_, []) => None,
            (_, _) => self.frame(frame).indices.last().copied(),
        }
    }

    /// Returns the round of the nearest loop, from 1, within the frame's own workflow.
    pub fn round(&self, frame: FrameId) -> Option<u32> {
        let node = self.plan_node(frame);
        let seen = self.seen(frame);
        if matches!(node.kind, Kind::Loop(_)) {
            return seen.last().map(|round| round + 1);
        }
        let outside = node.scope.len() - self.plan.own_scope(node).len();
        let loops = |depth: &usize| matches!(self.plan.node(node.scope[*depth]).kind, Kind::Loop(_));
        (outside..node.scope.len()).rev().find(loops).map(|depth| seen[depth] + 1)
    }

    /// Returns the items of all `each` round a frame, outermost first.
    pub fn items(&self, frame: FrameId) -> Vec<&Value> {
        let scope = &self.plan_node(frame).scope;
        let indices = &self.frame(frame).indices;
        scope.iter().enumerate().filter_map(|(depth, each)| self.item_at(*each, indices, depth)).collect()
    }

    /// Returns what a task left that is being taken back by a frame.
    pub fn taken_back(&self, frame: FrameId) -> Option<View> {
        let task = self.plan_node(frame).undoes?;
        let done = self.frame_at(task, &self.frame(frame).indices)?;
        Some(self.view_of(done))
    }
}
