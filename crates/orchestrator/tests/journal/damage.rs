//! Whatever is changed in the rows of a run is found: what stands before it is good, the rest is set aside.

use rusqlite::{Connection, params};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::engine::{Engine, Setup};
use segno_orchestrator::journal::{Batch, Journal};
use segno_orchestrator::model::{Fact, RunId};

use crate::store::{Store, append, event, events, runs, wait};

const COUNT: u64 = 6;

/// Damages run `a` with an SQL statement; from event `seq` on it is then not as it was written.
fn check(damage: &str, seq: u64, reason: &str) {
    let (store, runs) = (Store::new(), runs("run", 2));
    store.fill(&runs, COUNT);
    store.execute(damage, []);
    check_damaged(&store, &runs, seq, reason);
}

/// Checks that a damaged run is cut before `seq`, goes on from there, and that the other run is whole.
fn check_damaged(store: &Store, runs: &[RunId], seq: u64, reason: &str) {
    let rows = count(store, "events");
    let journal = store.open();
    let log = journal.read(&runs[0]).unwrap();
    assert_eq!(log.events, events(seq - 1));
    let damage = log.damage.unwrap();
    assert_eq!((damage.seq, damage.reason.contains(reason)), (seq, true), "{}", damage.reason);

    journal.set_aside(&runs[0], seq).unwrap();
    assert_eq!(journal.read(&runs[0]).unwrap().damage, None);
    assert_eq!(count(store, "events") + count(store, "damaged"), rows, "what is set aside is kept");

    let rest: Vec<_> = (seq..=COUNT).map(event).collect();
    append(&journal, &runs[0], &rest).unwrap();
    for run in runs {
        let log = journal.read(run).unwrap();
        assert_eq!((log.events, log.damage), (events(COUNT), None));
    }
}

fn count(store: &Store, table: &str) -> i64 {
    let connection = Connection::open(store.path()).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn a_removed_event_is_missed() {
    check("DELETE FROM events WHERE run = 1 AND seq = 3", 3, "event 3 is missing");
}

#[test]
fn exchanged_events_are_found_even_with_their_sums() {
    let exchange = "UPDATE events SET
        body = (SELECT body FROM events other WHERE other.run = 1 AND other.seq = 5 - events.seq),
        sum = (SELECT sum FROM events other WHERE other.run = 1 AND other.seq = 5 - events.seq)
        WHERE run = 1 AND seq IN (2, 3)";
    check(exchange, 2, "event 2 does not match its checksum");
}

#[test]
fn an_event_of_another_run_is_found() {
    let copy = "UPDATE events SET sum = (SELECT sum FROM events other WHERE other.run = 2 AND other.seq = 4)
        WHERE run = 1 AND seq = 4";
    check(copy, 4, "checksum");
}

#[test]
fn a_sum_that_was_cut_is_found() {
    check("UPDATE events SET sum = substr(sum, 1, 8) WHERE run = 1 AND seq = 4", 4, "checksum");
    check("UPDATE events SET sum = x'' WHERE run = 1 AND seq = 6", 6, "checksum");
}

#[test]
fn every_flipped_bit_of_an_event_is_found() {
    let (store, runs) = (Store::new(), runs("run", 1));
    store.fill(&runs, COUNT);
    let journal = store.open();
    let connection = Connection::open(store.path()).unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    let body = "SELECT CAST(body AS BLOB) FROM events WHERE run = 1 AND seq = 3";
    let whole: Vec<u8> = connection.query_row(body, [], |row| row.get(0)).unwrap();
    for position in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[position] ^= 1 << (position % 8);
        let update = "UPDATE events SET body = CAST(?1 AS TEXT) WHERE run = 1 AND seq = 3";
        connection.execute(update, params![flipped]).unwrap();
        let log = journal.read(&runs[0]).unwrap();
        assert_eq!((log.events.len(), log.damage.map(|damage| damage.seq)), (2, Some(3)), "byte {position}");
    }
    check_damaged(&store, &runs, 3, "event 3");
}

#[test]
fn an_event_follows_the_one_before_it_or_is_refused() {
    let (store, runs) = (Store::new(), runs("run", 1));
    store.fill(&runs, COUNT);
    let journal = store.open();
    for seq in [1, COUNT, COUNT + 2] {
        assert!(append(&journal, &runs[0], &[event(seq)]).is_err(), "{seq}");
    }
    append(&journal, &runs[0], &[event(COUNT + 1)]).unwrap();
    assert_eq!(journal.read(&runs[0]).unwrap().events, events(COUNT + 1));
}

#[test]
fn a_damaged_run_is_resumed_from_what_is_whole() {
    let (store, agents) = (Store::new(), Registry::default());
    let run = RunId::new("run-000").unwrap();
    let definition = Definition::parse("steps: [{ id: review, run: [true] }]", "flow.yaml", &agents).unwrap();
    let mut all = events(3);
    if let Fact::RunStarted { pinned, .. } = &mut all[0].fact {
        pinned.hash = definition.hash();
    }
    let journal = std::sync::Arc::new(store.open());
    let pins = vec![(definition.hash(), definition.source.clone())];
    wait(journal.append(Batch { run: run.clone(), events: all.into(), pins })).unwrap();
    store.execute("UPDATE events SET sum = x'' WHERE seq = 2", []);

    let engine = Engine::new(Setup { journal: journal.clone(), ..Setup::default() });
    let resumed = wait(engine.resume(&run)).unwrap();
    assert_eq!(resumed.damage.map(|damage| damage.seq), Some(2));
    assert_eq!(journal.read(&run).unwrap().events.len(), 1);
}

#[test]
fn a_store_that_lost_its_head_is_not_taken_for_a_new_one() {
    let (used, copied) = (Store::new(), Store::new());
    let journal = used.open();
    append(&journal, &runs("run", 1)[0], &events(COUNT)).unwrap();
    let log = |store: &Store| store.path().with_file_name("segno.db-wal");
    std::fs::copy(log(&used), log(&copied)).unwrap();
    let before = std::fs::read(log(&copied)).unwrap();
    for head in ["", "S"] {
        std::fs::write(copied.path(), head).unwrap();
        let fault = segno_orchestrator::journal::SqliteJournal::open(&copied.path()).unwrap_err();
        assert_eq!(fault.why(), Some("damaged"));
        assert_eq!(std::fs::read(log(&copied)).unwrap(), before, "the log is still there");
    }
}
