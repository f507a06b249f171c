//! Logs that others move, remove, link and leave side files beside.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use segno_logging::{Compression, FileSink, Level, RingOptions, RingSink, Rotation, Sink, segments};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("logs/app.jsonl");
    fs::create_dir(log.parent().unwrap()).unwrap();
    (folder, log)
}

fn written(log: &Path) -> String {
    fs::read_to_string(log).unwrap()
}

/// A writer that knows of no other looks at its file now and then.
fn a_moment_later() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2) {
        std::thread::yield_now();
    }
}

/// A side file as a dead process leaves it, with one line.
fn side_file(path: &Path) {
    let elsewhere = tempfile::tempdir().unwrap();
    let log = elsewhere.path().join("app.jsonl");
    let slow = RingOptions { flush_every: Duration::MAX, buffer_bytes: 0, ..RingOptions::default() };
    let ring = RingSink::open(&log, slow).unwrap();
    ring.write_line(Level::INFO, b"{\"left\":0}\n").unwrap();
    let side = fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != log);
    fs::copy(side.unwrap(), path).unwrap();
}

#[test]
fn a_log_whose_name_leads_nowhere_goes_on_in_the_open_file() {
    let (folder, log) = folder();
    let moved = folder.path().join("moved");
    for blocked in ["a folder that is none", "a log that is a folder"] {
        let ring = RingSink::open(&log, RingOptions::default()).unwrap();
        ring.write_line(Level::WARN, b"one\n").unwrap();
        match blocked {
            "a folder that is none" => {
                fs::rename(log.parent().unwrap(), &moved).unwrap();
                fs::write(log.parent().unwrap(), "").unwrap();
            }
            _ => {
                fs::create_dir(&moved).unwrap();
                fs::rename(&log, moved.join("app.jsonl")).unwrap();
                fs::create_dir(&log).unwrap();
            }
        }
        for line in ["two\n", "three\n"] {
            ring.write_line(Level::WARN, line.as_bytes()).unwrap();
        }
        let text = written(&moved.join("app.jsonl"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0], &lines[2..]), (4, "one", &["two", "three"][..]), "{blocked}: {text}");
        assert!(lines[1].contains("the log cannot be opened again"), "{text}");
        match blocked {
            "a folder that is none" => fs::remove_file(log.parent().unwrap()).unwrap(),
            _ => fs::remove_dir(&log).unwrap(),
        }
        ring.write_line(Level::WARN, b"back\n").unwrap();
        assert_eq!(written(&log), "back\n");
        drop(ring);
        fs::remove_dir_all(log.parent().unwrap()).unwrap();
        fs::create_dir(log.parent().unwrap()).unwrap();
        fs::remove_dir_all(&moved).unwrap();
    }
}

#[test]
fn a_log_that_was_removed_a_moment_ago_is_made_again_for_the_next_line() {
    let (_folder, log) = folder();
    let sink = FileSink::open(&log).unwrap();
    sink.write_line(Level::INFO, b"one\n").unwrap();
    fs::remove_file(&log).unwrap();
    a_moment_later();
    sink.write_line(Level::INFO, b"two\n").unwrap();
    assert_eq!(written(&log), "two\n");
}

#[test]
fn what_others_wrote_a_moment_ago_counts_for_the_limit() {
    let (_folder, log) = folder();
    let rotation = Rotation { max_bytes: Some(10), compression: Compression::None, ..Rotation::default() };
    let sink = FileSink::rotating(&log, rotation).unwrap();
    sink.write_line(Level::INFO, b"one\n").unwrap();
    File::options().append(true).open(&log).unwrap().write_all(b"other\n").unwrap();
    a_moment_later();
    sink.write_line(Level::INFO, b"two\n").unwrap();
    assert_eq!(written(&log), "two\n");
}

#[test]
fn a_line_is_not_glued_to_one_that_another_process_died_in() {
    let (_folder, log) = folder();
    let torn = |text: &str| File::options().append(true).open(&log).unwrap().write_all(text.as_bytes()).unwrap();
    let ring = RingSink::open(&log, RingOptions::default()).unwrap();
    let file = FileSink::open(&log).unwrap();
    for _ in 0..100 {
        file.write_line(Level::INFO, b"a\n").unwrap();
        torn("b\n{\"to");
    }
    file.write_line(Level::INFO, b"c\n").unwrap();
    assert_eq!(written(&log), "a\nb\n{\"to\n".repeat(100) + "c\n");
    ring.close().unwrap();
    torn("{\"rn");
    a_moment_later();
    ring.write_line(Level::INFO, b"d\n").unwrap();
    assert!(written(&log).ends_with("c\n{\"rn\nd\n"));
}

#[test]
fn a_link_that_is_found_beside_a_log_is_not_written_through() {
    let (folder, log) = folder();
    let victim = folder.path().join("victim");
    fs::write(&victim, "good\n").unwrap();
    symlink(&victim, log.with_file_name("evil")).unwrap();
    side_file(&log.with_file_name("evil.1-1.ring"));
    drop(RingSink::open(&log, RingOptions::default()).unwrap());
    assert_eq!(written(&victim), "good\n");
}

#[test]
fn a_side_file_that_is_a_link_or_another_users_is_left_alone() {
    let (folder, log) = folder();
    let (elsewhere, link) = (folder.path().join("elsewhere"), log.with_file_name("app.jsonl.1-1.ring"));
    side_file(&elsewhere);
    symlink(&elsewhere, &link).unwrap();
    drop(RingSink::open(&log, RingOptions::default()).unwrap());
    assert_eq!(written(&log), "");
    fs::remove_file(&link).unwrap();

    side_file(&link);
    // Only root may give files away.
    if fs::metadata(&link).unwrap().uid() == 0 {
        chown(&link, Some(12_345), None).unwrap();
        drop(RingSink::open(&log, RingOptions::default()).unwrap());
        assert_eq!(written(&log), "");
        chown(&link, Some(0), None).unwrap();
    }
    drop(RingSink::open(&log, RingOptions::default()).unwrap());
    assert_eq!(written(&log), "{\"left\":0}\n");
}

#[test]
fn another_users_log_that_is_found_is_not_written_to() {
    let (_folder, log) = folder();
    let other = log.with_file_name("other.jsonl");
    fs::write(&other, "").unwrap();
    side_file(&log.with_file_name("other.jsonl.1-1.ring"));
    if fs::metadata(&other).unwrap().uid() == 0 {
        chown(&other, Some(12_345), None).unwrap();
        drop(RingSink::open(&log, RingOptions::default()).unwrap());
        assert_eq!(written(&other), "");
        chown(&other, Some(0), None).unwrap();
    }
    drop(RingSink::open(&log, RingOptions::default()).unwrap());
    assert_eq!(written(&other), "{\"left\":0}\n");
}

#[test]
fn a_log_behind_a_link_is_not_sealed_and_says_so() {
    let (folder, log) = folder();
    let real = folder.path().join("real.jsonl");
    symlink(&real, &log).unwrap();
    let rotation = Rotation { max_bytes: Some(4), compression: Compression::None, ..Rotation::default() };
    let sink = FileSink::rotating(&log, rotation).unwrap();
    (0..3).for_each(|_| sink.write_line(Level::INFO, b"line\n").unwrap());
    assert!(fs::symlink_metadata(&log).unwrap().is_symlink() && segments(&log).unwrap().is_empty());
    let text = written(&real);
    assert_eq!((text.matches("line\n").count(), text.matches("symbolic link").count()), (3, 1), "{text}");
}
