//! What is told of an event in a line of plain text. When it is written, and where, is `plain`'s business.

use std::sync::Arc;
use std::time::Duration;

use segno_orchestrator::model::{Address, Event, Fact, Outcome, Source, Status, Timestamp};
use segno_orchestrator::plan::{NodeId, Plan};

use super::look::{Look, Mark};
use super::model::{Attempt, Model, State, why};
use super::outline::{Row, Shape};
use super::rows::{counts, failure, outcome, title};
use super::text::{again_in, clean, short_duration};

/// Up to how many items of a step are told one by one.
const LISTED_ITEMS: u32 = 20;
/// How many times at most the count of a step's items is told for how far it is.
const COUNTS: u32 = 10;
/// After how much time the count of a step's items is told in any case.
const COUNT_PERIOD: Duration = Duration::from_secs(5);
/// The width of the column of names.
const NAMES: usize = 16;

/// Tells a run in lines.
#[derive(Debug)]
pub(super) struct Teller {
    model: Model,
    look: Look,
    /// What was recorded before this moment was told by somebody else.
    since: Timestamp,
    is_telling: bool,
    told: Vec<Told>,
}

/// What was told of a step's items.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    share: u32,
    at: Option<Timestamp>,
    is_over: bool,
}

impl Teller {
    /// Makes a teller that folds what was recorded before `since` in silence.
    pub(super) fn new(plan: Arc<Plan>, look: Look, since: Timestamp) -> Teller {
        let model = Model::new(plan);
        let told = vec![Told::default(); model.steps().len()];
        Teller { model, look: Look { colour: false, ..look }, since, is_telling: false, told }
    }

    /// Takes one event in and returns what is to be told of it.
    pub(super) fn tell(&mut self, event: &Event) -> Vec<String> {
        // Once: a clock that is set back later must not silence the run.
        self.is_telling |= event.at >= self.since;
        let node = event.fact.step().and_then(|step| self.model.find(step));
        let last = node.and_then(|node| self.attempt(node, event));
        self.model.apply(event);
        let mut lines: Vec<String> = match (&event.fact, node) {
            (Fact::RunPaused { .. } | Fact::RunEnded { .. }, _) => vec![self.run_line(event.at)],
            (_, Some(node)) => self.task_line(node, event, last.as_ref()).into_iter().collect(),
            _ => Vec::new(),
        };
        for row in node.map(|node| self.model.path(node)).unwrap_or_default() {
            lines.extend(self.items_line(row, event.at));
        }
        if self.is_telling { lines } else { Vec::new() }
    }

    /// Returns the last attempt of the event's task, before the event is folded in.
    fn attempt(&self, node: NodeId, event: &Event) -> Option<Attempt> {
        let (row, step) = self.model.path(node).first().copied().zip(event.fact.step())?;
        let mut attempts = self.model.attempts(row);
        let found = attempts.find(|(indices, _)| *indices == step.indices);
        found.map(|(_, attempt)| attempt.clone())
    }

    fn task_line(&self, node: NodeId, event: &Event, last: Option<&Attempt>) -> Option<String> {
        let row = *self.model.path(node).first()?;
        let is_listed = self.is_listed(row);
        match &event.fact {
            Fact::Decided { step, taken: false } if is_listed => {
                let mark = Mark::Ended(Status::Skipped);
                Some(self.line(mark, &self.title(step, None), "skipped: its 'if' did not hold"))
            }
            Fact::StepRetried { step, attempt, fault, until } if is_listed => {
                let (max, message) = (self.model.max_attempts(row), clean(fault.message(), self.look));
                let again = again_in(until.since(event.at));
                let what = format!("attempt {attempt} of {max} failed: {message}; {again}");
                let label = last.and_then(|attempt| attempt.label.as_deref());
                Some(self.line(Mark::Ended(Status::Failed), &self.title(step, label), &what))
            }
            Fact::StepEnded { step, outcome, source, took_ms, label } => {
                let is_failed = outcome.status() == Status::Failed;
                let took = Duration::from_millis(*took_ms);
                let what = self.ended(row, outcome, source, took, last.map_or(0, |attempt| attempt.number));
                let title = self.title(step, label.as_deref());
                (is_listed || is_failed).then(|| self.line(Mark::Ended(outcome.status()), &title, &what))
            }
            _ => None,
        }
    }

    fn ended(&self, row: Row, outcome: &Outcome, source: &Source, took: Duration, attempts: u32) -> String {
        let max = self.model.max_attempts(row);
        let why = clean(&why(outcome).unwrap_or_default(), self.look);
        match (outcome.status(), source) {
            (Status::Failed, _) if attempts > 1 => failure(attempts, max, &why),
            (Status::Failed, _) => format!("failed: {why}"),
            (Status::Skipped, _) => why,
            (_, Source::Cache { .. }) => "cached".into(),
            _ if attempts > 1 => format!("{}  attempt {attempts} of {max}", short_duration(took)),
            _ => short_duration(took),
        }
    }

    /// Says whether the tasks of a row are told one by one.
    fn is_listed(&self, row: Row) -> bool {
        self.model.step(row).shape != Shape::Many || self.model.sum(row).total <= LISTED_ITEMS
    }

    /// Tells how far a step's items are: at their end, and for many of them every so often.
    fn items_line(&mut self, row: Row, now: Timestamp) -> Option<String> {
        let sum = self.model.sum(row);
        let is_listed = self.is_listed(row);
        let told = &mut self.told[row];
        let since = *told.at.get_or_insert(now);
        if self.model.step(row).shape != Shape::Many || told.is_over {
            return None;
        }
        let mark = match self.model.state(row) {
            State::Ended(Status::Skipped) => {
                told.is_over = true;
                return None;
            }
            State::Ended(status) => {
                told.is_over = true;
                Mark::Ended(status)
            }
            _ => {
                let share = sum.ended * COUNTS / sum.total.max(1);
                if is_listed || sum.ended == 0 || (share == told.share && now.since(since) < COUNT_PERIOD) {
                    return None;
                }
                (told.share, told.at) = (share, Some(now));
                Mark::Waiting
            }
        };
        let what = format!("{}  {}", short_duration(self.model.elapsed(row, now)), counts(sum, self.look));
        Some(self.line(mark, &self.model.step(row).name, &what))
    }

    fn run_line(&self, now: Timestamp) -> String {
        let (mark, what) = outcome(self.model.end(), self.model.total(), self.model.run_elapsed(now), self.look);
        format!("{} {what}", self.look.mark(mark))
    }

    fn title(&self, address: &Address, label: Option<&str>) -> String {
        title(address.step.as_str(), &address.indices, label, self.look)
    }

    fn line(&self, mark: Mark, title: &str, what: &str) -> String {
        format!("{} {title:NAMES$}  {what}", self.look.mark(mark))
    }
}
