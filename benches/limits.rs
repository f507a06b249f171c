//! What limits cost a call that they let through, beside tokio's semaphore and governor in the same run.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use governor::clock::MonotonicClock;
use governor::{Quota, RateLimiter};
use segno_bench::Contest;
use segno_resilience::{Bulkhead, Clock, Concurrency, Hedge, Priority, Rate, Shedding, Verdict};
use tokio::sync::Semaphore;

const GOOD: &str = "the numbers are good";

fn main() {
    free_places();
    ready_places();
    queued_places();
    rates();
    several_rates();
    others();
}

fn free_places() {
    let (bulkhead, semaphore) = (bulkhead(16), Semaphore::new(16));
    Contest::of("a free place, taken and given back", |calls| {
        (0..calls).for_each(|_| _ = black_box(bulkhead.try_acquire()));
    })
    .with("tokio's semaphore", |calls| (0..calls).for_each(|_| _ = black_box(semaphore.try_acquire())))
    .run(24.0);
}

fn ready_places() {
    let (bulkhead, semaphore) = (bulkhead(16), Semaphore::new(16));
    Contest::of("a free place, taken by a task that would wait", |calls| {
        (0..calls).for_each(|_| _ = black_box(ready(bulkhead.acquire(Priority::Normal))));
    })
    .with("tokio's semaphore", |calls| (0..calls).for_each(|_| _ = black_box(ready(semaphore.acquire()))))
    .run(42.0);
    Contest::of("a free place, taken by a thread that would wait", |calls| {
        (0..calls).for_each(|_| _ = black_box(bulkhead.acquire_blocking(Priority::Normal)));
    })
    .run(42.0);
}

fn queued_places() {
    let (bulkhead, semaphore) = (bulkhead(1), Semaphore::new(1));
    Contest::of("a place that is waited for and handed over", |calls| {
        for _ in 0..calls {
            let slot = bulkhead.try_acquire();
            let mut next = pin!(bulkhead.acquire(Priority::Normal));
            is_pending(next.as_mut());
            drop(slot);
            _ = black_box(ready(next));
        }
    })
    .with("tokio's semaphore", |calls| {
        for _ in 0..calls {
            let permit = semaphore.try_acquire();
            let mut next = pin!(semaphore.acquire());
            is_pending(next.as_mut());
            drop(permit);
            _ = black_box(ready(next));
        }
    })
    .run(120.0);
}

/// Governor by itself reads the processor's counter; on the system's clock, which a test can pause, the clock is most of the
/// cost of both.
fn rates() {
    let rate = Rate::per_second(1_000_000_000).build().expect(GOOD);
    let counter = Rate::per_second(1_000_000_000).clock(Clock::counter()).build().expect(GOOD);
    let (own, same) = (RateLimiter::direct(quota()), RateLimiter::direct_with_clock(quota(), MonotonicClock));
    Contest::of("a rate that is not used up", |calls| {
        (0..calls).for_each(|_| _ = black_box(rate.check(1)));
    })
    .with("governor on the same clock", |calls| (0..calls).for_each(|_| _ = black_box(same.check())))
    .run(10.8);
    Contest::of("a rate that is not used up, on the processor's counter", |calls| {
        (0..calls).for_each(|_| _ = black_box(counter.check(1)));
    })
    .with("governor", |calls| (0..calls).for_each(|_| _ = black_box(own.check())))
    .run(10.8);
}

fn several_rates() {
    let rate = Rate::per_second(1_000_000_000);
    let rate = Rate::all([rate.clone().per_call(), rate]).build().expect(GOOD);
    let peers = [(); 2].map(|()| RateLimiter::direct_with_clock(quota(), MonotonicClock));
    let cost = NonZeroU32::new(7).expect(GOOD);
    Contest::of("two rates at once, all or none", |calls| {
        (0..calls).for_each(|_| _ = black_box(rate.check(7)));
    })
    .with("two governors, one after the other", |calls| {
        (0..calls).for_each(|_| _ = black_box((peers[0].check(), peers[1].check_n(cost))));
    })
    .run(80.0);
}

fn others() {
    let (concurrency, shedding) =
        (Concurrency::aimd().build().expect(GOOD), Shedding::by_load(|| 0.5).build().expect(GOOD));
    let hedge = Hedge::after(Duration::from_secs(1)).build().expect(GOOD);
    Contest::of("an adaptive limit, with latency and verdict", |calls| {
        let leases = (0..calls).filter_map(|_| concurrency.try_acquire().ok());
        leases.for_each(|lease| lease.record(Verdict::Ok));
    })
    .run(100.0);
    Contest::of("load shedding by a load", |calls| {
        (0..calls).for_each(|_| _ = black_box(shedding.admit(Priority::Normal)));
    })
    .run(10.0);
    Contest::of("a hedge of a call that is ready", |calls| {
        (0..calls).for_each(|call| _ = black_box(ready(hedge.run(|_| async move { call }, |_| true))));
    })
    .run(25.0);
}

fn bulkhead(max: u32) -> Bulkhead {
    Bulkhead::max(max).queue(64).build().expect(GOOD)
}

fn quota() -> Quota {
    Quota::per_second(NonZeroU32::new(1_000_000_000).expect(GOOD))
}

/// Polls what is ready at once; a runtime would cost more than what is measured.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("there is nothing to wait for"),
    }
}

fn is_pending<F: Future>(future: std::pin::Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the place is taken");
}
