//! Calls that end in another state than the one in which they were let through: they change nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno_resilience::{Breaker, State};

use crate::forms::{Ending, Form, SECOND, both, built};

/// Checks a call that is begun before an outage and ends when a probe is under way.
fn check(straggler: Ending, probe: Ending, state: State) {
    both(|form| {
        let (breaker, hands) = built(Breaker::in_a_row(3).probes(1));
        let late = form.begin(&breaker).unwrap();
        (0..3).for_each(|_| assert!(form.call(&breaker, Ending::Failure)));
        hands.advance(SECOND);
        let probing = form.begin(&breaker).unwrap();
        late.end(straggler);
        assert_eq!(breaker.state(), State::HalfOpen, "{form:?} {straggler:?}");
        probing.end(probe);
        assert_eq!(breaker.state(), state, "{form:?} {straggler:?} {probe:?}");
    });
}

#[test]
fn a_late_success_does_not_close_on_a_dead_service() {
    check(Ending::Success, Ending::Failure, State::Open);
}

#[test]
fn a_late_failure_does_not_open_on_a_service_that_is_well() {
    check(Ending::Failure, Ending::Success, State::Closed);
    check(Ending::Panic, Ending::Success, State::Closed);
}

#[test]
fn a_late_failure_does_not_prolong_the_wait() {
    both(|form| {
        let (breaker, hands) = built(Breaker::in_a_row(1));
        let late: Vec<_> = (0..9).map(|_| form.begin(&breaker).unwrap()).collect();
        assert!(form.call(&breaker, Ending::Failure));
        for call in late {
            hands.advance(SECOND / 10);
            assert!(!form.call(&breaker, Ending::Success));
            call.end(Ending::Failure);
        }
        hands.advance(SECOND / 10);
        assert!(form.call(&breaker, Ending::Success));
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn what_was_begun_before_a_reset_no_longer_counts() {
    both(|form| {
        let (breaker, _hands) = built(Breaker::in_a_row(1));
        let late = form.begin(&breaker).unwrap();
        breaker.reset();
        late.end(Ending::Failure);
        assert_eq!((breaker.state(), breaker.snapshot().in_a_row), (State::Closed, 0));
    });
}

#[test]
fn a_permit_knows_whether_its_result_would_count() {
    let (breaker, hands) = built(Breaker::in_a_row(1));
    let early = breaker.try_acquire().unwrap();
    assert!(early.is_current());
    assert!(Form::Thread.call(&breaker, Ending::Failure));
    assert!(!early.is_current());
    hands.advance(SECOND);
    let probe = breaker.try_acquire().unwrap();
    assert!(probe.is_current() && !early.is_current());
    probe.success();
    assert!(!early.is_current());
}

#[test]
fn a_call_that_somebody_elses_panic_drops_says_nothing() {
    let (breaker, _hands) = built(Breaker::in_a_row(1));
    let panicking = || {
        let _pending = Form::Task.begin(&breaker).unwrap();
        panic!("somebody else panics, as he was told to");
    };
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    assert_eq!((breaker.state(), breaker.snapshot().total_failures), (State::Closed, 0));
    let panicking = || {
        let _permit = breaker.try_acquire().unwrap();
        panic!("the call itself panics, as it was told to");
    };
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    assert_eq!((breaker.state(), breaker.snapshot().total_failures), (State::Open, 1));
}
