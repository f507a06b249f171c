//! Another process is stopped in its turn: the others neither wait for ever, nor rotate, nor take each other's lines away.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use segno_logging::{Compression, FileSink, Level, RingOptions, RingSink, Rotation, Sink, segments};

fn small() -> Rotation {
    Rotation { max_bytes: Some(2_000), compression: Compression::None, ..Rotation::default() }
}

/// Four sinks with a thread each write while the turn is stuck, and once more when it is free again.
fn check<S: Sink>(open: impl Fn(&Path) -> S + Sync) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    let stopped = File::open(folder.path()).unwrap();
    stopped.lock().unwrap();
    let sinks: Vec<S> = std::thread::scope(|scope| {
        let (open, log) = (&open, &log);
        let writer = |sink: usize| {
            scope.spawn(move || {
                let out = open(log);
                for line in 0..300 {
                    out.write_line(Level::WARN, format!("{{\"sink\":{sink},\"line\":{line}}}\n").as_bytes()).unwrap();
                }
                out
            })
        };
        let writers: Vec<_> = (0..4).map(writer).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(segments(&log).unwrap().is_empty(), "nothing is sealed without a turn");
    stopped.unlock().unwrap();
    sinks.iter().for_each(|sink| sink.write_line(Level::WARN, b"{\"free\":0}\n").unwrap());
    assert!(!segments(&log).unwrap().is_empty(), "what was put off is done");
    drop(sinks);

    let mut files = segments(&log).unwrap();
    files.push(log);
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    // Without a turn one may take another's line that is on its way for a torn one, and end it: a blank line, which no reader
    // counts.
    text.lines().filter(|line| !line.is_empty()).for_each(|line| *found.entry(line).or_default() += 1);
    assert_eq!(found.remove("{\"free\":0}"), Some(4));
    assert_eq!(found.len(), 4 * 300, "{:?}", found.keys().find(|line| !line.starts_with("{\"sink\"")));
    assert!(found.values().all(|times| *times == 1));
}

#[test]
fn rings_that_go_on_without_a_turn_lose_no_segment() {
    check(|log| RingSink::open(log, RingOptions { rotation: small(), ..RingOptions::default() }).unwrap());
}

#[test]
fn files_that_go_on_without_a_turn_lose_no_segment() {
    check(|log| FileSink::rotating(log, small()).unwrap());
}

#[test]
fn a_line_that_another_is_just_writing_is_not_ended_by_a_blank_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    let sink = FileSink::open(&log).unwrap();
    let stopped = File::open(folder.path()).unwrap();
    stopped.lock().unwrap();
    let mut other = File::options().append(true).open(&log).unwrap();
    let both = std::sync::Barrier::new(2);
    let mut expected = String::new();
    for round in 0..50 {
        other.write_all(b"{\"other\":").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                both.wait();
                other.write_all(b"0}\n").unwrap();
            });
            both.wait();
            sink.write_line(Level::INFO, format!("{round}\n").as_bytes()).unwrap();
        });
        expected.push_str(&format!("{{\"other\":0}}\n{round}\n"));
    }
    assert_eq!(fs::read_to_string(&log).unwrap(), expected);
    // One that is never ended is ended after a while.
    other.write_all(b"{\"dead\":").unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2) {
        std::thread::yield_now();
    }
    sink.write_line(Level::INFO, b"last\n").unwrap();
    assert_eq!(fs::read_to_string(&log).unwrap(), expected + "{\"dead\":\nlast\n");
}

#[test]
fn who_goes_over_to_a_new_file_does_not_wait_for_the_stopped_process_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    let sink = RingSink::open(&log, RingOptions::default()).unwrap();
    let stopped = File::open(folder.path()).unwrap();
    stopped.lock().unwrap();
    let begun = Instant::now();
    for round in 0..100 {
        // As if another process had sealed it.
        fs::rename(&log, folder.path().join(format!("sealed{round}"))).unwrap();
        sink.write_line(Level::WARN, b"a\n").unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "a\n");
    }
    // One wait of a second, and not a hundred.
    assert!(begun.elapsed() < Duration::from_secs(30));
}
