//! The loop. It has no clock, no randomness, no thread of its own: only the `World` it is given.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use segno_errors::{Fault, Kind, Later};
use segno_resilience::{Retry, Verdict};

use super::context::Context;
use super::prepare::Prepared;
use super::world::{Asked, Dispatch, Launch, Signal, World};
use crate::agents::{Failed, Stopped};
use crate::model::{CacheNote, Event, Fact, Outcome, Reply, RunStatus, Source, Status, Timestamp};
use crate::state::{FrameId, Ready, RunState, Work};

/// The most tasks for which the cache is asked at once.
const MAX_ASKED: usize = 1_024;
/// Attempts shorter than this are admitted ahead of a free place, so that no place stays empty while a start is made
/// durable. Longer ones are not: they would show as started while they wait.
const SHORT: Duration = Duration::from_millis(20);
/// How many times the places are admitted then.
const AHEAD: usize = 4;
/// How long a note that need not be durable at once (a child's pid) waits for company.
const NOTE_DELAY: Duration = Duration::from_millis(50);

/// Drives a run from its state to its end or its pause; `first` is what happened before the loop.
///
/// # Errors
/// When an event could not be made durable: then nothing of it counts, and the run can be resumed.
pub(crate) async fn drive<W: World>(
    world: &mut W,
    state: RunState,
    context: Context,
    jobs: usize,
    first: Vec<Fact>,
) -> Result<RunStatus, Fault> {
    let mut drive = Drive {
        world,
        state,
        context,
        jobs: jobs.max(1),
        in_flight: 0,
        usual: None,
        working_out: 0,
        is_asking: false,
        unasked: VecDeque::new(),
        unstarted: VecDeque::new(),
        missed: VecDeque::new(),
        prepared: HashMap::new(),
        batch: Vec::new(),
        notes_since: None,
        stopping: None,
    };
    first.into_iter().for_each(|fact| drive.record(fact));
    drive.run().await
}

struct Drive<'w, W> {
    world: &'w mut W,
    state: RunState,
    context: Context,
    jobs: usize,
    /// Attempts that run or wait for a place.
    in_flight: usize,
    /// How long attempts took of late.
    usual: Option<Duration>,
    /// Guards and lists that are being worked out.
    working_out: usize,
    /// The cache is being asked.
    is_asking: bool,
    /// Attempts for which the cache is to be asked first.
    unasked: VecDeque<Ready>,
    /// Attempts that wait for room.
    unstarted: VecDeque<Ready>,
    /// Attempts that the cache could not save and that wait for room, with what it said.
    missed: VecDeque<(Dispatch, CacheNote)>,
    /// What was rendered for tasks that may be remembered, until they end.
    prepared: HashMap<FrameId, Arc<Prepared>>,
    /// What happened and is not durable yet.
    batch: Vec<Event>,
    /// Since when the batch holds nothing but notes that can wait.
    notes_since: Option<Timestamp>,
    stopping: Option<Stopped>,
}

impl<W: World> Drive<'_, W> {
    async fn run(&mut self) -> Result<RunStatus, Fault> {
        loop {
            self.state.wake_due(self.world.now());
            let launches = if self.stopping.is_none() { self.take_up() } else { Vec::new() };
            let end = self.end();
            if let Some(fact) = end.clone() {
                self.record(fact);
            }
            self.commit().await?;
            launches.into_iter().for_each(|launch| self.world.launch(launch));
            match end {
                Some(Fact::RunEnded { status }) => return Ok(status),
                Some(_) => return Ok(RunStatus::Paused),
                None => self.wait().await?,
            }
        }
    }

    /// Says how the run ends, if it does now: over, or stopped with nothing in flight.
    fn end(&self) -> Option<Fact> {
        if self.is_busy() {
            return None;
        }
        if let Some(status) = self.state.status() {
            return Some(Fact::RunEnded { status: run_status(status) });
        }
        self.stopping.map(|_| Fact::RunPaused { reason: "interrupted".into() })
    }

    /// Takes up what is ready, as far as there is room. What must be known before it has an effect is recorded.
    fn take_up(&mut self) -> Vec<Launch> {
        let mut launches = Vec::new();
        while let Some(ready) = self.state.take_duty() {
            launches.extend(self.take_duty(ready));
        }
        self.sort_tasks();
        let room = MAX_ASKED.saturating_sub(self.missed.len());
        if !self.is_asking && room > 0 && !self.unasked.is_empty() {
            let count = room.min(self.unasked.len());
            let questions =
                self.unasked.drain(..count).map(|ready| self.context.dispatch(&self.state, ready)).collect();
            self.is_asking = true;
            launches.push(Launch::Ask(questions));
        }
        while self.has_room()
            && let Some((dispatch, note)) = self.next_to_start()
        {
            launches.push(self.start(dispatch, note));
        }
        launches
    }

    /// Parts tasks that may start from those for which the cache is asked first, so that neither waits for the other.
    fn sort_tasks(&mut self) {
        while let Some(ready) = self.state.take_task() {
            let is_cached = self.state.plan_node(ready.frame).task().is_some_and(|task| task.cache.is_some());
            match is_cached && !self.prepared.contains_key(&ready.frame) {
                true => self.unasked.push_back(ready),
                false => self.unstarted.push_back(ready),
            }
        }
    }

    /// Takes the attempt that became ready first, of those that need no question and those whose answer was no.
    fn next_to_start(&mut self) -> Option<(Dispatch, CacheNote)> {
        let missed = self.missed.front().map(|(dispatch, _)| dispatch.frame);
        match (missed, self.unstarted.front().map(|ready| ready.frame)) {
            (Some(missed), unstarted) if unstarted.is_none_or(|frame| missed < frame) => self.missed.pop_front(),
            _ => {
                let ready = self.unstarted.pop_front()?;
                let known = self.prepared.get(&ready.frame).and_then(|prepared| prepared.key());
                let note = known.map_or(CacheNote::Off, |key| CacheNote::Miss { key, because: Vec::new() });
                Some((self.context.dispatch(&self.state, ready), note))
            }
        }
    }

    /// Says whether something is under way whose end will come as a signal.
    fn is_busy(&self) -> bool {
        self.in_flight + self.working_out > 0 || self.is_asking
    }

    fn has_room(&self) -> bool {
        let ahead = self.usual.is_some_and(|usual| usual < SHORT);
        self.in_flight < if ahead { self.jobs * AHEAD } else { self.jobs }
    }

    fn take_duty(&mut self, ready: Ready) -> Option<Launch> {
        match ready.work {
            Work::Skip { needs } => {
                let outcome = RunState::skipped(needs);
                self.ended(ready.frame, outcome, Source::Ran, Duration::ZERO);
                None
            }
            Work::Decide => {
                self.working_out += 1;
                Some(Launch::Decide(self.context.dispatch(&self.state, ready)))
            }
            Work::Expand | Work::Attempt(_) => {
                self.working_out += 1;
                Some(Launch::Expand(self.context.dispatch(&self.state, ready)))
            }
        }
    }

    /// Records the start of an attempt, which is durable before the attempt begins.
    fn start(&mut self, dispatch: Dispatch, cache: CacheNote) -> Launch {
        let prepared = self.prepared.get(&dispatch.frame).cloned();
        let (step, attempt, label) = (dispatch.address.clone(), dispatch.attempt, dispatch.label());
        self.in_flight += 1;
        self.record(Fact::StepStarted { step, attempt, label, cache });
        Launch::Attempt(dispatch, prepared)
    }

    /// Makes what happened durable. Notes alone wait for company.
    async fn commit(&mut self) -> Result<(), Fault> {
        let due = self.notes_since.is_none_or(|since| self.world.now().since(since) >= NOTE_DELAY);
        if self.batch.is_empty() || !due {
            return Ok(());
        }
        self.notes_since = None;
        let events: Arc<[Event]> = std::mem::take(&mut self.batch).into();
        self.world.commit(events).await
    }

    async fn wait(&mut self) -> Result<(), Fault> {
        let notes_due = self.notes_since.map(|since| since.after(NOTE_DELAY));
        let due = self.state.next_due().filter(|_| self.stopping.is_none());
        let until = due.into_iter().chain(notes_due).min();
        if until.is_none() && !self.is_busy() && self.state.is_idle() {
            let fault = Fault::new(Kind::Internal, "nothing is left to do, and the run has not ended");
            return Err(fault.hint("this is a bug of segno: please report it with the workflow"));
        }
        for signal in self.world.next(until).await {
            self.see(signal);
        }
        Ok(())
    }

    fn see(&mut self, signal: Signal) {
        match signal {
            Signal::Spawned(frame, pid, birth) => {
                let noted = self.batch.is_empty();
                self.note(Fact::Spawned { step: self.state.address(frame), pid, birth }, noted);
            }
            Signal::Stop(stopped) => self.stopping = self.stopping.max(Some(stopped)),
            Signal::Decided(frame, answer) => {
                self.working_out -= 1;
                let step = self.state.address(frame);
                match answer {
                    Ok(taken) => self.record(Fact::Decided { step, taken }),
                    Err(fault) => self.ended(frame, Outcome::of_fault(fault), Source::Ran, Duration::ZERO),
                }
            }
            Signal::Expanded(frame, answer) => {
                self.working_out -= 1;
                let step = self.state.address(frame);
                match answer {
                    Ok(items) => self.record(Fact::Expanded { step, items }),
                    Err(fault) => self.ended(frame, Outcome::of_fault(fault), Source::Ran, Duration::ZERO),
                }
            }
            Signal::Asked(answers) => {
                self.is_asking = false;
                answers.into_iter().for_each(|(dispatch, asked)| self.answered(dispatch, asked));
            }
            Signal::Attempted(dispatch, result, took) => self.attempted(&dispatch, result, took),
        }
    }

    fn answered(&mut self, dispatch: Dispatch, asked: Asked) {
        match asked {
            Asked::Hit { reply, source, took } => self.ended(dispatch.frame, Outcome::of_reply(reply), source, took),
            Asked::Broken(fault) => self.ended(dispatch.frame, Outcome::of_fault(fault), Source::Ran, Duration::ZERO),
            Asked::Miss { prepared, because } => {
                let key = prepared.key().unwrap_or_default();
                self.prepared.insert(dispatch.frame, prepared);
                self.missed.push_back((dispatch, CacheNote::Miss { key, because }));
            }
        }
    }

    fn attempted(&mut self, dispatch: &Dispatch, result: Result<Reply, Failed>, took: Duration) {
        self.in_flight -= 1;
        self.usual = Some(self.usual.map_or(took, |usual| (usual * 7 + took) / 8));
        let failed = match result {
            Ok(reply) => return self.ended(dispatch.frame, Outcome::of_reply(reply), Source::Ran, took),
            // The attempt did not fail, it was cut off: the next owner makes it again.
            Err(failed) if failed.fault.why() == Some("interrupted") => return,
            Err(failed) => failed,
        };
        match self.wait_before_retry(dispatch, &failed.fault) {
            Some(wait) => {
                let (step, attempt) = (dispatch.address.clone(), dispatch.attempt);
                let until = self.world.now().after(wait);
                self.record(Fact::StepRetried { step, attempt, fault: failed.fault, until });
            }
            None => {
                let Failed { fault, reply } = failed;
                self.ended(dispatch.frame, Outcome::Failed { fault, reply }, Source::Ran, took);
            }
        }
    }

    /// Returns how long to wait before the next attempt; `None` when there is to be none.
    fn wait_before_retry(&mut self, dispatch: &Dispatch, fault: &Fault) -> Option<Duration> {
        let policy = &self.state.plan_node(dispatch.frame).task()?.retry;
        let retry = Retry::attempts(policy.attempts).exponential(policy.wait..=policy.max_wait).build().ok()?;
        let verdict = match fault.may_work_later() {
            Later::Transient => Verdict::Transient,
            Later::Throttled(wish) => Verdict::Throttled(wish),
            Later::Never | Later::Persistent => Verdict::Permanent,
        };
        retry.next(dispatch.attempt, verdict, self.world.unit())
    }

    fn ended(&mut self, frame: FrameId, outcome: Outcome, source: Source, took: Duration) {
        self.prepared.remove(&frame);
        let label = self.context.label(&self.state, frame);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.record(Fact::StepEnded { step: self.state.address(frame), outcome, source, took_ms, label });
    }

    /// Makes an event of what happened. It acts on nothing outside before it is durable.
    fn record(&mut self, fact: Fact) {
        self.notes_since = None;
        self.note(fact, false);
    }

    fn note(&mut self, fact: Fact, can_wait: bool) {
        let at = self.world.now();
        let event = Event { seq: self.state.events() + 1, at, fact };
        self.state.apply(&event);
        self.batch.push(event);
        if can_wait {
            self.notes_since = Some(at);
        }
    }
}

fn run_status(status: Status) -> RunStatus {
    match status {
        Status::Succeeded | Status::Skipped => RunStatus::Succeeded,
        Status::Partial => RunStatus::Degraded,
        Status::Failed => RunStatus::Failed,
    }
}
