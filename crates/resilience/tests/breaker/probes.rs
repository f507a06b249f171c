//! Half-open: how many are let through, and what becomes of probes that are dropped, panic or never come
//! back.

use segno_resilience::{Breaker, State};

use crate::forms::{Ending, Form, SECOND, both, due};

#[test]
fn of_racing_callers_exactly_as_many_are_let_through_as_there_are_probes() {
    both(|form| {
        for trial in 0..40 {
            let probes = [1, 3, 7][trial % 3];
            let (breaker, _hands) = due(Breaker::in_a_row(1).probes(probes));
            assert_eq!(form.race(&breaker), probes as usize, "{form:?} {trial}");
        }
    });
}

#[test]
fn probes_that_are_dropped_are_let_through_again() {
    let (breaker, _hands) = due(Breaker::in_a_row(1).probes(3));
    for _ in 0..10 {
        let calls: Vec<_> = (0..5).filter_map(|_| Form::Task.begin(&breaker)).collect();
        assert_eq!(calls.len(), 3);
    }
    for _ in 0..10 {
        // A thread cannot be stopped, but a permit that it holds may be dropped.
        let permits: Vec<_> = (0..5).filter_map(|_| breaker.try_acquire().ok()).collect();
        assert_eq!(permits.len(), 3);
    }
    (0..3).for_each(|_| assert!(Form::Task.call(&breaker, Ending::Success)));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_that_panics_is_a_failure_and_the_breaker_stays_usable() {
    both(|form| {
        let (breaker, hands) = due(Breaker::in_a_row(1).probes(2));
        for _ in 0..5 {
            form.begin(&breaker).unwrap().end(Ending::Panic);
            assert_eq!(breaker.state(), State::Open);
            assert!(!form.call(&breaker, Ending::Success));
            hands.advance(SECOND);
        }
        assert!(form.call(&breaker, Ending::Success) && form.call(&breaker, Ending::Success));
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn probes_that_never_come_back_are_replaced_when_their_time_is_over() {
    both(|form| {
        let (breaker, hands) = due(Breaker::in_a_row(1).probes(3).half_open_for(60 * SECOND));
        assert!(form.call(&breaker, Ending::Success));
        let lost: Vec<_> = (0..5).filter_map(|_| form.begin(&breaker)).collect();
        assert_eq!(lost.len(), 2);
        hands.advance(59 * SECOND);
        assert!(!form.call(&breaker, Ending::Success));
        hands.advance(SECOND);
        let [first, second] = [form.begin(&breaker).unwrap(), form.begin(&breaker).unwrap()];
        assert!(form.begin(&breaker).is_none());
        assert_eq!(breaker.state(), State::HalfOpen);
        [first, second].into_iter().for_each(|call| call.end(Ending::Success));
        assert_eq!(breaker.state(), State::Closed);
        lost.into_iter().for_each(|call| call.end(Ending::Failure));
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn probes_that_take_longer_than_somebody_thought_count_when_they_come_back() {
    for (ending, state) in [(Ending::Success, State::Closed), (Ending::Failure, State::Open)] {
        both(|form| {
            let (breaker, hands) = due(Breaker::in_a_row(1).half_open_for(SECOND));
            let late: Vec<_> = (0..5)
                .map(|_| {
                    hands.advance(SECOND);
                    form.begin(&breaker).unwrap()
                })
                .collect();
            late.into_iter().for_each(|call| call.end(ending));
            assert_eq!(breaker.state(), state, "{form:?} {ending:?}");
        });
    }
}

#[test]
fn what_a_lost_probe_gives_back_is_not_let_through_beside_its_replacement() {
    let (breaker, hands) = due(Breaker::in_a_row(1).half_open_for(SECOND));
    let lost = breaker.try_acquire().unwrap();
    hands.advance(SECOND);
    let probe = breaker.try_acquire().unwrap();
    assert!(!lost.is_current() && probe.is_current());
    lost.ignore();
    assert!(breaker.try_acquire().is_err());
}
