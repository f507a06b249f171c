//! Runs one test: the loop on the virtual world, killed in between when the test says so, and the comparison.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use segno_errors::Fault;
use segno_logging::Redactor;
use segno_logging::redact::Options;
use serde_json::Map;

use super::actors::Actors;
use super::cassette::Player;
use super::observed::Observed;
use super::script::Case;
use super::timeline::timeline;
use super::verdict::{Breach, breaches};
use super::world::{Halt, Stage, Virtual};
use crate::definition::Definition;
use crate::engine::context::Context;
use crate::engine::drive::drive;
use crate::engine::learn::learn_plan;
use crate::journal::{Blobs, Journal as _, MemoryJournal};
use crate::model::{Event, Fact, Owner, RunId, RunStatus, Timestamp};
use crate::plan::{ListFiles, Plan};
use crate::report::short_duration;
use crate::state::RunState;

/// When the runs of tests begin: 2026-01-01, for them all.
const BEGAN: Timestamp = Timestamp(1_767_225_600_000);
/// The name of the runs of tests.
const RUN: &str = "20260101-000000-test";

/// What tests are run with.
#[derive(Clone, Default)]
pub struct Bench {
    /// Lists the project's files where a test does not say what `files()` gives.
    pub files: Option<Arc<ListFiles>>,
    /// What is hidden as a secret beyond the usual, and what is not. The values of segno's own environment are none of a
    /// test's: it is to give the same everywhere.
    pub secrets: Options,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").finish_non_exhaustive()
    }
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The test's name.
    pub name: String,
    /// How its run ended.
    pub status: Option<RunStatus>,
    /// How long the run took, in virtual time.
    pub took: Duration,
    /// What is not as expected; nothing when the test passed.
    pub breaches: Vec<Breach>,
    /// The events of the run.
    pub events: Vec<Event>,
}

impl Outcome {
    /// Says whether all was as expected.
    pub fn is_passed(&self) -> bool {
        self.breaches.is_empty()
    }

    /// Tells in lines what was expected and what came.
    pub fn told(&self) -> String {
        let mut lines = Vec::new();
        for Breach { what, expected, got } in &self.breaches {
            match expected.is_empty() {
                true => lines.push(format!("{what}: {got}\n")),
                false => lines.push(format!("{what}\n  expected  {expected}\n  got       {got}\n")),
            }
        }
        lines.concat()
    }

    /// Tells the run in lines, event by event.
    pub fn timeline(&self) -> String {
        timeline(&self.events)
    }
}

/// Runs a test of a workflow. Nothing is started and nobody waits: the run's hours pass at once.
pub fn run(definition: &Definition, case: &Case) -> Outcome {
    Bench::default().run(definition, case)
}

impl Bench {
    /// Runs a test of a workflow.
    pub fn run(&self, definition: &Definition, case: &Case) -> Outcome {
        let whole = match self.play(definition, case, None) {
            Ok(played) => played,
            Err(fault) => return broken(case, &fault),
        };
        let Some(kill) = case.kill_after else {
            return whole.outcome(definition, case);
        };
        if kill >= whole.events.len() {
            let mut outcome = whole.outcome(definition, case);
            let got = format!("the run has only {} events", whole.events.len());
            outcome.breaches.push(Breach::new("kill_after", format!("a kill after event {kill}"), got));
            return outcome;
        }
        match self.play(definition, case, Some(kill)) {
            Ok(killed) => {
                let mut outcome = killed.outcome(definition, case);
                outcome.breaches.extend(whole.differences(&killed, definition, kill));
                outcome
            }
            Err(fault) => broken(case, &fault),
        }
    }

    /// Plays a run to its end. With a kill its owner dies after that many events, and another goes on.
    fn play(&self, definition: &Definition, case: &Case, kill: Option<usize>) -> Result<Played, Fault> {
        let cassette = case.cassette.as_ref().and_then(|(_, cassette)| cassette.as_ref());
        let stage = Stage {
            run: RunId::new(RUN).expect("made of digits and letters"),
            plan: definition.plan.clone(),
            blobs: Arc::new(Blobs::default()),
            files: self.files(case),
            jobs: case.jobs,
            limits: case.limits,
            began: BEGAN,
            redactor: self.redactor(&definition.plan),
        };
        let mut actors = Actors::new(&case.mocks, cassette.map(Player::new));
        let given = match (&case.inputs, cassette) {
            (Some(inputs), _) => inputs.clone(),
            (None, Some(cassette)) => Map::clone(&cassette.inputs),
            (None, None) => Map::new(),
        };
        let bound = definition.plan.bind(given, &stage.files);
        let inputs =
            bound.map_err(|bad| Fault::new(segno_errors::Kind::Validation, bad.to_string()).reason("inputs"))?;
        let (pinned, pins) = definition.pins();
        let (flow, parent, only) = (definition.plan.name.clone(), None, Vec::new());
        let first = Fact::RunStarted { flow, pinned, inputs, owner: Owner::default(), parent, only };
        let mut journal = kill.map_or_else(MemoryJournal::default, MemoryJournal::with_limit);
        let state = RunState::new(stage.plan.clone());
        let mut ended = go(&stage, &mut actors, &journal, state, first, pins);
        if let (Err(fault), Some(_)) = (&ended.0, kill)
            && fault.why() == Some("limit")
        {
            journal = journal.survivor();
            let mut state = RunState::new(stage.plan.clone());
            journal.read(&stage.run)?.events.iter().for_each(|event| state.apply(event));
            let resumed = Fact::RunResumed { owner: Owner::default() };
            ended = go(&stage, &mut actors, &journal, state, resumed, Vec::new());
        }
        let events = journal.read(&stage.run)?.events;
        match ended {
            (Err(fault), None) => Err(fault),
            (_, halt) => Ok(Played { events, actors, halt, blobs: stage.blobs }),
        }
    }

    /// Makes a redactor for one run alone: what one test gives its steps is no secret of another.
    fn redactor(&self, plan: &Plan) -> Redactor {
        let redactor = Redactor::with(&self.secrets);
        learn_plan(&redactor, plan, None);
        redactor
    }

    fn files(&self, case: &Case) -> Arc<ListFiles> {
        match (&case.files, &self.files) {
            (Some(table), _) => {
                let table = table.clone();
                Arc::new(move |glob: &str| {
                    table.get(glob).cloned().ok_or_else(|| {
                        let known: Vec<&str> = table.keys().map(String::as_str).collect();
                        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                        format!("the test's 'files' says nothing of '{glob}', only of {known}")
                    })
                })
            }
            (None, Some(files)) => files.clone(),
            (None, None) => Arc::new(|glob: &str| {
                Err(format!("no files are there; say what files('{glob}') gives with files: {{ \"{glob}\": [..] }}"))
            }),
        }
    }
}

/// Drives a run on the virtual world to its end, its kill, or until it is given up.
fn go(
    stage: &Stage,
    actors: &mut Actors,
    journal: &MemoryJournal,
    state: RunState,
    first: Fact,
    pins: Vec<(String, Arc<str>)>,
) -> (Result<RunStatus, Fault>, Option<Halt>) {
    let now = journal.read(&stage.run).ok().and_then(|log| log.events.last().map(|event| event.at));
    let mut world = Virtual::new(stage, actors, journal, now.unwrap_or(stage.began), state.events(), pins);
    let context = Context::new(stage.blobs.clone(), stage.files.clone());
    let ended = at_once(drive(&mut world, state, context, stage.jobs, vec![first]));
    (ended, world.halted())
}

/// Polls a future to its end. Nothing in the virtual world waits, so it is never asked in vain.
fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = Task::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
    }
}

/// A test that could not even begin.
fn broken(case: &Case, fault: &Fault) -> Outcome {
    let breaches = vec![Breach::new("the run cannot begin", "", fault.message())];
    Outcome { name: case.name.clone(), status: None, took: Duration::ZERO, breaches, events: Vec::new() }
}

/// A run as it was played.
struct Played {
    events: Vec<Event>,
    actors: Actors,
    halt: Option<Halt>,
    blobs: Arc<Blobs>,
}

impl Played {
    fn outcome(&self, definition: &Definition, case: &Case) -> Outcome {
        let observed = Observed::new(definition.plan.clone(), &self.events);
        let mut found: Vec<Breach> =
            self.actors.unanswered().iter().map(|call| Breach::new("unanswered", "", call)).collect();
        // Where a test expects the run to be paused, that it hangs for ever is no surprise.
        let is_paused = case.expect.status == Some(RunStatus::Paused);
        let surprise = |halt: &&Halt| !(is_paused && matches!(halt, Halt::Hanging(_)));
        found.extend(self.halt.as_ref().filter(surprise).map(|halt| given_up(halt, case)));
        found.extend(breaches(&case.expect, &observed, &self.actors, &self.blobs));
        Outcome {
            name: case.name.clone(),
            status: observed.status,
            took: observed.took,
            breaches: found,
            events: self.events.clone(),
        }
    }

    /// Says in what a run that was killed and resumed ended otherwise than this one.
    fn differences(&self, killed: &Played, definition: &Definition, kill: usize) -> Vec<Breach> {
        let observed = |played: &Played| Observed::new(definition.plan.clone(), &played.events);
        let (mine, theirs) = (observed(self), observed(killed));
        let what = |name: &str| format!("{name}, killed after event {kill}");
        let mut found = Vec::new();
        if mine.status != theirs.status {
            let name = |status: Option<RunStatus>| status.map_or("not ended", RunStatus::name);
            found.push(Breach::new(what("status"), name(mine.status), name(theirs.status)));
        }
        let (ends, others) = (mine.ends(), theirs.ends());
        for task in ends.keys().chain(others.keys().filter(|task| !ends.contains_key(*task))) {
            let told = |end: Option<&Option<&crate::model::Outcome>>| match end {
                None => "not begun".to_owned(),
                Some(None) => "not ended".to_owned(),
                Some(Some(outcome)) => super::verdict::told(outcome),
            };
            if ends.get(task) != others.get(task) {
                let (one, other) = (told(ends.get(task)), told(others.get(task)));
                let other = if one == other { format!("{other}, with something else") } else { other };
                found.push(Breach::new(what(&format!("steps.{task}")), one, other));
            }
        }
        found
    }
}

fn given_up(halt: &Halt, case: &Case) -> Breach {
    match halt {
        Halt::Hanging(names) => {
            let message = format!("{} never end and have no timeout; nothing else goes on", names.join(", "));
            Breach::new("the run hangs", "", message)
        }
        Halt::TooLong => {
            let limit = short_duration(case.limits.time);
            Breach::new("the run is endless", "", format!("it takes more than {limit} of virtual time (limit.time)"))
        }
        Halt::TooMany => {
            let limit = case.limits.events;
            Breach::new("the run is endless", "", format!("it makes more than {limit} events (limit.events)"))
        }
    }
}
