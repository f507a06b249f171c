//! One event as a line of JSON: segno-logging beside tracing-subscriber's own JSON, both into memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::Criterion;
use segno_bench::{Work, compare};
use segno_logging::{JsonLayer, correlation};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

/// The events between two looks at the clock, after which the memory is emptied.
const EVENTS: usize = 1_000;

fn main() {
    let (our_lines, peer_lines): (Lines, Lines) = (Lines::default(), Lines::default());
    let ours = Dispatch::new(tracing_subscriber::registry().with(JsonLayer::new(our_lines.clone())));
    let writer = Mutex::new(Writer(peer_lines.clone()));
    let peer = tracing_subscriber::fmt::layer().json().with_writer(writer);
    let peer = Dispatch::new(tracing_subscriber::registry().with(peer));
    let segno = || emit(&ours, &our_lines);
    let subscriber = || emit(&peer, &peer_lines);

    let mut criterion = Criterion::default().sample_size(50).configure_from_args();
    let mut group = criterion.benchmark_group("1,000 events as JSON");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("segno-logging", |bencher| bencher.iter(segno));
    group.bench_function("tracing-subscriber", |bencher| bencher.iter(subscriber));
    group.finish();
    criterion.final_summary();
    compare(Work::new("segno-logging", segno), Work::new("tracing-subscriber", subscriber), None);
}

type Lines = Arc<Mutex<Vec<u8>>>;

/// Emits what a step's end emits, inside the span of its run.
fn emit(dispatch: &Dispatch, lines: &Lines) {
    tracing::dispatcher::with_default(dispatch, || {
        let _run = correlation::span(&correlation::Id::new("20260101-120000-abcd")).entered();
        for seq in 0..EVENTS {
            tracing::info!(
                seq,
                step = "review[3]",
                status = "succeeded",
                cached = false,
                took_ms = 17_u64,
                "step ended"
            );
        }
    });
    let mut lines = lines.lock().expect("no event panics");
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), EVENTS, "each event is a line");
    lines.clear();
}

/// Memory, as tracing-subscriber writes to it.
struct Writer(Lines);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no event panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
