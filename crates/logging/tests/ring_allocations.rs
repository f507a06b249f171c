//! A line takes no memory in steady state, flushes included. In a process of its own, since the count is of the whole process.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::alloc::System;
use std::time::Duration;

use segno_logging::{Every, FileSink, Level, QueueOptions, QueueSink, RingOptions, RingSink, Rotation, Sink};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A few lines first, and then many, of which none takes memory.
fn check(name: &str, sink: &impl Sink) {
    let line = [&[b'x'; 343][..], b"\n"].concat();
    let write = |lines: usize| {
        for number in 0..lines {
            let level = if number % 1_000 == 999 { Level::WARN } else { Level::INFO };
            sink.write_line(level, &line).unwrap();
        }
        sink.flush().unwrap();
    };
    write(40_000);
    // The test's own harness may take memory at any moment; a sink that takes some does so each time.
    let least = (0..5).map(|_| {
        let region = Region::new(ALLOCATOR);
        write(2_000);
        region.change().allocations
    });
    assert_eq!(least.min(), Some(0), "{name}");
}

#[test]
fn a_line_takes_no_memory_in_steady_state() {
    let folder = tempfile::tempdir().unwrap();
    let rotation =
        || Rotation { max_bytes: Some(1 << 30), every: Some(Every::Span(Duration::MAX)), ..Rotation::default() };
    let file = |name: &str| FileSink::rotating(folder.path().join(name), rotation()).unwrap();
    check("file", &file("file"));
    check(
        "ring",
        &RingSink::open(folder.path().join("ring"), RingOptions { rotation: rotation(), ..RingOptions::default() })
            .unwrap(),
    );
    let options = QueueOptions { max_lines: 100, ..QueueOptions::default() };
    check("queue", &QueueSink::new(file("queue"), options).unwrap());
}
