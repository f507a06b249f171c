//! The ring in a living process: when lines reach the log, and what several threads and rings do.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use segno_logging::{Level, RingOptions, RingSink, Sink, leftover};

/// Flushed by nothing but what the test does.
fn slow() -> RingOptions {
    RingOptions { flush_every: Duration::MAX, ..RingOptions::default() }
}

fn ring(options: RingOptions) -> (tempfile::TempDir, PathBuf, RingSink) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    let sink = RingSink::open(&log, options).unwrap();
    (folder, log, sink)
}

fn written(log: &Path) -> String {
    fs::read_to_string(log).unwrap()
}

fn side_files(log: &Path) -> usize {
    let names = fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "ring")).count()
}

#[test]
fn lines_wait_for_a_warning_and_a_reader_sees_them_before() {
    let (_folder, log, sink) = ring(slow());
    sink.write_line(Level::INFO, b"a\n").unwrap();
    sink.write_line(Level::DEBUG, b"b\n").unwrap();
    assert_eq!(written(&log), "");
    let left = leftover(&log).unwrap();
    assert_eq!((&left.lines[..], left.end), (&b"a\nb\n"[..], 0));
    sink.write_line(Level::WARN, b"c\n").unwrap();
    assert_eq!(written(&log), "a\nb\nc\n");
    sink.write_line(Level::ERROR, b"d\n").unwrap();
    assert_eq!(written(&log), "a\nb\nc\nd\n");
    assert!(leftover(&log).unwrap().lines.is_empty());
}

#[test]
fn lines_reach_the_log_in_time() {
    let (_folder, log, sink) = ring(RingOptions { flush_every: Duration::ZERO, ..RingOptions::default() });
    let begun = Instant::now();
    for round in 1..=3 {
        sink.write_line(Level::INFO, b"a\n").unwrap();
        while written(&log).len() < 2 * round {
            assert!(begun.elapsed() < Duration::from_secs(60), "no flush came");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_full_buffer_is_written_and_a_longer_line_goes_behind_it() {
    let (_folder, log, sink) = ring(RingOptions { buffer_bytes: 0, ..slow() });
    let line = [&[b'x'; 999][..], b"\n"].concat();
    (0..5).for_each(|_| sink.write_line(Level::INFO, &line).unwrap());
    assert_eq!(written(&log).len(), 4_000);
    let long = [&[b'y'; 99_999][..], b"\n"].concat();
    sink.write_line(Level::INFO, &long).unwrap();
    assert_eq!(written(&log).as_bytes()[4_999..5_002], *b"\nyy");
    assert_eq!(written(&log).len(), 105_000);
}

#[test]
fn a_thread_that_ends_leaves_no_line_behind_and_its_buffer_to_the_next() {
    let (_folder, log, sink) = ring(RingOptions { durable: true, ..slow() });
    for thread in 0..100 {
        std::thread::scope(|scope| {
            scope.spawn(|| sink.write_line(Level::INFO, format!("{thread}\n").as_bytes()).unwrap()).join().unwrap();
        });
    }
    assert_eq!(written(&log).lines().count(), 100);
    let side =
        fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path != &log);
    assert!(fs::metadata(side.unwrap()).unwrap().len() < 2 * (64 << 10), "one buffer was enough");
}

#[test]
fn more_threads_than_buffers_share_them_and_keep_their_order() {
    for max_buffers in [0, 1, 3] {
        let (_folder, log, sink) = ring(RingOptions { max_buffers, buffer_bytes: 4096, ..RingOptions::default() });
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let sink = &sink;
                scope.spawn(move || {
                    for number in 0..500 {
                        sink.write_line(Level::INFO, format!("{thread} {number}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(sink);
        let text = written(&log);
        for thread in 0..8 {
            let numbers = text.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
            assert_eq!(numbers.map(|number| number.parse().unwrap()).collect::<Vec<u32>>(), Vec::from_iter(0..500));
        }
        assert_eq!(side_files(&log), 0);
    }
}

#[test]
fn a_closed_ring_still_takes_lines_and_has_no_side_file() {
    let (_folder, log, sink) = ring(slow());
    sink.write_line(Level::INFO, b"a\n").unwrap();
    assert_eq!(side_files(&log), 1);
    sink.close().unwrap();
    assert_eq!((written(&log).as_str(), side_files(&log)), ("a\n", 0));
    sink.write_line(Level::INFO, b"b\n").unwrap();
    assert_eq!(written(&log), "a\nb\n");
    sink.close().unwrap();
}

#[test]
fn rings_on_one_log_and_on_several_do_not_mix_up_their_buffers() {
    let (_folder, log, one) = ring(slow());
    let (_other_folder, other_log, other) = ring(slow());
    let same = RingSink::open(&log, slow()).unwrap();
    for number in 0..3 {
        for (name, sink) in [("one", &one), ("other", &other), ("same", &same)] {
            sink.write_line(Level::INFO, format!("{name} {number}\n").as_bytes()).unwrap();
        }
    }
    assert_eq!(leftover(&log).unwrap().lines.len(), "one 0\nsame 0\n".len() * 3);
    drop((same, one, other));
    assert_eq!(written(&log), "same 0\nsame 1\nsame 2\none 0\none 1\none 2\n");
    assert_eq!(written(&other_log), "other 0\nother 1\nother 2\n");
}

#[test]
fn the_side_file_of_a_living_process_is_not_replayed() {
    let (_folder, log, sink) = ring(slow());
    sink.write_line(Level::INFO, b"a\n").unwrap();
    drop(RingSink::open(&log, slow()).unwrap());
    assert_eq!((written(&log).as_str(), side_files(&log)), ("", 1));
}

#[test]
fn a_process_that_is_stopped_in_its_turn_does_not_stop_the_others() {
    let (_folder, log, sink) = ring(slow());
    let stopped = fs::File::open(log.parent().unwrap()).unwrap();
    stopped.lock().unwrap();
    let begun = Instant::now();
    (0..100).for_each(|_| sink.write_line(Level::WARN, b"a\n").unwrap());
    assert_eq!(written(&log).len(), 200);
    // One wait of a second, and not a hundred.
    assert!(begun.elapsed() < Duration::from_secs(30));
}
