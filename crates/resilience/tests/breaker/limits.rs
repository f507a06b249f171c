//! When it opens, exactly, and for how long, whatever the numbers and the clock.

use std::time::Duration;

use segno_resilience::{Breaker, BreakerBuilder, Rejector, State, Verdict};

use crate::forms::{Ending, Form, SECOND, both, built};

/// Returns how many failures it takes to be rejected.
fn failures(form: Form, breaker: &Breaker) -> usize {
    (0..100_000).take_while(|_| form.call(breaker, Ending::Failure)).count()
}

/// Checks how many failures open a new breaker.
fn check(builder: impl Fn() -> BreakerBuilder, expected: usize) {
    both(|form| assert_eq!(failures(form, &built(builder()).0), expected, "{form:?}"));
}

#[test]
fn it_opens_at_its_limit_and_not_one_later() {
    for limit in [1, 2, 5, 1_000] {
        check(|| Breaker::in_a_row(limit), limit as usize);
        check(|| Breaker::failures(1.0).of_last(1_000).min_calls(1_000).or_in_a_row(limit), limit as usize);
    }
    check(|| Breaker::failures(0.5), 20);
    check(|| Breaker::failures(0.5).of_last(10), 10);
    check(|| Breaker::failures(0.01).min_calls(1), 1);
    check(|| Breaker::failures(1.0).of_last(65_535).min_calls(65_535), 65_535);
    check(|| Breaker::failures(0.5).within(SECOND).min_calls(37), 37);
}

#[test]
fn a_healthy_past_never_delays_opening() {
    both(|form| {
        for healthy in [100, 1_000, 10_000] {
            let (breaker, _hands) = built(Breaker::failures(0.5).of_last(100));
            (0..healthy).for_each(|_| assert!(form.call(&breaker, Ending::Success)));
            assert_eq!(failures(form, &breaker), 50, "{form:?} {healthy}");
        }
    });
}

#[test]
fn what_is_older_than_a_window_of_time_does_not_count() {
    both(|form| {
        let (breaker, hands) = built(Breaker::failures(0.5).within(SECOND).min_calls(10));
        (0..200).for_each(|_| assert!(form.call(&breaker, Ending::Success)));
        hands.advance(SECOND * 13 / 10);
        assert_eq!(failures(form, &breaker), 10);
    });
}

#[test]
fn panics_while_closed_are_failures() {
    both(|form| {
        let (breaker, _hands) = built(Breaker::failures(0.5).of_last(100).min_calls(50));
        (0..50).for_each(|_| assert!(form.call(&breaker, Ending::Panic)));
        assert!(!form.call(&breaker, Ending::Success));
        assert_eq!(breaker.snapshot().total_failures, 50);
    });
}

#[test]
fn calls_that_take_too_long_open_it_even_if_they_succeed() {
    both(|form| {
        let builder = Breaker::failures(1.0).of_last(10).min_calls(10).slow_calls(2 * SECOND, 0.8);
        let (breaker, hands) = built(builder.probes(2));
        let call = |takes: Duration| {
            let call = form.begin(&breaker).unwrap();
            hands.advance(takes);
            call.end(Ending::Success);
            breaker.state()
        };
        let slow = 2 * SECOND + Duration::from_nanos(1);
        (0..20).for_each(|_| assert_eq!(call(2 * SECOND), State::Closed));
        (0..7).for_each(|_| assert_eq!(call(slow), State::Closed));
        assert_eq!((breaker.snapshot().slow, breaker.snapshot().slow_rate), (7, Some(0.7)));
        assert_eq!(call(slow), State::Open);
        hands.advance(SECOND);
        assert_eq!((call(slow), call(slow)), (State::HalfOpen, State::Open));
        hands.advance(SECOND);
        assert_eq!((call(slow), call(SECOND)), (State::HalfOpen, State::Closed));
    });
}

#[test]
fn a_breaker_that_is_open_for_ever_stays_open() {
    both(|form| {
        let (_, hands) = built(Breaker::in_a_row(1));
        let breaker = Breaker::in_a_row(1).open_for(Duration::MAX).clock(hands.clock()).build().unwrap();
        assert_eq!(failures(form, &breaker), 1);
        for wait in [SECOND, Duration::from_secs(u64::MAX / 1_000_000_000), Duration::MAX] {
            hands.advance(wait);
            assert_eq!(breaker.try_acquire().unwrap_err().retry_after, None);
        }
        breaker.reset();
        assert!(form.call(&breaker, Ending::Success));
    });
}

#[test]
fn a_rejection_says_when_to_come_again() {
    let (breaker, hands) = built(Breaker::in_a_row(1));
    breaker.try_acquire().unwrap().failure();
    hands.advance(SECOND / 4);
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!((rejection.by, rejection.retry_after), (Rejector::Breaker, Some(SECOND * 3 / 4)));
    hands.advance(SECOND);
    let _probe = breaker.try_acquire().unwrap();
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after, None);
}

#[test]
fn a_clock_that_is_set_back_neither_prolongs_a_wait_nor_ends_one() {
    both(|form| {
        let (breaker, hands) = built(Breaker::in_a_row(1).half_open_for(SECOND));
        assert!(form.call(&breaker, Ending::Failure));
        hands.set_back(600 * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().retry_after, Some(SECOND));
        hands.advance(SECOND);
        let _lost = form.begin(&breaker).unwrap();
        hands.set_back(600 * SECOND);
        assert!(form.begin(&breaker).is_none());
        hands.advance(SECOND);
        let probe = form.begin(&breaker).unwrap();
        hands.set_back(600 * SECOND);
        probe.end(Ending::Success);
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn a_call_that_says_nothing_is_not_counted() {
    let (breaker, _hands) = built(Breaker::failures(0.5).of_last(10).or_in_a_row(3));
    let record = |verdict| breaker.try_acquire().unwrap().record(verdict);
    record(Verdict::Transient);
    record(Verdict::Permanent);
    (0..100).for_each(|_| record(Verdict::Ignore));
    (0..100).for_each(|_| record(Verdict::Throttled(None)));
    assert_eq!((breaker.snapshot().calls, breaker.snapshot().in_a_row), (2, 2));
    record(Verdict::Ok);
    assert_eq!((breaker.snapshot().calls, breaker.snapshot().in_a_row), (3, 0));
    assert_eq!(breaker.snapshot().failure_rate, Some(2.0 / 3.0));
}
