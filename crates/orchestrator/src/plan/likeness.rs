//! How two plans compare: which nodes of one are those of the other, and which of them say something else now.
//!
//! What only groups steps without a name (the file's own list, a clean-up round it) is looked through: a workflow that
//! gets an `always` is still the same steps.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};

use blake3::{Hash, Hasher};

use super::node::{Kind, Node, NodeId, Plan};
use crate::model::StepId;

/// How two plans compare.
#[derive(Debug)]
pub(crate) struct Likeness {
    /// By the number of the older plan's node: the same one in the newer.
    twins: Vec<Option<NodeId>>,
    /// By the number of the newer plan's node: what became of it.
    changes: Vec<Change>,
}

/// What became of a node of the newer plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was there and says the same.
    None,
    /// It was there; something was added to it or taken away from it.
    Regrouped,
    /// It was there and says something else, or something else comes before it.
    Changed,
    /// It was not there.
    New,
    /// It was not there and only holds others together.
    Wrapper,
}

impl Likeness {
    /// Returns the likeness of a plan to itself.
    pub(crate) fn same(plan: &Plan) -> Likeness {
        let twins = plan.nodes().iter().map(|node| Some(node.id)).collect();
        Likeness { twins, changes: vec![Change::None; plan.nodes().len()] }
    }

    /// Compares two plans.
    pub(crate) fn of(old: &Plan, new: &Plan) -> Likeness {
        let (olds, news) = (places(old), places(new));
        let mut known: HashMap<Identity<'_>, NodeId> = HashMap::new();
        for (node, place) in old.nodes().iter().zip(&olds) {
            known.insert(identity(node, place), node.id);
        }
        let mut twins = vec![None; old.nodes().len()];
        let mut changes = Vec::with_capacity(new.nodes().len());
        for (node, place) in new.nodes().iter().zip(&news) {
            let Some(twin) = known.remove(&identity(node, place)) else {
                changes.push(if is_wrapper(node) { Change::Wrapper } else { Change::New });
                continue;
            };
            twins[twin.0 as usize] = Some(node.id);
            let (before, is_moved) = (old.node(twin), olds[twin.0 as usize].before != place.before);
            let says_else = says(old, before) != says(new, node);
            changes.push(match () {
                () if is_wrapper(node) && says_else => Change::Regrouped,
                () if !is_wrapper(node) && (says_else || is_moved) => Change::Changed,
                () if children(old, before) != children(new, node) => Change::Regrouped,
                () => Change::None,
            });
        }
        Likeness { twins, changes }
    }

    /// Returns the node of the newer plan that a node of the older one is now.
    pub(crate) fn twin(&self, old: NodeId) -> Option<NodeId> {
        self.twins[old.0 as usize]
    }

    /// Says what became of a node of the newer plan.
    pub(crate) fn change(&self, new: NodeId) -> Change {
        self.changes[new.0 as usize]
    }
}

/// By what a node is known again: its step, what it is, and what it stands in.
type Identity<'p> = (&'p StepId, Discriminant<Kind>, Hash);

fn identity<'p>(node: &'p Node, place: &Place) -> Identity<'p> {
    (&node.step, discriminant(&node.kind), place.inside)
}

/// Where a node stands, in short.
#[derive(Clone)]
struct Place {
    /// The groups round it, and in which of their branches.
    inside: Hash,
    /// All that comes before it in those of them that go in order.
    before: Hash,
}

/// Works out where each node stands. Parents come before their children in a plan.
fn places(plan: &Plan) -> Vec<Place> {
    let start = blake3::hash(b"");
    let mut places = vec![Place { inside: start, before: start }; plan.nodes().len()];
    for node in plan.nodes() {
        let mut before = places[node.id.0 as usize].before;
        for (slot, child) in node.children.iter().enumerate() {
            let inside = inside(places[node.id.0 as usize].inside, node, slot);
            places[child.0 as usize] = Place { inside, before };
            if matches!(node.kind, Kind::Sequential | Kind::Always | Kind::OnFailure) {
                before = joined(before, plan.node(*child).step.as_str());
            }
        }
    }
    places
}

fn inside(outer: Hash, node: &Node, slot: usize) -> Hash {
    let branch = match &node.kind {
        Kind::Switch(switch) => switch.cases.get(slot).cloned().unwrap_or_else(|| "/default".into()),
        Kind::Always if slot == 0 => return outer,
        Kind::Sequential | Kind::Undo if is_wrapper(node) => return outer,
        Kind::Flow(_) if is_wrapper(node) => return outer,
        Kind::Always => return joined(outer, "/always"),
        Kind::Conditional(_) | Kind::OnFailure => slot.to_string(),
        _ => String::new(),
    };
    joined(outer, &format!("{} {:?} {branch}", node.step, discriminant(&node.kind)))
}

fn joined(start: Hash, text: &str) -> Hash {
    Hasher::new().update(start.as_bytes()).update(text.as_bytes()).finalize()
}

/// Says whether a node only holds others together and has no name of its own.
fn is_wrapper(node: &Node) -> bool {
    match &node.kind {
        Kind::Sequential | Kind::Always | Kind::Undo => node.is_hidden(),
        Kind::Flow(flow) => flow.path.is_empty(),
        _ => false,
    }
}

/// Returns all that a node itself says, as text.
fn says(plan: &Plan, node: &Node) -> String {
    let needs: Vec<_> = node.needs.iter().map(|need| (&plan.node(need.target).step, need.tolerant)).collect();
    format!("{:?} {} {} {needs:?}", node.kind, node.optional, node.is_stage)
}

fn children<'p>(plan: &'p Plan, node: &Node) -> Vec<&'p StepId> {
    node.children.iter().map(|child| &plan.node(*child).step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    /// Compares two flows and shows what became of the nodes of the newer one, but for those that are the same.
    fn check(old: &str, new: &str, expected: &str) {
        let plan = |flow: &str| compile(&parse(flow, "a.yaml").unwrap(), "a.yaml", &Catalog::default()).unwrap();
        let (old, new) = (plan(old), plan(new));
        let likeness = Likeness::of(&old, &new);
        let changed = new.nodes().iter().filter(|node| likeness.change(node.id) != Change::None);
        let rows = changed.map(|node| format!("{}:{:?}", node.step, likeness.change(node.id)));
        assert_eq!(rows.collect::<Vec<_>>().join(" "), expected);
    }

    const FLOW: &str = "steps: [{ id: a, run: [x] }, { id: b, run: [y] }]";

    #[test]
    fn what_only_moved_down_the_page_is_the_same() {
        check(FLOW, FLOW, "");
        check(FLOW, "# told\nsteps:\n\n- { id: a, run: [x] }\n- { id: b, run: [y] }", "");
    }

    #[test]
    fn what_says_something_else_or_comes_after_something_else_has_changed() {
        check(FLOW, "steps: [{ id: a, run: [z] }, { id: b, run: [y] }]", "a:Changed");
        check(FLOW, "steps: [{ id: a, run: [x] }, { id: b, run: [y], retry: 2 }]", "b:Changed");
        check(FLOW, "steps: [{ id: b, run: [y] }, { id: a, run: [x] }]", "_flow:Regrouped b:Changed a:Changed");
        let needed = |optional: &str| {
            format!(
                "parallel: [{{ id: a, parallel: [{{ id: c, run: [x] }}]{optional} }}, {{ id: b, needs: c, run: [y] }}]"
            )
        };
        check(&needed(""), &needed(", optional: true"), "a:Changed b:Changed");
        check(
            FLOW,
            "steps: [{ id: a, run: [x] }, { id: n, run: [z] }, { id: b, run: [y] }]",
            "_flow:Regrouped n:New b:Changed",
        );
        check(FLOW, "steps: [{ id: a, run: [x] }]", "_flow:Regrouped");
    }

    #[test]
    fn what_is_wrapped_without_a_name_is_the_same() {
        check(
            FLOW,
            "{steps: [{ id: a, run: [x] }, { id: b, run: [y] }], always: [{ id: c, run: [x] }]}",
            "_flow:Wrapper _flow_steps:Wrapper _flow_always:Wrapper c:New",
        );
        check(
            FLOW,
            "{steps: [{ id: a, run: [x] }, { id: b, run: [y] }], outputs: { o: '{{ steps.b.output }}' }}",
            "_result:Wrapper",
        );
    }

    #[test]
    fn what_stands_in_another_group_is_new() {
        check(
            FLOW,
            "steps: [{ id: a, run: [x] }, { id: g, parallel: [{ id: b, run: [y] }] }]",
            "_flow:Regrouped g:New b:New",
        );
        check(FLOW, "steps: [{ id: a, run: [x] }, { id: b, if: 'true', run: [y] }]", "b:New b:New");
    }
}
