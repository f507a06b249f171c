//! An event takes no memory in steady state, with spans, redaction, loggers, a sample and a limit. In a process of its own,
//! since the count is of the whole process.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::alloc::System;
use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use segno_logging::{JsonLayer, Level, Logger, Loggers, Sink};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tracing_subscriber::layer::SubscriberExt;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts the bytes of lines.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Sink for Counting {
    fn write_line(&self, _: Level, line: &[u8]) -> io::Result<()> {
        self.0.fetch_add(line.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// One event of every kind that programs log much of.
fn log(number: u64) {
    tracing::info!(user = "ada", path = "/a\"b", ratio = 0.25, number, ok = true, shown = %number, debug = ?Some(1), "done");
    tracing::debug!(target: "sampled", password = "hunter22", "{number} of many");
    tracing::warn!(target: "limited", context = "c", component = "d", correlation_id = number, "seen");
    tracing::error!(fatal = true, "failed");
}

/// Each line begins a second of its own.
fn clock() -> SystemTime {
    static SECOND: AtomicU64 = AtomicU64::new(1);
    UNIX_EPOCH + Duration::from_secs(SECOND.fetch_add(1, Ordering::Relaxed))
}

/// The loggers have what holds events back.
fn loggers() -> Loggers {
    Loggers::new(Level::TRACE)
        .with("sampled", Logger { sample: NonZeroU32::new(10), ..Logger::default() })
        .with("limited", Logger { limit: NonZeroU32::new(u32::MAX), ..Logger::default() })
}

#[test]
fn an_event_takes_no_memory_in_steady_state() {
    let (sink, loggers) = (Arc::new(Counting::default()), loggers());
    let layer = JsonLayer::new(Arc::clone(&sink)).with_loggers(&loggers).with_clock(clock);
    let subscriber = tracing_subscriber::registry().with(loggers.levels()).with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let outer = tracing::info_span!("outer", run = "r-7", user = "eve");
        let _outer = outer.clone().entered();
        let _inner = tracing::info_span!("inner", step = 3, cost = 0.5).entered();
        (0..100).for_each(log);
        let before = sink.0.load(Ordering::Relaxed);
        // The test's own harness may take memory at any moment; a layer that takes some does so each time.
        let least = (0..5).map(|_| {
            let region = Region::new(ALLOCATOR);
            (100..1_100).for_each(log);
            let change = region.change();
            change.allocations + change.reallocations + change.deallocations
        });
        assert_eq!(least.min(), Some(0));
        let elsewhere = tracing::info_span!(parent: &outer, "elsewhere", found = tracing::field::Empty);
        let least = (0..5).map(|_| {
            let events = (0..100).map(|number| {
                elsewhere.record("found", number);
                let region = Region::new(ALLOCATOR);
                log(number);
                region.change().allocations
            });
            events.sum::<usize>()
        });
        assert_eq!(least.min(), Some(0), "a change of a span that the thread is not in");
        assert!(sink.0.load(Ordering::Relaxed) > before + 5 * 300_000);
    });
}
