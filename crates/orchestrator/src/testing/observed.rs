//! What a test's run came to, read out of its events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Address, Event, Fact, Outcome, RunStatus, Status};
use crate::plan::Plan;
use crate::state::{RunState, View};

/// A run that is over or was given up.
pub(super) struct Observed {
    pub(super) state: RunState,
    pub(super) status: Option<RunStatus>,
    pub(super) took: Duration,
    tasks: BTreeMap<Address, Task>,
    /// Tasks in the order in which they began.
    begun: Vec<Address>,
}

/// What became of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Task {
    pub(super) attempts: u32,
    pub(super) outcome: Option<Arc<Outcome>>,
}

/// What is seen of a step or task.
#[derive(Clone, Debug)]
pub(super) enum Look {
    /// One task, or a loop of which one round is kept.
    Task(Status, Address, Arc<Outcome>),
    /// Steps or items together.
    Group(Status),
    /// Tasks of which the name does not say which.
    Several(Vec<Address>),
    /// It began and did not end.
    Unended,
    /// It was not come to.
    Unreached,
}

impl Observed {
    pub(super) fn new(plan: Arc<Plan>, events: &[Event]) -> Observed {
        let ends = events.first().zip(events.last());
        let took = ends.map(|(first, last)| last.at.since(first.at)).unwrap_or_default();
        let mut observed =
            Observed { state: RunState::new(plan), status: None, took, tasks: BTreeMap::new(), begun: Vec::new() };
        events.iter().for_each(|event| observed.see(event));
        observed
    }

    fn see(&mut self, event: &Event) {
        match &event.fact {
            Fact::StepStarted { step, attempt, .. } => {
                if !self.tasks.contains_key(step) {
                    self.begun.push(step.clone());
                }
                self.tasks.entry(step.clone()).or_default().attempts = *attempt;
            }
            Fact::StepEnded { step, outcome, .. } => {
                self.tasks.entry(step.clone()).or_default().outcome = Some(Arc::new(outcome.clone()));
            }
            Fact::RunPaused { .. } => self.status = Some(RunStatus::Paused),
            Fact::RunResumed { .. } => self.status = None,
            Fact::RunEnded { status, .. } => self.status = Some(*status),
            _ => {}
        }
        self.state.apply(event);
    }

    /// Returns how often a task was tried.
    pub(super) fn attempts(&self, task: &Address) -> u32 {
        self.tasks.get(task).map_or(0, |task| task.attempts)
    }

    /// Returns how each task ended, as it can be compared with another run: without the times.
    pub(super) fn ends(&self) -> BTreeMap<Address, Option<&Outcome>> {
        self.tasks.iter().map(|(address, task)| (address.clone(), task.outcome.as_deref())).collect()
    }

    /// Returns where among all that began the first task of a step, group or item stands.
    pub(super) fn began(&self, name: &Address) -> Option<usize> {
        self.begun.iter().position(|task| self.is_in(task, name))
    }

    /// Says whether a task is one of a step, or inside it.
    fn is_in(&self, task: &Address, name: &Address) -> bool {
        let plan = self.state.plan();
        let Some(outer) = plan.step(&name.step) else { return false };
        let inner = plan.task_of(&task.step);
        let is_below = inner.is_some_and(|(node, _)| plan.is_inside(node.id, outer));
        is_below && task.indices.starts_with(&name.indices)
    }

    /// Returns what is seen of a step or task from outside.
    pub(super) fn look(&self, name: &Address) -> Look {
        let tasks = || self.tasks.iter().filter(|(task, _)| self.is_in(task, name));
        let is_unended = tasks().any(|(_, task)| task.outcome.is_none());
        match self.state.seen_at(name) {
            Some(View::Task(frame, outcome)) => Look::Task(outcome.status(), self.state.address(frame), outcome),
            Some(View::Rounds { status, rounds, kept, .. }) => {
                match kept.and_then(|kept| rounds.into_iter().nth(kept as usize)) {
                    Some(View::Task(frame, outcome)) => Look::Task(status, self.state.address(frame), outcome),
                    _ => Look::Group(status),
                }
            }
            Some(View::Group(Status::Skipped)) | None if is_unended => Look::Unended,
            Some(View::Group(status) | View::Items(status, _) | View::Flow(status, _)) => Look::Group(status),
            None => {
                let several: Vec<Address> = tasks().map(|(task, _)| task.clone()).collect();
                if several.is_empty() { Look::Unreached } else { Look::Several(several) }
            }
        }
    }

    /// Returns how a task ended.
    pub(super) fn outcome(&self, task: &Address) -> Option<&Arc<Outcome>> {
        self.tasks.get(task)?.outcome.as_ref()
    }

    /// Returns how many rounds a loop made.
    pub(super) fn rounds(&self, name: &Address) -> Option<u64> {
        match self.state.seen_at(name)? {
            View::Rounds { rounds, .. } => Some(rounds.len() as u64),
            _ => None,
        }
    }
}
