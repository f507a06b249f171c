//! Each thing that may go, and each that must not.

use std::cell::Cell;
use std::collections::BTreeSet;

use segno_orchestrator::history::{Filter, History, Left as Why};
use segno_orchestrator::model::RunId;
use segno_orchestrator::retention::{Collected, Freed, Retention};

use crate::project::{Left, World, after, large};

/// Keeps so many runs, however old.
fn newest(keep_runs: usize) -> Retention {
    Retention { keep_runs: Some(keep_runs), keep_for: None, max_bytes: None }
}

fn set(runs: &[&RunId]) -> BTreeSet<String> {
    runs.iter().map(|run| run.to_string()).collect()
}

fn left(runs: &[&RunId], blobs: usize) -> Left {
    Left { runs: set(runs), logs: set(runs), locks: set(runs), blobs }
}

#[test]
fn a_run_goes_with_its_log_its_lock_and_what_only_it_named() {
    let world = World::new();
    let (one, other) = (world.run(&large('a', "false")), world.run(&large('b', "false")));
    assert_eq!(world.left(), left(&[&one, &other], 2));
    let foreseen = world.collector().foresee(&newest(1), after(1)).unwrap();
    assert_eq!(world.left(), left(&[&one, &other], 2), "foreseeing removes nothing");

    let done = world.collect(&newest(1), 1);
    assert_eq!(world.left(), left(&[&other], 1));
    assert_eq!((done.logs, done.blobs), (Freed { count: 1, bytes: 7 }, Freed { count: 1, bytes: 20_000 }));
    assert_eq!((done.store.definitions, done.is_complete), (1, true));
    assert_eq!(Collected { store: done.store, ..foreseen }, done);
    world.check_whole();
}

#[test]
fn a_large_output_that_two_runs_share_stays_until_both_are_gone() {
    let world = World::new();
    let (_, other) = (world.run(&large('a', "false")), world.run(&large('a', "false")));
    assert_eq!(world.left().blobs, 1);
    world.collect(&newest(1), 1);
    assert_eq!(world.left(), left(&[&other], 1));
    world.check_whole();
    world.collect(&newest(0), 1);
    assert_eq!(world.left(), left(&[], 0));
}

#[test]
fn a_large_output_that_the_cache_names_stays_and_is_a_hit() {
    let world = World::new();
    world.write("in", "1");
    let flow = large('a', "{ files: [in] }");
    world.run(&flow);
    world.collect(&newest(0), 1);
    assert_eq!(world.left(), left(&[], 1));
    let again = world.run(&flow);
    let events = world.setup.journal.read(&again).unwrap().events;
    assert!(
        !events.iter().any(|event| matches!(event.fact, segno_orchestrator::model::Fact::StepStarted { .. })),
        "it was a hit"
    );
    world.check_whole();
}

#[test]
fn without_its_cache_nobody_knows_what_that_names_so_no_output_goes() {
    let world = World::new();
    world.run(&large('a', "false"));
    let setup = segno_orchestrator::engine::Setup { memory: None, ..world.setup.clone() };
    world.project.collector(&setup).collect(&newest(0), after(1), &|| true).unwrap();
    assert_eq!(world.left(), left(&[], 1));
}

#[test]
fn what_is_young_is_not_swept_whoever_names_it() {
    let world = World::new();
    world.run(&large('a', "false"));
    world.setup.blobs.put("its event is on its way").unwrap();
    let begun = world.setup.locks.as_ref().unwrap().own(&RunId::new("just-begun").unwrap()).unwrap();
    let done = world.collect(&newest(0), 0);
    assert_eq!((done.blobs, done.runs.len(), world.left().blobs), (Freed::default(), 1, 2));
    assert_eq!(world.left().locks, BTreeSet::from(["just-begun".to_owned()]));
    let done = world.collect(&newest(0), 1);
    assert_eq!((done.blobs.count, done.locks, world.left().locks.len()), (2, 0, 1), "a lock that is held stays");
    drop(begun);
    assert_eq!((world.collect(&newest(0), 1).locks, world.left().locks.len()), (1, 0));
}

#[test]
fn runs_that_may_go_on_or_are_pinned_stay_and_the_forgotten_are_told() {
    let world = World::new();
    let pinned = world.run(&large('a', "false"));
    let paused = world.interrupted("20260101-000000-dead");
    let owned = world.interrupted("20260101-000001-busy");
    let _lock = world.setup.locks.as_ref().unwrap().own(&owned).unwrap();
    world.project.history(&world.setup).keep(&pinned, true).unwrap();
    world.run(&large('b', "false"));

    let done = world.collect(&Retention::default(), 89);
    assert_eq!((done.runs.len(), done.stale.len()), (0, 0));
    let done = world.collect(&Retention::default(), 91);
    assert_eq!(done.runs.len(), 1);
    assert_eq!(done.stale.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>(), [owned.clone(), paused.clone()]);
    assert_eq!(world.left().runs, set(&[&pinned, &paused, &owned]));
    assert_eq!(world.left().blobs, 1);
    world.check_whole();
}

#[test]
fn the_oldest_go_until_what_is_left_is_small_enough() {
    let world = World::new();
    let runs: Vec<RunId> = ['a', 'b', 'b', 'c'].map(|letter| world.run(&large(letter, "false"))).into();
    let small = |max_bytes| Retention { keep_runs: None, keep_for: None, max_bytes: Some(max_bytes) };
    world.collect(&small(70_000), 1);
    assert_eq!(world.left(), left(&[&runs[0], &runs[1], &runs[2], &runs[3]], 3));
    // The second and the third share their output, so that both have to go before any of it is free.
    world.collect(&small(30_000), 1);
    assert_eq!(world.left(), left(&[&runs[3]], 1));
}

#[test]
fn wherever_a_collection_is_cut_off_nothing_needed_is_gone_and_the_next_one_ends_it() {
    let mut cut = 0;
    for steps in 0.. {
        let world = World::new();
        let runs: Vec<RunId> = ['a', 'b', 'a'].map(|letter| world.run(&large(letter, "false"))).into();
        let calls = Cell::new(0);
        let done = world.collector().collect(&newest(1), after(1), &|| {
            calls.set(calls.get() + 1);
            calls.get() <= steps
        });
        world.check_whole();
        assert!(world.left().runs.contains(runs[2].as_str()));
        let is_complete = done.unwrap().is_complete;
        world.collect(&newest(1), 1);
        assert_eq!(world.left(), left(&[&runs[2]], 1), "after {steps} steps");
        if is_complete {
            break;
        }
        cut += 1;
    }
    assert!(cut > 5, "it was cut off {cut} times only");
}

#[test]
fn what_a_killed_removal_left_behind_is_found() {
    let world = World::new();
    let (one, other) = (world.run(&large('a', "false")), world.run(&large('b', "false")));
    // The rows go first: a kill right after them leaves log, lock, output and definition.
    assert!(world.setup.journal.remove(&one).unwrap());
    let done = world.collect(&newest(9), 1);
    assert_eq!(
        (done.runs.len(), done.logs.count, done.locks, done.blobs.count, done.store.definitions),
        (0, 1, 1, 1, 1)
    );
    assert_eq!(world.left(), left(&[&other], 1));
}

#[test]
fn a_run_is_removed_by_name_only_if_nothing_speaks_against_it() {
    let world = World::new();
    let history: History = world.project.history(&world.setup);
    let paused = world.interrupted("20260101-000000-dead");
    let ended = world.run(&large('a', "false"));
    let why = |run: &RunId, force| history.remove(run, force).err().map(|fault| fault.why().unwrap().to_owned());
    history.keep(&ended, true).unwrap();
    assert_eq!((why(&paused, false).as_deref(), why(&ended, true).as_deref()), (Some("resumable"), Some("kept")));
    let lock = world.setup.locks.as_ref().unwrap().own(&paused).unwrap();
    assert_eq!(why(&paused, true).as_deref(), Some("locked"));
    drop(lock);
    history.keep(&ended, false).unwrap();
    assert_eq!(
        (why(&paused, true), why(&ended, false), why(&ended, false).as_deref()),
        (None, None, Some("not_found"))
    );
}

#[test]
fn clearing_removes_what_is_meant_and_says_what_it_left() {
    let world = World::new();
    let history = world.project.history(&world.setup);
    let (one, other) = (world.run(&large('a', "false")), world.run("{ flow: other, steps: [{ id: x, run: [echo] }] }"));
    let (paused, pinned) = (world.interrupted("20260101-000000-dead"), world.run(&large('b', "false")));
    history.keep(&pinned, true).unwrap();
    let cleared = history.clear(&Filter { flow: Some("large".into()), ..Filter::default() }).unwrap();
    assert_eq!(cleared.removed.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&one]);
    assert_eq!(cleared.left.iter().map(|(entry, why)| (&entry.id, *why)).collect::<Vec<_>>(), [(&pinned, Why::Kept)]);
    let cleared = history.clear(&Filter::default()).unwrap();
    assert_eq!(cleared.removed.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&other]);
    assert_eq!(world.left().runs, set(&[&paused, &pinned]));
}
