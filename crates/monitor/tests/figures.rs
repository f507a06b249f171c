//! Figures as tables: a script of events in, figures out.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use segno_errors::{Fault, Kind};
use segno_monitor::Figures;
use segno_orchestrator::model::{
    Address, CacheNote, Event, Fact, Outcome, Owner, Pinned, Reply, RunStatus, Skip, Source, Timestamp,
};
use serde_json::{Value, json};

/// Reads events, one a line: the moment in milliseconds, what happened, the task, and what belongs to it.
fn events(script: &str) -> Vec<Event> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.zip(1..).map(|(line, seq)| event(seq, line)).collect()
}

fn event(seq: u64, line: &str) -> Event {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |index: usize| words[index].parse::<u64>().unwrap();
    let step = || words[2].parse::<Address>().unwrap();
    let label = |index: usize| words.get(index).map(|word| word.to_string());
    let ran = |outcome, took_ms, label| Fact::StepEnded {
        step: step(),
        outcome,
        source: Source::Ran,
        took_ms,
        decision: None,
        label,
    };
    let fact = match words[1] {
        "run" => Fact::RunStarted {
            parent: None,
            only: Vec::new(),
            flow: "f".into(),
            pinned: Pinned { path: "f.yaml".into(), hash: "0".into(), parts: Vec::new() },
            inputs: Default::default(),
            owner: Owner::default(),
        },
        "resume" => Fact::RunResumed { owner: Owner::default() },
        "pause" => Fact::RunPaused { reason: "interrupted".into() },
        "over" => Fact::RunEnded { status: RunStatus::Succeeded, reason: None },
        "start" => Fact::StepStarted { step: step(), attempt: 1, label: label(3), cache: CacheNote::Off },
        "retry" => Fact::StepRetried {
            step: step(),
            attempt: 1,
            fault: Fault::new(Kind::Network, words[4..].join(" ")),
            until: Timestamp(number(3)),
            decision: None,
        },
        "done" => ran(Outcome::Succeeded { reply: Reply::default().into() }, number(3), label(4)),
        "part" => ran(Outcome::Partial { reply: Reply::default().into() }, number(3), label(4)),
        "fail" => ran(Outcome::of_fault(Fault::new(Kind::Internal, "no")), number(3), label(4)),
        "skip" => ran(Outcome::Skipped { because: Skip::Guard }, 0, None),
        "hit" => Fact::StepEnded {
            step: step(),
            outcome: Outcome::Succeeded { reply: Reply::default().into() },
            source: Source::Cache {
                key: "k".into(),
                restored: words[4..].iter().map(|word| word.to_string()).collect(),
            },
            took_ms: number(3),
            decision: None,
            label: None,
        },
        other => panic!("{other}"),
    };
    Event { seq, at: Timestamp(number(0)), fact }
}

/// Checks those figures that `expected` names.
fn check(script: &str, expected: Value) {
    let figures = serde_json::to_value(Figures::of(&events(script))).unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&figures[name], value, "{name} of {script}");
    }
}

#[test]
fn tasks_are_counted_by_how_they_ended() {
    check(
        "0 run
         0 start a
         10 done a 10
         10 start b
         30 part b 20
         30 start c
         60 fail c 30
         60 skip d
         61 hit e 500 out.txt log.txt
         61 over",
        json!({
            "tasks": { "succeeded": 2, "partial": 1, "failed": 1, "skipped": 1 },
            "cached": 1, "attempts": 3, "retries": 0, "restored": 2, "resumed": 0,
            "wall_ms": 61, "busy_ms": 60, "saved_ms": 500,
        }),
    );
}

#[test]
fn time_without_an_owner_does_not_count() {
    let cases = [
        ("0 run\n5 start a\n9 done a 4\n9 over", 9),
        ("0 run\n9 pause\n1000 resume\n1001 over", 10),
        ("0 run\n9 start a\n1000 resume\n1000 start a\n1005 done a 5\n1005 over", 14),
        ("0 run\n9 pause\n1000 resume\n1002 pause\n5000 resume\n5003 over", 14),
        ("1000 run\n400 start a\n500 done a 100", 100),
        ("7 run", 0),
        ("", 0),
    ];
    for (script, wall_ms) in cases {
        check(script, json!({ "wall_ms": wall_ms }));
    }
}

#[test]
fn parallelism_is_unknown_while_no_time_has_passed() {
    check("", json!({ "parallelism": null }));
    check("0 run\n0 hit a 500\n0 over", json!({ "parallelism": null }));
    check("0 run\n0 start a\n0 start b\n10 done a 10\n10 done b 10", json!({ "parallelism": 2.0 }));
}

#[test]
fn retried_tasks_are_named_with_their_last_fault() {
    check(
        "0 run
         0 start a[3] x.rs
         5 retry a[3] 15 the network is down
         6 start b
         7 retry b 8 no answer
         20 start a[3] x.rs
         25 retry a[3] 45 no answer
         45 start a[3] x.rs
         46 done a[3] 1 x.rs",
        json!({
            "attempts": 4, "retries": 3,
            "retried": [
                { "address": "a[3]", "label": "x.rs", "retries": 2, "message": "no answer" },
                { "address": "b", "label": null, "retries": 1, "message": "no answer" },
            ],
        }),
    );
}

#[test]
fn waiting_is_what_passed_of_the_wait_while_owned() {
    let cases = [
        ("0 run\n0 start a\n5 retry a 15 no\n15 start a\n16 done a 1", 10),
        ("0 run\n0 start a\n5 retry a 15 no\n90 start a\n91 done a 1", 10),
        ("0 run\n0 start a\n5 retry a 15 no", 0),
        ("0 run\n0 start a\n5 retry a 15 no\n8 pause\n10 resume\n15 start a", 8),
        ("0 run\n0 start a\n5 retry a 15 no\n8 pause\n900 resume\n900 start a", 3),
    ];
    for (script, waited_ms) in cases {
        check(script, json!({ "waited_ms": waited_ms }));
    }
}

#[test]
fn the_five_slowest_that_ran_are_named_slowest_first() {
    check(
        "0 run\n0 done a 3\n0 done b[0] 9 x\n0 done c 1\n0 hit d 99\n0 fail e 7\n0 done f 3\n0 skip g\n0 done h 2",
        json!({ "slowest": [
            { "address": "b[0]", "label": "x", "took_ms": 9 },
            { "address": "e", "label": null, "took_ms": 7 },
            { "address": "a", "label": null, "took_ms": 3 },
            { "address": "f", "label": null, "took_ms": 3 },
            { "address": "h", "label": null, "took_ms": 2 },
        ] }),
    );
}

#[test]
fn a_run_taken_up_again_counts_its_resumes_and_all_attempts() {
    check(
        "0 run\n0 start a\n5 resume\n5 start a\n9 pause\n20 resume\n20 start a",
        json!({ "resumed": 2, "attempts": 3 }),
    );
}
