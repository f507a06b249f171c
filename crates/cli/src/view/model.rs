//! The fold from events to what a person wants to see of a run. How it looks is `rows`' and `tell`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use segno_orchestrator::model::{Address, Event, Fact, Outcome, Skip, Source, Status, Timestamp};
use segno_orchestrator::plan::{Kind, NodeId, Plan};

use super::count::Sum;
use super::ledger::Ledger;
use super::outline::{Outline, Row, Shape, Step};
use super::span::Span;
use super::task::{Attempt, End, Ended, GUARDED, Phase, UNREACHED, shortened, why};

/// How many failed items are remembered one by one; more are only counted.
const MAX_FAILED_ITEMS: usize = 100;

/// A task of a plan: its node and the items round it.
type Place = (NodeId, Vec<u32>);

/// Where a run stands, for people.
#[derive(Debug)]
pub(super) struct Model {
    plan: Arc<Plan>,
    outline: Outline,
    ledger: Ledger,
    spans: Vec<Span>,
    attempts: BTreeMap<Place, Attempt>,
    /// How tasks outside any `each` ended, and the first items that failed.
    ended: BTreeMap<Place, Ended>,
    failed_items: usize,
    span: Span,
    end: Option<End>,
    since: Timestamp,
    is_current: bool,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Begun,
    Ended(Status),
}

impl Model {
    /// Makes the model of a run of which nothing was seen; `since` is when this process began to look.
    pub(super) fn new(plan: Arc<Plan>, since: Timestamp) -> Model {
        let outline = Outline::new(&plan);
        Model {
            spans: vec![Span::default(); outline.rows().len()],
            ledger: Ledger::new(plan.clone()),
            outline,
            plan,
            attempts: BTreeMap::new(),
            ended: BTreeMap::new(),
            failed_items: 0,
            span: Span::default(),
            end: None,
            since,
            is_current: false,
        }
    }

    /// Takes one event in. One that does not fit the plan is passed over.
    pub(super) fn apply(&mut self, event: &Event) {
        // Once and for all: a clock that is set back later must not silence the run.
        self.is_current |= event.at >= self.since;
        let node = event.fact.step().and_then(|step| self.ledger.find(step));
        match &event.fact {
            Fact::RunResumed { .. } => self.resume(event.at),
            Fact::RunPaused { reason } => {
                self.attempts.retain(|_, attempt| matches!(attempt.phase, Phase::Resting { .. }));
                self.end = Some(End::Paused(reason.clone()));
            }
            Fact::RunEnded { status, .. } => self.end = Some(End::Over(*status)),
            Fact::Decided { step, taken, .. } => self.ledger.decide(step, *taken),
            Fact::Expanded { step, items } => self.ledger.expand(step, items.len()),
            fact => {
                if let Some((node, step)) = node.zip(fact.step()) {
                    self.apply_to((node, step.indices.clone()), event.at, fact);
                }
            }
        }
        self.span.touch(event.at);
        if let Some(node) = node {
            let Model { outline, spans, .. } = self;
            outline.path(node).for_each(|row| spans[row].touch(event.at));
        }
    }

    fn apply_to(&mut self, place: Place, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::StepStarted { attempt, label, .. } => {
                let phase = Phase::Running { since: at };
                self.attempts.insert(place, Attempt { label: label.clone(), number: *attempt, phase });
            }
            Fact::StepRetried { attempt, fault, until, .. } => {
                let label = self.attempts.remove(&place).and_then(|attempt| attempt.label);
                let phase = Phase::Resting { until: *until, message: shortened(fault.message()) };
                self.attempts.insert(place, Attempt { label, number: *attempt, phase });
            }
            Fact::StepEnded { outcome, source, took_ms, label, .. } => {
                let attempts = self.attempts.remove(&place).map_or(0, |attempt| attempt.number);
                let is_cached = matches!(source, Source::Cache { .. });
                let is_blocked = matches!(outcome, Outcome::Skipped { because: Skip::Needs { .. } });
                let status = outcome.status();
                self.ledger.end(place.0, &place.1, status, is_blocked, is_cached);
                let took = Duration::from_millis(*took_ms);
                self.keep(place, Ended { label: label.clone(), status, is_cached, took, attempts, why: why(outcome) });
            }
            _ => {}
        }
    }

    fn keep(&mut self, place: Place, ended: Ended) {
        let is_item = !place.1.is_empty();
        if !is_item || (ended.status == Status::Failed && self.failed_items < MAX_FAILED_ITEMS) {
            self.failed_items += usize::from(is_item);
            self.ended.insert(place, ended);
        }
    }

    /// What the dead owner left running will begin again; the time that passed without an owner counts nowhere.
    fn resume(&mut self, now: Timestamp) {
        self.end = None;
        self.attempts.retain(|_, attempt| matches!(attempt.phase, Phase::Resting { .. }));
        let gap = now.since(self.span.last);
        self.span.shift(gap);
        for (span, step) in self.spans.iter_mut().zip(self.outline.rows()) {
            if self.ledger.over(step.main).is_none() {
                span.shift(gap);
            }
        }
    }

    /// Returns the rows, in the order of the file.
    pub(super) fn steps(&self) -> &[Step] {
        self.outline.rows()
    }

    pub(super) fn step(&self, row: Row) -> &Step {
        self.outline.step(row)
    }

    /// Returns the node that an event with this address is about.
    pub(super) fn find(&self, address: &Address) -> Option<NodeId> {
        self.ledger.find(address)
    }

    /// Returns the row of a node and all rows round it, inside out.
    pub(super) fn path(&self, node: NodeId) -> Vec<Row> {
        self.outline.path(node).collect()
    }

    pub(super) fn state(&self, row: Row) -> State {
        match (self.ledger.over(self.step(row).main), self.spans[row].began) {
            (Some(status), _) => State::Ended(status),
            (None, Some(_)) => State::Begun,
            (None, None) => State::Waiting,
        }
    }

    /// Returns what a row's items come to, or what its tasks do.
    pub(super) fn sum(&self, row: Row) -> Sum {
        let step = self.step(row);
        match step.shape {
            Shape::Task | Shape::Group => self.ledger.sum(step.main),
            Shape::Many => self.ledger.count(step.body).sum(),
        }
    }

    /// Returns what the whole run's tasks come to.
    pub(super) fn total(&self) -> Sum {
        self.ledger.sum(self.plan.root())
    }

    /// Returns how the whole workflow ended, once it has.
    #[cfg(test)]
    pub(super) fn status(&self) -> Option<Status> {
        self.ledger.over(self.plan.root())
    }

    /// Says why a row was never begun, if it was not.
    pub(super) fn passed(&self, row: Row) -> Option<&'static str> {
        let count = self.ledger.count(self.step(row).main);
        match (count.guarded, count.unreached) {
            (1.., _) => Some(GUARDED),
            (0, 1..) => Some(UNREACHED),
            (0, 0) => None,
        }
    }

    /// Returns a row's attempts that run or wait, with their indices.
    pub(super) fn attempts(&self, row: Row) -> impl Iterator<Item = (&[u32], &Attempt)> {
        of_node(&self.attempts, self.step(row).body)
    }

    /// Returns how a row's one task ended, or its first items that failed, with their indices.
    pub(super) fn ended(&self, row: Row) -> impl Iterator<Item = (&[u32], &Ended)> {
        let Step { main, body, .. } = *self.step(row);
        let outer =
            self.plan.node(main).parent.filter(|parent| self.plan.node(*parent).step == self.plan.node(main).step);
        let own = [outer, (main != body).then_some(main), Some(body)];
        own.into_iter().flatten().flat_map(|node| of_node(&self.ended, node))
    }

    /// Returns the most attempts that a row's tasks may make.
    pub(super) fn max_attempts(&self, row: Row) -> u32 {
        match &self.plan.node(self.step(row).body).kind {
            Kind::Task(task) => task.alternative(0).retry.attempts,
            _ => 1,
        }
    }

    /// Returns how many attempts run.
    pub(super) fn running(&self) -> usize {
        self.attempts.values().filter(|attempt| matches!(attempt.phase, Phase::Running { .. })).count()
    }

    /// Returns how long a row has gone on.
    pub(super) fn elapsed(&self, row: Row, now: Timestamp) -> Duration {
        let span = self.spans[row];
        match self.state(row) {
            State::Ended(_) => span.until(span.last),
            _ => span.until(self.moment(now)),
        }
    }

    /// Returns how long the run was owned.
    pub(super) fn run_elapsed(&self, now: Timestamp) -> Duration {
        self.span.until(self.moment(now))
    }

    /// Returns `now`, or the moment at which time stopped for this run.
    pub(super) fn moment(&self, now: Timestamp) -> Timestamp {
        if self.end.is_some() { self.span.last } else { now }
    }

    /// Says whether anything was seen that happened since this process looks; what was before was shown by another.
    pub(super) fn is_current(&self) -> bool {
        self.is_current
    }

    /// Returns why nothing more will happen, if that is so.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }
}

fn of_node<T>(tasks: &BTreeMap<Place, T>, node: NodeId) -> impl Iterator<Item = (&[u32], &T)> {
    let range = (node, Vec::new())..(NodeId(node.0 + 1), Vec::new());
    tasks.range(range).map(|((_, indices), task)| (&indices[..], task))
}
