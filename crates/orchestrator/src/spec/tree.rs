//! A file as a tree with places: what the three formats have in common. Knows nothing of workflows.

use serde_json::{Map, Value};

use crate::model::Place;
use crate::room;

/// How deep the lists and maps of a file may nest: a thousand blocks and what stands in the last. A deeper file is refused
/// before anything goes down it.
pub(crate) const MAX_DEPTH: usize = 2_100;
/// How many values a file may have after its aliases are expanded.
pub(crate) const MAX_NODES: usize = 200_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
    /// A literal block (`|`): its lines are lines of the file.
    pub(crate) literal: bool,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl Node {
    pub(crate) fn new(place: Place, tree: Tree) -> Node {
        Node { place, tree, literal: false }
    }

    /// Returns what a person calls this kind of value.
    pub(crate) fn kind(&self) -> &'static str {
        match self.tree {
            Tree::Null => "nothing",
            Tree::Bool(_) => "true or false",
            Tree::Integer(_) => "a whole number",
            Tree::Float(_) => "a number",
            Tree::Text(_) => "text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a map",
        }
    }

    /// Returns the plain value without places.
    pub(crate) fn value(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(truth) => Value::Bool(*truth),
            Tree::Integer(number) => Value::from(*number),
            Tree::Float(number) => Value::from(*number),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Node::value).collect(),
            Tree::Map(fields) => {
                let fields = fields.iter().map(|(key, node)| (key.name.clone(), node.value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns how many values this one holds, itself included.
    pub(crate) fn size(&self) -> usize {
        match &self.tree {
            Tree::List(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Tree::Map(fields) => 1 + fields.iter().map(|(_, node)| node.size()).sum::<usize>(),
            _ => 1,
        }
    }

    /// Returns how deep the values below this one nest.
    pub(crate) fn depth(&self) -> usize {
        room::depth(self, |node, show| match &node.tree {
            Tree::List(items) => items.iter().for_each(show),
            Tree::Map(fields) => fields.iter().for_each(|(_, node)| show(node)),
            _ => {}
        })
    }
}

/// Returns the place of a byte offset in `source`.
#[cfg(feature = "toml")]
pub(crate) fn excerpt_place(source: &str, offset: usize) -> Place {
    let mut end = offset.min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let before = &source[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: u32::try_from(column).unwrap_or(u32::MAX) }
}
