//! Two processes write to one store: nothing of either is lost.

use segno_orchestrator::journal::{Batch, Journal};
use segno_orchestrator::model::RunId;

use crate::store::{Store, event, events, runs, wait};

const COUNT: u64 = 3;

/// Writes the runs event by event: the next event of all runs is on its way before any of them is awaited.
fn write(store: &Store, runs: &[RunId]) {
    let journal = store.open();
    for seq in 1..=COUNT {
        let append =
            |run: &RunId| journal.append(Batch { run: run.clone(), events: [event(seq)].into(), pins: Vec::new() });
        let pending: Vec<_> = runs.iter().map(append).collect();
        pending.into_iter().for_each(|pending| wait(pending).unwrap());
    }
}

#[test]
fn two_writers_on_one_store_lose_nothing() {
    let store = Store::new();
    let (mine, theirs) = (runs("mine", 200), runs("theirs", 200));
    std::thread::scope(|scope| {
        scope.spawn(|| write(&store, &mine));
        scope.spawn(|| write(&store, &theirs));
    });
    let journal = store.open();
    assert_eq!(journal.runs(1_000).unwrap().len(), 400);
    for run in mine.iter().chain(&theirs) {
        let log = journal.read(run).unwrap();
        assert_eq!((log.events, log.damage), (events(COUNT), None), "{run}");
    }
}

#[test]
fn a_run_that_went_to_another_writer_is_refused_to_the_first() {
    let (store, runs) = (Store::new(), runs("run", 1));
    let (one, other) = (store.open(), store.open());
    crate::store::append(&one, &runs[0], &events(2)).unwrap();
    crate::store::append(&other, &runs[0], &[event(3)]).unwrap();
    assert!(crate::store::append(&one, &runs[0], &[event(3)]).is_err());
    assert_eq!(one.read(&runs[0]).unwrap().events, events(3));
    crate::store::append(&one, &runs[0], &[event(4)]).unwrap();
    assert_eq!(other.read(&runs[0]).unwrap().events, events(4));
}
