//! Repair keeps what is whole, keeps the damaged store aside, and leaves a healthy one alone.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::LazyLock;

use rusqlite::Connection;
use segno_orchestrator::journal::{Journal, Repair, repair};
use segno_orchestrator::model::RunId;

use crate::store::{Store, append, event, events, runs};

const RUNS: usize = 24;
const COUNT: u64 = 16;
const STAMP: u64 = 7;

/// Makes a store of many runs and damages its file. It is filled once and copied, because filling waits for the disk.
fn damaged(damage: impl FnOnce(&Path)) -> (Store, Vec<RunId>) {
    static HEALTHY: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let store = Store::new();
        store.fill(&runs("run", RUNS), COUNT);
        fs::read(store.path()).unwrap()
    });
    let store = Store::new();
    fs::write(store.path(), &*HEALTHY).unwrap();
    damage(&store.path());
    (store, runs("run", RUNS))
}

/// Repairs the store; returns what was done, and how many events of each run are left.
fn repaired(store: &Store, runs: &[RunId]) -> (Repair, BTreeMap<String, u64>) {
    let before = fs::read(store.path()).unwrap();
    let done = repair(&store.path(), STAMP).unwrap();
    let kept = done.kept.clone().unwrap_or(store.path());
    assert!(fs::read(kept).unwrap() == before, "the damaged store is kept as it was");

    let journal = store.open();
    let mut left = BTreeMap::new();
    for entry in journal.runs(RUNS * 2).unwrap() {
        let log = journal.read(&entry.id).unwrap();
        let count = log.events.len() as u64;
        assert_eq!((log.events, log.damage), (events(count), None), "{}", entry.id);
        left.insert(entry.id.to_string(), count);
    }
    if let Some((id, count)) = left.iter().next() {
        append(&journal, &RunId::new(id).unwrap(), &[event(count + 1)]).unwrap();
    }
    let in_use = repair(&store.path(), STAMP + 1).unwrap_err();
    assert_eq!(in_use.why(), Some("locked"), "a store that somebody uses is not exchanged");
    drop(journal);
    assert!(left.keys().all(|id| runs.iter().any(|run| run.as_str() == id)));
    assert_eq!((done.runs, done.events as u64), (left.len(), left.values().sum()), "{done:?}");
    assert_eq!(repair(&store.path(), STAMP + 1).unwrap(), Repair::default(), "what was repaired is healthy");
    (done, left)
}

/// Checks that each run which lost events is named.
fn check_named(done: &Repair, left: &BTreeMap<String, u64>) {
    let mut short = left.iter().filter(|(_, count)| **count < COUNT);
    assert!(short.all(|(id, _)| done.cut.contains(id)), "{done:?}");
}

#[test]
fn a_healthy_store_is_left_alone() {
    let (store, runs) = damaged(|_| {});
    assert_eq!(repair(&store.path(), STAMP).unwrap(), Repair::default());
    let journal = store.open();
    assert!(runs.iter().all(|run| journal.read(run).unwrap().events == events(COUNT)));
}

#[test]
fn garbage_becomes_an_empty_store() {
    let (store, runs) = damaged(|path| fs::write(path, [0xa5; 5_000]).unwrap());
    let (done, left) = repaired(&store, &runs);
    assert!(done.kept.is_some() && left.is_empty(), "{done:?}");
}

#[test]
fn a_changed_event_costs_the_rest_of_its_run_alone() {
    let (store, runs) = damaged(|_| {});
    store.execute("UPDATE events SET sum = x'00' WHERE run = 3 AND seq = 5", []);
    let (done, left) = repaired(&store, &runs);
    assert_eq!((done.cut, left["run-002"]), (vec!["run-002".to_owned()], 4));
    assert!(left.iter().all(|(id, count)| id == "run-002" || *count == COUNT), "{left:?}");
}

#[test]
fn of_a_file_that_was_cut_what_is_whole_is_kept() {
    for (percent, whole) in [(0, 0), (30, 0), (60, 8), (90, 16)] {
        let (store, runs) = damaged(|path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() * percent / 100).unwrap();
        });
        let (done, left) = repaired(&store, &runs);
        check_named(&done, &left);
        let count = left.values().filter(|count| **count == COUNT).count();
        assert!(count >= whole, "{percent} %: {left:?}");
    }
}

#[test]
fn an_overwritten_page_costs_what_was_on_it() {
    let (sample, _) = damaged(|_| {});
    let connection = Connection::open(sample.path()).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap();
    let (pages, size) = (number("PRAGMA page_count"), number("PRAGMA page_size"));
    let root = |table: &str| number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"));
    let roots = [1, root("events")];
    for page in 1..=pages {
        let (store, runs) = damaged(|path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.write_all_at(&vec![0xa5; size as usize], u64::from(page - 1) * u64::from(size)).unwrap();
        });
        let (done, left) = repaired(&store, &runs);
        assert!(done.kept.is_some(), "page {page}");
        check_named(&done, &left);
        // The events of one page belong to three runs at most.
        assert!(roots.contains(&page) || left.len() >= RUNS - 3, "page {page}: {done:?}");
    }
}
