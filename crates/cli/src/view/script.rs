//! Scripts for tests: events written one a line, in the words of a person. No part of the binary.

use std::io::Write;
use std::sync::{Arc, Mutex};

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::model::{
    Address, CacheNote, Event, Fact, Inputs, Outcome, Owner, Pinned, Reply, RunStatus, Skip, Source, Timestamp,
};
use segno_orchestrator::plan::Plan;
use serde_json::Value;

use super::model::Model;

/// The workflow that others may call.
const INNER: &str = "steps: [{ id: lint, run: [a] }, { id: types, run: [a] }]";

/// Compiles a workflow, which may call the agent `codex` and the workflow `inner.yaml`.
pub(super) fn plan(flow: &str) -> Arc<Plan> {
    let mut agents = Registry::default();
    agents.function("codex", |_| async { Ok(Reply::default()) });
    let read = |_: &str| Ok(INNER.to_owned());
    Definition::assemble(flow, "test.yaml", &agents, &read).map_err(|mistakes| mistakes.to_string()).unwrap().plan
}

/// Makes a writer, and what returns all that was written.
pub(super) fn sink() -> (impl Fn() -> String, Box<dyn Write + Send>) {
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let written = bytes.clone();
    (move || String::from_utf8(written.lock().unwrap().clone()).unwrap(), Box::new(Sink(bytes)))
}

/// Folds a script.
pub(super) fn model(flow: &str, script: &str) -> Model {
    let mut model = Model::new(plan(flow), Timestamp(0));
    events(script).iter().for_each(|event| model.apply(event));
    model
}

/// Reads events, one a line: the moment in milliseconds, what happened, the task, and what belongs to it.
///
/// `start` takes an attempt and a label, `retry` an attempt, the moment of the next and a message, `done`, `part` and
/// `hit` what it took and a label, `fail` what it took and a message, `blocked` the step that failed. `case` takes a number
/// or `-` and the value, `said` the rounds, what the loop said and a score, `hand` the attempt, the fallback's number and
/// name and a message.
pub(super) fn events(script: &str) -> Vec<Event> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.zip(1..).map(|(line, seq)| event(seq, line)).collect()
}

fn event(seq: u64, line: &str) -> Event {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |index: usize| words.get(index).map_or(0, |word| word.parse::<u64>().unwrap());
    let rest = |index: usize| words.get(index..).unwrap_or_default().join(" ");
    let label = |index: usize| Some(rest(index)).filter(|label| !label.is_empty());
    let step = || words[2].parse::<Address>().unwrap();
    let ended = |outcome, source, label| Fact::StepEnded {
        step: step(),
        outcome,
        source,
        took_ms: number(3),
        decision: None,
        label,
    };
    let skipped = |because| {
        let (outcome, source) = (Outcome::Skipped { because }, Source::Ran);
        Fact::StepEnded { step: step(), outcome, source, took_ms: 0, decision: None, label: None }
    };
    let reply = Reply::default;
    let fact = match words[1] {
        "run" => started(),
        "resume" => Fact::RunResumed { owner: Owner::default() },
        "pause" => Fact::RunPaused { reason: "interrupted".into() },
        "over" => {
            let status = serde_json::from_value::<RunStatus>(words[2].into()).unwrap();
            Fact::RunEnded { status, reason: label(3) }
        }
        "left" => Fact::Decided { step: step(), taken: false, left_out: true },
        "yes" | "no" => Fact::Decided { step: step(), taken: words[1] == "yes", left_out: false },
        "items" => Fact::Expanded { step: step(), items: (0..number(3)).map(Value::from).collect() },
        "start" => {
            let attempt = u32::try_from(number(3)).unwrap().max(1);
            Fact::StepStarted { step: step(), attempt, label: label(4), cache: CacheNote::Off }
        }
        "retry" => {
            let attempt = u32::try_from(number(3)).unwrap();
            let fault = Fault::new(Kind::Network, rest(5));
            Fact::StepRetried { step: step(), attempt, fault, until: Timestamp(number(4)), decision: None }
        }
        "done" => ended(Outcome::Succeeded { reply: reply().into() }, Source::Ran, label(4)),
        "part" => ended(Outcome::Partial { reply: reply().into() }, Source::Ran, label(4)),
        "hit" => {
            let source = Source::Cache { key: "0".into(), restored: Vec::new() };
            ended(Outcome::Succeeded { reply: reply().into() }, source, label(4))
        }
        "fail" => {
            let label = (!step().indices.is_empty()).then(|| "item".to_owned());
            ended(Outcome::of_fault(Fault::new(Kind::Internal, rest(4))), Source::Ran, label)
        }
        "blocked" => skipped(Skip::Needs { step: words[3].into() }),
        _ => of_pattern(&words),
    };
    Event { seq, at: Timestamp(number(0)), fact }
}

fn started() -> Fact {
    Fact::RunStarted {
        flow: "test".into(),
        pinned: Pinned { path: "test.yaml".into(), hash: "0".into(), parts: Vec::new() },
        inputs: Default::default(),
        owner: Owner::default(),
        parent: None,
        only: Vec::new(),
    }
}

/// Reads what only some flows have: cases, rounds, sub-workflows, fallbacks, checks.
fn of_pattern(words: &[&str]) -> Fact {
    let step: Address = words[2].parse().unwrap();
    let number = |index: usize| words[index].parse::<u32>().unwrap();
    match words[1] {
        "case" => Fact::Chose { step, case: words[3].parse().ok(), value: words[4..].join(" ") },
        "said" => {
            let verdict = serde_json::from_value(words[4].into()).unwrap();
            let score = words.get(5).map(|score| score.parse().unwrap());
            Fact::Looped { step, rounds: number(3), verdict, score }
        }
        "enter" => Fact::Entered { step, inputs: Inputs::default() },
        "reply" => Fact::StepReplied { step, attempt: 1, reply: Reply::default().into() },
        "hand" => {
            let fault = Fault::new(Kind::Network, words[6..].join(" "));
            Fact::FellBack { step, attempt: number(3), fault, to: number(4), agent: words[5].into(), decision: None }
        }
        other => panic!("{other}"),
    }
}
