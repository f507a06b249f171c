//! What the redactor costs: a short clean value, as each field of a log's line is one, and long texts, clean and not.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use segno_bench::{Work, compare, per_step};
use segno_logging::Redactor;

/// One call is shorter than the clock can tell.
const CALLS: usize = 100_000;
/// A value as most fields of a line have it.
const SHORT: &str = "src/shop/cart.rs:120";
/// What a short clean value may cost: less than a twentieth of an event.
const SHORT_BAR: Duration = Duration::from_nanos(40);

fn main() {
    let clean = repeated("a line of what a command wrote, with numbers 12345 and a/path/to/file.rs:12\n");
    let json = repeated("{\"level\":\"INFO\",\"message\":\"order paid\",\"items\":3,\"url\":\"https://shop/x?n=1\"}\n");
    let secrets = repeated("a line with password=hunter2 and Authorization: Bearer abc123def and more behind it\n");
    let (plain, knowing) = (Redactor::new(), Redactor::new());
    for number in 0..3 {
        knowing.add_secret(format!("correct-horse-{number}")).expect("it is long enough");
    }

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("redact");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.bench_function("a short clean value", |bencher| bencher.iter(|| plain.text(black_box(SHORT)).len()));
    group.bench_function("a short clean value, 3 known", |bencher| {
        bencher.iter(|| knowing.text(black_box(SHORT)).len());
    });
    group.bench_function("a name", |bencher| bencher.iter(|| plain.is_secret_name(black_box("duration_ms"))));
    group.throughput(Throughput::Bytes(clean.len() as u64));
    for (name, text) in [("clean", &clean), ("JSON", &json), ("secrets", &secrets)] {
        group.bench_function(format!("a MB, {name}"), |bencher| bencher.iter(|| plain.text(black_box(text)).len()));
        group.bench_function(format!("a MB, {name}, 3 known"), |bencher| {
            bencher.iter(|| knowing.text(black_box(text)).len());
        });
    }
    group.bench_function("a MB, clean, as a stream", |bencher| bencher.iter(|| streamed(&plain, &clean)));
    group.finish();
    criterion.final_summary();

    let short = || (0..CALLS).for_each(|_| _ = black_box(plain.text(black_box(SHORT))));
    per_step(Work::new("a short clean value", short), CALLS, SHORT_BAR);
    let ours = Work::new("a clean MB", || _ = black_box(plain.text(black_box(&clean))));
    let scrub = Work::new("segno-errors' scrub", || _ = black_box(segno_errors::scrub(black_box(&clean))));
    compare(ours, scrub, None);
}

/// Returns a megabyte of one line.
fn repeated(line: &str) -> String {
    line.repeat((1 << 20) / line.len())
}

/// Hides the secrets of a text as a program writes it.
fn streamed(redactor: &Redactor, text: &str) -> usize {
    let (mut stream, mut out) = (redactor.stream(), Vec::with_capacity(text.len()));
    text.as_bytes().chunks(8 << 10).for_each(|chunk| stream.push(chunk, &mut out));
    stream.finish(&mut out);
    out.len()
}
