//! Upkeep is the same in both twins: runs are kept or removed, and definitions go with the last run that names them.

use std::ops::ControlFlow;
use std::sync::Arc;

use segno_orchestrator::journal::{Batch, Journal, MemoryJournal};
use segno_orchestrator::model::{Event, RunId, Timestamp};

use crate::store::{Store, wait};

/// Does the same with both twins and compares what each says with what is expected.
fn check(work: impl Fn(&dyn Journal) -> String, expected: &str) {
    let store = Store::new();
    assert_eq!(work(&store.open()), expected, "SQLite");
    assert_eq!(work(&MemoryJournal::default()), expected, "memory");
}

fn run(name: &str) -> RunId {
    RunId::new(name).unwrap()
}

/// Begins a run with a definition of its own, or one that it shares.
fn begin(journal: &dyn Journal, name: &str, definition: &str) {
    let hash = blake3::hash(definition.as_bytes()).to_hex().to_string();
    let fact = serde_json::from_value(serde_json::json!({
        "type": "run_started", "flow": "flow", "pinned": { "path": "flow.yaml", "hash": hash },
        "inputs": {}, "owner": { "pid": 1, "version": "" },
    }));
    let event = Event { seq: 1, at: Timestamp(1), fact: fact.unwrap() };
    let pins: Vec<(String, Arc<str>)> = vec![(hash, definition.into())];
    wait(journal.append(Batch { run: run(name), events: [event].into(), pins })).unwrap();
}

fn listed(journal: &dyn Journal) -> String {
    let entry =
        |entry: segno_orchestrator::journal::RunEntry| format!("{}{}", entry.id, if entry.kept { "!" } else { "" });
    journal.runs(10).unwrap().into_iter().map(entry).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_removed_run_is_gone_with_its_events_and_others_stay() {
    check(
        |journal| {
            ["a", "b", "c"].iter().for_each(|name| begin(journal, name, "d"));
            let removed = [journal.remove(&run("b")).unwrap(), journal.remove(&run("b")).unwrap()];
            let gone = journal.read(&run("b")).unwrap_err();
            format!("{removed:?} {:?} {}", gone.why(), listed(journal))
        },
        "[true, false] Some(\"not_found\") c a",
    );
}

#[test]
fn a_run_that_is_kept_cannot_be_removed() {
    check(
        |journal| {
            ["a", "b"].iter().for_each(|name| begin(journal, name, "d"));
            journal.keep(&run("a"), true).unwrap();
            let unknown = journal.keep(&run("x"), true).unwrap_err();
            let (kept, shown) = (journal.remove(&run("a")).unwrap(), listed(journal));
            journal.keep(&run("a"), false).unwrap();
            let then = journal.remove(&run("a")).unwrap();
            format!("{:?} {kept} {shown} {then} {}", unknown.why(), listed(journal))
        },
        "Some(\"not_found\") false b a! true b",
    );
}

#[test]
fn a_removed_run_may_come_again_and_begins_anew() {
    check(
        |journal| {
            begin(journal, "a", "d");
            journal.remove(&run("a")).unwrap();
            begin(journal, "a", "d");
            let log = journal.read(&run("a")).unwrap();
            format!("{} {:?}", log.events.len(), log.damage)
        },
        "1 None",
    );
}

#[test]
fn a_definition_goes_with_the_last_run_that_names_it() {
    check(
        |journal| {
            for (name, definition) in [("a", "shared"), ("b", "shared"), ("c", "alone")] {
                begin(journal, name, definition);
            }
            let mut gone = Vec::new();
            for name in ["a", "c", "b"] {
                journal.remove(&run(name)).unwrap();
                gone.push(journal.compact(&|| true).unwrap().definitions);
            }
            format!("{gone:?}")
        },
        "[0, 1, 1]",
    );
}

#[test]
fn every_text_is_shown_until_enough_was_seen() {
    let seen = |journal: &dyn Journal, most: usize| {
        let mut names = Vec::new();
        let see = &mut |run: &str, text: &str| {
            assert!(text.contains("run_started"));
            names.push(run.to_owned());
            if names.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        journal.texts(see).unwrap();
        names.join("")
    };
    check(
        |journal| {
            ["a", "b", "c"].iter().for_each(|name| begin(journal, name, "d"));
            format!("{} {}", seen(journal, 9), seen(journal, 2))
        },
        "abc ab",
    );
}

#[test]
fn what_was_set_aside_still_names_what_it_names() {
    let store = Store::new();
    let journal = store.open();
    begin(&journal, "a", "d");
    journal.set_aside(&run("a"), 1).unwrap();
    let mut texts = 0;
    journal
        .texts(&mut |_, text| {
            texts += usize::from(text.contains("run_started"));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((texts, journal.compact(&|| true).unwrap().definitions), (1, 0));
}

#[test]
fn the_space_of_removed_runs_is_given_back() {
    let store = Store::new();
    let runs = crate::store::runs("run", 40);
    store.fill(&runs, 400);
    let size = || std::fs::metadata(store.path()).unwrap().len();
    let full = size();
    let journal = store.open();
    runs[1..].iter().for_each(|run| assert!(journal.remove(run).unwrap()));
    let compacted = journal.compact(&|| true).unwrap();
    assert!(compacted.bytes > full / 2, "{compacted:?} of {full}");
    drop(journal);
    assert!(size() < full / 4, "{} of {full}", size());
    assert_eq!(store.open().read(&runs[0]).unwrap().events.len(), 400);
}
