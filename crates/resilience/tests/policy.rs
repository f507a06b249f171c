//! A policy as a whole, on a task and on a thread: the order of its parts, and what each of them sees.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![cfg(feature = "tokio")]

use std::cell::Cell;
use std::time::Duration;

use segno_resilience::{
    Attempt, Backoff, Breaker, Budget, Bulkhead, Cause, Failure, Hedge, Limit, ManualClock, Policy, PolicyBuilder,
    Rate, Rejector, Retry, Verdict,
};

const SECOND: Duration = Duration::from_secs(1);

/// What the n-th run of a body comes to, on whichever form it runs.
type Body<'a> = &'a dyn Fn(Attempt) -> Result<u32, &'static str>;

/// Makes calls of a policy, on a thread and as tasks, and checks what comes of them in both.
fn check(make: impl Fn() -> PolicyBuilder, calls: &[Body<'_>], expected: &str) {
    let clock = ManualClock::new().clock();
    let policy = make().clock(clock).build().unwrap();
    let on_thread: Vec<String> = calls.iter().map(|body| told(policy.run_blocking(body))).collect();
    assert_eq!(on_thread.join(", "), expected, "on a thread");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let policy = make().build().unwrap();
        let mut as_task = Vec::new();
        for body in calls {
            as_task.push(told(policy.run(|at| async { body(at) }).await));
        }
        assert_eq!(as_task.join(", "), expected, "as a task");
    });
}

fn told(result: Result<u32, Failure<&'static str>>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(Failure { cause: Cause::Failed(error), attempts, .. }) => format!("{error} after {attempts}"),
        Err(failure) => failure.rejection().map_or("late".to_owned(), |rejection| format!("{:?}", rejection.by)),
    }
}

fn named() -> PolicyBuilder {
    Policy::named("test")
}

#[test]
fn without_parts_a_policy_calls_once() {
    check(named, &[&|at| Ok(at.number), &|_| Err("down")], "1, down after 1");
}

#[test]
fn each_attempt_passes_the_breaker() {
    let policy = || named().retry(Retry::attempts(9).backoff(Backoff::none())).breaker(Breaker::in_a_row(3));
    check(policy, &[&|_| Err("down"), &|_| Ok(1)], "Breaker, Breaker");
}

#[test]
fn a_rejection_keeps_the_error_of_the_attempt_before() {
    let policy =
        named().retry(Retry::attempts(9).backoff(Backoff::none())).breaker(Breaker::in_a_row(2)).build().unwrap();
    let failure = policy.run_blocking(|at| Err::<(), _>(at.number)).unwrap_err();
    assert_eq!((failure.attempts, failure.rejection().unwrap().by), (2, Rejector::Breaker));
    assert_eq!(failure.into_inner(), Some(2));
}

#[test]
fn a_budget_pays_for_retries_and_successes_fill_it() {
    let policy = || named().retry(Retry::attempts(3).backoff(Backoff::none()).budget(Budget::ratio(1.0).capacity(1)));
    let down: Body<'_> = &|_| Err("down");
    check(policy, &[down, down, &|_| Ok(7), down], "down after 2, down after 1, 7, down after 2");
}

#[test]
fn a_rate_that_is_used_up_is_waited_for_or_rejects() {
    let number: Body<'_> = &|at| Ok(at.number);
    check(|| named().rate(Rate::per_second(1).max_wait(SECOND / 2)), &[number, number], "1, Rate");
    check(|| named().rate(Rate::per_second(1)), &[number, number, number], "1, 1, 1");
}

#[test]
fn an_attempt_knows_how_long_it_may_take() {
    let left = |limit: Option<Duration>| {
        move |at: Attempt| match at.remaining() == limit {
            true => Ok(at.number),
            false => Err("wrong"),
        }
    };
    check(|| named().attempt_timeout(SECOND), &[&left(Some(SECOND))], "1");
    check(|| named().attempt_timeout(SECOND).deadline(SECOND / 2), &[&left(Some(SECOND / 2))], "1");
    check(|| named().deadline(3 * SECOND).attempt_timeout(SECOND), &[&left(Some(SECOND))], "1");
    check(named, &[&left(None)], "1");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_a_failure_for_the_breaker_and_tried_again() {
    let policy = named()
        .attempt_timeout(SECOND)
        .retry(Retry::attempts(5).backoff(Backoff::none()))
        .breaker(Breaker::in_a_row(3))
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    let failure = policy.run(|_| std::future::pending::<Result<(), ()>>()).await.unwrap_err();
    assert_eq!((failure.attempts, failure.is_rejected(), start.elapsed()), (3, true, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_over_attempts_queues_and_waits() {
    let policy = named()
        .deadline(10 * SECOND)
        .attempt_timeout(4 * SECOND)
        .retry(Retry::attempts(99).constant(SECOND).jitter(segno_resilience::Jitter::None))
        .build()
        .unwrap();
    let start = tokio::time::Instant::now();
    let failure = policy.run(|_| std::future::pending::<Result<(), ()>>()).await.unwrap_err();
    let cause = Cause::TimedOut { limit: Limit::Attempt, allowed: 4 * SECOND, last: None };
    // 4 s, 1 s of waiting, 4 s; the wait after that would end at the deadline and is not begun.
    assert_eq!((failure.cause, failure.attempts, start.elapsed()), (cause, 2, 9 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_not_held_while_a_retry_waits() {
    let policy = named().retry(Retry::attempts(2).constant(SECOND)).bulkhead(Bulkhead::max(1)).build().unwrap();
    let first = policy.run(|at| async move { if at.number == 1 { Err("busy") } else { Ok(1) } });
    let second = async {
        tokio::task::yield_now().await;
        policy.run(|_| async { Ok::<_, &str>(2) }).await
    };
    assert_eq!(tokio::join!(first, second), (Ok(1), Ok(2)));
}

#[tokio::test(start_paused = true)]
async fn who_stood_in_a_queue_while_the_breaker_opened_is_rejected() {
    let policy = named().breaker(Breaker::in_a_row(1)).bulkhead(Bulkhead::max(1).queue(9)).build().unwrap();
    let runs = Cell::new(0);
    let body = |_| async {
        runs.set(runs.get() + 1);
        tokio::time::sleep(SECOND).await;
        Err::<(), _>("down")
    };
    let (first, second) = tokio::join!(policy.run(body), policy.run(body));
    assert_eq!((runs.get(), first.unwrap_err().is_rejected(), second.unwrap_err().is_rejected()), (1, false, true));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_asked_for_holds_for_all() {
    let policy = named().rate(Rate::per_second(1_000)).build().unwrap();
    let policy = policy.judged_by(|result: &Result<u32, Duration>| match result {
        Err(pause) => Verdict::Throttled(Some(*pause)),
        Ok(_) => Verdict::Ok,
    });
    let start = tokio::time::Instant::now();
    assert!(policy.run(|_| async { Err(5 * SECOND) }).await.is_err());
    assert_eq!(policy.run(|_| async { Ok(1) }).await, Ok(1));
    assert!(start.elapsed() >= 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_gets_company_and_the_first_good_answer_wins() {
    let policy = named().hedge(Hedge::after(SECOND).at_most(1)).build().unwrap();
    let calls = Cell::new(0);
    let body = |_| {
        calls.set(calls.get() + 1);
        let call = calls.get();
        async move {
            tokio::time::sleep(if call == 1 { 60 * SECOND } else { SECOND }).await;
            Ok::<_, ()>(call)
        }
    };
    let start = tokio::time::Instant::now();
    assert_eq!((policy.run(body).await, start.elapsed()), (Ok(2), 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_at_any_await_gives_back_all_it_held() {
    for cut in 0..40 {
        let policy = named()
            .deadline(60 * SECOND)
            .retry(Retry::attempts(3).constant(SECOND))
            .breaker(Breaker::in_a_row(100).open_for(SECOND).probes(1))
            .bulkhead(Bulkhead::max(1).queue(4))
            .rate(Rate::per_second(10))
            .build()
            .unwrap();
        let call = policy.run(|_| async {
            tokio::time::sleep(SECOND).await;
            Err::<(), _>(())
        });
        _ = tokio::time::timeout(SECOND * cut / 8, call).await;
        let state = policy.state();
        assert_eq!(state.bulkhead, Some((0, 0)), "cut after {cut} eighths of a second");
        assert_eq!(policy.run(|_| async { Ok::<_, ()>(1) }).await, Ok(1));
    }
}

#[test]
fn a_body_that_panics_counts_as_a_failure_and_gives_back_its_place() {
    let policy = named().breaker(Breaker::in_a_row(2)).bulkhead(Bulkhead::max(1)).build().unwrap();
    for _ in 0..2 {
        let call = || policy.run_blocking(|_| -> Result<(), ()> { panic!("as it should in this test") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    }
    assert_eq!(policy.state().bulkhead, Some((0, 0)));
    assert_eq!(policy.run_blocking(|_| Ok::<_, ()>(())).unwrap_err().rejection().unwrap().by, Rejector::Breaker);
}

#[test]
fn one_part_may_stand_in_two_policies() {
    let breaker = Breaker::in_a_row(1).build().unwrap();
    let (one, two) = (named().breaker(breaker.clone()).build().unwrap(), named().breaker(breaker).build().unwrap());
    assert!(one.run_blocking(|_| Err::<(), _>(())).is_err());
    assert!(two.run_blocking(|_| Ok::<_, ()>(())).unwrap_err().is_rejected());
}

#[test]
fn every_bad_number_is_an_error_when_the_policy_is_built() {
    assert!(named().deadline(Duration::ZERO).build().is_err());
    assert!(named().attempt_timeout(Duration::ZERO).build().is_err());
    assert!(named().retry(Retry::attempts(0)).build().is_err());
    assert!(named().breaker(Breaker::failures(f64::NAN)).build().is_err());
    assert!(named().rate(Rate::per_second(0)).build().is_err());
    assert!(named().bulkhead(Bulkhead::max(0)).build().is_err());
    let longest = named().deadline(Duration::MAX).attempt_timeout(Duration::MAX).build().unwrap();
    assert_eq!(longest.run_blocking(|_| Ok::<_, ()>(1)), Ok(1));
}

/// Errors and values need be nothing: not `Send`, not `Clone`, not `'static`, not `Debug`.
#[test]
fn there_are_no_bounds_on_errors_and_values() {
    struct Bare<'a>(&'a str);
    let text = String::from("borrowed");
    let policy = named().retry(Retry::attempts(2).backoff(Backoff::none())).build().unwrap();
    let failure = policy.run_blocking(|_| Err::<Bare<'_>, _>(Bare(&text)));
    let Err(Failure { cause: Cause::Failed(Bare(error)), .. }) = failure else { panic!("it fails") };
    assert_eq!(error, "borrowed");
}

#[test]
fn a_call_can_be_spawned() {
    fn sendable<T: Send>(_: T) {}
    let policy = named().retry(Retry::attempts(2)).hedge(Hedge::after(SECOND)).build().unwrap();
    sendable(policy.run(|_| async { Ok::<u32, String>(1) }));
}
