//! A run that shows every case: each way of ending, and texts that try to be markup.

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::model::{
    CacheNote, Event, Fact, Outcome, Output, Reply, RunId, RunStatus, Skip, Source, Timestamp,
};
use segno_orchestrator::report::Report;
use serde_json::{Value, json};

const FLOW: &str = r#"
flow: nightly & <co>
steps:
  - id: baseline
    parallel:
      - { id: lint, run: [x], optional: true }
      - { id: test, run: [x] }
      - { id: docs, run: [x] }
  - { id: files, each: [a, b, c, d], run: [x] }
  - { id: none, each: [], run: [x] }
  - { id: maybe, if: "false", run: [x] }
  - { id: after, needs: [files], run: [x] }
  - { id: late, run: [x] }
"#;

/// A run that was degraded, in every way in which that can be.
const DEGRADED: &str = r#"
flow: release
agents: { claude: { run: [x] }, codex: { run: [x] } }
steps:
  - { id: draft, agent: claude, weight: 3 }
  - { id: review, agent: claude, judge: { agent: codex, min: 0.5 }, fallback: [{ agent: codex, partial: true }] }
  - { id: fix, loop: { until: "false", max: 3, score: "1" }, steps: [{ id: edit, run: [x] }, { id: test, run: [x] }] }
  - { id: kind, switch: "'bug'", cases: { bug: [{ id: mend, run: [x] }], feature: [{ id: build, run: [x] }] } }
  - { id: deploy, skip_when: "true", run: [x], on_failure: [{ id: alarm, run: [x] }] }
  - { id: notify, run: [x], optional: true, undo: { run: [y] } }
"#;

/// Begins the clock of the sample: 2026-01-02 03:04:05.
const BEGAN: u64 = 1_767_323_045_000;

pub(crate) fn report() -> Report {
    of(FLOW, facts())
}

pub(crate) fn degraded() -> Report {
    of(DEGRADED, degraded_facts())
}

/// Reports a run of these facts, a second apart.
pub(crate) fn of(flow: &str, facts: Vec<Fact>) -> Report {
    let definition = Definition::parse(flow, "flows/nightly.yaml", &Registry::default()).unwrap();
    let event = |(index, fact)| Event { seq: index as u64 + 1, at: Timestamp(BEGAN + index as u64 * 1_000), fact };
    let events: Vec<Event> = facts.into_iter().enumerate().map(event).collect();
    Report::of(&RunId::new("20260102-030405-aaaa").unwrap(), &definition.plan, &events, false)
}

pub(crate) fn started() -> Fact {
    began("nightly & <co>", "flows/nightly.yaml", json!({}))
}

/// Facts about the run as a whole are written as they are stored, so that they may get new fields.
pub(crate) fn began(flow: &str, path: &str, inputs: Value) -> Fact {
    fact(json!({
        "type": "run_started", "flow": flow, "pinned": { "path": path, "hash": "" },
        "inputs": inputs, "owner": { "pid": 1, "version": "" },
    }))
}

pub(crate) fn over(status: RunStatus) -> Fact {
    fact(json!({ "type": "run_ended", "status": status }))
}

fn fact(fact: Value) -> Fact {
    serde_json::from_value(fact).unwrap()
}

pub(crate) fn ended(step: &str, label: Option<&str>, outcome: Outcome) -> Fact {
    let label = label.map(str::to_owned);
    Fact::StepEnded { step: step.parse().unwrap(), outcome, source: Source::Ran, took_ms: 1_234, decision: None, label }
}

fn tried(step: &str, attempt: u32, because: &[&str]) -> Fact {
    let because = because.iter().map(|because| (*because).to_owned()).collect();
    let cache = CacheNote::Miss { key: String::new(), because };
    Fact::StepStarted { step: step.parse().unwrap(), attempt, label: None, cache }
}

fn facts() -> Vec<Fact> {
    let output = |text: &str| Reply { output: Output::text(text), code: Some(0), ..Reply::default() };
    let cached = Source::Cache { key: "00".into(), restored: vec!["out.txt".into()] };
    let blob = Output::Blob { blob: "00ff".into(), bytes: 70_000 };
    let lint = Fault::new(Kind::Timeout, "the step took longer than 3s: *slow* | @somebody </details>")
        .hint("give it more time with 'timeout'");
    let check = Fault::new(Kind::ExternalService, "'cargo test' ended with exit code 101")
        .reason("exit_status")
        .hint("fix the tests")
        .with("command", "cargo test | tail `x`")
        .detail("\u{1b}[31mthread 'main' panicked\u{1b}[0m\n```\nassertion `left == right` failed ]]> \u{1}\n\ttab");
    vec![
        started(),
        tried("test", 1, &["src/a|b.rs changed", "src/c.rs is new"]),
        tried("test", 2, &[]),
        ended("lint", None, Outcome::of_fault(lint)),
        ended(
            "test",
            None,
            Outcome::Succeeded {
                reply: Reply { errors: Output::text("2 warnings\r\n"), ..output("all <b>12</b> tests & more\u{0}") }
                    .into(),
            },
        ),
        Fact::StepEnded {
            step: "docs".parse().unwrap(),
            outcome: Outcome::of_reply(output("docs")),
            source: cached,
            took_ms: 9_000,
            decision: None,
            label: None,
        },
        ended("files[0]", Some("a"), Outcome::of_reply(output("A"))),
        ended("files[1]", Some("b \"q\"\n2"), Outcome::of_fault(check)),
        ended("files[2]", Some("c"), Outcome::of_reply(Reply { partial: true, ..output("half") })),
        ended("files[3]", Some("d"), Outcome::of_reply(Reply { output: blob, ..Reply::default() })),
        Fact::Expanded { step: "none".parse().unwrap(), items: Vec::new() },
        fact(json!({ "type": "decided", "step": "maybe", "taken": false })),
        ended("after", None, Outcome::Skipped { because: Skip::Needs { step: "files".into() } }),
        over(RunStatus::Failed),
    ]
}

fn degraded_facts() -> Vec<Fact> {
    let replied = |reply: Value| Outcome::of_reply(serde_json::from_value(reply).unwrap());
    let looped = |rounds: u32, verdict: &str, score: f64| {
        fact(json!({ "type": "looped", "step": "fix", "rounds": rounds, "verdict": verdict, "score": score }))
    };
    let refused = Fault::new(Kind::RateLimit, "the model is overloaded").reason("overloaded");
    let refused = Fact::FellBack {
        step: "review".parse().unwrap(),
        attempt: 1,
        fault: refused,
        to: 1,
        agent: "codex".into(),
        decision: None,
    };
    let broken = || Outcome::of_fault(Fault::new(Kind::ExternalService, "2 tests failed").hint("fix them"));
    let ok = || replied(json!({}));
    vec![
        began("release", "flows/release.yaml", json!({})),
        ended(
            "draft",
            None,
            replied(json!({
                "output": "text", "summary": "wrote 3 pages | see @docs\nand more", "quality": 0.9,
                "metrics": { "tool_calls": 12, "files_read": 3, "lines_generated": 240, "tokens": 5100, "jokes": 1.5 },
                "usage": { "tokens_in": 5000, "tokens_out": 100, "cost_usd": 0.0312 },
            })),
        ),
        tried("review", 1, &[]),
        refused,
        tried("review", 2, &[]),
        ended(
            "review",
            None,
            replied(json!({
                "output": "fine", "partial": true, "quality": 0.6, "usage": { "cost_usd": 0.25 },
                "checks": [{ "check": "codex", "ok": true, "score": 0.6, "words": "mostly right" }],
            })),
        ),
        ended("edit[0]", None, ok()),
        ended("test[0]", None, broken()),
        looped(1, "go_on", 0.2),
        ended("edit[1]", None, ok()),
        ended("test[1]", None, ok()),
        looped(2, "go_on", 0.8),
        ended("edit[2]", None, ok()),
        ended("test[2]", None, broken()),
        looped(3, "limit", 0.4),
        fact(json!({ "type": "chose", "step": "kind", "case": 0, "value": "bug" })),
        ended("mend", None, ok()),
        fact(json!({ "type": "decided", "step": "deploy", "taken": false, "left_out": true })),
        ended("notify", None, broken()),
        over(RunStatus::Degraded),
    ]
}
