//! What a whole policy costs a call that succeeds at once, beside the best stack of peers put together by hand; and its
//! smallest parts beside theirs.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use backon::Retryable as _;
use segno_bench::Contest;
use segno_resilience::{Breaker, Budget, Bulkhead, Clock, EveryError, Policy, Rate, Retry, Timeout};

const SECOND: Duration = Duration::from_secs(1);

fn main() {
    // Tokio's time-out and segno's need a runtime to make a timer in, though nothing here waits.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built");
    let _inside = runtime.enter();
    retries();
    timeouts();
    policies();
}

fn retries() {
    let retry = Retry::attempts(3).build().expect("the numbers are good");
    let strategy = || tokio_retry::strategy::FixedInterval::from_millis(10).take(2);
    Contest::of("a retry that succeeds at once, blocking", |calls| {
        (0..calls).for_each(|number| _ = black_box(retry.run_blocking(EveryError, |_| call(number))));
    })
    .run(5.0);
    Contest::of("a retry that succeeds at once, async", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(retry.run(EveryError, |_| async move { call(number) }))));
    })
    .with("tokio-retry", |calls| {
        (0..calls).for_each(|number| {
            let retried = tokio_retry::Retry::start(strategy(), || async move { call(number) });
            _ = black_box(finish(retried));
        });
    })
    .with("backon", |calls| {
        (0..calls).for_each(|number| {
            let retried = (|| async move { call(number) }).retry(backon::ExponentialBuilder::default());
            _ = black_box(finish(retried.into_future()));
        });
    })
    .with("no retry", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(async move { call(number) })));
    })
    .run(5.0);
}

fn timeouts() {
    let timeout = Timeout::after(5 * SECOND).expect("the number is good");
    Contest::of("a time-out of a body that is ready", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(timeout.run(async move { call(number) }))));
    })
    .with("tokio", |calls| {
        (0..calls).for_each(|number| {
            _ = black_box(finish(tokio::time::timeout(5 * SECOND, async move { call(number) })));
        });
    })
    .run(6.0);
}

fn policies() {
    let policy = policy();
    let stack = Stack::new();
    Contest::of("all five composed, metrics on", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(policy.run(|_| async move { call(number) }))));
    })
    .with("by hand (governor, semaphore, recloser, timeout, backon)", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(stack.run(number))));
    })
    .run(139.0);
    Contest::of("all five composed, metrics on, blocking", |calls| {
        (0..calls).for_each(|number| _ = black_box(policy.run_blocking(|_| call(number))));
    })
    .run(139.0);
}

fn policy() -> Policy {
    // Governor reads the processor's counter too.
    Policy::named("bench")
        .clock(Clock::counter())
        .retry(Retry::attempts(3).budget(Budget::ratio(0.1)))
        .breaker(Breaker::failures(0.5).of_last(100).min_calls(20).open_for(10 * SECOND))
        .rate(Rate::per_second(1_000_000_000))
        .bulkhead(Bulkhead::max(64).queue(64))
        .attempt_timeout(5 * SECOND)
        .build()
        .expect("the numbers are good")
}

/// The peers' fastest parts, in the same order.
struct Stack {
    rate: governor::DefaultDirectRateLimiter,
    places: tokio::sync::Semaphore,
    breaker: recloser::AsyncRecloser,
}

impl Stack {
    fn new() -> Stack {
        let second = std::num::NonZeroU32::new(1_000_000_000).expect("it is not zero");
        let breaker =
            recloser::Recloser::custom().error_rate(0.5).closed_len(100).half_open_len(3).open_wait(10 * SECOND);
        Stack {
            rate: governor::RateLimiter::direct(governor::Quota::per_second(second)),
            places: tokio::sync::Semaphore::new(64),
            breaker: recloser::AsyncRecloser::from(breaker.build()),
        }
    }

    async fn run(&self, number: u64) -> Option<u64> {
        let attempt = || async {
            self.rate.check().ok()?;
            let _place = self.places.try_acquire().ok()?;
            let limited = async { tokio::time::timeout(5 * SECOND, async move { call(number) }).await };
            self.breaker.call(limited).await.ok()?.ok()
        };
        let attempt = || async { attempt().await.ok_or(()) };
        attempt.retry(backon::ExponentialBuilder::default()).await.ok()
    }
}

/// Something that takes a few nanoseconds and cannot be worked out beforehand.
#[inline(never)]
fn call(number: u64) -> Result<u64, Infallible> {
    Ok(black_box(number).wrapping_mul(31))
}

/// Polls what is ready at once; a runtime would cost more than what is measured.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
