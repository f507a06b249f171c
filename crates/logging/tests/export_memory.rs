//! What is exported takes bounded memory, however long the log and however many its ids. In a process of its own, since the
//! count is of the whole process.

#![cfg(all(feature = "subscriber", feature = "read"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::alloc::System;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;

use segno_logging::export::{Record, Spans, Traces, otlp};
use segno_logging::read::{Filter, Query, Sources, each};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most that may be in use at any line and any body: 16 MiB of open traces, two bodies, and what the reader takes. All traces of
/// a shape together take more.
const LIMIT: usize = 24 << 20;

/// So much memory is in use.
fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// A log that is made as it is read.
struct Lines<F> {
    make: F,
    number: u64,
    end: u64,
    rest: VecDeque<u8>,
}

impl<F: FnMut(u64) -> String> Read for Lines<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.number < self.end {
            self.rest.extend((self.make)(self.number).bytes());
            self.number += 1;
        }
        self.rest.read(into)
    }
}

/// Exports so many lines and returns the most memory in use at any line and at any body, and how many bodies there were.
fn peak(end: u64, make: impl FnMut(u64) -> String + Send + 'static) -> (usize, usize) {
    let before = in_use();
    let (mut most, mut bodies) = (0, 0);
    let mut look = |body: Option<&str>| {
        most = most.max(in_use() - before);
        bodies += usize::from(body.is_some_and(|body| !body.is_empty()));
    };
    let (mut traces, mut logs, mut spans) = (Traces::default(), otlp::Logs::new("s"), Spans::new("s"));
    let query = Query::new(Filter::default());
    let sources = Sources::reader("memory", Lines { make, number: 0, end, rest: VecDeque::new() });
    each(sources, &query, |line| {
        traces.see(line);
        look(logs.add(&Record::of(line, &query.keys)).as_deref());
        while let Some(trace) = traces.over() {
            _ = spans.add(&trace.into_tree(), |body| {
                look(Some(&body));
                ControlFlow::Continue(())
            });
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    while let Some(trace) = traces.rest() {
        _ = spans.add(&trace.into_tree(), |body| {
            look(Some(&body));
            ControlFlow::Continue(())
        });
    }
    look(spans.rest().as_deref());
    (most, bodies)
}

/// A line of some 300 bytes.
fn line(id: u64, number: u64) -> String {
    let second = number / 1_000 % 60;
    format!(
        r#"{{"timestamp":"2026-11-27T10:00:{second:02}.000000Z","level":"INFO","component":"shop.cart","message":"step ended","correlation_id":"run-{id}","step":"s{}","attempt":1,"status":"succeeded","took_ms":{number},"path":"{}"}}{}"#,
        number % 500,
        "x".repeat(100),
        "\n"
    )
}

fn check(shape: &str, end: u64, make: impl FnMut(u64) -> String + Send + 'static) {
    let (most, bodies) = peak(end, make);
    assert!(bodies > 1, "{shape}");
    assert!(most < LIMIT, "{shape}: {most} bytes for {bodies} bodies");
}

// One test, because all that is in use is counted.
#[test]
fn an_export_takes_bounded_memory() {
    let long = 30_000;
    check("one id", long, |number| line(0, number));
    check("ids one after the other", long, |number| line(number / 20, number));
    check("ids that never end", long, |number| line(number % 900, number));
    check("an id a line", 8_000, |number| line(number, number));
    let many_fields = |number| {
        let fields: String = (0..1_000).map(|field| format!(r#","f{field}":{number}"#)).collect();
        format!("{{\"message\":\"m\"{fields}}}\n")
    };
    check("many fields", 400, many_fields);
}
