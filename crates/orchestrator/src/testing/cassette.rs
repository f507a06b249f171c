//! Recordings of real runs: what each call was asked and what came of it; and how they are played back. A call that was
//! not recorded like this is told with the parts in which it differs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use segno_errors::Fault;
use serde::{Deserialize, Serialize};

use crate::agents::{Failed, Request};
use crate::definition::Definition;
use crate::engine::context::Context;
use crate::engine::part::{self, Part};
use crate::engine::world::Dispatch;
use crate::journal::Blobs;
use crate::model::{Address, Event, Fact, Inputs, Outcome, Output, Reply, RunId, Source, Timestamp, Usage};
use crate::spec::{Mistake, Mistakes};
use crate::state::{Ready, RunState, Work};

/// The version of the format.
const FORMAT: u32 = 1;
/// The most letters of a part of a request that are kept as they are.
const MAX_PART: usize = 400;
/// The most letters of a part that a message shows.
const MAX_SHOWN: usize = 80;

/// The calls of a run.
///
/// ```
/// use segno_orchestrator::testing::Cassette;
///
/// let text = r#"{ "format": 1, "flow": "a", "run": "20260101-000000-abcd", "inputs": {}, "calls": [] }"#;
/// assert_eq!(Cassette::parse(text, "a.cassette.json")?.flow, "a");
/// # Ok::<(), segno_orchestrator::spec::Mistakes>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cassette {
    /// The version of the format.
    format: u32,
    /// The workflow.
    pub flow: String,
    /// The run that was recorded.
    pub run: RunId,
    /// Its inputs.
    pub inputs: Inputs,
    /// Its calls, in the order in which they ended.
    calls: Vec<Entry>,
}

/// A part of an attempt that was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    task: Address,
    attempt: u32,
    part: usize,
    /// Which of the task's calls it was: 0 is its own, then its fallbacks.
    #[serde(default, skip_serializing_if = "is_own")]
    call: u32,
    /// What was asked, by part.
    request: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(super) recorded: Recorded,
    took_ms: u64,
    /// What this part alone cost.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub(super) spent: Usage,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recorded {
    /// The attempt ended with this.
    Reply(Reply),
    /// This came back, and more was to be done.
    More(Reply),
    /// The attempt failed.
    Failed {
        fault: Fault,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Reply>,
    },
}

impl Recorded {
    pub(super) fn into_part(self) -> Result<Part, Failed> {
        match self {
            Recorded::Reply(reply) => Ok(Part::Last(reply)),
            Recorded::More(reply) => Ok(Part::More(reply)),
            Recorded::Failed { fault, reply } => Err(Failed { fault, reply: reply.map(Box::new) }),
        }
    }

    fn reply(&self) -> Option<&Reply> {
        match self {
            Recorded::Reply(reply) | Recorded::More(reply) => Some(reply),
            Recorded::Failed { reply, .. } => reply.as_ref(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_own(call: &u32) -> bool {
    *call == 0
}

impl Entry {
    pub(super) fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms)
    }
}

impl Cassette {
    /// Reads a cassette.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn parse(text: &str, name: &str) -> Result<Cassette, Mistakes> {
        let failed = |message: String| {
            let mistake = Mistake::whole(message).hint("record it again: segno test FLOW --record RUN");
            Mistakes::new(name, "", vec![mistake])
        };
        match serde_json::from_str::<Cassette>(text) {
            Ok(cassette) if cassette.format == FORMAT => Ok(cassette),
            Ok(cassette) => Err(failed(format!("the cassette has format {}, not {FORMAT}", cassette.format))),
            Err(error) => Err(failed(format!("this is no cassette: {error}"))),
        }
    }

    /// Records a run out of its events: each request is rendered again from what was known when it was made.
    ///
    /// # Errors
    /// When a large output is gone.
    pub fn record(
        definition: &Definition,
        run: &RunId,
        events: &[Event],
        blobs: &Arc<Blobs>,
    ) -> Result<Cassette, Fault> {
        let files = Arc::new(|_: &str| Err("nothing lists files here".to_owned()));
        let mut recorder = Recorder {
            state: RunState::new(definition.plan.clone()),
            context: Context::new(blobs.clone(), files),
            blobs,
            open: HashMap::new(),
            calls: Vec::new(),
        };
        for event in events {
            recorder.see(event)?;
            recorder.state.apply(event);
        }
        let (flow, inputs) = (definition.plan.name.clone(), recorder.state.inputs().clone());
        Ok(Cassette { format: FORMAT, flow, run: run.clone(), inputs, calls: recorder.calls })
    }

    /// Returns how many calls it holds.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Says whether it holds no calls.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Returns the text to be kept as a file.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("its keys are texts and its numbers finite");
        text + "\n"
    }
}

struct Recorder<'r> {
    state: RunState,
    context: Context,
    blobs: &'r Arc<Blobs>,
    /// Attempts that have begun, and since when their part runs.
    open: HashMap<Address, (Dispatch, Timestamp)>,
    calls: Vec<Entry>,
}

impl Recorder<'_> {
    /// Takes one event in, before the state does.
    fn see(&mut self, event: &Event) -> Result<(), Fault> {
        match &event.fact {
            Fact::StepStarted { step, attempt, .. } => {
                if let Some(dispatch) = self.dispatch(step, *attempt) {
                    self.open.insert(step.clone(), (dispatch, event.at));
                }
            }
            Fact::RunResumed { .. } => self.open.clear(),
            Fact::StepReplied { step, reply, .. } => {
                self.part(step, event.at, Recorded::More(Reply::clone(reply)))?;
                if let Some((dispatch, since)) = self.open.get_mut(step) {
                    dispatch.replies.push(Arc::clone(reply));
                    *since = event.at;
                }
            }
            Fact::StepRetried { step, fault, .. } | Fact::FellBack { step, fault, .. } => {
                self.part(step, event.at, Recorded::Failed { fault: fault.clone(), reply: None })?;
                self.open.remove(step);
            }
            Fact::StepEnded { step, outcome, source, took_ms, .. } => {
                let recorded = match outcome.clone() {
                    Outcome::Succeeded { reply } | Outcome::Partial { reply } => {
                        Recorded::Reply(Arc::unwrap_or_clone(reply))
                    }
                    Outcome::Failed { fault, reply } => {
                        Recorded::Failed { fault, reply: reply.map(Arc::unwrap_or_clone) }
                    }
                    Outcome::Skipped { .. } => return Ok(()),
                };
                let mut at = event.at;
                if let (Source::Cache { .. }, Some(dispatch)) = (source, self.dispatch(step, 1)) {
                    // It was remembered: a test, which remembers nothing, will call for it.
                    self.open.insert(step.clone(), (dispatch, event.at));
                    at = event.at.after(Duration::from_millis(*took_ms));
                }
                self.part(step, at, recorded)?;
                self.open.remove(step);
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, step: &Address, attempt: u32) -> Option<Dispatch> {
        let frame = self.state.find(step)?;
        self.state.plan_node(frame).task()?;
        Some(self.context.dispatch(&self.state, &Ready { frame, work: Work::Attempt(attempt) }))
    }

    fn part(&mut self, step: &Address, at: Timestamp, mut recorded: Recorded) -> Result<(), Fault> {
        let Some((dispatch, since)) = self.open.get(step) else { return Ok(()) };
        let plan = self.state.plan();
        let Some(task) = plan.node(dispatch.node).task() else { return Ok(()) };
        let prepared = part::render(task, dispatch);
        let request = prepared.and_then(|prepared| part::request(task, dispatch, &prepared, self.blobs));
        // What could not even be asked was never a call.
        let Ok(request) = request else { return Ok(()) };
        let part = dispatch.replies.len();
        let before = self.calls.iter().filter(|entry| entry.task == *step && entry.attempt == dispatch.attempt);
        let spent = match recorded.reply() {
            Some(reply) if part > 0 && !matches!(recorded, Recorded::More(_)) => {
                before.fold(reply.usage, |rest, entry| less(rest, entry.spent))
            }
            Some(reply) => reply.usage,
            None => Usage::default(),
        };
        if let Recorded::Reply(reply) | Recorded::More(reply) | Recorded::Failed { reply: Some(reply), .. } =
            &mut recorded
        {
            for output in [&mut reply.output, &mut reply.errors] {
                *output = Output::Inline(Arc::new(self.blobs.value(output)?));
            }
        }
        let took_ms = u64::try_from(at.since(*since).as_millis()).unwrap_or(u64::MAX);
        let (task, attempt, call) = (step.clone(), dispatch.attempt, dispatch.call);
        self.calls.push(Entry { task, attempt, part, call, request: parts(&request), recorded, took_ms, spent });
        Ok(())
    }
}

/// Returns what is left of a usage without another.
fn less(whole: Usage, part: Usage) -> Usage {
    Usage {
        tokens_in: whole.tokens_in.map(|count| count.saturating_sub(part.tokens_in.unwrap_or(0))),
        tokens_out: whole.tokens_out.map(|count| count.saturating_sub(part.tokens_out.unwrap_or(0))),
        cost_usd: whole.cost_usd.map(|cost| (cost - part.cost_usd.unwrap_or(0.0)).max(0.0)),
    }
}

/// Returns a request by parts, as a person would name them. A long part is its beginning and its hash.
fn parts(request: &Request) -> BTreeMap<String, String> {
    let mut parts: Vec<(String, String)> = Vec::new();
    match request {
        Request::Program(program) => {
            parts.push(("command".into(), program.shown()));
            parts.extend(
                program.values.iter().map(|carried| (format!("value of {}", carried.written), carried.value.clone())),
            );
            parts.extend(program.env.iter().map(|(name, value)| (format!("variable {name}"), value.clone())));
            parts.extend(program.cwd.iter().map(|cwd| ("folder".to_owned(), cwd.clone())));
            parts.extend(program.stdin.iter().map(|stdin| ("input".to_owned(), stdin.clone())));
            parts.extend(program.agent.iter().map(|agent| ("agent".to_owned(), agent.clone())));
        }
        Request::Agent { name, arguments } => {
            parts.push(("agent".into(), name.clone()));
            for (argument, value) in arguments {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                parts.push((format!("argument {argument}"), text));
            }
        }
    }
    parts.into_iter().map(|(name, value)| (name, kept(&value))).collect()
}

fn kept(value: &str) -> String {
    match value.char_indices().nth(MAX_PART) {
        Some((end, _)) => format!("{}.. ({})", &value[..end], &blake3::hash(value.as_bytes()).to_hex()[..16]),
        None => value.to_owned(),
    }
}

/// Plays a cassette back.
pub(super) struct Player {
    calls: Vec<Entry>,
    played: Vec<bool>,
}

impl Player {
    pub(super) fn new(cassette: &Cassette) -> Player {
        Player { calls: cassette.calls.clone(), played: vec![false; cassette.calls.len()] }
    }

    /// Returns what was recorded of a call: of the same task first, then of its step; the last one stays.
    pub(super) fn play(&mut self, task: &Address, part: usize, request: &Request) -> Option<Entry> {
        let request = parts(request);
        let fits = |entry: &&Entry| entry.part == part && entry.task.step == task.step && entry.request == request;
        let fitting = || self.calls.iter().enumerate().filter(|(_, entry)| fits(entry));
        let fresh = || fitting().filter(|(number, _)| !self.played[*number]);
        let own = fresh().find(|(_, entry)| entry.task == *task);
        let (number, entry) = own.or_else(|| fresh().next()).or_else(|| fitting().next_back())?;
        let entry = entry.clone();
        self.played[number] = true;
        Some(entry)
    }

    /// Returns which of these fallbacks of a task took over when it was recorded.
    pub(super) fn took_over(&self, task: &Address, left: &[u32]) -> Option<u32> {
        let mut calls = self.calls.iter().filter(|entry| entry.task == *task).map(|entry| entry.call);
        calls.find(|call| left.contains(call))
    }

    /// Says which recorded call is nearest to one that was not recorded, and in what it differs.
    pub(super) fn nearest(&self, task: &Address, part: usize, request: &Request) -> Option<String> {
        let request = parts(request);
        let same = |entry: &&Entry| entry.task.step == task.step && entry.part == part;
        let distance = |entry: &&Entry| (differences(&entry.request, &request).len(), entry.task != *task);
        let Some(nearest) = self.calls.iter().filter(same).min_by_key(distance) else {
            return Some(format!("no call of '{}' was recorded", task.step));
        };
        let differences = differences(&nearest.request, &request);
        Some(format!("the nearest one, of {}, differs in {}", nearest.task, differences.join(", ")))
    }
}

/// Says in which parts a request differs from a recorded one.
fn differences(recorded: &BTreeMap<String, String>, asked: &BTreeMap<String, String>) -> Vec<String> {
    let mut told = Vec::new();
    for (name, was) in recorded {
        match asked.get(name) {
            Some(is) if is == was => {}
            Some(is) => told.push(format!("{name}: was '{}', is '{}'", shown(was, is), shown(is, was))),
            None => told.push(format!("{name}, which is gone")),
        }
    }
    told.extend(asked.keys().filter(|name| !recorded.contains_key(*name)).map(|name| format!("{name}, which is new")));
    told
}

/// Shows a text from a little before the letter in which it differs from another.
fn shown(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let start = if text.chars().count() > MAX_SHOWN { same.saturating_sub(20) } else { 0 };
    let dots = if start > 0 { ".." } else { "" };
    let part: String = text.chars().skip(start).take(MAX_SHOWN).collect();
    let end = if text.chars().count() > start + MAX_SHOWN { ".." } else { "" };
    format!("{dots}{}{end}", part.replace('\n', "\\n"))
}
