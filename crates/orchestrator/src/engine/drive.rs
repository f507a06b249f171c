//! The loop. It has no clock, no randomness, no thread of its own: only the `World` it is given.

mod requests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use segno_errors::{Decision, Fault, Kind, Step};

use super::context::Context;
use super::part;
use super::prepare::Prepared;
use super::response::{self, Response, respond};
use super::upstream::is_refused;
use super::world::{Answer, Asked, Dispatch, GivenUp, Launch, Signal, World};
use crate::agents::{Failed, Stopped};
use crate::model::{CacheNote, Event, Fact, Outcome, Reply, RunStatus, Source, Status, Timestamp};
use crate::patterns::iterative::Answers;
use crate::plan::Kind as NodeKind;
use crate::state::{FrameId, Ready, RunState, Work};

/// The most tasks for which the cache is asked at once.
const MAX_ASKED: usize = 1_024;
/// Attempts shorter than this are admitted ahead of a free place, so that no place stays empty while a start is made
/// durable. Longer ones are not: they would show as started while they wait.
const SHORT: Duration = Duration::from_millis(20);
/// How many times the places are admitted then.
const AHEAD: usize = 4;
/// So many decisions wait for each other's commit at most.
const MAX_PUT_OFF: usize = 1_024;
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
        unfinished: Vec::new(),
        is_asking: false,
        unasked: VecDeque::new(),
        unstarted: VecDeque::new(),
        missed: VecDeque::new(),
        prepared: HashMap::new(),
        refusals: HashMap::new(),
        batch: Vec::new(),
        only_decisions: true,
        notes_since: None,
        stopping: None,
        is_cancelled: false,
        acted: None,
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
    /// Guards, lists and the next of several fallbacks that are being worked out.
    working_out: usize,
    /// Attempts of which a part came back and whose next part is to be made.
    unfinished: Vec<Dispatch>,
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
    /// How often the call of a task was not let through, which is no attempt of it.
    refusals: HashMap<FrameId, u32>,
    /// What happened and is not durable yet.
    batch: Vec<Event>,
    /// The batch holds nothing but decisions.
    only_decisions: bool,
    /// Since when the batch holds nothing but notes that can wait, or decisions that others follow.
    notes_since: Option<Timestamp>,
    stopping: Option<Stopped>,
    /// It was asked to end for good.
    is_cancelled: bool,
    /// The last request that was acted on and not said to be.
    acted: Option<u64>,
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
            self.put_off(&launches);
            self.commit().await?;
            launches.into_iter().for_each(|launch| self.world.launch(launch));
            match end {
                Some(Fact::RunEnded { status, .. }) => return Ok(status),
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
            return Some(Fact::RunEnded { status: run_status(status), reason: None });
        }
        let cancelled = Fact::RunEnded { status: RunStatus::Failed, reason: Some("cancelled".into()) };
        self.stopping.map(|_| match self.is_cancelled {
            true => cancelled,
            false => Fact::RunPaused { reason: "interrupted".into() },
        })
    }

    /// Takes up what is ready, as far as there is room. What must be known before it has an effect is recorded.
    fn take_up(&mut self) -> Vec<Launch> {
        let mut launches = Vec::new();
        for dispatch in std::mem::take(&mut self.unfinished) {
            let prepared = self.prepared.get(&dispatch.frame).cloned();
            launches.push(Launch::Attempt(dispatch, prepared));
        }
        while let Some(ready) = self.state.take_duty() {
            launches.extend(self.take_duty(ready));
        }
        self.sort_tasks();
        let room = MAX_ASKED.saturating_sub(self.missed.len());
        if !self.is_asking && room > 0 && !self.unasked.is_empty() {
            let count = room.min(self.unasked.len());
            let questions: Vec<Ready> = self.unasked.drain(..count).collect();
            let questions = questions.iter().map(|ready| self.dispatch(ready)).collect();
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
            let call = self.state.call(ready.frame);
            let task = self.state.plan_node(ready.frame).task();
            let is_cached = task.is_some_and(|task| task.alternative(call).cache.is_some());
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
                Some((self.dispatch(&ready), note))
            }
        }
    }

    /// Gathers what a frame can see. Values of the shared data are recorded as they are now, so that they are the same
    /// when the run is resumed.
    fn dispatch(&mut self, ready: &Ready) -> Dispatch {
        let frame = ready.frame;
        if let Some(task) = self.state.plan_node(frame).task()
            && !task.gets.is_empty()
            && self.state.given(frame).is_none()
        {
            let keys = task.gets.iter().map(|key| key.source().to_owned());
            let values = keys.filter_map(|key| Some((key.clone(), self.state.data().get(&key)?.clone())));
            let values = Arc::new(values.collect());
            self.record(Fact::DataGot { step: self.state.address(frame), values });
        }
        self.context.dispatch(&self.state, ready)
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
        match &ready.work {
            Work::Skip(because) => {
                let outcome = RunState::skipped(because.clone());
                self.ended(ready.frame, outcome, Source::Ran, Duration::ZERO);
                None
            }
            Work::Decide | Work::Attempt(_) => {
                self.working_out += 1;
                Some(Launch::Decide(self.context.dispatch(&self.state, &ready)))
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

    /// Nothing has to be durable yet while only decisions were made and others are still being made: they have no effect
    /// and can be made again.
    fn put_off(&mut self, launches: &[Launch]) {
        let decide = |launch: &Launch| matches!(launch, Launch::Decide(_));
        if launches.is_empty() {
            return;
        }
        let is_early = self.only_decisions && self.batch.len() < MAX_PUT_OFF && launches.iter().all(decide);
        // The first of them does not wait longer for all that come after it.
        self.notes_since = self.batch.first().filter(|_| is_early).map(|first| first.at);
    }

    /// Makes what happened durable. Notes alone wait for company.
    async fn commit(&mut self) -> Result<(), Fault> {
        let due = self.notes_since.is_none_or(|since| self.world.now().since(since) >= NOTE_DELAY);
        if self.batch.is_empty() || !due {
            return Ok(());
        }
        self.notes_since = None;
        self.only_decisions = true;
        let events: Arc<[Event]> = std::mem::take(&mut self.batch).into();
        self.world.commit(events).await?;
        if let Some(request) = self.acted.take() {
            self.world.acted(request);
        }
        Ok(())
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
            Signal::Stop(stopped) => {
                self.stopping = self.stopping.max(Some(stopped));
                // Their parts are recorded; the next owner makes the rest.
                self.in_flight -= std::mem::take(&mut self.unfinished).len();
            }
            Signal::Decided(frame, answer) => {
                self.working_out -= 1;
                match answer {
                    Ok(answer) => self.decided(frame, answer),
                    Err(_) if self.is_fruitless(frame) => self.decided(frame, Answer::Turn(FRUITLESS)),
                    Err(fault) => self.ended(frame, Outcome::of_fault(fault), Source::Ran, Duration::ZERO),
                }
            }
            Signal::Replied(dispatch, reply) => self.replied(*dispatch, *reply),
            Signal::Requested(filed) => self.requested(filed),
            Signal::Asked(answers) => {
                self.is_asking = false;
                answers.into_iter().for_each(|(dispatch, asked)| self.answered(dispatch, asked));
            }
            Signal::Attempted(dispatch, result, took) => self.attempted(*dispatch, *result, took),
            Signal::Ranked(given_up, to) => {
                self.working_out -= 1;
                let GivenUp { dispatch, fault, decision, .. } = *given_up;
                self.fell_back(&dispatch, fault, to, decision);
            }
        }
    }

    /// A failed round may leave nothing that `until` could be asked of: then it does not hold.
    fn is_fruitless(&self, frame: FrameId) -> bool {
        let rounds = &self.state.plan_node(frame).kind;
        matches!(rounds, NodeKind::Loop(rounds) if rounds.until.is_some()) && self.state.round_broke(frame)
    }

    fn decided(&mut self, frame: FrameId, answer: Answer) {
        if let Some(fact) = answer.into_fact(frame, &self.state) {
            self.record(fact);
        }
    }

    /// Keeps a part of an attempt, which is durable before the next part begins.
    fn replied(&mut self, mut dispatch: Dispatch, reply: Reply) {
        let (step, attempt) = (dispatch.address.clone(), dispatch.attempt);
        let reply = Arc::new(reply);
        dispatch.replies.push(Arc::clone(&reply));
        self.record(Fact::StepReplied { step, attempt, reply });
        match self.stopping {
            None => self.unfinished.push(dispatch),
            Some(_) => self.in_flight -= 1,
        }
    }

    fn answered(&mut self, dispatch: Dispatch, asked: Asked) {
        match asked {
            Asked::Hit { reply, source, took } => self.ended(dispatch.frame, Outcome::of_reply(*reply), source, took),
            Asked::Broken(fault) => self.ended(dispatch.frame, Outcome::of_fault(fault), Source::Ran, Duration::ZERO),
            Asked::Miss { prepared, because } => {
                let key = prepared.key().unwrap_or_default();
                self.prepared.insert(dispatch.frame, prepared);
                self.missed.push_back((dispatch, CacheNote::Miss { key, because }));
            }
        }
    }

    fn attempted(&mut self, dispatch: Dispatch, result: Result<Reply, Failed>, took: Duration) {
        self.in_flight -= 1;
        self.usual = Some(self.usual.map_or(took, |usual| (usual * 7 + took) / 8));
        let failed = match result {
            Ok(reply) => return self.ended(dispatch.frame, Outcome::of_reply(reply), Source::Ran, took),
            // The attempt did not fail, it was cut off: the next owner makes it again.
            Err(failed) if failed.fault.why() == Some("interrupted") => return,
            Err(failed) => failed,
        };
        self.respond(dispatch, failed, took);
    }

    /// Does what is to be done about a failed attempt: makes another, has somebody else do it, or leaves it at that.
    fn respond(&mut self, dispatch: Dispatch, failed: Failed, took: Duration) {
        let left = self.state.untried(dispatch.frame);
        let Some(response) = self.response(&dispatch, &failed.fault, !left.is_empty()) else {
            return self.failed(dispatch.frame, failed, None, took);
        };
        let Response { decision, wait, is_unpaid } = response;
        let failed = if is_unpaid { response::unpaid(failed) } else { failed };
        let hands_on = decision.step == Step::Fallback;
        let decision = Some(Box::new(decision));
        match (wait, &left[..]) {
            (Some(wait), _) => {
                let until = self.world.now().after(wait);
                let (step, attempt) = (dispatch.address, dispatch.attempt);
                self.record(Fact::StepRetried { step, attempt, fault: failed.fault, until, decision });
            }
            (None, [_, _, ..]) if hands_on && self.world.ranks() => {
                self.working_out += 1;
                let given_up = GivenUp { dispatch, fault: failed.fault, left, decision };
                self.world.launch(Launch::Rank(Box::new(given_up)));
            }
            (None, [to, ..]) if hands_on => self.fell_back(&dispatch, failed.fault, *to, decision),
            (None, _) => self.failed(dispatch.frame, failed, decision, took),
        }
    }

    /// Works out what is to be done about a failed attempt. The retry is paid for here.
    fn response(&mut self, dispatch: &Dispatch, fault: &Fault, has_fallback: bool) -> Option<Response> {
        let refusals = self.refusals.get(&dispatch.frame).copied().unwrap_or_default() + u32::from(is_refused(fault));
        self.refusals.insert(dispatch.frame, refusals);
        let node = self.state.plan_node(dispatch.frame);
        let task = node.task()?;
        let (way, call) = (task.alternative(dispatch.call), part::called(task, dispatch).ok()?);
        let made = (dispatch.attempt - self.state.spent(dispatch.frame)).saturating_sub(refusals);
        let (is_optional, unit) = (node.optional, self.world.unit());
        let asked = response::Asked { way, call, made, refusals, has_fallback, is_optional, unit };
        Some(respond(fault, &asked, || self.world.pays_retry(call)))
    }

    fn failed(&mut self, frame: FrameId, failed: Failed, decision: Option<Box<Decision>>, took: Duration) {
        let Failed { fault, reply } = failed;
        let reply = reply.map(|reply| Arc::new(*reply));
        self.finished(frame, Outcome::Failed { fault, reply }, Source::Ran, decision, took);
    }

    fn fell_back(&mut self, dispatch: &Dispatch, fault: Fault, to: u32, decision: Option<Box<Decision>>) {
        let task = self.state.plan_node(dispatch.frame).task();
        let agent = task.map(|task| task.alternative(to).name.clone()).unwrap_or_default();
        // What was rendered was for the one that failed.
        self.prepared.remove(&dispatch.frame);
        self.refusals.remove(&dispatch.frame);
        let (step, attempt) = (dispatch.address.clone(), dispatch.attempt);
        self.record(Fact::FellBack { step, attempt, fault, to, agent, decision });
    }

    fn ended(&mut self, frame: FrameId, outcome: Outcome, source: Source, took: Duration) {
        self.finished(frame, outcome, source, None, took);
    }

    fn finished(
        &mut self,
        frame: FrameId,
        outcome: Outcome,
        source: Source,
        decision: Option<Box<Decision>>,
        took: Duration,
    ) {
        self.prepared.remove(&frame);
        self.refusals.remove(&frame);
        let label = self.context.label(&self.state, frame);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let step = self.state.address(frame);
        if let Outcome::Succeeded { reply } | Outcome::Partial { reply } = &outcome {
            for (key, value) in &reply.puts {
                self.record(Fact::DataPut { step: step.clone(), key: key.clone(), value: value.clone() });
            }
        }
        self.record(Fact::StepEnded { step, outcome, source, took_ms, decision, label });
    }

    /// Makes an event of what happened. It acts on nothing outside before it is durable.
    fn record(&mut self, fact: Fact) {
        self.notes_since = None;
        self.note(fact, false);
    }

    fn note(&mut self, fact: Fact, can_wait: bool) {
        let at = self.world.now();
        self.only_decisions &= fact.is_decision();
        let event = Event { seq: self.state.events() + 1, at, fact };
        self.state.apply(&event);
        self.batch.push(event);
        if can_wait {
            self.notes_since = Some(at);
        }
    }
}

/// What a failed round says that leaves nothing to ask of.
const FRUITLESS: Answers = Answers { until: false, going_while: true, score: None };

fn run_status(status: Status) -> RunStatus {
    match status {
        Status::Succeeded | Status::Skipped => RunStatus::Succeeded,
        Status::Partial => RunStatus::Degraded,
        Status::Failed => RunStatus::Failed,
    }
}
