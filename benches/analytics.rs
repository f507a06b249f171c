//! What it costs to count a failure: its fingerprint, and its place in the ledger, known or new. CPU time of the thread.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use rustix::time::{ClockId, clock_gettime};
use segno_errors::analytics::{Fingerprint, Ledger, Occurrence};
use segno_errors::{Fault, Kind};

/// What the project wants a record to take at most.
const BAR: Duration = Duration::from_nanos(500);
/// One record is shorter than the clock can tell.
const RECORDS: u32 = 100_000;

/// The CPU time of this thread: what the machine does beside does not count.
struct Cpu;

impl Measurement for Cpu {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        cpu()
    }

    fn end(&self, begun: Duration) -> Duration {
        cpu().saturating_sub(begun)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn main() {
    let command = || Fault::new(Kind::ExternalService, "the command ended with exit code 101").operation("command");
    let short = Fault::new(Kind::Timeout, "no answer from 10.0.0.1:443 after 30 s").reason("idle");
    let detailed =
        command().detail("error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)");
    let faults: Vec<Fault> = (0..20_000).map(|number| command().with("fingerprint", number)).collect();
    let now = SystemTime::now();

    let mut criterion = Criterion::default().with_measurement(Cpu).sample_size(50).configure_from_args();
    let mut group = criterion.benchmark_group("a failure is counted");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    group.bench_function("its fingerprint, one line", |bencher| {
        bencher.iter(|| Fingerprint::of(black_box(&short), None))
    });
    let mut ledger = Ledger::default();
    group.bench_function("known, one line", |bencher| bencher.iter(|| ledger.record(&known(&short, now))));
    group
        .bench_function("known, with a tool's words", |bencher| bencher.iter(|| ledger.record(&known(&detailed, now))));
    let mut turn = faults.iter().cycle();
    group.bench_function("new among a million", |bencher| {
        bencher.iter(|| turn.next().and_then(|fault| ledger.record(&known(fault, now))))
    });
    group.finish();
    criterion.final_summary();

    let begun = cpu();
    for _ in 0..RECORDS {
        black_box(ledger.record(&known(black_box(&short), now)));
    }
    let each = (cpu() - begun) / RECORDS;
    segno_bench::tell(&format!(
        "a record: {each:.0?}, wanted at most {BAR:?}; the ledger takes {} bytes",
        ledger.bytes()
    ));
}

fn known(fault: &Fault, at: SystemTime) -> Occurrence<'_> {
    let mut occurrence = Occurrence::of(fault, at);
    (occurrence.agent, occurrence.workflow) = (Some("coder"), Some("nightly"));
    (occurrence.run, occurrence.step) = (Some("20260101-120000-abcd"), Some("review"));
    occurrence
}
