//! The checked, numbered tree of a workflow.

use hashbrown::HashMap;

use super::inputs::Input;
use super::task::{ItemTemplate, Task};
use super::template::{Expression, Template};
use crate::model::{Address, AtLeast, Checkpoints, Place, StepId};

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
    pub(super) inputs: Vec<Input>,
    /// When marks are set.
    pub checkpoints: Checkpoints,
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
    /// The nodes round it that run their body more than once (`each`, `pipe`, `loop`), outermost first: its address has
    /// an index for each of them.
    pub scope: Vec<NodeId>,
    /// The `flow` node whose inputs and step names it sees; `None`: those of the run.
    pub home: Option<NodeId>,
    /// Its failure does not fail its parent.
    pub optional: bool,
    /// It takes items one at a time and in order: it waits for the same node of the item before.
    pub is_stage: bool,
    /// How much it counts in the quality of the run.
    pub weight: f64,
    /// What takes back its effect, if there is such a thing.
    pub undo: Option<NodeId>,
    /// The task whose effect it takes back, if that is what it is for.
    pub undoes: Option<NodeId>,
    /// What must have ended before it may start.
    pub needs: Vec<Need>,
    /// The steps whose values its templates use.
    pub refs: Vec<StepRef>,
    /// The inputs of its workflow that its templates use; an empty name stands for all of them.
    pub input_names: Vec<String>,
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
    /// Its children together, so many at once at most.
    Parallel(Option<u32>),
    /// The first child when the guard holds, else the second if there is one.
    Conditional(Guard),
    /// The child of the case that fits.
    Switch(Switch),
    /// Its one child once for each item, together.
    Each(Fan),
    /// Its one child once for each item; each stage in it takes the items one at a time and in order.
    Pipe(Fan),
    /// Its one child again and again.
    Loop(Box<Loop>),
    /// Its one child is another workflow, or the root with outputs.
    Flow(Box<SubFlow>),
    /// The first child, then the second, however the first ended.
    Always,
    /// The first child, then the second when the first failed.
    OnFailure,
    /// The first child; when it failed, the `undo` of each task in it that had run, last ended first.
    Undo,
}

/// Conditions before a body.
#[derive(Debug)]
pub struct Guard {
    /// It must hold.
    pub holds: Option<Expression>,
    /// It must not hold: then the body is given up, which degrades the run.
    pub skip_when: Option<Expression>,
}

/// A choice by a value.
#[derive(Debug)]
pub struct Switch {
    /// The value.
    pub on: Expression,
    /// The texts of the cases, in the order of the children; a default is the child after them.
    pub cases: Vec<String>,
    /// Whether there is a default.
    pub has_default: bool,
}

/// A fan-out.
#[derive(Debug)]
pub struct Fan {
    /// Its items.
    pub items: Items,
    /// How many of them must be done.
    pub at_least: Option<AtLeast>,
    /// How many go on at once.
    pub limit: Option<u32>,
}

/// A body that runs again and again.
#[derive(Debug)]
pub struct Loop {
    /// After which round it is over.
    pub until: Option<Expression>,
    /// Whether there is another round.
    pub going_while: Option<Expression>,
    /// The most rounds.
    pub max: u32,
    /// How good a round was.
    pub score: Option<Expression>,
    /// The end by the limit is a failure.
    pub fails_at_limit: bool,
}

impl Loop {
    /// Says whether something must be asked between rounds; without it, all rounds are made.
    pub fn asks(&self) -> bool {
        self.until.is_some() || self.going_while.is_some() || self.score.is_some()
    }
}

/// A call of another workflow.
#[derive(Debug)]
pub struct SubFlow {
    /// The file, as people call it.
    pub path: String,
    /// What it is given. Nothing is worked out for the root: its inputs are the run's.
    pub with: Vec<(String, Template)>,
    pub(super) inputs: Vec<Input>,
    /// What it gives back, seen from inside.
    pub outputs: Vec<(String, Template)>,
}

/// The items of a fan-out.
#[derive(Debug)]
pub enum Items {
    /// A template that gives a list.
    Template(Template),
    /// The items one by one.
    List(Vec<ItemTemplate>),
    /// Every combination of the values of these axes, the last one changing fastest.
    Matrix(Vec<(String, Items)>),
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
    /// The loop in whose round before this one it is meant; `None`: in this round.
    pub previous: Option<NodeId>,
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

    /// Returns the inputs of a sub-workflow, or of the run.
    pub(super) fn inputs_of(&self, home: Option<NodeId>) -> &[Input] {
        match home.map(|home| &self.node(home).kind) {
            Some(Kind::Flow(flow)) => &flow.inputs,
            _ => &self.inputs,
        }
    }

    /// Returns the nodes whose rounds and items are part of a node's own names: those inside its workflow.
    pub fn own_scope<'n>(&self, node: &'n Node) -> &'n [NodeId] {
        let outside = node.home.map_or(0, |home| self.node(home).scope.len());
        &node.scope[outside..]
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

    /// Returns how deep its nodes stand in each other, those of called workflows too.
    pub fn depth(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes.len());
        // Parents come before their children.
        for node in &self.nodes {
            depths.push(1 + node.parent.map_or(0, |parent| depths[parent.0 as usize]));
        }
        depths.into_iter().max().unwrap_or(0)
    }

    /// Says whether a node is in another, or is that one.
    pub fn is_inside(&self, id: NodeId, outer: NodeId) -> bool {
        std::iter::successors(Some(id), |id| self.node(*id).parent).any(|id| id == outer)
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
        self.step.own().starts_with('_')
    }
}
