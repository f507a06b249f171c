//! Who answers in the place of commands and agents: mocks by name, then the cassette, then the mock for everybody. What
//! was answered once is answered again when a killed run asks again.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use segno_errors::{Fault, Kind, Later, from_exit};
use segno_logging::Redactor;
use serde_json::Value;

use super::cassette::{Player, Recorded};
use super::mock::{Does, Mock, MockAnswer};
use super::names::{ANYBODY, Role, names};
use crate::agents::{Failed, Request, concluded};
use crate::engine::hide;
use crate::model::{Address, Output, Reply, Usage};
use crate::spec::nearest;

/// How long an answer takes that says nothing of it.
const USUAL: Duration = Duration::from_secs(1);
/// The number of the signal that kills.
const KILL: i32 = 9;

/// A call, as an actor is asked for it.
pub(super) struct Cue<'c> {
    pub(super) task: &'c Address,
    pub(super) attempt: u32,
    /// Which part of the attempt, from 0.
    pub(super) part: usize,
    pub(super) role: Role,
    pub(super) request: &'c Request,
    pub(super) timeout: Option<Duration>,
    pub(super) redactor: &'c Redactor,
}

/// What an actor does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// It ends.
    Ends(Result<Reply, Failed>, Duration),
    /// It does what was recorded of the part of the attempt as a whole.
    Plays(Recorded, Duration),
    /// It never ends.
    Hangs,
}

/// All actors of a run and what they were asked.
pub(super) struct Actors {
    mocks: Vec<Mock>,
    player: Option<Player>,
    /// How many answers each mock has given.
    turns: Vec<usize>,
    /// How often each mock failed a task that will succeed later.
    failures: HashMap<(usize, Address, Role), u32>,
    /// What was answered, by task, attempt and part.
    given: HashMap<(Address, u32, usize), Act>,
    /// How often somebody was called, by each of the names that the call had.
    calls: BTreeMap<String, u64>,
    usage: Usage,
    /// Calls that nobody answers, in words.
    unanswered: Vec<String>,
}

impl Actors {
    pub(super) fn new(mocks: &[Mock], player: Option<Player>) -> Actors {
        Actors {
            mocks: mocks.to_vec(),
            player,
            turns: vec![0; mocks.len()],
            failures: HashMap::new(),
            given: HashMap::new(),
            calls: BTreeMap::new(),
            usage: Usage::default(),
            unanswered: Vec::new(),
        }
    }

    /// Returns how often somebody was called, by name.
    pub(super) fn calls(&self, name: &str) -> u64 {
        self.calls.get(name).copied().unwrap_or(0)
    }

    /// Returns what all calls together cost.
    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Returns the calls that nobody answered, in words.
    pub(super) fn unanswered(&self) -> &[String] {
        &self.unanswered
    }

    /// Returns which of these fallbacks of a task takes over, if that was recorded.
    pub(super) fn took_over(&self, task: &Address, left: &[u32]) -> Option<u32> {
        self.player.as_ref().and_then(|player| player.took_over(task, left))
    }

    /// Says what happens to a call.
    pub(super) fn act(&mut self, cue: &Cue<'_>) -> Act {
        let part = (cue.task.clone(), cue.attempt, cue.part);
        if let Some(given) = self.given.get(&part) {
            return given.clone();
        }
        let act = self.first_act(cue);
        self.given.insert(part, act.clone());
        act
    }

    fn first_act(&mut self, cue: &Cue<'_>) -> Act {
        let names = names(cue.task, cue.role, agent(cue.request));
        names.iter().for_each(|name| *self.calls.entry(name.clone()).or_default() += 1);
        let by_name = |name: &String| self.mocks.iter().position(|mock| mock.name == *name);
        let named = names.iter().filter(|name| *name != ANYBODY).find_map(by_name);
        let recorded = match (named, &mut self.player) {
            (None, Some(player)) => player.play(cue.task, cue.part, cue.request),
            _ => None,
        };
        if let Some(entry) = recorded {
            self.spend(entry.spent);
            let took = entry.took();
            return Act::Plays(entry.recorded, took);
        }
        match named.or_else(|| by_name(&ANYBODY.to_owned())) {
            Some(number) => self.mocked(number, cue),
            None => self.unmocked(cue, &names),
        }
    }

    fn mocked(&mut self, number: usize, cue: &Cue<'_>) -> Act {
        let answer = self.mocks[number].answer(self.turns[number]).clone();
        if let Some((times, failure)) = &answer.fails_before {
            let failed = self.failures.entry((number, cue.task.clone(), cue.role)).or_default();
            if *failed < *times {
                *failed += 1;
                return self.done(failure, cue);
            }
        }
        self.turns[number] += 1;
        self.done(&answer, cue)
    }

    /// Does what an answer says, as its command or agent would have done it.
    fn done(&mut self, answer: &MockAnswer, cue: &Cue<'_>) -> Act {
        // Who takes his usual time is not late by it.
        let usual = cue.timeout.map_or(USUAL, |timeout| USUAL.min(timeout / 2));
        let took = answer.took.unwrap_or(usual);
        let result = match &answer.does {
            Does::Hang => return Act::Hangs,
            Does::Crash => crashed(cue.request),
            Does::Fail(fault, reply) => {
                let reply = reply.as_deref().cloned();
                self.spend(reply.as_ref().map(|reply| reply.usage).unwrap_or_default());
                Err(Failed { fault: fault.clone(), reply: reply.map(Box::new) })
            }
            Does::Reply(reply) => {
                self.spend(reply.usage);
                ended(cue, Reply::clone(reply))
            }
        };
        Act::Ends(result, took)
    }

    fn spend(&mut self, usage: Usage) {
        self.usage.add(&usage);
    }

    fn unmocked(&mut self, cue: &Cue<'_>, names: &[String]) -> Act {
        let what = match cue.request {
            Request::Program(program) if program.agent.is_none() => format!("the command '{}'", program.shown()),
            request => format!("the agent '{}'", agent(request).unwrap_or_default()),
        };
        let name = &names[0];
        let differs = self.player.as_ref().and_then(|player| player.nearest(cue.task, cue.part, cue.request));
        let (message, hint) = match differs {
            Some(differs) => (
                format!("{name}: {what} was not recorded like this"),
                format!("{differs}; record it again with --record RUN, or mock it"),
            ),
            None => {
                let known = self.mocks.iter().map(|mock| mock.name.as_str());
                let narrow = names.iter().filter(|name| *name != ANYBODY);
                let near = narrow.clone().find_map(|name| nearest(name, known.clone()));
                let near = near.map(|near| format!("; did you mean it by '{near}'?")).unwrap_or_default();
                let step = names.iter().find(|name| !name.contains('[')).unwrap_or(name);
                let quoted = if step.contains(['.', '/']) { format!("\"{step}\"") } else { step.clone() };
                (format!("{name}: {what} is not mocked"), format!("add mocks: {{ {quoted}: {{ output: .. }} }}{near}"))
            }
        };
        let told = format!("{message} ({hint})");
        if !self.unanswered.contains(&told) {
            self.unanswered.push(told);
        }
        let fault = Fault::new(Kind::Configuration, message).reason("unmocked").later(Later::Never).hint(hint);
        Act::Ends(Err(fault.into()), Duration::ZERO)
    }
}

/// Returns the agent that a request is for, if it is for one by name.
fn agent(request: &Request) -> Option<&str> {
    match request {
        Request::Program(program) => program.agent.as_deref(),
        Request::Agent { name, .. } => Some(name),
    }
}

/// Says what the end of a call means, as its command or agent would have had it.
fn ended(cue: &Cue<'_>, mut reply: Reply) -> Result<Reply, Failed> {
    match cue.request {
        Request::Program(program) => {
            let code = *reply.code.get_or_insert_with(|| program.ok_codes.first().copied().unwrap_or(0));
            reply.output = as_text(reply.output);
            reply.errors = as_text(reply.errors);
            // As it came: only when JSON is read its texts can be told from its signs.
            let raw = text_of(&reply.output);
            let reply = hide::written(cue.redactor, reply);
            // A status as `wait` gives it has the exit code in its second byte.
            concluded(program, ExitStatus::from_raw(code << 8), reply, Ok(()), raw.as_deref())
        }
        Request::Agent { .. } => match reply.code {
            None | Some(0) => Ok(reply),
            Some(code) => Err(Failed::with(from_exit(code), reply)),
        },
    }
}

fn text_of(output: &Output) -> Option<String> {
    match output {
        Output::Inline(value) => value.as_str().map(str::to_owned),
        _ => None,
    }
}

/// What a command writes is a text without its last line end; only what is no text at all is left as it is.
fn as_text(output: Output) -> Output {
    let Output::Inline(value) = &output else { return output };
    match &**value {
        Value::Null => Output::text(""),
        Value::String(text) => Output::text(text.strip_suffix('\n').unwrap_or(text)),
        Value::Number(number) => Output::text(number.to_string()),
        Value::Bool(truth) => Output::text(truth.to_string()),
        Value::Array(_) | Value::Object(_) => output,
    }
}

fn crashed(request: &Request) -> Result<Reply, Failed> {
    match request {
        Request::Program(program) => {
            let reply = Reply { output: Output::text(""), errors: Output::text(""), ..Reply::default() };
            concluded(program, ExitStatus::from_raw(KILL), reply, Ok(()), None)
        }
        Request::Agent { .. } => {
            Err(Fault::new(Kind::Internal, "the agent panicked").reason("panic").detail("as the test says").into())
        }
    }
}
