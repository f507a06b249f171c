//! What dead processes left for logs that are gone since.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use segno_logging::{Level, RingOptions, RingSink, Sink};

const NOTICE: &str = "this log was gone: it begins anew with what a dead process left for it";

fn slow() -> RingOptions {
    RingOptions { flush_every: Duration::MAX, buffer_bytes: 0, ..RingOptions::default() }
}

/// A side file as a dead process leaves it, with these lines.
fn side_file(path: &Path, lines: &[&str]) {
    let elsewhere = tempfile::tempdir().unwrap();
    let log = elsewhere.path().join("app.jsonl");
    let ring = RingSink::open(&log, slow()).unwrap();
    lines.iter().for_each(|line| ring.write_line(Level::INFO, line.as_bytes()).unwrap());
    let side = fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != log);
    fs::copy(side.unwrap(), path).unwrap();
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.jsonl");
    (folder, gone)
}

/// Starts with another log in the folder, which goes again; returns the names of what is left.
fn start(folder: &Path) -> BTreeSet<String> {
    let log = folder.join("app.jsonl");
    drop(RingSink::open(&log, RingOptions::default()).unwrap());
    assert_eq!(fs::read_to_string(&log).unwrap(), "");
    fs::remove_file(log).unwrap();
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn check(left: &BTreeSet<String>, expected: &[&str]) {
    assert_eq!(*left, expected.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn lines_for_a_log_that_is_gone_begin_it_anew_and_it_says_so_once() {
    let (folder, gone) = folder();
    side_file(&folder.path().join("gone.jsonl.1-1.ring"), &["{\"a\":0}\n", "{\"a\":1}\n"]);
    side_file(&folder.path().join("gone.jsonl.2-1.ring"), &["{\"b\":0}\n"]);
    check(&start(folder.path()), &["gone.jsonl"]);
    let text = fs::read_to_string(&gone).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    assert!(lines.pop().unwrap().contains(NOTICE), "{text}");
    lines.sort_unstable();
    assert_eq!(lines, ["{\"a\":0}", "{\"a\":1}", "{\"b\":0}"]);
    assert_eq!(fs::metadata(&gone).unwrap().permissions().mode() & 0o777, 0o600);
    check(&start(folder.path()), &["gone.jsonl"]);
    assert_eq!(fs::read_to_string(&gone).unwrap(), text, "a second start changes nothing");
}

#[test]
fn a_start_that_was_killed_once_the_log_was_there_again_is_gone_on_with() {
    let (folder, gone) = folder();
    side_file(&folder.path().join("gone.jsonl.1-1.ring"), &["{\"a\":0}\n"]);
    fs::write(&gone, "").unwrap();
    check(&start(folder.path()), &["gone.jsonl"]);
    assert_eq!(fs::read_to_string(&gone).unwrap(), "{\"a\":0}\n");
}

#[test]
fn a_side_file_without_lines_goes_and_its_log_stays_gone() {
    let (folder, _) = folder();
    side_file(&folder.path().join("gone.jsonl.1-1.ring"), &[]);
    fs::write(folder.path().join("gone.jsonl.1-2.ring.new"), "").unwrap();
    check(&start(folder.path()), &[]);
}

#[test]
fn what_a_living_process_holds_is_left_to_it() {
    let (folder, gone) = folder();
    let alive = RingSink::open(&gone, slow()).unwrap();
    alive.write_line(Level::INFO, b"{\"a\":0}\n").unwrap();
    fs::remove_file(&gone).unwrap();
    let unborn = folder.path().join("gone.jsonl.1-2.ring.new");
    fs::write(&unborn, "").unwrap();
    let lock = File::open(&unborn).unwrap();
    lock.lock().unwrap();
    assert_eq!(start(folder.path()).len(), 2);
    assert!(!gone.exists());
    drop(lock);
    drop(alive);
    assert_eq!(fs::read_to_string(&gone).unwrap(), "{\"a\":0}\n");
}

#[test]
fn a_damaged_side_file_is_set_aside_and_the_new_log_says_so() {
    let (folder, gone) = folder();
    let side = folder.path().join("gone.jsonl.1-1.ring");
    side_file(&side, &["{\"a\":0}\n"]);
    // The slot's head says that it holds more than it can.
    let mut bytes = fs::read(&side).unwrap();
    bytes[4096 + 8..4096 + 16].fill(0xff);
    fs::write(&side, bytes).unwrap();
    check(&start(folder.path()), &["gone.jsonl", "gone.jsonl.1-1.ring.damaged"]);
    assert!(fs::read_to_string(&gone).unwrap().contains("lines of the log may be missing"));
}

#[test]
fn what_is_no_side_file_of_this_user_is_left_alone() {
    let (folder, _) = folder();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real");
    side_file(&real, &["{\"a\":0}\n"]);
    symlink(&real, folder.path().join("link.jsonl.1-1.ring")).unwrap();
    side_file(&folder.path().join("photo.album.ring"), &["{\"a\":0}\n"]);
    fs::write(folder.path().join("noise.jsonl.1-1.ring"), "noise").unwrap();
    fs::write(folder.path().join("photo.album.ring.new"), "").unwrap();
    let names = ["link.jsonl.1-1.ring", "noise.jsonl.1-1.ring", "photo.album.ring", "photo.album.ring.new"];
    check(&start(folder.path()), &names);
}
