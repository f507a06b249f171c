//! Changes by hand, and who is told of changes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use segno_resilience::{Breaker, BreakerBuilder, Change, State, Why};

use crate::forms::{Ending, Form, SECOND, both, built};

/// Makes a breaker write down its changes.
fn told(builder: BreakerBuilder) -> (BreakerBuilder, Arc<Mutex<Vec<Change>>>) {
    let changes = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&changes);
    (builder.on_change(move |change| list.lock().unwrap().push(*change)), changes)
}

/// Checks what was told, in order, and that the generations count it.
fn check(changes: &Mutex<Vec<Change>>, expected: &[&str]) {
    let changes = changes.lock().unwrap();
    let texts: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
    assert!(changes.iter().map(|change| change.generation).eq(1..=changes.len() as u64));
}

#[test]
fn each_change_is_told_with_its_reason() {
    both(|form| {
        let builder = Breaker::failures(0.5).of_last(4).min_calls(4).or_in_a_row(3).half_open_for(SECOND);
        let (builder, changes) = told(builder);
        let (breaker, hands) = built(builder);
        let calls = |endings: &[Ending]| endings.iter().for_each(|ending| assert!(form.call(&breaker, *ending)));
        calls(&[Ending::Failure, Ending::Success, Ending::Failure, Ending::Success]);
        hands.advance(SECOND);
        calls(&[Ending::Failure]);
        hands.advance(SECOND);
        let lost = form.begin(&breaker);
        hands.advance(SECOND);
        calls(&[Ending::Success]);
        drop(lost);
        calls(&[Ending::Failure; 3]);
        breaker.reset();
        check(
            &changes,
            &[
                "closed to open: too many calls failed",
                "open to half-open: it was open long enough",
                "half-open to open: a probe failed",
                "open to half-open: it was open long enough",
                "half-open to half-open: probes did not come back in time",
                "half-open to closed: the probes succeeded",
                "closed to open: calls failed one after another",
                "open to closed: it was set by hand",
            ],
        );
        let seen = breaker.snapshot();
        assert_eq!((seen.total_opened, seen.generation), (3, 8));
    });
}

#[test]
fn slow_calls_and_slow_probes_are_told_as_such() {
    let (builder, changes) = told(Breaker::in_a_row(9).slow_calls(SECOND, 1.0).of_last(1));
    let (breaker, hands) = built(builder);
    for _ in 0..2 {
        let permit = breaker.try_acquire().unwrap();
        hands.advance(2 * SECOND);
        permit.success();
        hands.advance(SECOND);
    }
    check(
        &changes,
        &[
            "closed to open: too many calls were slow",
            "open to half-open: it was open long enough",
            "half-open to open: too many probes were slow",
        ],
    );
}

#[test]
fn a_breaker_that_was_tripped_is_open_until_it_is_reset() {
    both(|form| {
        let (breaker, hands) = built(Breaker::in_a_row(1));
        breaker.trip();
        hands.advance(1_000_000 * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after, None);
        assert!(!form.call(&breaker, Ending::Success));
        breaker.reset();
        assert!(form.call(&breaker, Ending::Success));
    });
}

#[test]
fn a_breaker_that_was_tripped_for_a_time_probes_after_it() {
    both(|form| {
        let (breaker, hands) = built(Breaker::in_a_row(1));
        breaker.trip_for(60 * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(60 * SECOND));
        hands.advance(59 * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(SECOND));
        hands.set_back(600 * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(60 * SECOND));
        hands.advance(60 * SECOND);
        assert!(form.call(&breaker, Ending::Success));
        assert_eq!(breaker.state(), State::Closed);
        breaker.trip_for(Duration::ZERO);
        assert!(form.call(&breaker, Ending::Failure));
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn a_listener_that_panics_harms_nobody() {
    both(|form| {
        let panicking = |_: &Change| panic!("a listener panics, as it was told to");
        let (builder, changes) = told(Breaker::in_a_row(1).on_change(panicking));
        let (breaker, hands) = built(builder);
        assert!(form.call(&breaker, Ending::Failure));
        hands.advance(SECOND);
        // The change is told while the body's own panic is under way.
        assert!(form.call(&breaker, Ending::Panic));
        assert_eq!((breaker.state(), changes.lock().unwrap().len()), (State::Open, 3));
    });
}

#[test]
fn a_listener_may_call_the_breaker_it_is_told_of() {
    let inner: Arc<Mutex<Option<Breaker>>> = Arc::default();
    let own = Arc::clone(&inner);
    let listen = move |change: &Change| {
        let breaker = own.lock().unwrap().clone().unwrap();
        assert_eq!(breaker.state(), change.to);
        if change.why == Why::InARow {
            breaker.trip_for(60 * SECOND);
        }
    };
    let (breaker, _hands) = built(Breaker::in_a_row(1).on_change(listen));
    *inner.lock().unwrap() = Some(breaker.clone());
    assert!(Form::Thread.call(&breaker, Ending::Failure));
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(60 * SECOND));
    assert_eq!((breaker.snapshot().generation, breaker.snapshot().total_rejected), (2, 1));
}
