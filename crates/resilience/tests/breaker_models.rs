//! The breaker under loom, which tries out how threads may interleave: probes are let through exactly,
//! none is lost, and no failure slips past the path that takes no lock. Run by `cargo xtask ci models`.
#![cfg(segno_loom)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use loom::model::Builder;
use loom::thread;
use segno_resilience::{Breaker, BreakerBuilder, ManualClock, Permit, State};

const SECOND: Duration = Duration::from_secs(1);

/// How often threads may be interrupted where they need not wait, in a model of three. A bug in which two
/// atomics are read or written one after the other needs one; without a limit it takes hours.
const OF_THREE: usize = 1;

/// The same in a model of two.
const OF_TWO: usize = 6;

/// Checks a model under every order of steps with so few interruptions.
fn check(interruptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(model);
}

/// Runs the same in so many threads and returns what came of each.
fn race<T: 'static>(threads: usize, work: impl Fn() -> T + Clone + 'static) -> Vec<T> {
    let threads: Vec<_> = (0..threads).map(|_| thread::spawn(work.clone())).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Returns a breaker that has been open for as long as it is to be. That is longer than probes have to come
/// back: a time that is read with the wrong word would else be seen to be too long.
fn due(builder: BreakerBuilder) -> Breaker {
    let hands = ManualClock::new();
    let breaker = builder.open_for(10 * SECOND).half_open_for(SECOND).clock(hands.clock()).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    hands.advance(10 * SECOND);
    breaker
}

/// Keeps a permit without ever giving it back.
fn hold(permit: Permit<'_>) {
    std::mem::forget(permit);
}

#[test]
fn exactly_as_many_are_let_through_as_there_are_probes() {
    check(OF_TWO, || assert_eq!(admitted(2, 1), 1));
    check(OF_THREE, || assert_eq!(admitted(3, 2), 2));
}

/// Returns how many of so many threads are let through as probes.
fn admitted(threads: usize, probes: u32) -> usize {
    let breaker = due(Breaker::in_a_row(1).probes(probes));
    let admitted = race(threads, move || breaker.try_acquire().map(hold).is_ok());
    admitted.into_iter().filter(|is_admitted| *is_admitted).count()
}

#[test]
fn a_probe_that_is_given_back_is_let_through_again_and_never_twice() {
    check(OF_TWO, || {
        let breaker = due(Breaker::in_a_row(1).probes(1));
        let under_way = Arc::new(AtomicUsize::new(0));
        let shared = breaker.clone();
        race(2, move || {
            if let Ok(permit) = shared.try_acquire() {
                assert_eq!(under_way.fetch_add(1, Relaxed), 0);
                under_way.fetch_sub(1, Relaxed);
                permit.ignore();
            }
        });
        assert_eq!(breaker.snapshot().free_probes, 1);
        assert!(breaker.try_acquire().is_ok());
    });
}

#[test]
fn probes_that_succeed_close_and_one_that_fails_opens_in_whatever_order() {
    check(OF_TWO, || {
        let breaker = due(Breaker::in_a_row(1).probes(2));
        let shared = breaker.clone();
        let number = Arc::new(AtomicUsize::new(0));
        race(2, move || {
            let permit = shared.try_acquire().unwrap();
            match number.fetch_add(1, Relaxed) {
                0 => permit.success(),
                _ => permit.failure(),
            }
        });
        assert_eq!((breaker.state(), breaker.snapshot().generation), (State::Open, 3));
    });
    check(OF_TWO, || {
        let breaker = due(Breaker::in_a_row(1).probes(2));
        let shared = breaker.clone();
        race(2, move || shared.try_acquire().unwrap().success());
        assert_eq!((breaker.state(), breaker.snapshot().generation), (State::Closed, 3));
    });
}

#[test]
fn no_failure_slips_past_successes_that_take_no_lock() {
    check(OF_TWO, || {
        let breaker = Breaker::failures(1.0).of_last(2).build().unwrap();
        (0..2).for_each(|_| breaker.try_acquire().unwrap().success());
        let shared = breaker.clone();
        let failing = thread::spawn(move || shared.try_acquire().unwrap().failure());
        let shared = breaker.clone();
        let succeeding = thread::spawn(move || shared.try_acquire().unwrap().success());
        failing.join().unwrap();
        succeeding.join().unwrap();
        // The failure came first or last, and is in the window either way.
        assert_eq!((breaker.snapshot().calls, breaker.snapshot().failures), (2, 1));
        // Nor do the successes after it: they push it out.
        (0..2).for_each(|_| breaker.try_acquire().unwrap().success());
        assert_eq!((breaker.snapshot().failures, breaker.snapshot().in_a_row), (0, 0));
    });
}

#[test]
fn a_rejection_tells_the_time_of_the_state_that_rejects() {
    check(OF_TWO, || {
        let breaker = due(Breaker::in_a_row(1));
        let shared = breaker.clone();
        let failing = thread::spawn(move || shared.try_acquire().map(Permit::failure).is_ok());
        let shared = breaker.clone();
        let other = move || shared.try_acquire().map(Permit::ignore).map_err(|rejection| rejection.retry_after);
        let waited = thread::spawn(other).join().unwrap();
        // Let through before the other one or after it was given back; rejected while the other one is under
        // way, or after it failed.
        assert!(matches!(waited, Ok(()) | Err(None)) || waited == Err(Some(10 * SECOND)), "{waited:?}");
        let has_failed = failing.join().unwrap();
        assert_eq!(breaker.state() == State::Open, has_failed);
    });
}

#[test]
fn a_straggler_changes_nothing_while_probes_are_under_way() {
    check(OF_TWO, || {
        let hands = ManualClock::new();
        let breaker = Breaker::in_a_row(1).open_for(SECOND).clock(hands.clock()).build().unwrap();
        // A permit borrows its breaker, and a thread wants to own both.
        let shared: &'static Breaker = Box::leak(Box::new(breaker.clone()));
        let late = shared.try_acquire().unwrap();
        shared.try_acquire().unwrap().failure();
        hands.advance(SECOND);
        let straggler = thread::spawn(move || late.failure());
        let probing = thread::spawn(move || shared.try_acquire().map(Permit::success).is_ok());
        straggler.join().unwrap();
        assert!(probing.join().unwrap());
        assert_eq!((breaker.state(), breaker.snapshot().generation), (State::Closed, 3));
    });
}

#[test]
fn lost_probes_are_written_off_once() {
    check(OF_THREE, || {
        let hands = ManualClock::new();
        let breaker = Breaker::in_a_row(1).open_for(SECOND).half_open_for(SECOND).clock(hands.clock());
        let breaker = breaker.build().unwrap();
        breaker.try_acquire().unwrap().failure();
        hands.advance(SECOND);
        let shared: &'static Breaker = Box::leak(Box::new(breaker.clone()));
        let lost = shared.try_acquire().unwrap();
        hands.advance(SECOND);
        let giving_back = thread::spawn(move || lost.ignore());
        // Given back before it was written off it is free for one of them, and after that for none.
        let admitted = race(2, move || shared.try_acquire().map(hold).is_ok());
        giving_back.join().unwrap();
        assert_eq!(admitted.into_iter().filter(|is_admitted| *is_admitted).count(), 1);
        assert_eq!(breaker.snapshot().free_probes, 0);
    });
}
