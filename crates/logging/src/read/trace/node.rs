//! What a trace is made of: branches and lines.

use std::time::Duration;

use super::super::{Level, Timestamp};

/// A branch of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its name, such as a run's, a step's or an operation's.
    pub name: String,
    /// When it began, as far as its lines tell.
    pub begin: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// How long it took: what a line says of it, else from its first line to its last.
    pub took: Option<Duration>,
    /// Whether it failed, or something in it is an error.
    pub failed: bool,
    /// What is in it, in the order of time.
    pub items: Vec<Item>,
}

/// What a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Work with a correlation id, such as a run.
    Work,
    /// A step of it.
    Step,
    /// An attempt at a step.
    Attempt,
    /// An operation that was timed.
    Operation,
}

/// What is in a branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A line.
    Line(Seen),
    /// A branch.
    Node(Node),
}

/// A line of a trace, as much of it as is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// How grave it is.
    pub level: Option<Level>,
    /// Which part of the program said it.
    pub component: String,
    /// What was said.
    pub message: String,
    /// Its other fields, as text.
    pub fields: Vec<(String, String)>,
}

impl Kind {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Work => "work",
            Kind::Step => "step",
            Kind::Attempt => "attempt",
            Kind::Operation => "operation",
        }
    }
}

impl Node {
    pub(super) fn new(kind: Kind, name: &str) -> Node {
        let (begin, end, took) = (None, None, None);
        Node { kind, name: name.to_owned(), begin, end, took, failed: false, items: Vec::new() }
    }

    /// Returns the branches in it.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.items.iter().filter_map(|item| match item {
            Item::Node(node) => Some(node),
            Item::Line(_) => None,
        })
    }

    /// Returns the lines in it, without those of its branches.
    pub fn lines(&self) -> impl Iterator<Item = &Seen> {
        self.items.iter().filter_map(|item| match item {
            Item::Line(seen) => Some(seen),
            Item::Node(_) => None,
        })
    }
}
