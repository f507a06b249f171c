//! A call that has nothing to wait for allocates nothing, whatever state the parts are in and however much they have seen.
//!
//! Without the harness: its threads allocate too, and the allocator counts them all.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::alloc::System;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use segno_resilience::{
    Backoff, Breaker, Budget, Bulkhead, Concurrency, EveryError, Policy, PolicyBuilder, Priority, Retry, Timeout,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SECOND: Duration = Duration::from_secs(1);

fn main() {
    breakers();
    parts();
    policies();
}

/// Checks that a thousand calls allocate nothing.
fn check(what: &str, mut call: impl FnMut(usize)) {
    // What is made once, such as a thread's own state, is made here.
    call(0);
    let region = Region::new(ALLOCATOR);
    (0..1_000).for_each(&mut call);
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations, change.bytes_allocated), (0, 0, 0), "{what}");
}

/// Polls a future that is ready.
fn finish<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn breakers() {
    let of = |breaker: segno_resilience::BreakerBuilder, failing: usize| {
        let breaker = breaker.build().unwrap();
        check(&format!("{breaker:?}"), |number| {
            let result = || if number % failing == 0 { Err(number) } else { Ok(number) };
            // What comes of it is not the question here.
            _ = breaker.run_blocking(EveryError, result);
            _ = finish(breaker.run(EveryError, async { result() }));
        });
    };
    let count = || Breaker::failures(0.5).of_last(100);
    of(count(), usize::MAX);
    of(count(), 3);
    of(count().slow_calls(SECOND, 0.5), 3);
    of(Breaker::failures(0.5).within(60 * SECOND), 3);
    of(Breaker::in_a_row(1), 1);
    of(Breaker::in_a_row(1).open_for(Duration::from_nanos(1)), 2);
}

fn parts() {
    let retry = Retry::attempts(3).budget(Budget::ratio(0.1)).deadline(SECOND).build().unwrap();
    check("retry", |number| {
        assert!(retry.run_blocking(EveryError, |_| Ok::<_, ()>(number)).is_ok());
        assert!(finish(retry.run(EveryError, |_| async move { Ok::<_, ()>(number) })).is_ok());
    });
    let once = Retry::attempts(1).backoff(Backoff::none()).build().unwrap();
    check("a retry that gives up", |number| {
        assert!(once.run_blocking(EveryError, |_| Err::<(), _>(number)).is_err());
        assert!(finish(once.run(EveryError, |_| async move { Err::<(), _>(number) })).is_err());
    });
    let timeout = Timeout::after(SECOND).unwrap();
    check("time-out", |number| assert_eq!(finish(timeout.run(async move { number })), Some(number)));
    let bulkhead = Bulkhead::max(2).queue(2).build().unwrap();
    check("bulkhead", |_| {
        drop(bulkhead.acquire_blocking(Priority::Low).unwrap());
        drop(finish(bulkhead.acquire(Priority::High)).unwrap());
    });
    let full = Bulkhead::max(1).build().unwrap();
    let _slot = full.try_acquire().unwrap();
    check("a full bulkhead", |_| assert!(full.try_acquire().is_err()));
}

fn policies() {
    let of = |what: &str, policy: PolicyBuilder| {
        let policy = policy.build().unwrap();
        check(what, |number| {
            assert!(policy.run_blocking(|_| Ok::<_, ()>(number)).is_ok());
            assert!(finish(policy.run(|_| async move { Ok::<_, ()>(number) })).is_ok());
        });
    };
    let policy = || {
        Policy::named("all")
            .retry(Retry::attempts(3).budget(Budget::ratio(0.1)))
            .breaker(Breaker::failures(0.5))
            .bulkhead(Bulkhead::max(4).queue(4))
            .attempt_timeout(SECOND)
    };
    of("policy", policy());
    of("policy with a deadline and an adaptive limit", policy().deadline(SECOND).concurrency(Concurrency::aimd()));
    #[cfg(feature = "rate")]
    of("policy with a rate", policy().rate(segno_resilience::Rate::per_second(1_000_000)));
}
