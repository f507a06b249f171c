//! A sink that cannot write: nothing fails, and the log says what is missing.

#![cfg(feature = "subscriber")]

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use segno_logging::{FileSink, Guard, JsonLayer, Level, Logger, Loggers, Sink};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt;

/// Takes lines by a script: each `.` takes one, each `x` refuses one; after it all are taken.
struct Scripted {
    script: Mutex<Vec<char>>,
    lines: Mutex<Vec<u8>>,
}

impl Sink for Scripted {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        match self.script.lock().expect("no sink panics").pop() {
            Some('x') => Err(ErrorKind::StorageFull.into()),
            _ => self.lines.write_line(level, line),
        }
    }
}

fn log_numbers(sink: impl Sink, events: u32) -> Guard {
    let layer = JsonLayer::new(sink).with_clock(|| UNIX_EPOCH);
    let guard = layer.guard();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for event in 1..=events {
            info!("{event}");
        }
    });
    guard
}

/// Logs the numbers from 1; `expected` are the messages that arrive.
fn check(script: &str, events: u32, expected: &[&str], lost: u64) {
    let sink = Arc::new(Scripted { script: Mutex::new(script.chars().rev().collect()), lines: Mutex::default() });
    let guard = log_numbers(Arc::clone(&sink), events);
    let lines = String::from_utf8(sink.lines.lock().expect("no sink panics").clone()).expect("lines are text");
    let messages: Vec<&str> =
        lines.lines().map(|line| line.split('"').nth(15).expect("the message is the fourth key")).collect();
    assert_eq!(messages, expected);
    assert_eq!(guard.lost(), lost);
}

#[test]
fn lost_lines_are_told_once_after_the_next_line() {
    check("", 2, &["1", "2"], 0);
    check(".xxx", 6, &["1", "5", "3 log lines were lost", "6"], 3);
    check("x", 2, &["2", "1 log line was lost"], 1);
}

#[test]
fn a_notice_that_is_lost_itself_is_told_later_and_not_counted() {
    check("x.x", 3, &["2", "3", "1 log line was lost"], 1);
    check("x.xx", 4, &["2", "4", "2 log lines were lost"], 2);
}

#[test]
fn a_sink_that_never_works_does_no_harm() {
    check("xxx", 3, &[], 3);
}

#[test]
fn the_notice_is_a_warning_of_this_crate() {
    let sink = Arc::new(Scripted { script: Mutex::new(vec!['x']), lines: Mutex::default() });
    _ = log_numbers(Arc::clone(&sink), 2);
    let lines = String::from_utf8(sink.lines.lock().unwrap().clone()).unwrap();
    assert_eq!(
        lines.lines().nth(1).unwrap(),
        r#"{"timestamp":"1970-01-01T00:00:00.000000Z","level":"WARN","component":"segno_logging","message":"1 log line was lost"}"#
    );
}

#[test]
fn what_is_lost_is_told_in_the_log_that_lacks_it() {
    let sink = |script: &str| {
        Arc::new(Scripted { script: Mutex::new(script.chars().rev().collect()), lines: Mutex::default() })
    };
    let (main, own) = (sink(""), sink("x.xxx"));
    let loggers = Loggers::default().with("own", Logger { sink: Some(own.clone()), ..Logger::default() });
    let layer = JsonLayer::new(Arc::clone(&main)).with_loggers(&loggers);
    let guard = layer.guard();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info!(target: "own", "lost");
        info!("main");
        info!(target: "own", "written, but not the line behind it");
        info!(target: "own", "lost");
        info!("main");
        assert_eq!(guard.lost(), 2);
        info!(target: "own", "lost");
    });
    assert_eq!(guard.lost(), 3);
    drop(guard);
    let count = |sink: &Scripted| {
        String::from_utf8(sink.lines.lock().unwrap().clone()).unwrap().matches("log lines were lost").count()
    };
    assert_eq!((count(&main), count(&own)), (0, 1));
    assert!(String::from_utf8(own.lines.lock().unwrap().clone()).unwrap().contains("3 log lines were lost"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_lines_and_nothing_else() {
    let guard = log_numbers(FileSink::open("/dev/full").unwrap(), 5);
    assert_eq!(guard.lost(), 5);
}
