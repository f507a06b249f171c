//! Rotation of real files: names, limits, compression, several processes, what a killed compression leaves.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use segno_logging::{Compression, Every, FileSink, Keep, Level, RingOptions, RingSink, Rotation, Sink, segments};

fn write(sink: &impl Sink, lines: std::ops::Range<u32>) {
    for line in lines {
        sink.write_line(Level::INFO, format!("{{\"line\":{line:04}}}\n").as_bytes()).unwrap();
    }
}

/// So long is each of these lines.
const LINE: u64 = 14;

fn plain(lines: u64) -> Rotation {
    let mut rotation = Rotation { max_bytes: Some(lines * LINE), ..Rotation::default() };
    rotation.compression = Compression::None;
    rotation
}

/// The lines of all segments and then the log, as numbers.
fn numbers(log: &Path) -> Vec<u32> {
    let mut files = segments(log).unwrap();
    files.push(log.to_owned());
    let text: String = files.iter().map(|path| read(path)).collect();
    text.lines().map(|line| line[8..12].parse().unwrap()).collect()
}

fn read(path: &Path) -> String {
    match path.extension().and_then(|extension| extension.to_str()) {
        #[cfg(feature = "compress")]
        Some("zst") => String::from_utf8(zstd::decode_all(File::open(path).unwrap()).unwrap()).unwrap(),
        #[cfg(feature = "compress")]
        Some("gz") => {
            let mut text = String::new();
            let mut decoder = flate2::read::GzDecoder::new(File::open(path).unwrap());
            std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
            text
        }
        _ => fs::read_to_string(path).unwrap(),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.jsonl");
    (folder, log)
}

#[test]
fn a_log_is_sealed_by_size_and_no_line_is_lost() {
    let (_folder, log) = folder();
    let sink = FileSink::rotating(&log, plain(10)).unwrap();
    write(&sink, 0..95);
    assert_eq!(numbers(&log), Vec::from_iter(0..95));
    let sealed = segments(&log).unwrap();
    assert_eq!(sealed.len(), 9);
    assert!(sealed.iter().all(|path| fs::metadata(path).unwrap().len() == 10 * LINE));
    let name = sealed[0].file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("app.20")
            && name.ends_with(".jsonl")
            && name.len() == "app.2026-11-27T10-00-00Z.000001.jsonl".len(),
        "{name}"
    );
}

#[test]
fn a_ring_is_sealed_between_its_flushes() {
    let (_folder, log) = folder();
    let sink = RingSink::open(&log, RingOptions { rotation: plain(1_000), ..RingOptions::default() }).unwrap();
    for batch in 0..20 {
        write(&sink, batch * 450..(batch + 1) * 450);
        sink.flush().unwrap();
    }
    drop(sink);
    assert_eq!(numbers(&log), Vec::from_iter(0..9_000));
    assert_eq!(segments(&log).unwrap().len(), 9);
}

#[test]
fn two_writers_of_one_log_lose_no_line_when_either_seals_it() {
    let (_folder, log) = folder();
    let sinks = [(); 2].map(|()| FileSink::rotating(&log, plain(50)).unwrap());
    std::thread::scope(|scope| {
        for (sink, first) in sinks.iter().zip([0, 2_000]) {
            scope.spawn(move || write(sink, first..first + 2_000));
        }
    });
    let mut found = numbers(&log);
    found.sort_unstable();
    assert_eq!(found, Vec::from_iter(0..4_000));
}

#[test]
fn a_log_that_is_moved_away_or_removed_is_begun_anew_within_a_rotation() {
    let (_folder, log) = folder();
    let sink = RingSink::open(&log, RingOptions::default()).unwrap();
    write(&sink, 0..3);
    sink.flush().unwrap();
    fs::rename(&log, log.with_extension("moved")).unwrap();
    write(&sink, 3..5);
    sink.flush().unwrap();
    assert_eq!(numbers(&log), [3, 4]);
    fs::remove_file(&log).unwrap();
    write(&sink, 5..6);
    sink.flush().unwrap();
    assert_eq!(numbers(&log), [5]);
}

#[test]
fn a_private_log_has_private_segments() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, log) = folder();
    let sink = FileSink::rotating(&log, Rotation { compression: Compression::default(), ..plain(2) }).unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o640)).unwrap();
    write(&sink, 0..7);
    sink.settle();
    for entry in fs::read_dir(log.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o640, "{:?}", entry.path());
    }
}

#[test]
fn a_log_of_yesterday_is_sealed_before_the_first_line_of_today() {
    let (_folder, log) = folder();
    write(&FileSink::open(&log).unwrap(), 0..3);
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    File::options().write(true).open(&log).unwrap().set_modified(yesterday).unwrap();
    let rotation = Rotation { every: Some(Every::Day), compression: Compression::None, ..Rotation::default() };
    write(&FileSink::rotating(&log, rotation).unwrap(), 3..5);
    assert_eq!(segments(&log).unwrap().len(), 1);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 2);
    assert_eq!(numbers(&log), Vec::from_iter(0..5));
}

/// Seals nine segments of ten lines under the limit; expects the first line that is left.
fn check(keep: Keep, first: u32) {
    let (_folder, log) = folder();
    let sink = FileSink::rotating(&log, Rotation { keep, ..plain(10) }).unwrap();
    write(&sink, 0..95);
    sink.settle();
    assert_eq!(numbers(&log), Vec::from_iter(first..95), "{keep:?}");
}

#[test]
fn segments_are_kept_by_number_bytes_and_age() {
    check(Keep { segments: Some(3), ..Keep::default() }, 60);
    check(Keep { segments: Some(0), ..Keep::default() }, 90);
    check(Keep { bytes: Some(20 * LINE), ..Keep::default() }, 70);
    check(Keep { age: Some(Duration::MAX), ..Keep::default() }, 0);
    check(Keep { age: Some(Duration::ZERO), ..Keep::default() }, 90);
}

#[test]
fn segments_of_an_earlier_run_count_and_the_old_ones_go_at_the_start() {
    let (_folder, log) = folder();
    write(&FileSink::rotating(&log, plain(10)).unwrap(), 0..95);
    let old = SystemTime::now() - Duration::from_secs(3_600);
    for path in &segments(&log).unwrap()[..4] {
        File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    let keep = Keep { age: Some(Duration::from_secs(60)), ..Keep::default() };
    FileSink::rotating(&log, Rotation { keep, ..plain(10) }).unwrap().settle();
    assert_eq!(numbers(&log), Vec::from_iter(40..95));
}

#[test]
fn a_log_that_cannot_be_sealed_goes_on_in_one_piece_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    // A name of 255 bytes is the longest; a sealed segment's is longer.
    let log = folder.path().join("a".repeat(250));
    let sink = FileSink::rotating(&log, plain(2)).unwrap();
    write(&sink, 0..6);
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(text.matches("the log cannot be rotated and goes on in the same file").count(), 1, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("{\"line\":")).count(), 6, "{text}");
}

#[cfg(feature = "compress")]
mod compressed {
    use super::*;

    fn check(compression: Compression, ending: &str) {
        let (_folder, log) = folder();
        let rotation = Rotation { compression, ..plain(10) };
        let sink = FileSink::rotating(&log, rotation).unwrap();
        write(&sink, 0..95);
        sink.settle();
        let sealed = segments(&log).unwrap();
        assert!(sealed.iter().all(|path| path.extension().unwrap() == ending), "{sealed:?}");
        assert_eq!(numbers(&log), Vec::from_iter(0..95));
    }

    #[test]
    fn sealed_segments_are_compressed() {
        check(Compression::Zstd, "zst");
        check(Compression::Gzip, "gz");
        assert_eq!(Compression::default(), Compression::Zstd);
    }

    #[test]
    fn a_segment_that_another_process_may_still_write_to_waits() {
        let (_folder, log) = folder();
        let late = FileSink::open(&log).unwrap();
        let sink = FileSink::rotating(&log, Rotation { compression: Compression::Zstd, ..plain(2) }).unwrap();
        write(&sink, 0..3);
        sink.settle();
        // It does not know yet that the file was sealed.
        write(&late, 9..10);
        assert_eq!(numbers(&log), [0, 1, 9, 2]);
        drop(late);
        write(&sink, 3..5);
        sink.settle();
        assert!(segments(&log).unwrap().iter().all(|path| path.extension().unwrap() == "zst"));
        assert_eq!(numbers(&log), [0, 1, 9, 2, 3, 4]);
    }

    #[test]
    fn what_a_killed_compression_left_is_cleaned_up_at_the_next_start() {
        let (_folder, log) = folder();
        write(&FileSink::rotating(&log, plain(2)).unwrap(), 0..7);
        let sealed = segments(&log).unwrap();
        let beside = |path: &Path, ending: &str| PathBuf::from(format!("{}{ending}", path.display()));
        // The first was killed in the middle, the second after it had its name, the third's segment is gone.
        fs::write(beside(&sealed[0], ".zst.half"), "half").unwrap();
        fs::write(beside(&sealed[1], ".zst"), zstd::encode_all(&fs::read(&sealed[1]).unwrap()[..], 1).unwrap())
            .unwrap();
        fs::write(beside(&sealed[2], ".gz.half"), "half").unwrap();
        fs::rename(&sealed[2], log.with_extension("elsewhere")).unwrap();
        assert_eq!(numbers(&log), [0, 1, 2, 3, 6], "no line twice before either");
        FileSink::rotating(&log, Rotation { compression: Compression::Zstd, ..plain(2) }).unwrap().settle();
        assert_eq!(numbers(&log), [0, 1, 2, 3, 6]);
        let names = fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        assert!(!names.iter().any(|name| name.ends_with(".half")) && names.len() == 4, "{names:?}");
    }

    #[test]
    fn limits_count_compressed_segments_as_they_are() {
        let (_folder, log) = folder();
        let keep = Keep { segments: Some(2), ..Keep::default() };
        let sink = FileSink::rotating(&log, Rotation { keep, compression: Compression::Gzip, ..plain(10) }).unwrap();
        write(&sink, 0..95);
        sink.settle();
        assert_eq!(numbers(&log), Vec::from_iter(70..95));
    }
}
