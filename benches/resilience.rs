//! What a retry costs when nothing fails, beside the bare call.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use criterion::Criterion;
use segno_bench::{Work, compare};
use segno_resilience::{Retry, Verdict};

/// One call is shorter than the clock can tell.
const CALLS: u64 = 100_000;

fn main() {
    let retry = Retry::attempts(3).exponential(Duration::from_millis(10)..=Duration::from_secs(1)).build();
    let retry = retry.expect("the numbers above are good");

    let mut criterion = Criterion::default().sample_size(50).configure_from_args();
    let mut group = criterion.benchmark_group("one call that succeeds");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("bare", |bencher| bencher.iter(|| call(black_box(7))));
    group.bench_function("retry", |bencher| bencher.iter(|| blocking(&retry, black_box(7))));
    group.bench_function("bare async", |bencher| bencher.iter(|| finish(async { call(black_box(7)) })));
    group.bench_function("retry async", |bencher| bencher.iter(|| asynchronous(&retry, black_box(7))));
    group.finish();
    criterion.final_summary();

    let many = |call: &dyn Fn(u64)| (0..CALLS).for_each(call);
    let bare = |number: u64| _ = black_box(call(number));
    let ours = Work::new("100,000 retries", || many(&|number| _ = black_box(blocking(&retry, number))));
    compare(ours, Work::new("bare calls", || many(&bare)), None);
    let ours = Work::new("100,000 async retries", || many(&|number| _ = black_box(asynchronous(&retry, number))));
    let peer = Work::new("bare async calls", || many(&|number| _ = black_box(finish(async { call(number) }))));
    compare(ours, peer, None);
}

/// Something that takes a few nanoseconds and cannot be worked out beforehand.
#[inline(never)]
fn call(number: u64) -> Result<u64, Infallible> {
    Ok(black_box(number).wrapping_mul(31))
}

fn blocking(retry: &Retry, number: u64) -> Option<u64> {
    retry.run_blocking(|_| Verdict::Permanent, |_| call(number)).ok()
}

fn asynchronous(retry: &Retry, number: u64) -> Option<u64> {
    finish(retry.run(|_: &Infallible| Verdict::Permanent, |_| async move { call(number) })).ok()
}

/// Polls what is ready at once; a runtime would cost more than what is measured.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing above waits"),
    }
}
