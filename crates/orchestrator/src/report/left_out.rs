//! What a run was done without: given up, taken over by another, stopped at a limit, done in part, failed and allowed to.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::steps::StepReport;
use super::words::counted;
use crate::model::{Address, Event, Fact, Outcome, Status, Verdict};

/// Something that a run was done without, or not as it was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The step, or one task of it.
    pub step: String,
    /// What of it, in words.
    pub what: String,
    /// It failed, and was allowed to; then the failure says more.
    pub failed: bool,
}

/// Gathers what events say of it, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOuts {
    found: BTreeMap<Address, String>,
    /// Who took over, and why the one before had failed.
    fallbacks: HashMap<Address, (String, String)>,
    /// How good the rounds of a loop were, to tell which was kept.
    scores: HashMap<Address, Vec<Option<f64>>>,
}

impl LeftOuts {
    pub(super) fn see(&mut self, event: &Event) {
        match &event.fact {
            Fact::Decided { step, left_out: true, .. } => {
                self.found.insert(step.clone(), "left out: its 'skip_when' holds".into());
            }
            Fact::Looped { step, rounds, verdict, score } => self.looped(step, *rounds, *verdict, *score),
            Fact::FellBack { step, fault, agent, .. } => {
                self.fallbacks.insert(step.clone(), (agent.clone(), fault.message().to_owned()));
            }
            Fact::StepEnded { step, outcome, .. } => self.ended(step, outcome),
            _ => {}
        }
    }

    fn looped(&mut self, step: &Address, rounds: u32, verdict: Verdict, score: Option<f64>) {
        let scores = self.scores.entry(step.clone()).or_default();
        if rounds > 0 {
            scores.push(score);
        }
        if verdict != Verdict::Limit {
            return;
        }
        let mut best: Option<(usize, f64)> = None;
        for (round, score) in scores.iter().enumerate().filter_map(|(round, score)| Some((round, (*score)?))) {
            best = if best.is_none_or(|(_, known)| score > known) { Some((round, score)) } else { best };
        }
        let kept = match best {
            Some((round, score)) => format!("round {} is kept, with a score of {score}", round + 1),
            None => "the last is kept".to_owned(),
        };
        let what = format!("ended by its limit of {}; {kept}", counted(rounds as usize, "round"));
        self.found.insert(step.clone(), what);
    }

    fn ended(&mut self, step: &Address, outcome: &Outcome) {
        let taken_over = self.fallbacks.remove(step);
        let what = match (outcome, taken_over) {
            (Outcome::Succeeded { .. } | Outcome::Partial { .. }, Some((agent, why))) => {
                let part = if outcome.status() == Status::Partial { ", as a part" } else { "" };
                format!("done by '{agent}'{part}, since the one before it failed: {why}")
            }
            (Outcome::Partial { reply }, None) => match &reply.summary {
                Some(summary) => format!("done in part: {summary}"),
                None => "done in part".into(),
            },
            _ => return,
        };
        self.found.insert(step.clone(), what);
    }

    /// Ends the list: with what failed and was allowed to, in the order of the steps.
    pub(super) fn finish(self, steps: &[StepReport]) -> Vec<LeftOut> {
        // Of the rounds of a loop only the one that it keeps counts.
        let others: HashSet<&Address> =
            steps.iter().flat_map(|step| &step.tasks).filter(|task| !task.kept).map(|task| &task.address).collect();
        let mut all: Vec<LeftOut> = self
            .found
            .into_iter()
            .filter(|(step, _)| !others.contains(step))
            .map(|(step, what)| LeftOut { step: step.to_string(), what, failed: false })
            .collect();
        for step in steps {
            let kept: Vec<_> = step.tasks.iter().filter(|task| task.kept).collect();
            let failed: Vec<_> = kept.iter().filter(|task| task.status() == Some(Status::Failed)).collect();
            let Some(first) = failed.first().filter(|_| step.optional || step.is_put_up_with()) else { continue };
            let why = first.fault().map(|fault| fault.message()).unwrap_or_default();
            let what = match kept.len() {
                1 => format!("failed, and may: {why}"),
                total => format!("{} of {} failed, and may: {why}", failed.len(), counted(total, "task")),
            };
            all.push(LeftOut { step: step.step.to_string(), what, failed: true });
        }
        all
    }
}
