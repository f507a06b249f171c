//! What differs between two runs, told as a whole.

use segno_errors::{Fault, Kind};
use segno_orchestrator::model::{CacheNote, Fact, Outcome, Output, Reply, RunStatus, Source};
use segno_orchestrator::report::Report;
use segno_orchestrator::report::diff::Diff;
use serde_json::{Value, json};

use crate::sample::{began, ended, of, over};

const FLOW: &str = "flow: f
inputs: { goal: { default: x }, more: { default: y } }
steps:
  - { id: a, run: [x] }
  - { id: b, each: [1, 2, 3], run: [x] }
  - { id: c, run: [x] }
";

/// Reports a run: its inputs, its facts, its end.
fn run(inputs: Value, mut facts: Vec<Fact>, status: RunStatus) -> Report {
    facts.insert(0, began("f", "f.yaml", inputs));
    facts.push(over(status));
    of(FLOW, facts)
}

fn done(step: &str, label: Option<&str>, output: &str) -> Fact {
    ended(step, label, Outcome::of_reply(Reply { output: Output::text(output), ..Reply::default() }))
}

fn took(fact: Fact, millis: u64) -> Fact {
    match fact {
        Fact::StepEnded { step, outcome, source, decision, label, .. } => {
            Fact::StepEnded { step, outcome, source, decision, label, took_ms: millis }
        }
        other => other,
    }
}

fn cached(step: &str, output: &str) -> Fact {
    match done(step, None, output) {
        Fact::StepEnded { step, outcome, label, .. } => Fact::StepEnded {
            step,
            outcome,
            decision: None,
            label,
            took_ms: 9_000,
            source: Source::Cache { key: "0".into(), restored: Vec::new() },
        },
        other => other,
    }
}

fn rerun(step: &str, because: &str) -> Fact {
    let cache = CacheNote::Miss { key: "0".into(), because: vec![because.into()] };
    Fact::StepStarted { step: step.parse().unwrap(), attempt: 1, label: None, cache }
}

/// Compares two runs; outputs in place are read as they are, those elsewhere are gone.
fn diff(one: &Report, other: &Report) -> Diff {
    Diff::between(one, other, &|output| match output {
        Output::Inline(value) => value.as_str().map(str::to_owned),
        Output::Blob { .. } => None,
    })
}

fn check(one: &Report, other: &Report, definition: &[&str], expected: &str) {
    let definition: Vec<String> = definition.iter().map(|change| (*change).to_owned()).collect();
    assert_eq!(diff(one, other).text(&definition), expected);
}

#[test]
fn equal_runs_differ_in_nothing_but_their_time() {
    let one = run(json!({}), vec![done("a", None, "x"), took(done("c", None, "y"), 100)], RunStatus::Succeeded);
    let other = run(json!({}), vec![done("a", None, "x"), took(done("c", None, "y"), 900)], RunStatus::Succeeded);
    check(
        &one,
        &other,
        &[],
        "20260102-030405-aaaa  f succeeded in 3.0s, quality 1.00
20260102-030405-aaaa  f succeeded in 3.0s, quality 1.00

nothing differs but the time: 2 tasks the same
",
    );
}

#[test]
fn only_what_differs_is_told() {
    let blob = |hash: &str| Reply { output: Output::Blob { blob: hash.into(), bytes: 9 }, ..Reply::default() };
    let one = run(
        json!({ "goal": "old", "same": 1, "less": [1] }),
        vec![
            cached("a", "one\ntwo\nthree"),
            done("b[0]", Some("x.rs"), "x"),
            ended("b[1]", Some("y.rs"), Outcome::of_reply(blob("00"))),
            done("b[2]", Some("z.rs"), "z"),
            took(done("c", None, "c"), 1_000),
        ],
        RunStatus::Succeeded,
    );
    let other = run(
        json!({ "goal": "new", "same": 1 }),
        vec![
            rerun("a", "src/a.rs changed"),
            done("a", None, "one\n2\n\u{1b}[1mthree\nfour"),
            done("b[0]", Some("new.rs"), "n"),
            done("b[1]", Some("x.rs"), "x"),
            ended("b[2]", Some("y.rs"), Outcome::of_reply(blob("ff"))),
            ended("c", None, Outcome::of_fault(Fault::new(Kind::Internal, "it\nbroke"))),
        ],
        RunStatus::Failed,
    );
    check(
        &one,
        &other,
        &["step 'c' changed"],
        "20260102-030405-aaaa  f succeeded in 6.0s, quality 1.00
20260102-030405-aaaa  f failed in 7.0s, quality 0.67

inputs
  goal  \"old\" -> \"new\"
  less  [1] -> not given

definition
  step 'c' changed

tasks
  a              cached -> ran, another output
      re-run because src/a.rs changed
      - two
      + 2
      + four
  b[1] (y.rs)    another output
  b[2] (z.rs)    ran, only in the first run
  b[0] (new.rs)  ran, only in the second run
  c              ran -> failed
      second: it broke

1 task the same
",
    );
}

#[test]
fn a_step_that_took_much_longer_is_told() {
    let at = |millis| run(json!({}), vec![took(done("a", None, "x"), millis)], RunStatus::Succeeded);
    for (one, other, told) in
        [(1_000, 1_900, false), (10_000, 12_000, false), (1_000, 2_000, true), (9_000, 2_000, true)]
    {
        assert_eq!(diff(&at(one), &at(other)).tasks.len(), usize::from(told), "{one} {other}");
    }
}

#[test]
fn what_differs_is_told_to_programs_too() {
    let one = run(json!({ "goal": "old" }), vec![done("a", None, "x")], RunStatus::Succeeded);
    let other = run(json!({ "goal": "new" }), vec![done("c", None, "x")], RunStatus::Succeeded);
    let side = json!({
        "status": "succeeded", "cached": false, "taken_over": false, "agent": "run", "attempts": 0, "took_ms": 1234, "cost_usd": null,
        "quality": 1.0, "because": [], "fault": null,
    });
    let run = json!({ "run": "20260102-030405-aaaa", "flow": "f", "file": "f.yaml", "status": "succeeded", "took_ms": 2000, "quality": 1.0 });
    assert_eq!(
        diff(&one, &other).to_json(&["step 'a' changed".into()]),
        json!({
            "runs": [run, run],
            "inputs": [{ "name": "goal", "values": ["old", "new"] }],
            "definition": ["step 'a' changed"],
            "tasks": [
                { "task": "a", "item": null, "sides": [side, null], "output": null },
                { "task": "c", "item": null, "sides": [null, side], "output": null },
            ],
            "same": 0,
        })
    );
}
