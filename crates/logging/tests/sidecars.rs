//! Sidecars that are stale, damaged, of another version or of other bytes: passed over and made anew, never a wrong count.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use segno_logging::read::analyze::{By, Counts};
use segno_logging::read::sidecar::{Shelf, analyze_with, path};
use segno_logging::read::{Filter, Held, Keys, Query, Sources};
use tempfile::TempDir;

const LINE: &str = r#"{"timestamp":"2026-11-27T00:00:00Z","level":"INFO","component":"a","took_ms":1}"#;

struct Segment {
    _folder: TempDir,
    file: PathBuf,
}

impl Segment {
    fn of(lines: usize) -> Segment {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.2026-11-27T00-00-00Z.000001.jsonl");
        fs::write(&file, format!("{LINE}\n").repeat(lines)).unwrap();
        Segment { _folder: folder, file }
    }

    fn sidecar(&self) -> PathBuf {
        path(&self.file)
    }

    fn is_made(&self) -> bool {
        self.sidecar().exists()
    }
}

fn shelf() -> Shelf {
    Shelf { least_size: 0, settled: Duration::ZERO, ..Shelf::at(SystemTime::now() + Duration::from_secs(1)) }
}

fn counted(file: &Path, query: &Query, shelf: &Shelf) -> u64 {
    analyze_with(Sources::open(&[file]).unwrap(), query, shelf, || Counts::new([By::Level])).unwrap().0.lines()
}

fn count(segment: &Segment) -> u64 {
    counted(&segment.file, &Query::new(Filter::default()), &shelf())
}

/// Spoils a sidecar and checks that the count is right and the sidecar made anew.
fn check(spoil: impl FnOnce(&Segment), expected: u64) {
    let segment = Segment::of(10);
    assert_eq!((count(&segment), segment.is_made()), (10, true));
    spoil(&segment);
    assert_eq!(count(&segment), expected);
    let before = fs::read(segment.sidecar()).unwrap();
    assert_eq!(count(&segment), expected);
    assert_eq!(fs::read(segment.sidecar()).unwrap(), before, "it is made once");
}

/// Writes a sidecar in which something else stands, with the checksum that belongs to it.
fn rewrite(segment: &Segment, from: &str, to: &str) {
    let text = fs::read_to_string(segment.sidecar()).unwrap();
    let line = text.lines().next().unwrap().replace(from, to);
    assert!(!text.starts_with(&line), "nothing was replaced");
    let sum = line
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    fs::write(segment.sidecar(), format!("{line}\n{sum:016x}\n")).unwrap();
}

#[test]
fn one_that_is_gone_is_made_anew() {
    check(|segment| fs::remove_file(segment.sidecar()).unwrap(), 10);
}

#[test]
fn one_that_is_used_is_used() {
    // Only a sidecar that lies, with a right checksum, shows that no line was read.
    let segment = Segment::of(10);
    count(&segment);
    rewrite(&segment, r#"["INFO","a",10]"#, r#"["INFO","a",77]"#);
    assert_eq!(count(&segment), 77);
}

#[test]
fn one_that_is_damaged_is_made_anew() {
    let spoil = |bytes: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        check(|segment| fs::write(segment.sidecar(), bytes(fs::read(segment.sidecar()).unwrap())).unwrap(), 10);
    };
    spoil(&|_| Vec::new());
    spoil(&|_| b"\xff\xfe\n\n\n".to_vec());
    spoil(&|bytes| bytes[..bytes.len() / 2].to_vec());
    for place in [0, 10, 60, 200] {
        spoil(&|mut bytes| {
            bytes[place] ^= 1;
            bytes
        });
    }
}

#[test]
fn one_of_another_version_is_made_anew() {
    check(|segment| rewrite(segment, r#""format":1"#, r#""format":2"#), 10);
}

#[test]
fn one_with_something_unknown_is_made_anew() {
    check(|segment| rewrite(segment, r#""skipped":[]"#, r#""skipped":[["eaten by a dog",1,0]]"#), 10);
}

#[test]
fn one_of_other_bytes_is_made_anew() {
    check(|segment| fs::write(&segment.file, format!("{LINE}\n").repeat(11)).unwrap(), 11);
    // As many bytes, changed at the same time: its ends are others.
    check(
        |segment| {
            let changed = fs::metadata(&segment.file).unwrap().modified().unwrap();
            let text = format!("{LINE}\n").repeat(10);
            fs::write(&segment.file, text.replacen(r#"{"timestamp"#, r#" "timestamp"#, 1)).unwrap();
            File::options().write(true).open(&segment.file).unwrap().set_modified(changed).unwrap();
        },
        9,
    );
}

#[test]
fn what_a_writer_still_holds_is_counted_beside_it() {
    let segment = Segment::of(10);
    assert_eq!(count(&segment), 10);
    let sources = Sources::open(&[&segment.file]).unwrap();
    let held =
        |file: &Path| Some(Held { lines: format!("{LINE}\n").into_bytes(), end: file.metadata().unwrap().len() });
    let sources = sources.with_leftover(held);
    let query = Query::new(Filter::default());
    let (counts, _) = analyze_with(sources, &query, &shelf(), || Counts::new([By::Level])).unwrap();
    assert_eq!(counts.lines(), 11);
}

#[test]
fn what_is_still_written_has_none() {
    let segment = Segment::of(10);
    let query = Query::new(Filter::default());
    let shelf = Shelf { least_size: 0, ..Shelf::at(SystemTime::now()) };
    assert_eq!((counted(&segment.file, &query, &shelf), segment.is_made()), (10, false));
    let shelf = Shelf { settled: Duration::ZERO, ..Shelf::at(SystemTime::now() + Duration::from_secs(1)) };
    assert_eq!((counted(&segment.file, &query, &shelf), segment.is_made()), (10, false), "it is too small");
}

#[test]
fn what_bears_no_name_of_a_sealed_segment_has_none() {
    let sealed = Segment::of(10);
    for name in ["app.jsonl", "export-of-yesterday.jsonl", "lines.txt"] {
        let file = sealed.file.with_file_name(name);
        fs::copy(&sealed.file, &file).unwrap();
        assert_eq!(counted(&file, &Query::new(Filter::default()), &shelf()), 10);
        assert!(!path(&file).exists(), "{name}");
    }
}

#[test]
fn other_meanings_of_keys_are_other_answers() {
    let segment = Segment::of(10);
    assert_eq!(count(&segment), 10);
    let query = Query { keys: Keys::parse("segno level=took_ms").unwrap(), ..Query::new(Filter::default()) };
    let (counts, _) =
        analyze_with(Sources::open(&[&segment.file]).unwrap(), &query, &shelf(), || Counts::new([By::Level])).unwrap();
    assert!(counts.heaviest().iter().all(|(parts, _)| parts[0] != Some("INFO")), "{:?}", counts.heaviest());
}

#[test]
fn a_folder_that_cannot_be_written_is_read() {
    let segment = Segment::of(10);
    // A folder where the sidecar would lie cannot be replaced by a file.
    fs::create_dir(segment.sidecar()).unwrap();
    assert_eq!((count(&segment), count(&segment)), (10, 10));
    let left = fs::read_dir(segment.file.parent().unwrap()).unwrap().count();
    assert_eq!(left, 2, "nothing half made is left");
}

#[test]
#[cfg(unix)]
fn an_edit_that_hides_is_seen() {
    let segment = Segment::of(300);
    assert_eq!(count(&segment), 300);
    let changed = fs::metadata(&segment.file).unwrap().modified().unwrap();
    let text = format!("{LINE}\n").repeat(300);
    let middle = text.len() / 2;
    let (begin, end) = text.split_at(middle);
    // As many bytes, the same ends, and the time of change set back.
    fs::write(&segment.file, format!("{begin}{}", end.replacen("}\n{", "}  ", 1))).unwrap();
    File::options().write(true).open(&segment.file).unwrap().set_modified(changed).unwrap();
    assert_eq!(count(&segment), 298);
}

#[test]
#[cfg(unix)]
fn who_may_not_read_a_segment_may_not_read_its_sidecar() {
    use std::os::unix::fs::PermissionsExt as _;
    let segment = Segment::of(10);
    fs::set_permissions(&segment.file, fs::Permissions::from_mode(0o600)).unwrap();
    count(&segment);
    assert_eq!(fs::metadata(segment.sidecar()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
#[cfg(unix)]
fn a_pipe_is_read_and_has_no_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let to = pipe.clone();
    let writer = std::thread::spawn(move || fs::write(to, format!("{LINE}\n").repeat(7)).unwrap());
    assert_eq!(counted(&pipe, &Query::new(Filter::default()), &shelf()), 7);
    writer.join().unwrap();
    assert!(!path(&pipe).exists());
}
