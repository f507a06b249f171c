//! What it costs to find out what an error means, and to make a fault of it, beside making a boxed error.

use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use criterion::Criterion;
use segno_bench::{Work, compare, per_step};
use segno_errors::{Fault, Kind, classify, from_http, scrub};

/// One call is shorter than the clock can tell.
const CALLS: usize = 100_000;

/// The longest that classifying an error with up to four links may take, by issue 4.
const CLASSIFY_BAR: Duration = Duration::from_nanos(150);
/// The longest that an answer with a body should take: what reading its JSON takes, and a little.
const ANSWER_BAR: Duration = Duration::from_micros(5);

fn main() {
    let chains = [chain(1, reset()), chain(4, reset()), chain(4, number()), chain(4, fmt::Error)];
    let [one, four, typed, unknown] = &chains;

    let mut criterion = Criterion::default().sample_size(50).configure_from_args();
    let mut group = criterion.benchmark_group("classify");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("one link, io", |bencher| bencher.iter(|| classify(black_box(&**one)).kind()));
    group.bench_function("four links, io", |bencher| bencher.iter(|| classify(black_box(&**four)).kind()));
    group.bench_function("four links, a number", |bencher| bencher.iter(|| classify(black_box(&**typed)).kind()));
    group.bench_function("four links, unknown", |bencher| bencher.iter(|| classify(black_box(&**unknown)).kind()));
    group.bench_function("fault of a borrowed one", |bencher| bencher.iter(|| classify(black_box(&**one)).fault()));
    group.bench_function("fault of a taken one", |bencher| bencher.iter(|| Fault::of(black_box(reset()))));
    group.bench_function("an answer of 429", |bencher| bencher.iter(answered));
    group.bench_function("scrub 4 KiB", |bencher| {
        let text = "a line of what a command wrote, with numbers 12345 and a-path/to/file.rs:12\n".repeat(53);
        bencher.iter(|| scrub(black_box(&text)).len())
    });
    group.finish();
    criterion.final_summary();

    let many = |call: &dyn Fn()| (0..CALLS).for_each(|_| call());
    for (name, error) in [("classify io below four links", four), ("classify a miss of four links", unknown)] {
        let work = || many(&|| _ = black_box(classify(black_box(&**error)).is_retryable()));
        per_step(Work::new(name, work), CALLS, CLASSIFY_BAR);
    }
    per_step(Work::new("an answer of 429 as a fault", || many(&|| _ = black_box(answered()))), CALLS, ANSWER_BAR);
    let ours = Work::new("100,000 faults", || many(&|| _ = black_box(Fault::new(Kind::Network, "no answer"))));
    let peer = Work::new("boxed texts", || many(&|| _ = black_box(Box::<dyn Error>::from("no answer"))));
    compare(ours, peer, None);
}

/// An error of somebody's own around another.
#[derive(Debug)]
struct Layer(Box<dyn Error + Send + Sync>);

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a layer failed")
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Returns a chain of so many links, the innermost of which is `error`.
fn chain(links: usize, error: impl Into<Box<dyn Error + Send + Sync>>) -> Box<dyn Error + Send + Sync> {
    (1..links).fold(error.into(), |inner, _| Layer(inner).into())
}

fn reset() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

fn number() -> Box<dyn Error + Send + Sync> {
    "twelve".parse::<u8>().map_or_else(Into::into, |_| "a word is no number".into())
}

/// What a provider answers to one who is too fast.
fn answered() -> Fault {
    let headers = [("content-type", "application/json"), ("retry-after", "17"), ("x-request-id", "req_011")];
    let body =
        br#"{"type":"error","error":{"type":"rate_limit_error","message":"Number of requests exceeds your limit."}}"#;
    from_http(black_box(429), headers, black_box(body))
}
