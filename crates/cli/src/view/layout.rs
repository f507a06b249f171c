//! Which nodes of a plan come together: what one more item, round or call for help adds. Nothing in it ever changes.

use std::ops::Range;

use segno_orchestrator::plan::{Kind, Node, NodeId, Plan};

/// How the nodes of a plan lie in each other.
#[derive(Debug)]
pub(super) struct Layout {
    /// Where the nodes below each node end: their numbers follow its own.
    ends: Vec<usize>,
    /// The fan-out round each node, or the late node if that is nearer: so many of them come, so many come of the node.
    zones: Vec<Option<NodeId>>,
    /// Nodes that come only when something failed: handlers, and what takes effects back.
    late: Vec<bool>,
    /// The first of those that take effects back; they stand behind all others.
    undo: usize,
}

impl Layout {
    pub(super) fn new(plan: &Plan) -> Layout {
        let nodes = plan.nodes();
        let undos: Vec<NodeId> = nodes.iter().filter_map(|node| node.undo).collect();
        let undo = undos.iter().map(|id| id.0 as usize).min().unwrap_or(nodes.len());
        let mut layout = Layout { ends: ends(plan, undo), zones: Vec::new(), late: Vec::new(), undo };
        for node in nodes {
            let parent = node.parent.map(|parent| plan.node(parent));
            let is_handler = |parent: &Node| matches!(parent.kind, Kind::OnFailure) && parent.children[0] != node.id;
            let late = node.id.0 as usize >= undo || parent.is_some_and(is_handler);
            let zone = match parent {
                _ if late => Some(node.id),
                Some(parent) if fans_out(parent) => Some(parent.id),
                Some(parent) => layout.zone(parent.id),
                None => None,
            };
            layout.late.push(late);
            layout.zones.push(zone);
        }
        layout
    }

    /// Returns the nodes below a node.
    pub(super) fn below(&self, node: NodeId) -> Range<usize> {
        node.0 as usize + 1..self.ends[node.0 as usize]
    }

    /// Returns a node and those below it.
    pub(super) fn with(&self, node: NodeId) -> Range<usize> {
        node.0 as usize..self.ends[node.0 as usize]
    }

    /// Returns the nodes that take effects back.
    pub(super) fn undos(&self) -> Range<usize> {
        self.undo..self.zones.len()
    }

    pub(super) fn zone(&self, node: NodeId) -> Option<NodeId> {
        self.zones[node.0 as usize]
    }

    /// Says whether a node comes only when something failed.
    pub(super) fn is_late(&self, node: NodeId) -> bool {
        self.late[node.0 as usize]
    }
}

/// Says whether a node makes items.
pub(super) fn fans_out(node: &Node) -> bool {
    matches!(node.kind, Kind::Each(_) | Kind::Pipe(_))
}

/// Says whether there may be several instances of a node at once, by the fan-outs round it.
pub(super) fn is_item(plan: &Plan, node: &Node) -> bool {
    node.scope.iter().any(|round| fans_out(plan.node(*round)))
}

/// What takes effects back stands behind all others, below none of them but the root.
fn ends(plan: &Plan, undo: usize) -> Vec<usize> {
    let nodes = plan.nodes();
    let mut ends: Vec<usize> = (1..=nodes.len()).collect();
    for node in nodes[..undo].iter().rev() {
        if let Some(parent) = node.parent {
            ends[parent.0 as usize] = ends[parent.0 as usize].max(ends[node.id.0 as usize]);
        }
    }
    ends[0] = nodes.len();
    ends
}
