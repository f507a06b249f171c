//! Track records as tables: reports of runs in, records out; and the order that follows from records.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::time::Duration;

use proptest::prelude::*;
use segno_errors::{Fault, Kind};
use segno_monitor::{TrackRecord, TrackRecords, order_by_track_record};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::model::{Event, Fact, RunId, Timestamp, Usage};
use segno_orchestrator::report::Report;
use serde_json::{Value, json};

const FLOW: &str = "
flow: f
agents: { claude: { run: [x] }, codex: { run: [x] } }
steps:
  - { id: ask, each: [1, 2, 3, 4], agent: claude, fallback: [codex] }
  - { id: check, run: [x] }
";

fn fact(fact: Value) -> Fact {
    serde_json::from_value(fact).unwrap()
}

fn fault(message: &str) -> Value {
    serde_json::to_value(Fault::new(Kind::Network, message)).unwrap()
}

/// Reports a run. A line is a moment, what happened, the task, and what belongs to it: `7 done ask[0] 300 0.5` (took, cost).
fn report(run: &str, script: &str) -> Report {
    let definition = Definition::parse(FLOW, "f.yaml", &Registry::default()).unwrap();
    let event = |(index, line): (usize, &str)| {
        let words: Vec<&str> = line.trim().split(' ').collect();
        let step = words[2];
        let ended = |outcome: Value, took: &str, from: Value| {
            let took: u64 = took.parse().unwrap();
            fact(json!({ "type": "step_ended", "step": step, "outcome": outcome, "source": from, "took_ms": took }))
        };
        let ran = json!({ "from": "ran" });
        let reply = |status: &str| {
            let cost = words.get(4).map(|cost| cost.parse::<f64>().unwrap());
            json!({ "status": status, "reply": { "partial": status == "partial", "usage": { "cost_usd": cost } } })
        };
        let happened = match words[1] {
            "start" => {
                let attempt: u32 = words[3].parse().unwrap();
                fact(json!({ "type": "step_started", "step": step, "attempt": attempt, "cache": { "cache": "off" } }))
            }
            "fall" => fact(json!({
                "type": "fell_back", "step": step, "attempt": 1, "fault": fault(words[3]), "to": 1, "agent": "codex",
            })),
            "done" => ended(reply("succeeded"), words[3], ran),
            "part" => ended(reply("partial"), words[3], ran),
            "hit" => ended(reply("succeeded"), words[3], json!({ "from": "cache", "key": "k" })),
            "fail" => ended(json!({ "status": "failed", "fault": fault(words[4]) }), words[3], ran),
            "stop" => {
                let fault =
                    serde_json::to_value(Fault::new(Kind::BusinessLogic, "stop").reason("interrupted")).unwrap();
                ended(json!({ "status": "failed", "fault": fault }), words[3], ran)
            }
            other => panic!("{other}"),
        };
        Event { seq: index as u64 + 1, at: Timestamp(words[0].parse().unwrap()), fact: happened }
    };
    let lines = script.lines().filter(|line| !line.trim().is_empty());
    let events: Vec<Event> = lines.enumerate().map(event).collect();
    Report::of(&RunId::new(run).unwrap(), &definition.plan, &events, false)
}

/// Says what each agent came to: `name runs calls success quality p95 cost last-failure`.
fn check(reports: &[Report], expected: &[&str]) {
    let mut records = TrackRecords::default();
    reports.iter().for_each(|report| records.see(report));
    let said = |record: TrackRecord| {
        let cost = record.cost_per_call_usd.map_or("?".to_owned(), |cost| format!("{cost:.2}"));
        let failure = record
            .last_failure
            .map_or("-".to_owned(), |failure| format!("{} {} {}", failure.run, failure.task, failure.message));
        let TrackRecord { agent, runs, calls, attempts, success_rate, quality, p95, .. } = record;
        format!("{agent} {runs}/{calls}/{attempts} {success_rate:.2} {quality:.2} {} {cost} {failure}", p95.as_millis())
    };
    assert_eq!(records.finish().into_iter().map(said).collect::<Vec<_>>(), expected);
}

#[test]
fn an_agent_comes_to_what_its_calls_came_to() {
    let newer = report(
        "r2",
        "0 start ask[0] 1
         5 done ask[0] 300 0.5
         5 start ask[1] 2
         9 part ask[1] 700 1.5
         9 start ask[2] 1
         12 fail ask[2] 100 overloaded
         12 start check 1
         13 done check 10",
    );
    let older = report("r1", "0 start ask[0] 1\n3 fail ask[0] 200 down\n4 start check 3\n5 done check 30");
    check(&[newer, older], &["claude 2/4/5 0.50 0.38 700 1.00 r2 ask[2] overloaded", "run 2/2/4 1.00 1.00 30 ? -"]);
}

#[test]
fn who_failed_before_another_took_over_has_failed() {
    let run = report("r1", "0 start ask[0] 1\n40 fall ask[0] overloaded\n41 start ask[0] 2\n90 done ask[0] 49 0.2");
    check(&[run], &["claude 1/1/1 0.00 0.00 40 ? r1 ask[0] overloaded", "codex 1/1/1 1.00 1.00 49 0.20 -"]);
}

#[test]
fn what_was_remembered_interrupted_or_never_begun_is_no_call() {
    check(&[report("r1", "0 hit ask[0] 300\n1 start ask[1] 1\n2 stop ask[1] 5\n3 fail ask[2] 0 template")], &[]);
}

#[test]
fn the_p95_is_a_duration_that_was_measured() {
    // Of 20 calls the 19th counts, of 21 the 20th.
    for (calls, expected) in [(1, 1), (19, 19), (20, 19), (21, 20), (40, 38), (100, 95)] {
        let reports: Vec<Report> = (1..=calls)
            .map(|took| report(&format!("r{took}"), &format!("0 start check 1\n9 done check {took}")))
            .collect();
        let mut records = TrackRecords::default();
        reports.iter().for_each(|report| records.see(report));
        assert_eq!(records.finish()[0].p95, Duration::from_millis(expected), "{calls}");
    }
}

/// Makes a record: `name calls success quality p95 cost`.
fn record(line: &str) -> TrackRecord {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |index: usize| words[index].parse::<f64>().unwrap();
    TrackRecord {
        agent: words[0].into(),
        runs: 1,
        calls: number(1) as u64,
        succeeded: 0,
        partial: 0,
        failed: 0,
        attempts: 0,
        success_rate: number(2),
        quality: number(3),
        p95: Duration::from_millis(number(4) as u64),
        usage: Usage::default(),
        cost_per_call_usd: words[5].parse().ok(),
        last_failure: None,
    }
}

fn check_order(records: &[&str], agents: &str, expected: &str) {
    let records: Vec<TrackRecord> = records.iter().map(|line| record(line)).collect();
    let agents: Vec<&str> = agents.split(' ').collect();
    let order = order_by_track_record(&agents, &records, 5);
    assert_eq!(order.into_iter().map(|place| agents[place]).collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn the_better_agent_comes_first() {
    check_order(&["a 9 0.5 1 1 1", "b 9 0.9 0.1 9 9"], "a b", "b a");
    check_order(&["a 9 0.9 0.5 1 1", "b 9 0.9 0.8 9 9"], "a b", "b a");
    check_order(&["a 9 0.9 0.8 9 1", "b 9 0.9 0.8 8 9"], "a b", "b a");
    check_order(&["a 9 0.9 0.8 9 2", "b 9 0.9 0.8 9 1"], "a b", "b a");
    check_order(&["a 9 0.9 0.8 9 ?", "b 9 0.9 0.8 9 1"], "a b", "b a");
    check_order(&["a 9 0.9 0.8 9 1", "b 9 0.9 0.8 9 1"], "a b", "a b");
    // A call more or less is no difference.
    check_order(&["a 9 0.91 0.8 9 1", "b 9 0.92 0.8 9 1"], "a b", "a b");
}

#[test]
fn an_agent_that_was_hardly_called_keeps_its_place() {
    check_order(&["a 9 0.1 1 1 1", "b 4 1 1 1 1", "c 9 0.9 1 1 1"], "a b c", "c b a");
    check_order(&["a 4 0.1 1 1 1", "c 9 0.9 1 1 1"], "a b c", "a b c");
    check_order(&[], "a b c", "a b c");
}

#[test]
fn a_command_keeps_its_place_because_the_record_is_that_of_all_commands() {
    check_order(&["run 9 1 1 1 1", "a 9 0.1 1 1 1", "b 9 0.9 1 1 1"], "a run b", "b run a");
}

proptest! {
    #[test]
    fn the_order_holds_each_agent_once_and_is_the_same_each_time(
        numbers in prop::collection::vec((0u64..12, 0.0f64..=1.0, 0.0f64..=1.0, 0u64..9, prop::option::of(0.0f64..9.0)), 0..8),
    ) {
        let names: Vec<String> = (0..numbers.len()).map(|index| format!("a{index}")).collect();
        let records: Vec<TrackRecord> = numbers.iter().enumerate().map(|(index, (calls, rate, quality, p95, cost))| {
            let cost = cost.map_or("?".to_owned(), |cost| cost.to_string());
            record(&format!("a{index} {calls} {rate} {quality} {p95} {cost}"))
        }).collect();
        let order = order_by_track_record(&names, &records, 5);
        let mut places = order.clone();
        places.sort_unstable();
        prop_assert_eq!(places, (0..names.len()).collect::<Vec<_>>());
        let kept = (0..names.len()).filter(|place| records[*place].calls < 5);
        prop_assert!(kept.into_iter().all(|place| order[place] == place));
        let turned: Vec<TrackRecord> = records.iter().rev().cloned().collect();
        prop_assert_eq!(order, order_by_track_record(&names, &turned, 5));
    }
}
