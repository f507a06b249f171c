//! The checked, numbered tree of a workflow.

use std::collections::HashMap;

use super::task::{ItemTemplate, Task};
use super::template::{Expression, Template};
use crate::model::{Address, Place, StepId};

/// A node's number in its plan, by the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A checked workflow.
#[derive(Debug)]
pub struct Plan {
    /// The workflow's name.
    pub name: String,
    pub(super) nodes: Vec<Node>,
    pub(super) steps: HashMap<StepId, NodeId>,
    pub(super) inputs: Vec<super::inputs::Input>,
}

/// A node: a task, or a pattern over its children. A step with `if` and `each` is several nodes with one name.
#[derive(Debug)]
pub struct Node {
    /// Its number.
    pub id: NodeId,
    /// The step it belongs to.
    pub step: StepId,
    /// Where it stands in the file.
    pub place: Place,
    /// The node it is a child of; `None` for the root.
    pub parent: Option<NodeId>,
    /// The `each` nodes round it, outermost first: its address has an index for each of them.
    pub scope: Vec<NodeId>,
    /// Its failure does not fail its parent.
    pub optional: bool,
    /// What must have ended before it may start.
    pub needs: Vec<Need>,
    /// The steps whose values its templates use.
    pub refs: Vec<StepRef>,
    /// Its children, in the file's order.
    pub children: Vec<NodeId>,
    /// What it does.
    pub kind: Kind,
}

/// What a node does.
#[derive(Debug)]
pub enum Kind {
    /// Calls an agent.
    Task(Box<Task>),
    /// Its children one after the other.
    Sequential,
    /// Its children together.
    Parallel,
    /// The first child when the guard holds, else the second if there is one.
    Conditional(Expression),
    /// Its one child once for each item.
    Each(Items),
    /// The first child, then the second, however the first ended.
    Always,
}

/// The items of a fan-out.
#[derive(Debug)]
pub enum Items {
    /// A template that gives a list.
    Template(Template),
    /// The items one by one.
    List(Vec<ItemTemplate>),
}

/// Something that must have ended before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The outermost node of the step that is needed.
    pub target: NodeId,
    /// It may have failed: it, or a group round it, is optional.
    pub tolerant: bool,
}

/// A step whose value a template uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRef {
    /// Its name.
    pub step: StepId,
    /// Its outermost node.
    pub target: NodeId,
}

impl Plan {
    /// Returns the root node: the whole workflow.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// Returns a node.
    ///
    /// # Panics
    /// When the number is not of this plan.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Returns all nodes, by number.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the outermost node of a step.
    pub fn step(&self, step: &StepId) -> Option<NodeId> {
        self.steps.get(step).copied()
    }

    /// Returns the nodes of a step, outermost first: its `if`, its `each`, its body, as far as it has them.
    pub fn nodes_of(&self, step: &StepId) -> &[Node] {
        let Some(first) = self.step(step) else { return &[] };
        let rest = &self.nodes[first.0 as usize..];
        let count = rest.iter().take_while(|node| node.step == *step).count();
        &rest[..count]
    }

    /// Returns the node that does the work of a step, below its `if` and `each`.
    pub fn task_of(&self, step: &StepId) -> Option<(&Node, &Task)> {
        self.nodes_of(step).iter().find_map(|node| node.task().map(|task| (node, task)))
    }

    /// Returns the nodes from the root to `id`, both included.
    pub fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut path: Vec<NodeId> = std::iter::successors(Some(id), |id| self.node(*id).parent).collect();
        path.reverse();
        path
    }
}

impl Node {
    /// Returns the task, if the node is one.
    pub fn task(&self) -> Option<&Task> {
        match &self.kind {
            Kind::Task(task) => Some(task),
            _ => None,
        }
    }

    /// Returns the node's address inside the items with these indices.
    pub fn address(&self, indices: &[u32]) -> Address {
        Address { step: self.step.clone(), indices: indices[..self.scope.len()].to_vec() }
    }

    /// Says whether the name was made: such a node is not shown to people.
    pub fn is_hidden(&self) -> bool {
        self.step.as_str().starts_with('_')
    }
}
