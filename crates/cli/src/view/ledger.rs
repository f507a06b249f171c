//! How many instances of each node are expected and how they ended, groups included. Names and times are `model`'s.
//!
//! Events tell of tasks only. How a group ends follows from its children by the same `patterns` that the engine uses.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use segno_orchestrator::model::{Address, Status};
use segno_orchestrator::patterns::{self, Tally};
use segno_orchestrator::plan::{Kind, NodeId, Plan};

use super::count::{Count, Sum};

/// The count of every node.
#[derive(Debug)]
pub(super) struct Ledger {
    plan: Arc<Plan>,
    counts: Vec<Count>,
    /// Where the nodes below each node end: their numbers follow its own.
    ends: Vec<u32>,
    /// Groups that are open, by node and indices.
    open: HashMap<(NodeId, Vec<u32>), Tally>,
}

/// Why something was never begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Guarded,
    Unreached,
}

impl Ledger {
    pub(super) fn new(plan: Arc<Plan>) -> Ledger {
        let nodes = plan.nodes();
        let count = |expected| Count { expected, ..Count::default() };
        let counts = nodes.iter().map(|node| count(u32::from(node.scope.is_empty()))).collect();
        let mut ends: Vec<u32> = nodes.iter().map(|node| node.id.0 + 1).collect();
        for node in nodes.iter().rev() {
            if let Some(parent) = node.parent {
                ends[parent.0 as usize] = ends[parent.0 as usize].max(ends[node.id.0 as usize]);
            }
        }
        Ledger { plan, counts, ends, open: HashMap::new() }
    }

    pub(super) fn count(&self, node: NodeId) -> &Count {
        &self.counts[node.0 as usize]
    }

    /// Returns the node that an event with this address is about: below the `if`, once that was asked.
    pub(super) fn find(&self, address: &Address) -> Option<NodeId> {
        let fitting = self.plan.nodes_of(&address.step).iter().filter(|node| node.scope.len() == address.indices.len());
        let mut found = None;
        for node in fitting {
            found = Some(node.id);
            let is_asked = || self.open.contains_key(&(node.id, address.indices.clone()));
            if matches!(node.kind, Kind::Conditional(_)) && !is_asked() {
                break;
            }
        }
        found
    }

    /// Notes what a guard said.
    pub(super) fn decide(&mut self, address: &Address, taken: bool) {
        let plan = self.plan.clone();
        let Some(node) = plan.nodes_of(&address.step).first() else {
            return;
        };
        if !matches!(node.kind, Kind::Conditional(_)) || node.scope.len() != address.indices.len() {
            return;
        }
        let width = u32::from(taken || node.children.len() > 1);
        let left_out = node.children.get(usize::from(taken)).copied();
        if let Some(left_out) = left_out {
            let passed = if taken { Passed::Unreached } else { Passed::Guarded };
            self.pass(left_out, passed);
        }
        self.widen(node.id, &address.indices, width);
    }

    /// Notes how many items a list has.
    pub(super) fn expand(&mut self, address: &Address, items: usize) {
        let plan = self.plan.clone();
        let is_each = |node: &&_| matches!(plan.node(**node).kind, Kind::Each(_));
        let Some(each) = self.find(address).as_ref().filter(is_each).copied() else {
            return;
        };
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        self.counts[each.0 as usize].resolved += 1;
        for below in self.below(each) {
            if plan.nodes()[below].scope.last() == Some(&each) {
                self.counts[below].expected = self.counts[below].expected.saturating_add(items);
            }
        }
        self.widen(each, &address.indices, items);
    }

    /// Notes that a task ended, or a group that never opened.
    pub(super) fn end(&mut self, node: NodeId, indices: &[u32], status: Status, is_blocked: bool, is_cached: bool) {
        let count = &mut self.counts[node.0 as usize];
        count.cached += u32::from(is_cached);
        count.broken += u32::from(status == Status::Failed);
        self.close_below(node, status, None);
        self.settle(node, indices, status, is_blocked);
    }

    /// Says whether all instances of a node are known and over, and how they ended.
    pub(super) fn over(&self, node: NodeId) -> Option<Status> {
        let count = self.count(node);
        let is_over = self.is_counted(node) && count.ended() >= count.expected;
        is_over.then(|| count.status())
    }

    /// Returns what the tasks below a node come to; a list that is not worked out yet counts as one.
    pub(super) fn sum(&self, node: NodeId) -> Sum {
        let mut sum = Sum::default();
        for index in node.0 as usize..self.ends[node.0 as usize] as usize {
            let count = &self.counts[index];
            sum.failed += count.broken;
            match self.plan.nodes()[index].kind {
                Kind::Task(_) => {
                    sum.total += count.expected;
                    sum.ended += count.ended();
                    sum.cached += count.cached;
                    sum.partial += count.partial;
                    sum.skipped += count.skipped;
                }
                Kind::Each(_) => sum.total += count.expected.saturating_sub(count.resolved),
                _ => {}
            }
        }
        sum
    }

    /// Says whether the lists round a node are all worked out, so that its instances are known.
    fn is_counted(&self, node: NodeId) -> bool {
        self.plan.node(node).scope.iter().all(|each| {
            let count = self.count(*each);
            count.resolved >= count.expected
        })
    }

    fn below(&self, node: NodeId) -> Range<usize> {
        node.0 as usize + 1..self.ends[node.0 as usize] as usize
    }

    fn widen(&mut self, node: NodeId, indices: &[u32], width: u32) {
        let tally = Tally { width, ..Tally::default() };
        match patterns::settle(&self.plan.node(node).kind, &tally) {
            Some(status) => self.settle(node, indices, status, false),
            None => _ = self.open.insert((node, indices.to_vec()), tally),
        }
    }

    /// Ends an instance, and with it the groups round it that are over by that.
    fn settle(&mut self, node: NodeId, indices: &[u32], status: Status, is_blocked: bool) {
        let plan = self.plan.clone();
        let (mut node, mut status, mut is_blocked) = (plan.node(node), status, is_blocked);
        loop {
            self.note(node.id, status, None);
            let Some(parent) = node.parent.map(|parent| plan.node(parent)) else {
                return;
            };
            let key = (parent.id, indices[..parent.scope.len()].to_vec());
            let width = u32::try_from(parent.children.len()).unwrap_or(u32::MAX);
            let tally = self.open.entry(key.clone()).or_insert(Tally { width, ..Tally::default() });
            tally.opened = tally.opened.max(patterns::open(&parent.kind, tally));
            add(tally, status, node.optional, is_blocked);
            let Some(settled) = patterns::settle(&parent.kind, tally) else {
                return;
            };
            let reached = tally.opened as usize;
            self.open.remove(&key);
            if matches!(parent.kind, Kind::Sequential) {
                parent.children.iter().skip(reached).for_each(|child| self.pass(*child, Passed::Unreached));
            }
            (node, status, is_blocked) = (parent, settled, false);
        }
    }

    /// Notes that an instance of a node and of all below it will never begin.
    fn pass(&mut self, node: NodeId, passed: Passed) {
        self.note(node, Status::Skipped, Some(passed));
        self.close_below(node, Status::Skipped, Some(passed));
    }

    fn note(&mut self, node: NodeId, status: Status, passed: Option<Passed>) {
        let count = &mut self.counts[node.0 as usize];
        count.note(status);
        count.guarded += u32::from(passed == Some(Passed::Guarded));
        count.unreached += u32::from(passed == Some(Passed::Unreached));
    }

    /// What stands below a node that never opened: its own step's nodes share its end, the rest is passed over.
    fn close_below(&mut self, node: NodeId, status: Status, passed: Option<Passed>) {
        let plan = self.plan.clone();
        let node = plan.node(node);
        if matches!(node.kind, Kind::Each(_)) {
            self.counts[node.id.0 as usize].resolved += 1;
            return;
        }
        for child in &node.children {
            if plan.node(*child).step == node.step {
                self.note(*child, status, passed);
                self.close_below(*child, status, passed);
            } else {
                self.pass(*child, Passed::Unreached);
            }
        }
    }
}

/// Adds a child's end to its group's, as the engine counts it.
fn add(tally: &mut Tally, status: Status, is_optional: bool, is_blocked: bool) {
    match status {
        Status::Succeeded => tally.succeeded += 1,
        Status::Partial => tally.partial += 1,
        Status::Failed if is_optional => tally.tolerated += 1,
        Status::Failed => tally.failed += 1,
        Status::Skipped if is_blocked && is_optional => tally.tolerated += 1,
        Status::Skipped if is_blocked => tally.blocked += 1,
        Status::Skipped => tally.skipped += 1,
    }
}
