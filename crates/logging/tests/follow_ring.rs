//! Who follows a log that a ring writes sees each line once and in order, and waits for it no longer than the ring does.

#![cfg(all(feature = "subscriber", feature = "read"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use segno_logging::read::{Filter, Path, Query, Tally, follow};
use segno_logging::{Level, RingOptions, RingSink, Sink};

/// Writes a line of each level in turn whenever the reader has seen all that were written.
fn check(levels: &[Level]) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    let ring = RingSink::open(&log, RingOptions::default()).unwrap();
    let (mut written, seen) = (0, std::cell::RefCell::new(Vec::new()));
    let begun = Instant::now();
    let pause = |_: &Tally| {
        assert!(begun.elapsed() < Duration::from_secs(60), "no flush came");
        if written == levels.len() && seen.borrow().len() == written {
            return ControlFlow::Break(());
        }
        if seen.borrow().len() == written {
            ring.write_line(levels[written], format!("{{\"n\":{written}}}\n").as_bytes()).unwrap();
            written += 1;
        }
        std::thread::yield_now();
        ControlFlow::Continue(())
    };
    let n = Path::new("n");
    follow(std::slice::from_ref(&log), &Query::new(Filter::default()), 10, pause, |line| {
        seen.borrow_mut().push(line.field(&n).unwrap().as_f64().unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen.into_inner(), (0..levels.len()).map(|n| n as f64).collect::<Vec<_>>());
}

#[test]
fn a_line_is_followed_when_it_is_flushed_which_is_soon() {
    assert_eq!(RingOptions::default().flush_every, Duration::from_millis(200));
    check(&[Level::INFO, Level::DEBUG, Level::WARN, Level::INFO, Level::ERROR, Level::INFO]);
}
