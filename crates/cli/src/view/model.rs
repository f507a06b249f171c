//! The fold from events to what a person wants to see of a run. How it looks is `rows`' and `tell`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use segno_orchestrator::model::{Address, Event, Fact, Source, Status, Timestamp, Verdict};
use segno_orchestrator::plan::{Alternative, Kind, NodeId, Plan, Task};
use segno_orchestrator::state::{FrameId, Mark, Marks, RunState};

use super::count::Sum;
use super::layout::is_item;
use super::lean::lean;
use super::ledger::{Ledger, Passed, Recorded};
use super::outline::{Outline, Row, Shape, Step};
use super::rounds::Turn;
use super::span::Span;
use super::task::{Attempt, End, Ended, GUARDED, LEFT_OUT, Phase, UNREACHED, shortened, why};

/// How many failed items are remembered one by one; more are only counted.
const MAX_FAILED_ITEMS: usize = 100;

/// A task of a plan: its node and the rounds and items round it.
type Place = (NodeId, Vec<u32>);

/// Where a run stands, for people.
#[derive(Debug)]
pub(super) struct Model {
    plan: Arc<Plan>,
    /// The engine's own fold: what is open, what ended, and how groups end by their children.
    state: RunState,
    marks: Marks,
    outline: Outline,
    ledger: Ledger,
    notes: Vec<Note>,
    attempts: BTreeMap<Place, Attempt>,
    /// How tasks outside any fan-out ended, those of the round that goes on, and the first items that failed.
    ended: BTreeMap<Place, Ended>,
    failed_items: usize,
    span: Span,
    end: Option<End>,
    since: Timestamp,
    is_current: bool,
}

/// What is remembered of a row besides its tasks, in the round that goes on.
#[derive(Clone, Debug, Default)]
struct Note {
    span: Span,
    /// Which case was chosen, in words.
    case: Option<String>,
    /// What its loop said last.
    verdict: Option<Verdict>,
    /// How many rounds the loops round it made.
    round: u32,
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
            notes: vec![Note::default(); outline.rows().len()],
            state: RunState::without_outcomes(plan.clone()),
            marks: Marks::new(&plan),
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

    /// Returns the marks that were set.
    pub(super) fn marks(&self) -> &[Mark] {
        self.marks.list()
    }

    /// Takes one event in. One that does not fit the plan is passed over.
    pub(super) fn apply(&mut self, event: &Event) {
        // Once and for all: a clock that is set back later must not silence the run.
        self.is_current |= event.at >= self.since;
        let frame = event.fact.step().and_then(|step| self.state.find(step));
        let frame = frame.filter(|frame| self.state.ended(*frame).is_none());
        let known = self.state.opened();
        self.state.apply(&lean(event));
        self.marks.see(&self.state, event);
        match &event.fact {
            Fact::RunResumed { .. } => self.resume(event.at),
            Fact::RunPaused { reason } => {
                self.attempts.retain(|_, attempt| matches!(attempt.phase, Phase::Resting { .. }));
                self.end = Some(End::Paused(reason.clone()));
            }
            Fact::RunEnded { status, reason } => self.end = Some(End::Over(*status, reason.clone())),
            fact => {
                if let Some(frame) = frame {
                    self.apply_to(frame, event.at, fact);
                }
            }
        }
        self.count(frame, known, &event.fact);
        self.span.touch(event.at);
        if let Some(frame) = frame {
            let Model { outline, notes, state, .. } = self;
            outline.path(state.plan_node(frame).id).for_each(|row| notes[row].span.touch(event.at));
        }
    }

    fn apply_to(&mut self, frame: FrameId, at: Timestamp, fact: &Fact) {
        let node = self.state.plan_node(frame).id;
        match fact {
            Fact::Decided { left_out: true, .. } => {}
            Fact::Decided { taken, .. } => self.ledger.decide(node, *taken),
            Fact::Chose { case, value, .. } => {
                self.ledger.choose(node, *case);
                if let Some(row) = self.outline.row_of(node) {
                    self.notes[row].case = Some(case_words(&self.plan, node, *case, value));
                }
            }
            Fact::Expanded { items, .. } => self.ledger.expand(node, items.len()),
            Fact::Looped { verdict, .. } => {
                if let Some(row) = self.outline.row_of(node) {
                    self.notes[row].verdict = Some(*verdict);
                }
            }
            fact => self.apply_to_task((node, self.state.indices_of(frame).to_vec()), frame, at, fact),
        }
    }

    fn apply_to_task(&mut self, place: Place, frame: FrameId, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::StepStarted { attempt, label, .. } => {
                let phase = self.checking(frame, at).unwrap_or(Phase::Running { since: at });
                self.attempt(place, frame, *attempt, label.clone(), phase);
            }
            Fact::StepReplied { .. } => {
                let since = self.attempts.get(&place).and_then(|attempt| attempt.phase.since());
                if let Some(phase) = self.checking(frame, since.unwrap_or(at))
                    && let Some(attempt) = self.attempts.get_mut(&place)
                {
                    attempt.phase = phase;
                }
            }
            Fact::FellBack { attempt, fault, .. } => {
                let label = self.attempts.remove(&place).and_then(|attempt| attempt.label);
                let phase = Phase::HandedOver { message: shortened(fault.message()) };
                self.attempt(place, frame, *attempt, label, phase);
            }
            Fact::StepRetried { attempt, fault, until, .. } => {
                let label = self.attempts.remove(&place).and_then(|attempt| attempt.label);
                let phase = Phase::Resting { until: *until, message: shortened(fault.message()) };
                self.attempt(place, frame, *attempt, label, phase);
            }
            Fact::StepEnded { outcome, source, took_ms, label, .. } => {
                let attempts = self.attempts.remove(&place).map_or(0, |attempt| attempt.number);
                let ended = Ended {
                    label: label.clone(),
                    status: outcome.status(),
                    is_cached: matches!(source, Source::Cache { .. }),
                    took: Duration::from_millis(*took_ms),
                    attempts,
                    max: self.max_attempts(frame),
                    by: self.by(frame),
                    is_item: is_item(&self.plan, self.plan.node(place.0)),
                    why: why(outcome),
                };
                self.keep(place, ended);
            }
            _ => {}
        }
    }

    fn attempt(&mut self, place: Place, frame: FrameId, number: u32, label: Option<String>, phase: Phase) {
        let number = number.saturating_sub(self.state.spent(frame));
        let attempt = Attempt { label, number, max: self.max_attempts(frame), by: self.by(frame), phase };
        self.attempts.insert(place, attempt);
    }

    /// Counts what opened and what ended by an event.
    fn count(&mut self, frame: Option<FrameId>, known: usize, fact: &Fact) {
        let mut above = frame.filter(|frame| self.state.ended(*frame).is_some());
        let mut recorded = recorded(fact);
        while let Some(frame) = above {
            self.ledger.end(&self.state, frame, recorded.take());
            above = self.state.parent(frame).filter(|parent| self.state.ended(*parent).is_some());
        }
        for frame in self.state.opened_since(known) {
            if let Some(repeat) = self.ledger.open(&self.state, frame) {
                self.begin_round(repeat);
            }
        }
    }

    /// Forgets what was remembered of the rows in a loop: they begin anew.
    fn begin_round(&mut self, repeat: NodeId) {
        let below = self.ledger.layout().below(repeat);
        for (note, step) in self.notes.iter_mut().zip(self.outline.rows()) {
            if below.contains(&(step.main.0 as usize)) {
                *note = Note { round: note.round + 1, ..Note::default() };
            }
        }
        let is_below = |place: &Place| below.contains(&(place.0.0 as usize));
        let failed_items = &mut self.failed_items;
        self.ended.retain(|place, ended| {
            *failed_items -= usize::from(is_below(place) && ended.is_item);
            !is_below(place)
        });
    }

    fn keep(&mut self, place: Place, ended: Ended) {
        if !ended.is_item || (ended.status == Status::Failed && self.failed_items < MAX_FAILED_ITEMS) {
            self.failed_items += usize::from(ended.is_item);
            self.ended.insert(place, ended);
        }
    }

    /// What the dead owner left running will begin again; the time that passed without an owner counts nowhere.
    fn resume(&mut self, now: Timestamp) {
        self.end = None;
        self.attempts.retain(|_, attempt| matches!(attempt.phase, Phase::Resting { .. }));
        let gap = now.since(self.span.last);
        self.span.shift(gap);
        for (note, step) in self.notes.iter_mut().zip(self.outline.rows()) {
            if self.ledger.over(step.main).is_none() {
                note.span.shift(gap);
            }
        }
    }

    /// Returns what an attempt does whose agent is done and is not believed yet.
    fn checking(&self, frame: FrameId, since: Timestamp) -> Option<Phase> {
        let said = self.state.replies(frame).len().checked_sub(1)?;
        let verifier = self.state.plan_node(frame).task()?.verifiers.get(said)?;
        let doing = if verifier.judges.is_some() { "judging" } else { "checking" };
        Some(Phase::Checking { since, what: shortened(&format!("{doing}: {}", verifier.name)) })
    }

    /// Returns the call that a task makes now or made last.
    fn call(&self, frame: FrameId) -> Option<&Alternative> {
        self.state.plan_node(frame).task().map(|task: &Task| task.alternative(self.state.call(frame)))
    }

    fn max_attempts(&self, frame: FrameId) -> u32 {
        self.call(frame).map_or(1, |call| call.retry.attempts)
    }

    /// Returns the fallback that is at work, or was last.
    fn by(&self, frame: FrameId) -> Option<String> {
        self.call(frame).filter(|_| self.state.call(frame) > 0).map(|call| call.name.clone())
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
        self.state.find(address).map(|frame| self.state.plan_node(frame).id)
    }

    /// Returns the row of a node and all rows round it, inside out.
    pub(super) fn path(&self, node: NodeId) -> Vec<Row> {
        self.outline.path(node).collect()
    }

    pub(super) fn state(&self, row: Row) -> State {
        let step = self.step(row);
        let over = match step.shape {
            Shape::Undo => undone(self.ledger.undone()),
            _ => self.ledger.over(step.main),
        };
        match (over, self.notes[row].span.began) {
            (Some(status), _) => State::Ended(status),
            (None, Some(_)) => State::Begun,
            (None, None) => State::Waiting,
        }
    }

    /// Says whether nothing will come of a row, so that it need not be shown: another case was chosen, nothing failed.
    pub(super) fn is_hidden(&self, row: Row) -> bool {
        let step = self.step(row);
        let is_unwanted = match step.shape {
            Shape::Undo => self.ledger.undone().total == 0,
            _ => self.ledger.is_unwanted(step.main),
        };
        is_unwanted || step.parent.is_some_and(|parent| self.is_hidden(parent))
    }

    /// Returns what a row's items come to, or what its tasks do; of a loop those of the round that goes on.
    pub(super) fn sum(&self, row: Row) -> Sum {
        let step = self.step(row);
        match (step.shape, step.repeat) {
            (Shape::Task | Shape::Group, Some(repeat)) => self.ledger.sum(self.plan.node(repeat).children[0]),
            (Shape::Task | Shape::Group, None) => self.ledger.sum(step.main),
            (Shape::Many, _) => self.ledger.count(step.item).sum(),
            (Shape::Undo, _) => self.ledger.undone(),
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
        match (count.left_out, count.guarded, count.unreached) {
            (1.., _, _) => Some(LEFT_OUT),
            (0, 1.., _) => Some(GUARDED),
            (0, 0, 1..) => Some(UNREACHED),
            (0, 0, 0) => None,
        }
    }

    /// Says which case a row's `switch` chose, if it is one outside any items.
    pub(super) fn case(&self, row: Row) -> Option<&str> {
        self.notes[row].case.as_deref().filter(|_| self.step(row).shape != Shape::Many)
    }

    /// Returns where a row's loop stands, if it has one and is in no items.
    pub(super) fn turn(&self, row: Row) -> Option<Turn> {
        let repeat = self.step(row).repeat?;
        self.turn_of(repeat, self.frame_now(repeat), self.notes[row].verdict)
    }

    /// Returns where the loop stands that an event with this address is about.
    pub(super) fn turn_at(&self, address: &Address, verdict: Verdict) -> Option<Turn> {
        let frame = self.state.find(address)?;
        self.turn_of(self.state.plan_node(frame).id, Some(frame), Some(verdict))
    }

    fn turn_of(&self, repeat: NodeId, frame: Option<FrameId>, verdict: Option<Verdict>) -> Option<Turn> {
        let Kind::Loop(rounds) = &self.plan.node(repeat).kind else { return None };
        let asks = rounds.until.is_some() || rounds.going_while.is_some();
        Some(Turn {
            rounds: frame.map_or(0, |frame| self.state.rounds(frame)),
            max: rounds.max,
            asks,
            verdict,
            kept: frame.and_then(|frame| self.state.kept_round(frame)),
            status: frame.and_then(|frame| self.state.ended(frame)),
        })
    }

    /// Says which case a `switch` chose.
    pub(super) fn case_words(&self, node: NodeId, case: Option<u32>, value: &str) -> String {
        case_words(&self.plan, node, case, value)
    }

    /// Returns how many rounds the loops round a row have begun again.
    pub(super) fn round(&self, row: Row) -> u32 {
        self.notes[row].round
    }

    /// Returns the frame of a node that is in no items, in the rounds that go on.
    fn frame_now(&self, node: NodeId) -> Option<FrameId> {
        let mut indices = Vec::new();
        for repeat in &self.plan.node(node).scope {
            let frame = self.state.frame_at(*repeat, &indices)?;
            indices.push(self.state.rounds(frame).checked_sub(1)?);
        }
        self.state.frame_at(node, &indices)
    }

    /// Returns a row's attempts that run or wait, with their indices.
    pub(super) fn attempts(&self, row: Row) -> impl Iterator<Item = (&[u32], &Attempt)> {
        of_node(&self.attempts, self.step(row).body)
    }

    /// Returns how a row's one task ended, or its first items that failed, with their indices.
    pub(super) fn ended(&self, row: Row) -> impl Iterator<Item = (&[u32], &Ended)> {
        let own = self.plan.nodes_of(&self.plan.node(self.step(row).main).step);
        own.iter().flat_map(|node| of_node(&self.ended, node.id))
    }

    /// Returns how many attempts run.
    pub(super) fn running(&self) -> usize {
        self.attempts.values().filter(|attempt| attempt.phase.since().is_some()).count()
    }

    /// Returns how long a row has gone on.
    pub(super) fn elapsed(&self, row: Row, now: Timestamp) -> Duration {
        let span = self.notes[row].span;
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

/// Returns what was recorded of the end of a frame itself, if anything was.
fn recorded(fact: &Fact) -> Option<Recorded> {
    match fact {
        Fact::StepEnded { source, .. } => {
            Some(Recorded { passed: None, is_cached: matches!(source, Source::Cache { .. }) })
        }
        Fact::Decided { left_out: true, .. } => Some(Recorded { passed: Some(Passed::LeftOut), is_cached: false }),
        _ => None,
    }
}

/// Says which case was chosen.
fn case_words(plan: &Plan, node: NodeId, case: Option<u32>, value: &str) -> String {
    let Kind::Switch(switch) = &plan.node(node).kind else { return String::new() };
    match case.map(|case| switch.cases.get(case as usize)) {
        Some(Some(case)) => format!("case '{}'", shortened(case)),
        Some(None) => format!("default, for '{}'", shortened(value)),
        None => format!("skipped: no case for '{}'", shortened(value)),
    }
}

/// Returns what all that is taken back adds up to, once that is over.
fn undone(sum: Sum) -> Option<Status> {
    let status = if sum.failed > 0 { Status::Failed } else { Status::Succeeded };
    (sum.ended == sum.total).then_some(status)
}

fn of_node<T>(tasks: &BTreeMap<Place, T>, node: NodeId) -> impl Iterator<Item = (&[u32], &T)> {
    let range = (node, Vec::new())..(NodeId(node.0 + 1), Vec::new());
    tasks.range(range).map(|((_, indices), task)| (&indices[..], task))
}
