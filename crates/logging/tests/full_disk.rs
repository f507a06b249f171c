//! A disk that runs full and gets room again, and places where no side file can be had: nothing fails, and the log says it.

#![cfg(feature = "subscriber")]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use segno_logging::{FileSink, JsonLayer, Level, RingOptions, RingSink, Sink};
use tracing_subscriber::layer::SubscriberExt;

const DISK: &str = "SEGNO_LOGGING_FULL_DISK_TEST";

/// Set where the tests must not be passed over.
const NEEDED: &str = "SEGNO_LOGGING_NEEDS_DISKS";

/// Runs the test again on a disk of 1 MiB of its own; where the system gives none, says so, and fails if it is needed.
#[allow(clippy::print_stderr, reason = "a test that did not run must not look like one that did")]
fn on_a_small_disk(test: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(DISK) {
        return Some(PathBuf::from(disk));
    }
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=1m none \"$0\" || exit 77; exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DISK, folder.path())
        .output();
    let why = match output {
        Ok(output) if output.status.success() => return None,
        Ok(output) => {
            let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let has_none = output.status.code() == Some(77) || errors.contains("unshare");
            assert!(has_none, "{said}{errors}");
            errors.trim().to_owned()
        }
        Err(error) => format!("no program unshare: {error}"),
    };
    eprintln!("{test} did not run, since the system gives no disk of its own: {why}");
    assert!(std::env::var_os(NEEDED).is_none(), "{NEEDED} is set");
    None
}

fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("junk");
    let mut file = File::create(&path).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Logs the numbers and returns how many lines the layer counts as lost.
fn log_numbers(sink: impl Sink, numbers: &[std::ops::Range<u32>], between: impl Fn(usize)) -> u64 {
    let layer = JsonLayer::new(sink);
    let guard = layer.guard();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        for (step, numbers) in numbers.iter().enumerate() {
            numbers.clone().for_each(|number| tracing::info!(number, "written"));
            between(step);
        }
    });
    guard.lost()
}

/// What the log says: the numbers, and the warnings.
fn read(log: &Path) -> (Vec<u32>, Vec<String>) {
    let text = fs::read_to_string(log).unwrap();
    let (mut numbers, mut warnings) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line["number"].as_u64() {
            Some(number) => numbers.push(number as u32),
            None => warnings.push(line["message"].as_str().unwrap().to_owned()),
        }
    }
    (numbers, warnings)
}

#[test]
fn a_ring_on_a_full_disk_keeps_its_lines_and_counts_what_has_no_room() {
    let Some(disk) = on_a_small_disk("a_ring_on_a_full_disk_keeps_its_lines_and_counts_what_has_no_room") else {
        return;
    };
    let log = disk.join("app.jsonl");
    let sink = RingSink::open(&log, RingOptions::default()).unwrap();
    let lost = log_numbers(sink, &[0..1_000, 1_000..3_000, 3_000..4_000], |step| match step {
        0 => drop(fill(&disk)),
        1 => fs::remove_file(disk.join("junk")).unwrap(),
        _ => {}
    });
    let (numbers, warnings) = read(&log);
    assert!((1_000..2_000).contains(&lost), "about 64 KiB of the second part have room: {lost} lost");
    assert_eq!(numbers.len() as u64, 4_000 - lost);
    assert!(numbers.is_sorted_by(|one, next| one < next));
    assert_eq!(warnings, [format!("{lost} log lines were lost")]);
}

#[test]
fn a_ring_that_finds_a_full_disk_writes_each_line_and_says_why_once_there_is_room() {
    let test = "a_ring_that_finds_a_full_disk_writes_each_line_and_says_why_once_there_is_room";
    let Some(disk) = on_a_small_disk(test) else {
        return;
    };
    let log = disk.join("app.jsonl");
    fs::write(&log, "").unwrap();
    let junk = fill(&disk);
    let sink = RingSink::open(&log, RingOptions::default()).unwrap();
    let lost = log_numbers(sink, &[0..10, 10..20], |step| {
        if step == 0 {
            fs::remove_file(&junk).unwrap();
        }
    });
    let (numbers, warnings) = read(&log);
    assert_eq!((lost, numbers), (10, Vec::from_iter(10..20)));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.contains(&"10 log lines were lost".to_owned()), "{warnings:?}");
    assert!(
        warnings[0].starts_with("no buffer beside the log, so each line is written by a call of its own: "),
        "{warnings:?}"
    );
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 1, "the side file that could not be made is gone");
}

#[test]
fn what_a_dead_process_left_waits_for_room() {
    let Some(disk) = on_a_small_disk("what_a_dead_process_left_waits_for_room") else {
        return;
    };
    let log = disk.join("app.jsonl");
    let sink =
        RingSink::open(&log, RingOptions { flush_every: std::time::Duration::MAX, ..RingOptions::default() }).unwrap();
    for number in 0..500 {
        sink.write_line(Level::INFO, format!("{{\"number\":{number}}}\n").as_bytes()).unwrap();
    }
    // As a kill leaves it: the side file stands, and nobody has it locked.
    let side = fs::read_dir(&disk).unwrap().map(|entry| entry.unwrap().path()).find(|path| path != &log).unwrap();
    let bytes = fs::read(&side).unwrap();
    drop(sink);
    fs::write(&log, "").unwrap();
    fs::write(&side, bytes).unwrap();
    let junk = fill(&disk);
    drop(FileSink::open(&log).unwrap());
    assert!(side.exists());
    fs::remove_file(junk).unwrap();
    drop(FileSink::open(&log).unwrap());
    assert_eq!(read(&log).0, Vec::from_iter(0..500));
    assert!(!side.exists());
}

#[test]
fn where_no_side_file_can_be_had_each_line_is_written_and_one_warning_says_why() {
    let folder = tempfile::tempdir().unwrap();
    // A name of 255 bytes is the longest; the side file's is longer.
    let log = folder.path().join("a".repeat(250));
    let sink = RingSink::open(&log, RingOptions::default()).unwrap();
    sink.write_line(Level::INFO, b"{\"number\":0}\n").unwrap();
    let (numbers, warnings) = read(&log);
    assert_eq!(numbers, [0]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].starts_with("no buffer beside the log, so each line is written by a call of its own: "),
        "{warnings:?}"
    );
}

#[test]
fn a_ring_over_a_device_writes_each_line() {
    let sink = RingSink::open("/dev/full", RingOptions::default()).unwrap();
    assert!(sink.write_line(Level::INFO, b"{}\n").is_err());
    let sink = RingSink::open("/dev/null", RingOptions::default()).unwrap();
    assert!(sink.write_line(Level::INFO, b"{}\n").is_ok());
    assert!(
        !Path::new("/dev").read_dir().unwrap().any(|entry| entry
            .unwrap()
            .path()
            .extension()
            .is_some_and(|end| end == "ring"))
    );
}
