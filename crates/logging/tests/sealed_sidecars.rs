//! Sidecars that a writer makes when it seals a segment, and what becomes of them when segments go and processes die.

#![cfg(all(feature = "subscriber", feature = "read"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use segno_logging::read::analyze::{By, Counts};
use segno_logging::read::sidecar::{Shelf, analyze_with, path};
use segno_logging::read::{Filter, Query, Sources};
use segno_logging::{Compression, FileSink, Keep, Level, Rotation, Sink, segments};

/// So many lines fill a segment, which is then worth a sidecar, also when it is compressed.
const LINES: u64 = 1_050;
/// So long is a line.
const LINE: u64 = 1_049;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    (folder, log)
}

fn plain(keep: Keep) -> Rotation {
    Rotation { max_bytes: Some(LINES * LINE), keep, compression: Compression::None, ..Rotation::default() }
}

/// A line that does not shrink to an eighth.
fn line(number: u64, component: &str) -> String {
    let mut mix = number.wrapping_add(1);
    let mut chance = || {
        mix = mix.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ number;
        mix
    };
    let text: String = (0..58).map(|_| format!("{:016x}", chance())).collect();
    let line = format!(
        r#"{{"timestamp":"2026-11-27T00:00:00.000000Z","level":"INFO","component":"{component}","n":{number},"text":"{text}"#
    );
    format!("{:x<1046}\"}}\n", line)
}

/// Fills segments and begins one more.
fn write(sink: &FileSink, filled: u64) {
    for number in 0..filled * LINES + 1 {
        sink.write_line(Level::INFO, line(number, "a").as_bytes()).unwrap();
    }
}

/// Seals so many segments under the rotation and waits for the work in the background.
fn sealed(log: &Path, filled: u64, rotation: Rotation) -> FileSink {
    let sink = FileSink::rotating(log, rotation).unwrap();
    write(&sink, filled);
    sink.settle();
    sink
}

/// How many lines a segment has by its sidecar alone.
fn by_sidecar(segment: &Path) -> Option<u64> {
    let shelf = Shelf { makes: false, ..Shelf::at(SystemTime::now()) };
    shelf.summary(segment, &Query::new(Filter::default())).unwrap().map(|summary| summary.lines())
}

fn names(log: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Expects the log, its segments with a sidecar each, and nothing else.
fn expect_shelved(log: &Path, count: usize) {
    let found = segments(log).unwrap();
    assert_eq!(found.len(), count, "{found:?}");
    for segment in &found {
        assert_eq!(by_sidecar(segment), Some(LINES), "{}", segment.display());
    }
    let sidecars = found.iter().map(|segment| path(segment));
    assert_eq!(names(log), sidecars.chain(found.iter().cloned()).chain([log.to_owned()]).collect());
}

fn check(compression: Compression) {
    let (_folder, log) = folder();
    let sink = sealed(&log, 3, Rotation { compression, ..plain(Keep::default()) });
    expect_shelved(&log, 3);
    // What is asked next is answered without the lines, and as the lines answer it.
    let (query, shelf) = (Query::new(Filter::default()), Shelf { makes: false, ..Shelf::at(SystemTime::now()) });
    let open = || Sources::open(&segments(&log).unwrap()).unwrap();
    let (known, _) = analyze_with(open(), &query, &shelf, || Counts::new([By::Level, By::Component])).unwrap();
    let (read, _) =
        segno_logging::read::analyze::analyze(open(), &query, || Counts::new([By::Level, By::Component])).unwrap();
    assert_eq!((known.lines(), known.heaviest()), (read.lines(), read.heaviest()));
    drop(sink);
}

#[test]
fn a_segment_has_its_sidecar_when_it_is_sealed() {
    check(Compression::None);
}

#[cfg(feature = "compress")]
#[test]
fn a_segment_has_its_sidecar_when_it_is_compressed() {
    check(Compression::Zstd);
    check(Compression::Gzip);
}

#[test]
fn a_short_segment_and_one_of_too_many_components_have_none_and_that_is_no_trouble() {
    let (_folder, log) = folder();
    let sink = FileSink::rotating(&log, Rotation { max_bytes: Some(1 << 19), ..plain(Keep::default()) }).unwrap();
    write(&sink, 1);
    drop(sink);
    let sink = FileSink::rotating(&log, Rotation { max_bytes: Some(5 << 20), ..plain(Keep::default()) }).unwrap();
    for number in 0..6_000 {
        sink.write_line(Level::INFO, line(number, &format!("c{number}")).as_bytes()).unwrap();
    }
    sink.settle();
    assert_eq!(names(&log).iter().filter(|name| name.extension().unwrap() == "idx").count(), 0);
    assert!(!fs::read_to_string(&log).unwrap().contains("sidecar"));
    assert!(fs::metadata(segments(&log).unwrap().last().unwrap()).unwrap().len() > 4 << 20);
}

#[test]
fn a_sidecar_goes_with_its_segment() {
    for keep in [
        Keep { segments: Some(1), ..Keep::default() },
        Keep { bytes: Some(2 * LINES * LINE - 1), ..Keep::default() },
        Keep { age: Some(Duration::from_secs(3_600)), ..Keep::default() },
    ] {
        let (_folder, log) = folder();
        drop(sealed(&log, 2, plain(Keep::default())));
        expect_shelved(&log, 2);
        let old = SystemTime::now() - Duration::from_secs(7_200);
        File::options().write(true).open(&segments(&log).unwrap()[0]).unwrap().set_modified(old).unwrap();
        FileSink::rotating(&log, plain(keep)).unwrap().settle();
        expect_shelved(&log, 1);
    }
}

/// Starts three times under a limit in bytes; expects from the newest segment on how many there are each time, and sidecars.
fn check_room(log: &Path, bytes: u64, count: usize, shelved: usize) {
    for _ in 0..3 {
        FileSink::rotating(log, plain(Keep { bytes: Some(bytes), ..Keep::default() })).unwrap().settle();
        let found = segments(log).unwrap();
        assert_eq!(found.len(), count, "{bytes}");
        let has = found.iter().rev().map(|segment| path(segment).exists());
        assert_eq!(has.collect::<Vec<_>>(), (0..count).map(|place| place < shelved).collect::<Vec<_>>(), "{bytes}");
        assert_eq!(names(log).len(), 1 + count + shelved, "{bytes}");
    }
}

#[test]
fn sidecars_have_what_segments_leave_of_the_limit_and_the_oldest_go_first() {
    let (_folder, log) = folder();
    drop(sealed(&log, 3, plain(Keep::default())));
    let found = segments(&log).unwrap();
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    let bytes: u64 = found.iter().map(|segment| length(segment)).sum();
    let beside: Vec<u64> = found.iter().rev().map(|segment| length(&path(segment))).collect();
    let [newest, middle, oldest] = beside[..] else { panic!("{beside:?}") };
    check_room(&log, bytes + newest + middle + oldest, 3, 3);
    check_room(&log, bytes + newest + middle + oldest - 1, 3, 2);
    // Where there is room again they are made again.
    check_room(&log, bytes + newest + middle + oldest, 3, 3);
    check_room(&log, bytes + newest, 3, 1);
    check_room(&log, bytes + newest - 1, 3, 0);
    check_room(&log, bytes, 3, 0);
    check_room(&log, bytes - 1, 2, 2);
    check_room(&log, LINES * LINE, 1, 0);
    check_room(&log, LINES * LINE - 1, 0, 0);
}

#[test]
fn a_new_sidecar_takes_the_room_of_the_oldest_and_no_line_goes_for_it() {
    let (_folder, log) = folder();
    drop(sealed(&log, 1, plain(Keep::default())));
    let beside = fs::metadata(path(&segments(&log).unwrap()[0])).unwrap().len();
    let keep = Keep { bytes: Some(3 * LINES * LINE + beside * 3 / 2), ..Keep::default() };
    let sink = FileSink::rotating(&log, plain(keep)).unwrap();
    for _ in 0..2 {
        write(&sink, 1);
        sink.settle();
    }
    let has = segments(&log).unwrap().into_iter().map(|segment| path(&segment).exists());
    assert_eq!(has.collect::<Vec<_>>(), [false, false, true]);
}

/// Seals one segment of lines with so many fields of numbers that have nothing in common; expects its sidecar's quantiles.
fn check_share(fields: u64, has_quantiles: bool) {
    let (_folder, log) = folder();
    let keep = Keep { bytes: Some(1_400_000), ..Keep::default() };
    let sink = FileSink::rotating(&log, Rotation { max_bytes: Some(1_100_000), ..plain(keep) }).unwrap();
    let (mut chance, mut lines) = (1_u64, 0);
    while segments(&log).unwrap().is_empty() {
        let mut line = String::from(r#"{"level":"INFO","component":"a""#);
        for field in 0..fields {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            line += &format!(",\"f{field}\":{}", chance >> (4 + (chance >> 33) % 56));
        }
        sink.write_line(Level::INFO, format!("{line}}}\n").as_bytes()).unwrap();
        lines += 1;
    }
    sink.settle();
    let [segment] = &segments(&log).unwrap()[..] else { panic!("{:?}", names(&log)) };
    assert_eq!(by_sidecar(segment), Some(lines - 1));
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(length(&path(segment)) <= length(segment) / 4);
    let text = fs::read_to_string(path(segment)).unwrap();
    assert_eq!(!text.contains(r#""numbers":null"#), has_quantiles, "{fields}");
}

#[test]
fn a_sidecar_that_would_be_longer_than_a_quarter_of_its_segment_has_no_quantiles() {
    check_share(10, true);
    check_share(100, false);
}

/// A file was written an hour ago.
fn age(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(3_600);
    File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
}

#[test]
fn sidecars_without_a_segment_and_what_killed_makers_left_are_removed() {
    let (_folder, log) = folder();
    drop(sealed(&log, 2, plain(Keep::default())));
    let found = segments(&log).unwrap();
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", found[0].display()));
    let staged = |number: u32| {
        let name = found[1].file_name().unwrap().to_str().unwrap();
        log.with_file_name(format!(".{name}.idx.4711.{number}"))
    };
    fs::remove_file(&found[0]).unwrap();
    fs::write(beside(".gz.idx"), "of a segment that is gone").unwrap();
    fs::create_dir(beside(".zst.idx")).unwrap();
    fs::write(staged(0), "half").unwrap();
    fs::write(staged(1), "half, by a living process").unwrap();
    let other = log.with_file_name("other.idx");
    fs::write(&other, "nobody's").unwrap();
    fs::write(staged(2), "half, by a process that had no time to lock it yet").unwrap();
    [0, 1].into_iter().for_each(|number| age(&staged(number)));
    let living = File::open(staged(1)).unwrap();
    living.lock().unwrap();
    FileSink::rotating(&log, plain(Keep::default())).unwrap().settle();
    let left = [log.clone(), found[1].clone(), path(&found[1]), beside(".zst.idx"), staged(1), staged(2), other];
    assert_eq!(names(&log), BTreeSet::from(left));
}

#[test]
fn a_half_written_sidecar_is_not_used_and_replaced_by_the_next_start() {
    let (_folder, log) = folder();
    drop(sealed(&log, 1, plain(Keep::default())));
    let segment = &segments(&log).unwrap()[0];
    let whole = fs::read(path(segment)).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(path(segment), &whole[..length]).unwrap();
        assert_eq!(by_sidecar(segment), None, "{length}");
        FileSink::rotating(&log, plain(Keep::default())).unwrap().settle();
        expect_shelved(&log, 1);
    }
    // One that is whole is left, whatever the keys mean to whoever made it.
    let before = fs::metadata(path(segment)).unwrap().modified().unwrap();
    FileSink::rotating(&log, plain(Keep::default())).unwrap().settle();
    assert_eq!(fs::metadata(path(segment)).unwrap().modified().unwrap(), before);
}

#[test]
fn a_sidecar_that_cannot_be_written_costs_no_line_and_is_told_once() {
    let (_folder, log) = folder();
    drop(sealed(&log, 2, plain(Keep::default())));
    let found = segments(&log).unwrap();
    for segment in &found {
        fs::remove_file(path(segment)).unwrap();
        // A folder where it would lie cannot be replaced by a file.
        fs::create_dir(path(segment)).unwrap();
    }
    let sink = sealed(&log, 2, plain(Keep::default()));
    write(&sink, 1);
    let all = segments(&log).unwrap();
    let text: String = all.iter().chain([&log]).map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(text.matches("get no sidecar, so that questions may have to read their lines").count(), 1);
    let lines = text.lines().filter(|line| line.contains("\"component\":\"a\"")).count() as u64;
    assert_eq!(lines, (2 + 2 + 1) * LINES + 3);
}

#[test]
fn a_folder_that_may_not_be_written_costs_no_line() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, log) = folder();
    drop(sealed(&log, 1, plain(Keep::default())));
    fs::remove_file(path(&segments(&log).unwrap()[0])).unwrap();
    let permit = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    let sink = FileSink::rotating(&log, plain(Keep::default())).unwrap();
    sink.settle();
    sink.write_line(Level::INFO, b"{\"last\":0}\n").unwrap();
    let is_root = File::create(folder.path().join("probe")).is_ok();
    permit(0o755);
    assert!(fs::read_to_string(&log).unwrap().ends_with("{\"last\":0}\n"));
    assert_eq!(by_sidecar(&segments(&log).unwrap()[0]).is_some(), is_root);
}

#[test]
fn a_segment_that_another_process_may_still_write_to_waits() {
    let (_folder, log) = folder();
    let late = FileSink::open(&log).unwrap();
    let sink = sealed(&log, 1, plain(Keep::default()));
    assert_eq!(by_sidecar(&segments(&log).unwrap()[0]), None);
    drop(late);
    write(&sink, 1);
    sink.settle();
    expect_shelved(&log, 2);
}

/// The environment variable that makes a test the child.
const FOLDER: &str = "SEGNO_LOGGING_SIDECAR_FOLDER";

#[test]
fn a_process_that_is_killed_while_it_makes_sidecars_leaves_nothing_that_the_next_does_not_mend() {
    let test = "a_process_that_is_killed_while_it_makes_sidecars_leaves_nothing_that_the_next_does_not_mend";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _sink = sealed(&Path::new(&folder).join("app.jsonl"), 3, plain(Keep::default()));
        std::io::stdin().lines().for_each(drop);
        return;
    }
    for round in 0..4_u32 {
        let (folder, log) = folder();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(FOLDER, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // From the first segment on, until it is in the middle of this or that.
        while segments(&log).unwrap().is_empty() {
            std::thread::yield_now();
        }
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(30) * round {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it was writing is removed when it is old enough.
        let is_staged = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('.');
        names(&log).iter().filter(is_staged).for_each(|path| age(path));
        FileSink::rotating(&log, plain(Keep::default())).unwrap().settle();
        expect_shelved(&log, segments(&log).unwrap().len());
    }
}
