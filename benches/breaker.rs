//! What a breaker costs a call that succeeds, beside its peers: alone, shared by threads, and off the path of a healthy window.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use recloser::{AsyncRecloser, Recloser};
use segno_bench::{Contest, Crowd};
use segno_resilience::{Breaker, EveryError};

const SECOND: Duration = Duration::from_secs(1);
/// The calls of a window, for all that have one.
const WINDOW: usize = 100;

fn main() {
    blocking();
    asynchronous();
    shared();
    off_the_path();
}

fn blocking() {
    let (ours, recloser, failsafe) = (ours(), recloser(), failsafe());
    Contest::of("a breaker with a window of 100, blocking", |calls| {
        (0..calls).for_each(|number| _ = black_box(ours.run_blocking(EveryError, || call(number))));
    })
    .with("recloser", |calls| {
        (0..calls).for_each(|number| _ = black_box(recloser.call(|| call(number))));
    })
    .with("failsafe (in a row)", |calls| {
        (0..calls).for_each(|number| _ = black_box(failsafe::CircuitBreaker::call(&failsafe, || call(number))));
    })
    .with("no breaker", |calls| {
        (0..calls).for_each(|number| _ = black_box(call(number)));
    })
    .run(5.0);
}

fn asynchronous() {
    let (ours, recloser, failsafe) = (ours(), AsyncRecloser::from(recloser()), failsafe());
    Contest::of("a breaker with a window of 100, async", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(ours.run(EveryError, async move { call(number) }))));
    })
    .with("recloser", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(recloser.call(async move { call(number) }))));
    })
    .with("failsafe (in a row)", |calls| {
        (0..calls).for_each(|number| {
            let called = failsafe::futures::CircuitBreaker::call(&failsafe, async move { call(number) });
            _ = black_box(finish(called));
        });
    })
    .with("no breaker", |calls| {
        (0..calls).for_each(|number| _ = black_box(finish(async move { call(number) })));
    })
    .run(15.0);
}

fn shared() {
    let (ours, recloser, failsafe) = (ours(), recloser(), failsafe());
    Crowd::default()
        .with("segno", |calls| {
            (0..calls).for_each(|number| _ = black_box(ours.run_blocking(EveryError, || call(number))));
        })
        .with("recloser", |calls| {
            (0..calls).for_each(|number| _ = black_box(recloser.call(|| call(number))));
        })
        .with("failsafe", |calls| {
            (0..calls).for_each(|number| _ = black_box(failsafe::CircuitBreaker::call(&failsafe, || call(number))));
        })
        .run("a breaker, blocking");
    let (ours, recloser) = (self::ours(), AsyncRecloser::from(self::recloser()));
    Crowd::default()
        .with("segno", |calls| {
            (0..calls).for_each(|number| _ = black_box(finish(ours.run(EveryError, async move { call(number) }))));
        })
        .with("recloser", |calls| {
            (0..calls).for_each(|number| _ = black_box(finish(recloser.call(async move { call(number) }))));
        })
        .run("a breaker, async");
}

/// What the lock, the clock and the time window cost where they are needed.
fn off_the_path() {
    // One call in fifty fails, so that the window is never clean.
    let one_in_fifty = |number: u64| if number.is_multiple_of(50) { Err(number) } else { Ok(number) };
    let (ours, recloser) = (ours(), recloser());
    Contest::of("a breaker when one call in fifty fails", |calls| {
        (0..calls).for_each(|number| _ = black_box(ours.run_blocking(EveryError, || one_in_fifty(number))));
    })
    .with("recloser", |calls| {
        (0..calls).for_each(|number| _ = black_box(recloser.call(|| one_in_fifty(number))));
    })
    .run(40.0);
    let built = "the numbers are good";
    let timed = Breaker::failures(0.5).within(60 * SECOND).build().expect(built);
    Contest::of("a breaker with a window of 60 s", |calls| {
        (0..calls).for_each(|number| _ = black_box(timed.run_blocking(EveryError, || call(number))));
    })
    .run(100.0);
    let slow = Breaker::failures(0.5).slow_calls(SECOND, 0.8).build().expect(built);
    Contest::of("a breaker that times calls", |calls| {
        (0..calls).for_each(|number| _ = black_box(slow.run_blocking(EveryError, || call(number))));
    })
    .run(100.0);
    let open = self::ours();
    open.trip_for(3_600 * SECOND);
    Contest::of("a rejection by an open breaker", |calls| {
        (0..calls).for_each(|number| _ = black_box(open.run_blocking(EveryError, || call(number)).is_ok()));
    })
    .run(60.0);
}

fn ours() -> Breaker {
    let breaker = Breaker::failures(0.5).of_last(100).min_calls(20).open_for(10 * SECOND).build();
    breaker.expect("the numbers are good")
}

fn recloser() -> Recloser {
    Recloser::custom().error_rate(0.5).closed_len(WINDOW).half_open_len(3).open_wait(10 * SECOND).build()
}

/// It has no window of calls; this is the cheaper one of its policies.
fn failsafe() -> impl failsafe::CircuitBreaker + failsafe::futures::CircuitBreaker + Sync {
    let policy = failsafe::failure_policy::consecutive_failures(5, failsafe::backoff::constant(10 * SECOND));
    failsafe::Config::new().failure_policy(policy).build()
}

/// Something that takes a few nanoseconds and cannot be worked out beforehand.
#[inline(never)]
fn call(number: u64) -> Result<u64, Infallible> {
    Ok(black_box(number).wrapping_mul(31))
}

/// Polls what is ready at once; a runtime would cost more than what is measured. Inlined, as a future that is awaited is not
/// moved to a place of its own either.
#[inline(always)]
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
