//! A program that changes its folder after it opened a log by a relative path. Alone in its process, which has one folder.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;

use segno_logging::{FileSink, Level, RingOptions, RingSink, Sink, leftover};

#[test]
fn a_log_stays_where_it_was_opened() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::env::set_current_dir(folder.path()).unwrap();
    let ring = RingSink::open("logs/app.jsonl", RingOptions::default()).unwrap();
    let file = FileSink::open("logs/file.jsonl").unwrap();
    std::env::set_current_dir(other.path()).unwrap();
    ring.write_line(Level::WARN, b"one\n").unwrap();
    // As long as it is there, lines go on into it by its handle.
    fs::remove_file(folder.path().join("logs/file.jsonl")).unwrap();
    file.write_line(Level::WARN, b"two\n").unwrap();
    ring.write_line(Level::INFO, b"three\n").unwrap();
    assert_eq!(leftover(&folder.path().join("logs/app.jsonl")).unwrap().lines, b"three\n");
    drop(ring);
    let written = |log: &str| fs::read_to_string(folder.path().join("logs").join(log)).unwrap();
    assert_eq!((written("app.jsonl").as_str(), written("file.jsonl").as_str()), ("one\nthree\n", "two\n"));
    assert_eq!(fs::read_dir(folder.path().join("logs")).unwrap().count(), 2, "no side file stays");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
}
