//! What a template may see of a step: its outcome, or those of its items, from the frame's own round and item outwards.

use std::sync::Arc;

use serde_json::Value;

use super::fold::RunState;
use super::frame::{End, FrameId};
use crate::model::{Outcome, Status};
use crate::plan::{Kind, NodeId};

/// A step as templates see it.
#[derive(Clone, Debug)]
pub enum View {
    /// A task's outcome, and the frame that it belongs to.
    Task(FrameId, Arc<Outcome>),
    /// A group's status.
    Group(Status),
    /// A fan-out's status and its items.
    Items(Status, Vec<View>),
}

impl RunState {
    /// Returns the step whose outermost node is `target`, as seen from `frame`.
    pub fn view(&self, frame: FrameId, target: NodeId) -> View {
        let depth = self.plan.node(target).scope.len();
        let indices = Arc::from(&self.frame(frame).indices[..depth]);
        match self.index.get(&(target, indices)) {
            Some(found) => self.view_of(*found),
            None => View::Group(Status::Skipped),
        }
    }

    fn view_of(&self, id: FrameId) -> View {
        let frame = self.frame(id);
        match (frame.end(), &self.plan_node(id).kind) {
            (Some(End::Task(outcome)), _) => View::Task(id, outcome.clone()),
            (Some(End::Group(status)), Kind::Each(_)) => {
                View::Items(*status, frame.children.iter().map(|child| self.view_of(*child)).collect())
            }
            (Some(End::Group(status)), Kind::Conditional(_)) => match frame.children.first() {
                Some(child) if self.is_taken(id) => self.view_of(*child),
                _ => View::Group(*status),
            },
            (Some(End::Group(status)), _) => View::Group(*status),
            (None, _) => View::Group(Status::Skipped),
        }
    }

    /// Returns the item of the nearest `each` round a frame, and its index.
    pub fn item(&self, frame: FrameId) -> Option<(&Value, u32)> {
        let depth = self.plan_node(frame).scope.len();
        let index = *self.frame(frame).indices.get(depth.checked_sub(1)?)?;
        self.items(frame).pop().map(|item| (item, index))
    }

    /// Returns the items of all `each` round a frame, outermost first.
    pub fn items(&self, frame: FrameId) -> Vec<&Value> {
        let scope = &self.plan_node(frame).scope;
        let indices = &self.frame(frame).indices;
        let item = |(depth, each): (usize, &NodeId)| {
            let each = self.index.get(&(*each, Arc::from(&indices[..depth])))?;
            self.frame(*each).items.as_ref()?.get(*indices.get(depth)? as usize)
        };
        scope.iter().enumerate().filter_map(item).collect()
    }
}
