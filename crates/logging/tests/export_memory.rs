//! What is exported takes bounded memory, however long the log and however many its ids. In a process of its own, since the
//! count is of the whole process.

#![cfg(all(feature = "subscriber", feature = "read"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::alloc::System;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use segno_logging::export::{Record, Spans, Traces, otlp};
use segno_logging::read::{Filter, Query, Sources, each};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most that may be in use at any time: 16 MiB of open traces, two bodies, and what the reader takes. All traces of a shape
/// together take more.
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

/// The most memory in use so far. What a call takes and gives back before its end counts too: all that it allocates is taken
/// for in use at its end, so that the true peak is never higher.
struct Peak {
    before: usize,
    most: usize,
}

impl Peak {
    fn of<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let (held, allocated) = (in_use() - self.before, ALLOCATOR.stats().bytes_allocated);
        let made = call();
        self.most = self.most.max(held + ALLOCATOR.stats().bytes_allocated - allocated);
        made
    }

    /// Takes a body into account, and says whether there is one.
    fn body(&mut self, body: Option<&str>) -> usize {
        self.most = self.most.max(in_use() - self.before);
        usize::from(body.is_some_and(|body| !body.is_empty()))
    }
}

/// Exports so many lines and returns the most memory in use at any time, and how many bodies there were.
fn peak(end: u64, make: impl FnMut(u64) -> String + Send + 'static) -> (usize, usize) {
    let (mut peak, mut bodies) = (Peak { before: in_use(), most: 0 }, 0);
    let (mut traces, mut logs, mut spans) = (Traces::default(), otlp::Logs::new("s"), Spans::new("s"));
    let query = Query::new(Filter::default());
    let sources = Sources::reader("memory", Lines { make, number: 0, end, rest: VecDeque::new() });
    each(sources, &query, |line| {
        peak.of(|| traces.see(line));
        let record = peak.of(|| Record::of(line, &query.keys));
        let body = peak.of(|| logs.add(&record));
        drop(record);
        bodies += peak.body(body.as_deref());
        while let Some(trace) = traces.over() {
            _ = spans.add(&trace.into_tree(), |body| {
                bodies += peak.body(Some(&body));
                ControlFlow::Continue(())
            });
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    bodies += peak.body(logs.rest().as_deref());
    while let Some(trace) = traces.rest() {
        _ = spans.add(&trace.into_tree(), |body| {
            bodies += peak.body(Some(&body));
            ControlFlow::Continue(())
        });
    }
    bodies += peak.body(spans.rest().as_deref());
    (peak.most, bodies)
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
    for (shape, fields) in [
        ("one long list", format!(r#""list":[{}]"#, vec!["1"; 500_000].join(","))),
        ("a list of lists", format!(r#""list":[{}]"#, vec!["[]"; 300_000].join(","))),
        ("one long object", format!(r#""object":{{{}}}"#, vec![r#""a":{"b":1}"#; 90_000].join(","))),
        (
            "many lists",
            (0..500).map(|at| format!(r#""f{at}":[{}]"#, vec!["1"; 1_000].join(","))).collect::<Vec<_>>().join(","),
        ),
        ("very many fields", (0..90_000).map(|at| format!(r#""{at:05}":1"#)).collect::<Vec<_>>().join(",")),
        ("a long text", format!(r#""text":"{}""#, r"\u0007".repeat(170_000))),
    ] {
        // Kept to the end: what goes meanwhile would be taken off.
        let kept = Arc::new(fields);
        let fields = Arc::clone(&kept);
        let line = move |_| format!("{{\"timestamp\":\"2026-11-27T10:00:00Z\",\"correlation_id\":\"r\",{fields}}}\n");
        check(shape, 3, line);
    }
}
