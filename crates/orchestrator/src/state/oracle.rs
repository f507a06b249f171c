//! The plain tree walk: what the cursor must say, worked out from the facts alone by going through the whole tree.
//!
//! Slow and obvious: it keeps nothing between calls. It shares the patterns with the cursor and nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::frame::Work;
use crate::model::{Address, Event, Fact, Outcome, Skip, Source, Status, Timestamp, Verdict};
use crate::patterns::{self, Tally};
use crate::plan::{Kind, Loop, Need, Node, NodeId, Plan, SubFlow};

/// What has happened so far, by address: `if`, `each` and body of a step share one, and only one of them can end by
/// an event of its own.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// What guards said; a step may have both a guard and a `switch`.
    guards: HashMap<Address, Choice>,
    /// The cases that were chosen, by the number of the child.
    cases: HashMap<Address, Option<u32>>,
    expanded: HashMap<Address, u32>,
    /// What loops said, round by round, and the scores.
    said: HashMap<Address, Vec<(Verdict, Option<f64>)>>,
    entered: HashSet<Address>,
    concluded: HashSet<Address>,
    attempts: HashMap<Address, Attempt>,
    /// The fallbacks that took over.
    pub(super) took_over: HashMap<Address, Vec<u32>>,
    ended: HashMap<Address, Outcome>,
    /// Tasks in the order in which they ended well, by running.
    done: Vec<Address>,
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    Taken(bool),
    LeftOut,
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
    /// It was given up, which counts as a failure that is put up with.
    pub(super) is_left_out: bool,
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
            Fact::Decided { step, left_out: true, .. } => _ = self.guards.insert(step, Choice::LeftOut),
            Fact::Decided { step, taken, .. } => _ = self.guards.insert(step, Choice::Taken(taken)),
            Fact::Chose { step, case, .. } => _ = self.cases.insert(step, case),
            Fact::Looped { step, verdict, score, .. } => self.said.entry(step).or_default().push((verdict, score)),
            Fact::Entered { step, .. } => _ = self.entered.insert(step),
            Fact::Concluded { step, .. } => _ = self.concluded.insert(step),
            Fact::FellBack { step, attempt, to, .. } => {
                self.took_over.entry(step.clone()).or_default().push(to);
                self.attempts.insert(step, Attempt::Resting(attempt, Timestamp(0)));
            }
            Fact::Expanded { step, items } => {
                self.expanded.insert(step, u32::try_from(items.len()).unwrap());
            }
            Fact::StepStarted { step, attempt, .. } => _ = self.attempts.insert(step, Attempt::Running(attempt)),
            Fact::StepRetried { step, attempt, until, .. } => {
                self.attempts.insert(step, Attempt::Resting(attempt, until));
            }
            Fact::StepEnded { step, outcome, source, .. } => {
                self.attempts.remove(&step);
                if matches!(outcome, Outcome::Succeeded { .. } | Outcome::Partial { .. }) && source == Source::Ran {
                    self.done.push(step.clone());
                }
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
        let mut needs: Vec<NeedState> = node.needs.iter().map(|need| self.need(*need, node, indices)).collect();
        if let Some((last, round)) = indices.split_last().filter(|_| node.is_stage)
            && *last > 0
        {
            let before = [round, &[last - 1]].concat();
            needs.push(self.need(Need { target: node.id, tolerant: true }, node, &before));
        }
        if needs.contains(&NeedState::Pending) {
            return None;
        }
        if let Some(first) = needs.iter().position(|need| *need == NeedState::Broken) {
            let step = self.plan.node(node.needs[first].target).step.to_string();
            return self.alone(node.address(indices), Work::Skip(Skip::Needs { step }));
        }
        let address = node.address(indices);
        match &node.kind {
            Kind::Task(_) => self.own_work(address),
            Kind::Conditional(_) if matches!(self.facts.guards.get(&address), Some(Choice::LeftOut)) => {
                Some(Ended { status: Status::Skipped, is_blocked: false, is_left_out: true })
            }
            Kind::Loop(rounds) if rounds.asks() => self.rounds(node, rounds, indices),
            Kind::Flow(flow) => self.flow(node, flow, indices),
            Kind::Undo => self.undo(node, indices),
            _ => match self.children(node, indices) {
                Some(children) => self.group(&node.kind, &children),
                None => self.alone(address, Work::Decide),
            },
        }
    }

    /// Returns the children of a group, once they are known.
    fn children(&self, node: &Node, indices: &[u32]) -> Option<Vec<Place>> {
        let same = |id: &NodeId| (*id, indices.to_vec());
        let address = node.address(indices);
        match &node.kind {
            Kind::Conditional(_) | Kind::Switch(_) => {
                let slot = self.slot(node, &address)?;
                Some(slot.and_then(|slot| node.children.get(slot)).map(same).into_iter().collect())
            }
            Kind::Each(_) | Kind::Pipe(_) => {
                let count = *self.facts.expanded.get(&address)?;
                Some((0..count).map(|index| (node.children[0], [indices, &[index]].concat())).collect())
            }
            Kind::Loop(rounds) => {
                Some((0..rounds.max).map(|round| (node.children[0], [indices, &[round]].concat())).collect())
            }
            _ => Some(node.children.iter().map(same).collect()),
        }
    }

    fn group(&mut self, kind: &Kind, children: &[Place]) -> Option<Ended> {
        let tally = self.tally(kind, children, true);
        patterns::settle(kind, &tally).map(ended_as)
    }

    /// Visits as many children as may be open and counts how they ended.
    fn tally(&mut self, kind: &Kind, children: &[Place], closed: bool) -> Tally {
        let mut tally = Tally { width: u32::try_from(children.len()).unwrap(), closed, ..Tally::default() };
        while tally.opened < patterns::open(kind, &tally) {
            let (child, indices) = &children[tally.opened as usize];
            tally.opened += 1;
            if let Some(ended) = self.visit(*child, indices) {
                *slot(&mut tally, ended, self.plan.node(*child).optional) += 1;
            }
        }
        tally
    }

    /// A loop that asks: as many rounds as it said to go on, and one more unless it asks before the first.
    fn rounds(&mut self, node: &Node, rounds: &Loop, indices: &[u32]) -> Option<Ended> {
        let address = node.address(indices);
        let said = self.facts.said.get(&address).cloned().unwrap_or_default();
        let goes_on = said.iter().filter(|(verdict, _)| *verdict == Verdict::GoOn).count();
        let count = goes_on + usize::from(rounds.going_while.is_none());
        let round = |round: usize| (node.children[0], [indices, &[u32::try_from(round).unwrap()]].concat());
        let children: Vec<Place> = (0..count).map(round).collect();
        let mut tally = self.tally(&node.kind, &children, false);
        let last = children.last().and_then(|place| self.seen.frames.get(place).copied().flatten());
        let broke = last.is_some_and(|last| last.is_blocked || last.status == Status::Failed);
        let spoken = said.last().filter(|(verdict, _)| *verdict != Verdict::GoOn).map(|(verdict, _)| *verdict);
        let verdict = match spoken {
            // A walk that knows too little yet has not come to all rounds.
            _ if tally.ended() < tally.width => return None,
            Some(verdict) => verdict,
            None if broke && rounds.until.is_none() => Verdict::Broken,
            None => return self.alone(address, Work::Decide),
        };
        // The scores were said after the rounds, one each, except before the first.
        let scores = said.iter().skip(usize::from(rounds.going_while.is_some())).map(|(_, score)| *score);
        let mut best: Option<(usize, f64)> = None;
        for (round, score) in scores.enumerate().filter_map(|(round, score)| Some((round, score?))) {
            best = if best.is_none_or(|(_, known)| score > known) { Some((round, score)) } else { best };
        }
        let kept = best.map(|(round, _)| round).or(count.checked_sub(1));
        let status = kept.and_then(|round| self.seen.frames[&children[round]]).map(|ended| ended.status);
        tally.kept = status.map(|status| (verdict, status));
        tally.closed = true;
        patterns::settle(&node.kind, &tally).map(ended_as)
    }

    fn flow(&mut self, node: &Node, flow: &SubFlow, indices: &[u32]) -> Option<Ended> {
        let address = node.address(indices);
        if !flow.path.is_empty() && !self.facts.entered.contains(&address) {
            return self.alone(address, Work::Decide);
        }
        let child = [(node.children[0], indices.to_vec())];
        let closed = flow.outputs.is_empty() || self.facts.concluded.contains(&address);
        let tally = self.tally(&node.kind, &child, closed);
        match patterns::settle(&node.kind, &tally) {
            Some(status) => Some(ended_as(status)),
            None if tally.ended() == 1 => self.alone(address, Work::Decide),
            None => None,
        }
    }

    /// A body, and when it failed what takes back its tasks, last ended first; one that was taken back by a group inside
    /// is not taken back again.
    fn undo(&mut self, node: &Node, indices: &[u32]) -> Option<Ended> {
        let mut children = vec![(node.children[0], indices.to_vec())];
        let body = self.tally(&node.kind, &children, false);
        if body.ended() == 1 && body.broke() {
            let inside = |address: &&Address| {
                let task = self.plan.nodes_of(&address.step).iter().find(|node| node.task().is_some());
                task.is_some_and(|task| {
                    let path = self.plan.path(task.id);
                    let nearest = path.iter().filter(|id| matches!(self.plan.node(**id).kind, Kind::Undo));
                    let taken = |id: &NodeId| {
                        let depth = self.plan.node(*id).scope.len();
                        let place = (*id, address.indices[..depth].to_vec());
                        let body = self.plan.node(*id).children[0];
                        let failed = self.seen.frames.get(&(body, place.1.clone())).copied().flatten();
                        *id != node.id
                            && path.contains(&node.id)
                            && path.iter().position(|other| other == id)
                                > path.iter().position(|other| *other == node.id)
                            && failed.is_some_and(|ended| ended.is_blocked || ended.status == Status::Failed)
                    };
                    task.undo.is_some()
                        && path.contains(&node.id)
                        && address.indices.starts_with(indices)
                        && !nearest.copied().any(|id| taken(&id))
                })
            };
            let undone: Vec<Place> = self
                .facts
                .done
                .iter()
                .rev()
                .filter(inside)
                .map(|address| {
                    let task = self.plan.nodes_of(&address.step).iter().find(|node| node.task().is_some());
                    (task.and_then(|task| task.undo).unwrap(), address.indices.clone())
                })
                .collect();
            children.extend(undone);
        }
        let tally = self.tally(&node.kind, &children, body.ended() == 1);
        patterns::settle(&node.kind, &tally).map(ended_as)
    }

    fn own_work(&mut self, address: Address) -> Option<Ended> {
        let work = match self.facts.attempts.get(&address) {
            None => Some(Work::Attempt(1)),
            Some(Attempt::CutOff(attempt)) => Some(Work::Attempt(*attempt)),
            Some(Attempt::Resting(attempt, until)) if *until <= self.now => Some(Work::Attempt(attempt + 1)),
            Some(Attempt::Resting(..) | Attempt::Running(_)) => None,
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

    /// Says how a need stands: by the deepest frame on the way to what is needed, in the rounds and items that both share.
    fn need(&self, need: Need, node: &Node, indices: &[u32]) -> NeedState {
        let theirs = &self.plan.node(need.target).scope;
        let shared = node.scope.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
        let mut deepest: Option<(&Node, Option<Ended>)> = None;
        for id in self.plan.path(need.target) {
            let node = self.plan.node(id);
            if node.scope.len() > shared {
                break;
            }
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

    /// Says whether another branch or case was chosen: whatever is in this one is skipped, whatever becomes of the other.
    fn is_decided_against(&self, parent: &Node, branch: NodeId, indices: &[u32]) -> bool {
        match self.slot(parent, &parent.address(indices)) {
            Some(slot) => slot.and_then(|slot| parent.children.get(slot)) != Some(&branch),
            None => false,
        }
    }

    /// Returns the number of the child that was chosen, once one was; `None` inside: none.
    fn slot(&self, node: &Node, address: &Address) -> Option<Option<usize>> {
        match (&node.kind, self.facts.guards.get(address), self.facts.cases.get(address)) {
            (Kind::Conditional(_), Some(Choice::Taken(taken)), _) => Some(Some(usize::from(!taken))),
            (Kind::Switch(_), _, Some(case)) => Some(case.map(|case| case as usize)),
            _ => None,
        }
    }
}

fn ended_as(status: Status) -> Ended {
    Ended { status, is_blocked: false, is_left_out: false }
}

fn slot(tally: &mut Tally, ended: Ended, optional: bool) -> &mut u32 {
    match ended.status {
        Status::Succeeded => &mut tally.succeeded,
        Status::Partial => &mut tally.partial,
        Status::Skipped if ended.is_left_out => &mut tally.tolerated,
        Status::Skipped if !ended.is_blocked => &mut tally.skipped,
        _ if optional => &mut tally.tolerated,
        Status::Skipped => &mut tally.blocked,
        Status::Failed => &mut tally.failed,
    }
}

fn ended_by(outcome: &Outcome) -> Ended {
    let is_blocked = matches!(outcome, Outcome::Skipped { because: Skip::Needs { .. } });
    let is_left_out = matches!(outcome, Outcome::Skipped { because: Skip::LeftOut });
    Ended { status: outcome.status(), is_blocked, is_left_out }
}
