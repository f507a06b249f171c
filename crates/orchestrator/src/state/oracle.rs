//! The plain tree walk: what the cursor must say, worked out from the facts alone by going through the whole tree.
//!
//! Slow and obvious: it keeps nothing between calls. It shares the patterns with the cursor and nothing else.

use std::collections::{BTreeMap, HashMap};

use super::frame::Work;
use crate::model::{Address, Event, Fact, Outcome, Skip, Status, Timestamp};
use crate::patterns::{self, Tally};
use crate::plan::{Kind, Need, Node, NodeId, Plan};

/// What has happened so far, by address: `if`, `each` and body of a step share one, and only one of them can end by
/// an event of its own.
#[derive(Debug, Default)]
pub(super) struct Facts {
    decided: HashMap<Address, bool>,
    expanded: HashMap<Address, u32>,
    attempts: HashMap<Address, Attempt>,
    ended: HashMap<Address, Outcome>,
}

#[derive(Clone, Copy, Debug)]
enum Attempt {
    Running(u32),
    /// Its owner went away while it ran.
    CutOff(u32),
    Resting(u32, Timestamp),
}

/// A node in its round and item.
pub(super) type Place = (NodeId, Vec<u32>);

/// How a frame ended, and whether because something that it needs had failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) status: Status,
    pub(super) is_blocked: bool,
}

/// What a walk saw.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Walk {
    /// All frames that are open or were, and how they ended.
    pub(super) frames: BTreeMap<Place, Option<Ended>>,
    pub(super) ready: BTreeMap<Address, Work>,
}

/// Walks until a walk sees nothing that the one before did not see: only then is known what all needs say.
pub(super) fn walk(plan: &Plan, facts: &Facts, now: Timestamp) -> Walk {
    let mut known = Walk::default();
    loop {
        let mut walker = Walker { plan, facts, now, known: &known, seen: Walk::default() };
        walker.visit(plan.root(), &[]);
        let seen = walker.seen;
        if seen == known {
            return seen;
        }
        known = seen;
    }
}

impl Facts {
    pub(super) fn see(&mut self, event: &Event) {
        match event.fact.clone() {
            Fact::Decided { step, taken } => _ = self.decided.insert(step, taken),
            Fact::Expanded { step, items } => {
                self.expanded.insert(step, u32::try_from(items.len()).unwrap());
            }
            Fact::StepStarted { step, attempt, .. } => _ = self.attempts.insert(step, Attempt::Running(attempt)),
            Fact::StepRetried { step, attempt, until, .. } => {
                self.attempts.insert(step, Attempt::Resting(attempt, until));
            }
            Fact::StepEnded { step, outcome, .. } => {
                self.attempts.remove(&step);
                self.ended.insert(step, outcome);
            }
            Fact::RunPaused { .. } | Fact::RunResumed { .. } => {
                for attempt in self.attempts.values_mut() {
                    if let Attempt::Running(number) = *attempt {
                        *attempt = Attempt::CutOff(number);
                    }
                }
            }
            _ => {}
        }
    }
}

struct Walker<'w> {
    plan: &'w Plan,
    facts: &'w Facts,
    now: Timestamp,
    known: &'w Walk,
    seen: Walk,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum NeedState {
    Pending,
    Met,
    Broken,
}

impl Walker<'_> {
    fn visit(&mut self, id: NodeId, indices: &[u32]) -> Option<Ended> {
        let ended = self.look(self.plan.node(id), indices);
        self.seen.frames.insert((id, indices.to_vec()), ended);
        ended
    }

    fn look(&mut self, node: &Node, indices: &[u32]) -> Option<Ended> {
        let needs: Vec<NeedState> = node.needs.iter().map(|need| self.need(*need, indices)).collect();
        if needs.contains(&NeedState::Pending) {
            return None;
        }
        if let Some(first) = needs.iter().position(|need| *need == NeedState::Broken) {
            let step = self.plan.node(node.needs[first].target).step.to_string();
            return self.alone(node.address(indices), Work::Skip { needs: step });
        }
        match self.children(node, indices) {
            Some(children) => self.group(&node.kind, &children),
            None => self.own_work(node, node.address(indices)),
        }
    }

    /// Returns the children of a group, once they are known.
    fn children(&self, node: &Node, indices: &[u32]) -> Option<Vec<Place>> {
        let same = |id: &NodeId| (*id, indices.to_vec());
        let address = node.address(indices);
        match &node.kind {
            Kind::Task(_) => None,
            Kind::Conditional(_) => {
                let taken = self.facts.decided.get(&address)?;
                Some(node.children.get(usize::from(!taken)).map(same).into_iter().collect())
            }
            Kind::Each(_) => {
                let count = *self.facts.expanded.get(&address)?;
                Some((0..count).map(|index| (node.children[0], [indices, &[index]].concat())).collect())
            }
            Kind::Sequential | Kind::Parallel | Kind::Always => Some(node.children.iter().map(same).collect()),
        }
    }

    fn group(&mut self, kind: &Kind, children: &[Place]) -> Option<Ended> {
        let mut tally = Tally { width: u32::try_from(children.len()).unwrap(), ..Tally::default() };
        while tally.opened < patterns::open(kind, &tally) {
            let (child, indices) = &children[tally.opened as usize];
            tally.opened += 1;
            if let Some(ended) = self.visit(*child, indices) {
                *slot(&mut tally, ended, self.plan.node(*child).optional) += 1;
            }
        }
        patterns::settle(kind, &tally).map(|status| Ended { status, is_blocked: false })
    }

    fn own_work(&mut self, node: &Node, address: Address) -> Option<Ended> {
        let work = match (&node.kind, self.facts.attempts.get(&address)) {
            (Kind::Conditional(_), _) => Some(Work::Decide),
            (Kind::Each(_), _) => Some(Work::Expand),
            (_, None) => Some(Work::Attempt(1)),
            (_, Some(Attempt::CutOff(attempt))) => Some(Work::Attempt(*attempt)),
            (_, Some(Attempt::Resting(attempt, until))) if *until <= self.now => Some(Work::Attempt(attempt + 1)),
            (_, Some(Attempt::Resting(..) | Attempt::Running(_))) => None,
        };
        match work {
            Some(work) => self.alone(address, work),
            None => self.facts.ended.get(&address).map(ended_by),
        }
    }

    /// A frame that ends by an event about it, or has this work to do.
    fn alone(&mut self, address: Address, work: Work) -> Option<Ended> {
        let ended = self.facts.ended.get(&address).map(ended_by);
        if ended.is_none() {
            self.seen.ready.insert(address, work);
        }
        ended
    }

    /// Says how a need stands: by the deepest frame on the way to what is needed.
    fn need(&self, need: Need, indices: &[u32]) -> NeedState {
        let mut deepest: Option<(&Node, Option<Ended>)> = None;
        for id in self.plan.path(need.target) {
            let node = self.plan.node(id);
            let place = (id, indices[..node.scope.len()].to_vec());
            match (self.known.frames.get(&place), deepest) {
                (Some(ended), _) => deepest = Some((node, *ended)),
                (None, Some((parent, _))) if self.is_decided_against(parent, id, indices) => return NeedState::Met,
                (None, _) => break,
            }
        }
        match deepest.and_then(|(_, ended)| ended) {
            None => NeedState::Pending,
            Some(ended) if need.tolerant || !(ended.is_blocked || ended.status == Status::Failed) => NeedState::Met,
            Some(_) => NeedState::Broken,
        }
    }

    /// Says whether a guard chose the other branch: whatever is in this one is skipped, whatever becomes of the other.
    fn is_decided_against(&self, parent: &Node, branch: NodeId, indices: &[u32]) -> bool {
        let decided = self.facts.decided.get(&parent.address(indices));
        matches!(parent.kind, Kind::Conditional(_))
            && decided.is_some_and(|taken| parent.children.get(usize::from(!taken)) != Some(&branch))
    }
}

fn slot(tally: &mut Tally, ended: Ended, optional: bool) -> &mut u32 {
    match ended.status {
        Status::Succeeded => &mut tally.succeeded,
        Status::Partial => &mut tally.partial,
        Status::Skipped if !ended.is_blocked => &mut tally.skipped,
        _ if optional => &mut tally.tolerated,
        Status::Skipped => &mut tally.blocked,
        Status::Failed => &mut tally.failed,
    }
}

fn ended_by(outcome: &Outcome) -> Ended {
    let is_blocked = matches!(outcome, Outcome::Skipped { because: Skip::Needs { .. } });
    Ended { status: outcome.status(), is_blocked }
}
