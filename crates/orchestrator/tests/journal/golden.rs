//! Yesterday's journal: a store of each released format as it was written is read, folded and gone on with.
//!
//! `SEGNO_MAKE_GOLDEN=1 cargo test -p segno-orchestrator --test journal golden_files_are` makes the files anew. That is right
//! for a new format, beside the old files; whoever changes those of a released format breaks the journals of others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::journal::{Batch, Journal, SQLITE_FORMAT, SqliteJournal};
use segno_orchestrator::model::{Address, Event, Fact, Owner, RunId, RunStatus, Status, Timestamp};
use segno_orchestrator::plan::StepRef;
use segno_orchestrator::state::{RunState, View, Work};
use serde_json::Value;

use crate::store::{Store, wait};

/// The run that ended, and the one that is paused.
const RUNS: [&str; 2] = ["20260102-030405-aaaa", "20260102-030506-bbbb"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Every format that a journal was ever written in.
fn formats() -> impl Iterator<Item = u32> {
    1..=SQLITE_FORMAT
}

/// Returns a copy of the store of a format: opening one writes to its folder.
fn copied(format: u32) -> Store {
    let store = Store::new();
    fs::copy(golden(&format!("format_{format}.db")), store.path()).unwrap();
    store
}

fn run(name: &str) -> RunId {
    RunId::new(name).unwrap()
}

/// Reads a run and folds it; the definition is the one that it is pinned to.
fn folded(journal: &SqliteJournal, name: &str) -> (Vec<Event>, RunState) {
    let log = journal.read(&run(name)).unwrap();
    assert_eq!(log.damage, None);
    let Fact::RunStarted { pinned, .. } = &log.events[0].fact else { panic!("a run begins with its start") };
    let source = journal.pinned(&pinned.hash).unwrap();
    let definition = Definition::parse(&source, &pinned.path, &Registry::default()).unwrap();
    assert_eq!(definition.hash(), pinned.hash);
    let mut state = RunState::new(definition.plan);
    log.events.iter().for_each(|event| state.apply(event));
    (log.events, state)
}

fn status_of(view: &View) -> Status {
    match view {
        View::Task(_, outcome) => outcome.status(),
        View::Group(status) | View::Items(status, _) | View::Rounds { status, .. } | View::Flow(status, _) => *status,
    }
}

#[test]
fn a_run_of_every_format_folds_to_the_end_that_it_had() {
    for format in formats() {
        let (events, state) = folded(&copied(format).open(), RUNS[0]);
        assert_eq!(
            (events.len(), state.status(), state.run_status()),
            (22, Some(Status::Failed), Some(RunStatus::Failed))
        );
        assert_eq!((state.ready(), state.processes().count()), (Vec::new(), 0));
        assert_eq!(Value::Object((**state.inputs()).clone()), serde_json::json!({ "goal": "no panics" }));

        let ends = events.iter().filter_map(|event| match &event.fact {
            Fact::StepEnded { step, outcome, .. } => Some((step.to_string(), outcome.status().name())),
            _ => None,
        });
        let expected = [
            ("deploy", "skipped"),
            ("fix", "succeeded"),
            ("hold", "skipped"),
            ("late", "skipped"),
            ("list", "succeeded"),
            ("review[0]", "partial"),
            ("review[1]", "succeeded"),
            ("review[2]", "failed"),
            ("tell", "failed"),
        ];
        assert_eq!(ends.collect::<BTreeMap<_, _>>(), expected.map(|(step, status)| (step.to_owned(), status)).into());

        let fix = state.find(&"fix".parse::<Address>().unwrap()).unwrap();
        let step = "review".parse::<Address>().unwrap().step;
        let review = StepRef { target: state.plan().step(&step).unwrap(), step, previous: None };
        let Some(View::Items(status, items)) = state.view(fix, &review) else { panic!("a fan-out has items") };
        assert_eq!(status, Status::Failed);
        let statuses: Vec<_> = items.iter().map(status_of).collect();
        assert_eq!(statuses, [Status::Partial, Status::Succeeded, Status::Failed]);
    }
}

#[test]
fn a_paused_run_of_every_format_can_be_gone_on_with() {
    for format in formats() {
        let store = copied(format);
        let journal = store.open();
        let (mut events, mut state) = folded(&journal, RUNS[1]);
        let ready = state.ready();
        assert_eq!((ready.len(), &ready[0].work), (1, &Work::Attempt(1)));
        assert_eq!(state.address(ready[0].frame).to_string(), "list");

        let next = Event {
            seq: state.events() + 1,
            at: Timestamp(1_767_400_000_000),
            fact: Fact::RunResumed { owner: Owner { pid: 1, version: "0.2.0".into() } },
        };
        state.apply(&next);
        wait(journal.append(Batch { run: run(RUNS[1]), events: [next.clone()].into(), pins: Vec::new() })).unwrap();
        events.push(next);
        assert_eq!(folded(&store.open(), RUNS[1]).0, events);
        assert_eq!(folded(&store.open(), RUNS[0]).0.len(), 22);
    }
}

#[test]
fn the_runs_of_every_format_are_listed_newest_first() {
    for format in formats() {
        let entries = copied(format).open().runs(10).unwrap().into_iter();
        let said = |entry: segno_orchestrator::journal::RunEntry| {
            format!(
                "{} {} {} {} {} {:?}",
                entry.id,
                entry.flow,
                entry.path,
                entry.started.0,
                entry.status.name(),
                entry.reason
            )
        };
        assert_eq!(
            entries.map(said).collect::<Vec<_>>(),
            [
                "20260102-030506-bbbb golden flows/golden.yaml 1767323106000 paused Some(\"interrupted\")",
                "20260102-030405-aaaa golden flows/golden.yaml 1767323045000 failed None",
            ]
        );
    }
}

#[test]
fn an_older_store_is_carried_over_when_it_is_opened() {
    let version = |store: &Store| {
        let connection = Connection::open(store.path()).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap()
    };
    for format in formats() {
        let store = copied(format);
        assert_eq!(version(&store), format);
        // Two processes at once.
        let (journal, other) = (store.open(), store.open());
        assert_eq!(version(&store), SQLITE_FORMAT);
        journal.keep(&run(RUNS[0]), true).unwrap();
        let kept: Vec<bool> = other.runs(10).unwrap().iter().map(|entry| entry.kept).collect();
        assert_eq!(kept, [false, true]);
        assert_eq!(lines(&store.path()), lines(&copied(format).path()));
    }
}

/// What is stored is what the lines for review say, and would be written in the same letters today.
#[test]
fn every_store_holds_the_lines_that_stand_beside_it() {
    for format in formats() {
        let expected = fs::read_to_string(golden(&format!("format_{format}.jsonl"))).unwrap();
        assert_eq!(lines(&copied(format).path()), expected);
        for line in expected.lines() {
            let (_, body) = line.split_once("\"event\":").unwrap();
            let body = body.strip_suffix('}').unwrap();
            let event: Event = serde_json::from_str(body).unwrap();
            assert_eq!(serde_json::to_string(&event).unwrap(), body);
        }
    }
}

#[test]
fn the_golden_files_show_every_form_that_an_event_has() {
    let lines = fs::read_to_string(golden(&format!("format_{SQLITE_FORMAT}.jsonl"))).unwrap();
    let values: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |pointer: &str| -> BTreeSet<String> {
        values.iter().filter_map(|value| value.pointer(pointer)?.as_str()).map(str::to_owned).collect()
    };
    let check = |pointer: &str, expected: &[&str]| {
        assert_eq!(found(pointer).iter().map(String::as_str).collect::<Vec<_>>(), expected, "{pointer}");
    };
    check(
        "/event/type",
        &[
            "decided",
            "expanded",
            "run_ended",
            "run_paused",
            "run_resumed",
            "run_started",
            "spawned",
            "step_ended",
            "step_retried",
            "step_started",
        ],
    );
    check("/event/outcome/status", &["failed", "partial", "skipped", "succeeded"]);
    check("/event/outcome/why", &["guard", "needs", "unreached"]);
    check("/event/cache/cache", &["miss", "off"]);
    check("/event/source/from", &["cache", "ran"]);
    assert!(values.iter().any(|value| value.pointer("/event/outcome/reply/output/blob").is_some()));
    assert!(values.iter().any(|value| value.pointer("/event/outcome/reply/output/findings").is_some()));
}

/// Returns the rows of all events, a line each, in the letters in which they are stored.
fn lines(store: &Path) -> String {
    let connection = Connection::open(store).unwrap();
    let sql = "SELECT id, sum, body FROM events JOIN runs ON run = number ORDER BY run, seq";
    let mut query = connection.prepare(sql).unwrap();
    let mut rows = query.query([]).unwrap();
    let mut lines = String::new();
    while let Some(row) = rows.next().unwrap() {
        let (id, sum, body): (String, Vec<u8>, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let sum = sum.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        writeln!(lines, r#"{{"run":"{id}","sum":"{sum}","event":{body}}}"#).unwrap();
    }
    lines
}

/// Makes the golden files of the format that is written today, from the lines for review without their sums.
#[test]
fn golden_files_are_made_on_request() {
    if std::env::var_os("SEGNO_MAKE_GOLDEN").is_none() {
        return;
    }
    let (store, source) = (golden(&format!("format_{SQLITE_FORMAT}.db")), golden("golden.yaml"));
    let source: Arc<str> = fs::read_to_string(source).unwrap().into();
    let pins = vec![(blake3::hash(source.as_bytes()).to_hex().to_string(), source.clone())];
    let events = fs::read_to_string(golden("events.jsonl")).unwrap().replace("PINNED", &pins[0].0);
    if store.exists() {
        fs::remove_file(&store).unwrap();
    }
    let journal = SqliteJournal::open(&store).unwrap();
    for (name, part) in RUNS.into_iter().zip(events.split("\n\n")) {
        let events: Vec<Event> = part.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        wait(journal.append(Batch { run: run(name), events: events.into(), pins: pins.clone() })).unwrap();
    }
    drop(journal);
    fs::write(store.with_extension("jsonl"), lines(&store)).unwrap();
}
