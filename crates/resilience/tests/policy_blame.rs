//! What a policy blames the service for, and what it does not: queues, the time of earlier attempts, panics of
//! others and clocks that are mixed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![cfg(feature = "tokio")]

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use segno_resilience::{
    Attempt, Backoff, Breaker, BreakerBuilder, Bulkhead, Clock, EveryError, Hedge, ManualClock, Policy, PolicyBuilder,
    Rate, Retry, State, Verdict,
};

const SECOND: Duration = Duration::from_secs(1);

fn named() -> PolicyBuilder {
    Policy::named("test")
}

fn slow() -> BreakerBuilder {
    Breaker::in_a_row(100).slow_calls(SECOND, 0.5).of_last(10).min_calls(3)
}

fn state<C>(policy: &Policy<C>) -> State {
    policy.breaker().unwrap().state()
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_ones_own_is_not_slowness_of_the_service() {
    let hands = ManualClock::new();
    let policy = named().clock(hands.clock()).breaker(slow()).rate(Rate::every(5 * SECOND)).build().unwrap();
    for _ in 0..6 {
        assert!(policy.run_blocking(|_| Ok::<_, ()>(())).is_ok());
    }
    assert_eq!(policy.breaker().unwrap().snapshot().total_slow, 0);

    let policy = named().breaker(slow()).bulkhead(Bulkhead::max(1).queue(100)).build().unwrap();
    let call = || async {
        let body = |_| async {
            tokio::time::sleep(SECOND / 2).await;
            Ok::<_, ()>(())
        };
        policy.run(body).await.is_ok()
    };
    assert_eq!(tokio::join!(call(), call(), call(), call(), call(), call()), (true, true, true, true, true, true));
    assert_eq!(policy.breaker().unwrap().snapshot().total_slow, 0);
}

/// Checks that calls that never end open a breaker that opens after three failures in a row.
async fn check_hang(policy: PolicyBuilder) {
    let policy = policy.breaker(Breaker::in_a_row(3).open_for(Duration::MAX)).build().unwrap();
    for _ in 0..5 {
        assert!(policy.run(|_| pending::<Result<(), ()>>()).await.is_err());
    }
    assert_eq!(state(&policy), State::Open, "{policy:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_opens_the_breaker_whichever_limit_ends_the_call() {
    for (own, deadline) in [(30, 5), (6, 5), (5, 5), (4, 5)] {
        check_hang(named().deadline(SECOND * deadline).attempt_timeout(SECOND * own)).await;
    }
    check_hang(named().deadline(SECOND)).await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_got_the_rest_of_the_time_is_not_to_blame() {
    let retry = Retry::attempts(2).constant(SECOND).jitter(segno_resilience::Jitter::None);
    let policy = named().deadline(3 * SECOND).attempt_timeout(9 * SECOND).retry(retry);
    let policy = policy.breaker(Breaker::in_a_row(2)).build().unwrap();
    let body = |at: Attempt| async move { if at.number == 1 { Err(()) } else { pending::<Result<(), ()>>().await } };
    assert!(policy.run(body).await.unwrap_err().is_timed_out());
    assert_eq!(state(&policy), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_somebody_else_is_no_failure() {
    let policy = named().breaker(Breaker::in_a_row(1)).bulkhead(Bulkhead::max(1)).build().unwrap();
    let held = policy.clone();
    let task = tokio::spawn(async move {
        let others = async {
            tokio::task::yield_now().await;
            panic!("as it should in this test");
        };
        tokio::join!(held.run(|_| pending::<Result<(), ()>>()), others)
    });
    assert!(task.await.is_err());
    assert_eq!((state(&policy), policy.state().bulkhead), (State::Closed, Some((0, 0))));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_body_is_a_failure_in_the_first_poll_and_later() {
    for waits in [0, 1] {
        let policy = named().breaker(Breaker::in_a_row(1)).build().unwrap();
        let held = policy.clone();
        let body = move |_| async move {
            tokio::time::sleep(SECOND * waits).await;
            panic!("as it should in this test");
        };
        assert!(tokio::spawn(async move { held.run::<(), (), _, _>(body).await }).await.is_err());
        assert_eq!(state(&policy), State::Open);
    }
}

#[test]
fn a_judge_that_panics_does_not_open_a_breaker() {
    let policy = named().breaker(Breaker::in_a_row(1)).build().unwrap();
    let judged = policy.judged_by(|_: &Result<(), ()>| -> Verdict { panic!("as it should in this test") });
    assert!(catch_unwind(AssertUnwindSafe(|| judged.run_blocking(|_| Ok(())))).is_err());
    assert_eq!(state(&policy), State::Closed);

    let breaker = Breaker::in_a_row(1).build().unwrap();
    let judge = |_: &Result<(), ()>| -> Verdict { panic!("as it should in this test") };
    assert!(catch_unwind(AssertUnwindSafe(|| breaker.run_blocking(judge, || Ok(())))).is_err());
    assert_eq!(breaker.state(), State::Closed);
    assert!(
        catch_unwind(AssertUnwindSafe(|| breaker.run_blocking(EveryError, || -> Result<(), ()> { panic!() }))).is_err()
    );
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn a_deadline_holds_although_the_first_poll_held_the_thread() {
    let hold = |_| async {
        std::thread::sleep(Duration::from_millis(120));
        pending::<Result<(), ()>>().await
    };
    let limit = Duration::from_millis(200);
    let policy = named().deadline(limit).attempt_timeout(SECOND).build().unwrap();
    let retry = Retry::attempts(1).backoff(Backoff::none()).deadline(limit).build().unwrap();
    for form in 0..2 {
        let start = Instant::now();
        let failure = match form {
            0 => policy.run(hold).await.unwrap_err(),
            _ => retry.run(EveryError, hold).await.unwrap_err(),
        };
        let taken = start.elapsed();
        assert!(failure.is_timed_out());
        assert!(taken >= limit && taken < limit + Duration::from_millis(100), "{taken:?}");
    }
}

#[test]
fn a_retry_that_was_built_before_runs_on_the_clock_of_the_policy() {
    let hands = ManualClock::new();
    hands.advance(86_400 * SECOND);
    let other = ManualClock::new();
    for clock in [Clock::system(), other.clock()] {
        let retry = Retry::attempts(2).constant(SECOND).deadline(30 * SECOND).clock(clock).build().unwrap();
        let policy = named().clock(hands.clock()).retry(retry).attempt_timeout(SECOND).build().unwrap();
        assert_eq!(policy.run_blocking(|at| Ok::<_, ()>(at.remaining())), Ok(Some(SECOND)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_of_a_service_counts_more_than_a_hedge_that_was_not_let_through() {
    let hedge = Hedge::after(SECOND).at_most(1);
    let queue = Bulkhead::max(1).queue(1);
    let policy = named().hedge(hedge).breaker(Breaker::in_a_row(1)).bulkhead(queue).build().unwrap();
    let body = |_| async {
        tokio::time::sleep(3 * SECOND).await;
        Err::<(), _>("the real error")
    };
    let failure = policy.run(body).await.unwrap_err();
    assert_eq!((failure.attempts, failure.into_inner()), (1, Some("the real error")));
}

#[tokio::test(start_paused = true)]
async fn only_calls_that_went_well_pay_for_hedges() {
    for (verdict, held) in [(Verdict::Permanent, 0.0), (Verdict::Ignore, 0.0), (Verdict::Ok, 10.0)] {
        let hedge = Hedge::after(SECOND).build().unwrap();
        while hedge.budget().try_spend(Verdict::Transient) {}
        let policy = named().hedge(hedge.clone()).build().unwrap().judged_by(move |_: &Result<(), ()>| verdict);
        for _ in 0..100 {
            // What comes of it is not the question here.
            _ = policy.run(|_| async { Err(()) }).await;
        }
        assert_eq!(hedge.budget().available(), held, "{verdict:?}");
    }
}
