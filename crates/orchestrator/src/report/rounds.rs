//! Loops: how many rounds were made, why there was no other, and which round stands for the step.

use std::collections::HashSet;

use hashbrown::HashMap;

use super::task::TaskReport;
use super::words::counted;
use crate::model::{Address, Fact, Status, Verdict};
use crate::plan::{Kind, Node, Plan};

/// What became of a loop.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopReport {
    /// The step with the loop, in the rounds and items round it.
    pub address: Address,
    /// How many rounds have begun.
    pub rounds: u32,
    /// The most rounds that it may have.
    pub limit: u32,
    /// To end by that limit is a failure.
    pub fails_at_limit: bool,
    /// Why there was no other round; `None` while it goes on, and for a loop that asks nothing.
    pub verdict: Option<Verdict>,
    /// The round that stands for its steps, from 0.
    pub kept: u32,
    /// How good that round was, where somebody said so.
    pub score: Option<f64>,
}

/// What a loop said between its rounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    scores: Vec<Option<f64>>,
    verdict: Option<Verdict>,
}

impl Asked {
    pub(super) fn see(&mut self, fact: &Fact) {
        if let Fact::Looped { rounds, verdict, score, .. } = fact {
            self.verdict = (*verdict != Verdict::GoOn).then_some(*verdict);
            self.scores.resize(*rounds as usize, None);
            if let (Some(last), Some(score)) = (self.scores.last_mut(), score) {
                *last = Some(*score);
            }
        }
    }

    /// Returns the best round, the first of equals; without scores the last that began.
    fn kept(&self, rounds: u32) -> u32 {
        let mut best: Option<(usize, f64)> = None;
        for (round, score) in self.scores.iter().enumerate().filter_map(|(round, score)| Some((round, (*score)?))) {
            if best.is_none_or(|(_, known)| score > known) {
                best = Some((round, score));
            }
        }
        best.and_then(|(round, _)| u32::try_from(round).ok()).unwrap_or(rounds.saturating_sub(1))
    }
}

impl LoopReport {
    /// Returns what the end of the loop itself makes of its step; `None` when its rounds decide.
    pub(super) fn status(&self) -> Option<Status> {
        let at_limit = if self.fails_at_limit { Status::Failed } else { Status::Partial };
        (self.verdict == Some(Verdict::Limit)).then_some(at_limit)
    }

    /// Says in words what became of it.
    pub(super) fn words(&self) -> String {
        let rounds = counted(self.rounds as usize, "round");
        let score = self.score.map(|score| format!(" with a score of {score}")).unwrap_or_default();
        let kept = match self.kept + 1 == self.rounds && score.is_empty() {
            true => String::new(),
            false => format!(", kept round {}{score}", self.kept + 1),
        };
        match self.verdict {
            Some(Verdict::Limit) => format!("ended by its limit of {}{kept}", counted(self.limit as usize, "round")),
            Some(Verdict::Broken) => format!("{rounds}, broken off{kept}"),
            _ => format!("{rounds}{kept}"),
        }
    }
}

/// Returns the loops of a run, and marks the tasks of rounds that do not stand for their steps.
pub(super) fn loops(
    plan: &Plan,
    tasks: &mut HashMap<Address, Box<TaskReport>>,
    asked: &HashMap<Address, Asked>,
) -> HashMap<Address, LoopReport> {
    let mut loops: HashMap<Address, LoopReport> = HashMap::new();
    for (task, node) in tasks.keys().filter_map(|address| Some((address, plan.nodes_of(&address.step).last()?))) {
        for (depth, outer) in rounds_of(plan, node, task) {
            let address = outer.address(&task.indices[..depth]);
            let (limit, fails_at_limit) = match &outer.kind {
                Kind::Loop(own) => (own.max, own.fails_at_limit),
                _ => continue,
            };
            let found = loops.entry(address).or_insert_with_key(|address| LoopReport {
                address: address.clone(),
                rounds: 0,
                limit,
                fails_at_limit,
                verdict: None,
                kept: 0,
                score: None,
            });
            found.rounds = found.rounds.max(task.indices[depth] + 1);
        }
    }
    for found in loops.values_mut() {
        let none = Asked::default();
        let asked = asked.get(&found.address).unwrap_or(&none);
        found.verdict = asked.verdict;
        found.kept = asked.kept(found.rounds);
        found.score = asked.scores.get(found.kept as usize).copied().flatten();
    }
    let is_kept = |task: &Address| {
        let Some(node) = plan.nodes_of(&task.step).last() else { return true };
        rounds_of(plan, node, task).into_iter().all(|(depth, outer)| {
            loops.get(&outer.address(&task.indices[..depth])).is_none_or(|found| found.kept == task.indices[depth])
        })
    };
    let left: HashSet<Address> = tasks.keys().filter(|task| !is_kept(task)).cloned().collect();
    tasks.values_mut().filter(|task| left.contains(&task.address)).for_each(|task| task.kept = false);
    loops
}

/// Returns the loops round a task with the depth at which each counts.
fn rounds_of<'p>(plan: &'p Plan, node: &Node, task: &Address) -> Vec<(usize, &'p Node)> {
    let scope = node.scope.iter().take(task.indices.len()).enumerate();
    let outer = scope.map(|(depth, id)| (depth, plan.node(*id)));
    outer.filter(|(_, node)| matches!(node.kind, Kind::Loop(_))).collect()
}
