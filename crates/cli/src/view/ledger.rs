//! How many instances of each node are expected and how they ended, groups included. Names and times are `model`'s.
//!
//! Which frames opened and ended is the engine's own state's to say: here they are only counted, and with them what will
//! never open. Of a loop the round that goes on is counted; what the rounds before it came to is kept as a sum.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use segno_orchestrator::model::Status;
use segno_orchestrator::plan::{Kind, Node, NodeId, Plan};
use segno_orchestrator::state::{FrameId, RunState};

use super::count::{Count, Sum};
use super::layout::{Layout, fans_out, is_item};

/// The count of every node.
#[derive(Debug)]
pub(super) struct Ledger {
    plan: Arc<Plan>,
    layout: Layout,
    counts: Vec<Count>,
    /// What the rounds of a loop before the one that goes on came to.
    before: BTreeMap<NodeId, Sum>,
}

/// Why something was never begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Guarded,
    LeftOut,
    Unreached,
}

/// The end of a frame that was recorded itself, and does not follow from its children's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recorded {
    pub(super) passed: Option<Passed>,
    pub(super) is_cached: bool,
}

impl Ledger {
    pub(super) fn new(plan: Arc<Plan>) -> Ledger {
        let layout = Layout::new(&plan);
        let count = |node: &Node| Count { expected: u32::from(layout.zone(node.id).is_none()), ..Count::default() };
        let counts = plan.nodes().iter().map(count).collect();
        Ledger { plan, layout, counts, before: BTreeMap::new() }
    }

    pub(super) fn count(&self, node: NodeId) -> &Count {
        &self.counts[node.0 as usize]
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Notes what a guard said.
    pub(super) fn decide(&mut self, node: NodeId, taken: bool) {
        let plan = self.plan.clone();
        let node = plan.node(node);
        if !matches!(node.kind, Kind::Conditional(_)) {
            return;
        }
        match (taken, &node.children[..]) {
            (true, [_, otherwise]) => self.drop_branch(*otherwise),
            (false, [then, ..]) => self.pass(*then, Passed::Guarded),
            _ => {}
        }
    }

    /// Notes which case was chosen.
    pub(super) fn choose(&mut self, node: NodeId, case: Option<u32>) {
        let plan = self.plan.clone();
        let node = plan.node(node);
        if matches!(node.kind, Kind::Switch(_)) {
            let others = (0..).zip(&node.children).filter(|(slot, _)| Some(*slot) != case);
            others.for_each(|(_, child)| self.drop_branch(*child));
        }
    }

    /// Notes how many items a list has.
    pub(super) fn expand(&mut self, node: NodeId, items: usize) {
        if fans_out(self.plan.node(node)) {
            let items = u32::try_from(items).unwrap_or(u32::MAX);
            self.counts[node.0 as usize].resolved += 1;
            self.expect(self.layout.below(node), Some(node), items);
        }
    }

    /// Notes that a frame opened. Returns the loop of which everything is new with that, if it is another round.
    pub(super) fn open(&mut self, state: &RunState, frame: FrameId) -> Option<NodeId> {
        let plan = self.plan.clone();
        let node = plan.node(state.plan_node(frame).id);
        if self.layout.is_late(node.id) {
            self.expect(self.layout.with(node.id), Some(node.id), 1);
        }
        let repeat =
            node.parent.map(|parent| plan.node(parent)).filter(|parent| matches!(parent.kind, Kind::Loop(_)))?;
        // The first round was expected from the beginning.
        if state.indices_of(frame).last().is_none_or(|round| *round == 0) {
            return None;
        }
        if is_item(&plan, repeat) {
            self.expect(self.layout.with(node.id), self.layout.zone(node.id), 1);
            return None;
        }
        self.turn(repeat.id, node.id);
        Some(repeat.id)
    }

    /// Counts a loop's body anew for another round.
    fn turn(&mut self, repeat: NodeId, body: NodeId) {
        let mut sum = self.sum(body);
        for index in self.layout.below(repeat) {
            let node = self.plan.nodes()[index].id;
            self.before.remove(&node);
            let is_expected = self.layout.zone(node) == self.layout.zone(body);
            self.counts[index] = Count { expected: u32::from(is_expected), ..Count::default() };
        }
        sum.add(self.before.get(&repeat).copied().unwrap_or_default());
        self.before.insert(repeat, sum);
    }

    /// Notes that a frame ended: by an event about it, or by its children.
    pub(super) fn end(&mut self, state: &RunState, frame: FrameId, recorded: Option<Recorded>) {
        let Some(status) = state.ended(frame) else { return };
        let plan = self.plan.clone();
        let node = plan.node(state.plan_node(frame).id);
        let passed = recorded.and_then(|recorded| recorded.passed);
        self.note(node.id, status, passed);
        if let Some(recorded) = recorded {
            let count = &mut self.counts[node.id.0 as usize];
            count.cached += u32::from(recorded.is_cached);
            count.broken += u32::from(status == Status::Failed);
        }
        let has_begun = state.rounds(frame) > 0;
        match &node.kind {
            _ if recorded.is_some() && !has_begun => self.share(node.id, status, passed),
            Kind::Loop(_) if !has_begun => self.share(node.id, status, passed),
            // Which of their children do not open was said when they were asked.
            Kind::Loop(_) | Kind::Each(_) | Kind::Pipe(_) | Kind::Conditional(_) | Kind::Switch(_) => {}
            _ => {
                let is_shut = |child: &&NodeId| {
                    !self.layout.is_late(**child) && state.frame_at(**child, state.indices_of(frame)).is_none()
                };
                let shut: Vec<NodeId> = node.children.iter().filter(is_shut).copied().collect();
                shut.into_iter().for_each(|child| self.pass(child, Passed::Unreached));
            }
        }
    }

    /// Says whether all instances of a node are known and over, and how they ended. Of a loop that is in no fan-out only
    /// the round that goes on is meant.
    pub(super) fn over(&self, node: NodeId) -> Option<Status> {
        let count = self.count(node);
        let is_over = self.is_counted(node) && count.ended() >= count.expected;
        is_over.then(|| count.status())
    }

    /// Says whether nothing will come of a node: something else was chosen, or nothing called for it.
    pub(super) fn is_unwanted(&self, node: NodeId) -> bool {
        let is_late = self.layout.zone(node).is_some_and(|zone| self.layout.is_late(zone));
        let count = self.count(node);
        count.expected == 0 && (is_late || count.unchosen > 0)
    }

    /// Returns what the tasks of a node and those below it come to; a list that is not worked out yet counts as one.
    pub(super) fn sum(&self, node: NodeId) -> Sum {
        self.sum_of(self.layout.with(node))
    }

    /// Returns what is taken back comes to.
    pub(super) fn undone(&self) -> Sum {
        self.sum_of(self.layout.undos())
    }

    fn sum_of(&self, nodes: Range<usize>) -> Sum {
        let mut sum = Sum::default();
        for index in nodes {
            let (node, count) = (&self.plan.nodes()[index], &self.counts[index]);
            sum.failed += count.broken;
            match node.kind {
                Kind::Task(_) => sum.add(Sum { failed: 0, ..count.sum() }),
                Kind::Each(_) | Kind::Pipe(_) => sum.total += count.expected.saturating_sub(count.resolved),
                Kind::Loop(_) => sum.add(self.before.get(&node.id).copied().unwrap_or_default()),
                _ => {}
            }
        }
        sum
    }

    /// Says whether no more instances of a node can come: the lists round it are worked out, and the loops in their
    /// items are over.
    fn is_counted(&self, node: NodeId) -> bool {
        self.plan.node(node).scope.iter().all(|round| {
            let (node, count) = (self.plan.node(*round), self.count(*round));
            match node.kind {
                Kind::Loop(_) => !is_item(&self.plan, node) || count.ended() >= count.expected,
                _ => count.resolved >= count.expected,
            }
        })
    }

    /// Expects so many more of the nodes that come together.
    fn expect(&mut self, nodes: Range<usize>, zone: Option<NodeId>, more: u32) {
        for index in nodes {
            if self.layout.zone(self.plan.nodes()[index].id) == zone {
                self.counts[index].expected = self.counts[index].expected.saturating_add(more);
            }
        }
    }

    /// Expects a branch no longer: another one was chosen.
    fn drop_branch(&mut self, node: NodeId) {
        for index in self.layout.with(node) {
            if self.layout.zone(self.plan.nodes()[index].id) == self.layout.zone(node) {
                let count = &mut self.counts[index];
                count.expected = count.expected.saturating_sub(1);
                count.unchosen += 1;
            }
        }
    }

    /// Notes that an instance of a node and of all below it will never begin.
    fn pass(&mut self, node: NodeId, passed: Passed) {
        self.note(node, Status::Skipped, Some(passed));
        self.share(node, Status::Skipped, Some(passed));
    }

    fn note(&mut self, node: NodeId, status: Status, passed: Option<Passed>) {
        let count = &mut self.counts[node.0 as usize];
        count.note(status);
        match passed {
            Some(Passed::Guarded) => count.guarded += 1,
            Some(Passed::LeftOut) => count.left_out += 1,
            Some(Passed::Unreached) => count.unreached += 1,
            None => {}
        }
    }

    /// What stands below a node that never opened: its own step's nodes share its end, the rest is passed over.
    fn share(&mut self, node: NodeId, status: Status, passed: Option<Passed>) {
        let plan = self.plan.clone();
        let node = plan.node(node);
        if fans_out(node) {
            self.counts[node.id.0 as usize].resolved += 1;
            return;
        }
        for child in &node.children {
            match plan.node(*child).step == node.step {
                _ if self.layout.is_late(*child) => {}
                true => {
                    self.note(*child, status, passed);
                    self.share(*child, status, passed);
                }
                false => self.pass(*child, Passed::Unreached),
            }
        }
    }
}
