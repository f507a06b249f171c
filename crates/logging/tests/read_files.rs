//! Files as the world leaves them: long, shrinking, gone, compressed, and sorted or not.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use segno_logging::read::{Error, Filter, Held, Query, Skip, Sources, Tally, Timestamp, each, fold};

fn query(filter: &str) -> Query {
    Query::new(Filter::parse(filter).unwrap())
}

fn count(sources: Sources, query: &Query) -> (u64, Tally) {
    fold(sources, query, || 0, |count, _| *count += 1, |all, part| *all += part).unwrap()
}

/// Counts all lines of a stream, and says what was skipped.
fn check(stream: impl Read + Send + 'static, expected: u64, skipped: &[(Skip, u64, u64)]) {
    let (found, tally) = count(Sources::reader("stream", stream), &query(""));
    let list: Vec<_> = tally.skipped.iter().map(|skipped| (skipped.skip, skipped.count, skipped.offset)).collect();
    assert_eq!((found, list.as_slice()), (expected, skipped));
}

#[test]
fn a_line_of_100_megabytes_costs_no_other_line() {
    let long = io::repeat(b'x').take(100 << 20);
    let stream = (&b"{\"a\":1}\n{\"a\":\""[..]).chain(long).chain(&b"\"}\n{\"a\":2}\n"[..]);
    check(stream, 2, &[(Skip::Long, 1, 8)]);
}

#[test]
fn what_is_skipped_is_counted_by_reason_with_its_first_place() {
    let lines: [&[u8]; 9] = [
        b"{\"a\":1}",
        b"{\"a\":",
        b"{\"a\":1}{\"a\":2}",
        b"",
        b"nonsense",
        b"{\"a\":1",
        b"{\"a\":\"\xff\"}",
        b"\0\0",
        b"{}",
    ];
    let file = lines.join(&b'\n');
    check(
        io::Cursor::new(file),
        2,
        &[
            (Skip::Cut, 2, 8),
            (Skip::NoObject, 1, 30),
            (Skip::Trailing, 1, 14),
            (Skip::Control, 1, 56),
            (Skip::Encoding, 1, 46),
        ],
    );
}

#[test]
fn an_empty_folder_gives_no_lines() {
    let folder = tempfile::tempdir().unwrap();
    let (found, tally) = count(Sources::open(&[folder.path()]).unwrap(), &query(""));
    assert_eq!((found, tally), (0, Tally::default()));
}

#[test]
fn a_file_that_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, "{}\n").unwrap();
    let sources = Sources::open(&[&path]).unwrap();
    fs::remove_file(&path).unwrap();
    let (found, tally) = count(sources, &query(""));
    assert_eq!((found, tally.files, tally.skipped_lines()), (0, 0, 0));
    assert_eq!((tally.skipped[0].skip, tally.skipped[0].file.as_path()), (Skip::Gone, path.as_path()));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, "{\"a\":1}\n".repeat(100_000)).unwrap();
    let mut lines = 0;
    let tally = each(Sources::open(&[&path]).unwrap(), &query(""), |_| {
        if lines == 0 {
            File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        }
        lines += 1;
        ControlFlow::Continue(())
    });
    let tally = tally.unwrap();
    assert!(lines < 100_000);
    assert_eq!(tally.skipped.iter().map(|skipped| skipped.skip).collect::<Vec<_>>(), [Skip::Shrunk]);
}

#[test]
fn a_last_line_without_a_newline_is_a_line_and_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    for text in ["{\"a\":1}", "{\"a\":1}\n{\"a\":2}", "{\"a\":1}\n".repeat(1_200_000).trim_end()] {
        fs::write(&path, text).unwrap();
        let (found, tally) = count(Sources::open(&[&path]).unwrap(), &query(""));
        assert_eq!((found, tally.skipped), (text.lines().count() as u64, Vec::new()));
    }
}

#[test]
fn lines_come_in_order_until_the_caller_breaks() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.log.1"), "{\"n\":1}\n{\"n\":2}\n").unwrap();
    fs::write(folder.path().join("a.log"), "{\"n\":3}\n{\"n\":4}\n").unwrap();
    let mut found = Vec::new();
    let tally = each(Sources::open(&[folder.path()]).unwrap(), &query(""), |line| {
        found.push(line.raw().to_owned());
        if found.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(found, ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    assert_eq!(tally.unwrap().matched, 3);
}

#[test]
fn what_writers_hold_is_read_behind_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    // The last line came into the file after the writers were asked, and they still had it.
    fs::write(&path, "{\"n\":1}\n{\"n\":2}\n").unwrap();
    let held = |_: &Path| Some(Held { lines: b"{\"n\":3}\n".to_vec(), end: 16 });
    let sources = Sources::open(&[&path]).unwrap().with_leftover(held);
    let mut found = Vec::new();
    each(sources, &query(""), |line| {
        found.push((line.offset(), line.raw().to_owned()));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(found, [(0, "{\"n\":1}".to_owned()), (8, "{\"n\":2}".to_owned()), (16, "{\"n\":3}".to_owned())]);
}

/// Reads a folder in which `event` happens while the first line is read: the numbers of the lines, and what is named.
#[cfg(unix)]
fn while_read(
    files: &[(&str, u32)],
    event: impl FnOnce(&dyn Fn(&str, &str), &dyn Fn(&str, u32)),
) -> (Vec<u64>, Vec<Skip>) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let rename = |from: &str, to: &str| fs::rename(at(from), at(to)).unwrap();
    let write = |name: &str, number: u32| fs::write(at(name), format!("{{\"n\":{number}}}\n")).unwrap();
    files.iter().for_each(|(name, number)| write(name, *number));
    let mut event = Some(event);
    let mut found = Vec::new();
    let tally = each(Sources::open(&[folder.path()]).unwrap(), &query(""), |line| {
        if let Some(event) = event.take() {
            event(&rename, &write);
        }
        found.push(
            line.raw().bytes().filter(u8::is_ascii_digit).fold(0, |all, digit| all * 10 + u64::from(digit - b'0')),
        );
        ControlFlow::Continue(())
    });
    (found, tally.unwrap().skipped.iter().map(|skipped| skipped.skip).collect())
}

#[cfg(unix)]
#[test]
fn a_log_that_is_rotated_while_its_folder_is_read_loses_no_segment() {
    let sealed = |number: u32| format!("a.2026-11-27T10-00-00Z.{number:06}.jsonl");
    let found = while_read(&[(&sealed(1), 1), ("a.jsonl", 2), ("a.db.jsonl", 5)], |rename, write| {
        rename("a.jsonl", &sealed(2));
        write("a.jsonl", 3);
        rename("a.jsonl", &sealed(3));
        write("a.jsonl", 4);
    });
    assert_eq!(found, (vec![1, 2, 3, 4, 5], vec![]));
    // Another writer's numbers move on by one.
    let found = while_read(&[("a.log.2", 1), ("a.log.1", 2), ("a.log", 3)], |rename, write| {
        rename("a.log.2", "a.log.3");
        rename("a.log.1", "a.log.2");
        rename("a.log", "a.log.1");
        write("a.log", 4);
    });
    assert_eq!(found, (vec![1, 2, 3, 4], vec![]));
}

#[cfg(unix)]
#[test]
fn a_log_that_is_replaced_while_its_folder_is_read_is_named() {
    let found = while_read(&[("a.log.1", 1), ("a.log", 2)], |rename, write| {
        write("new", 3);
        rename("new", "a.log");
    });
    assert_eq!(found, (vec![1, 3], vec![Skip::Gone]));
}

#[test]
fn a_step_that_panics_ends_the_query_and_nothing_hangs() {
    let stream = io::Cursor::new("{}\n".repeat(10));
    let panics = std::panic::catch_unwind(|| {
        fold(Sources::reader("stream", stream), &query(""), || (), |(), _| panic!("no"), |(), ()| ())
    });
    assert!(panics.is_err());
}

#[test]
fn no_threads_and_no_length_are_as_little_as_can_be() {
    let all = Query { threads: 0, line_limit: usize::MAX, ..query("") };
    assert_eq!(count(Sources::reader("stream", &b"{}\n"[..]), &all).0, 1);
    let none = Query { line_limit: 0, threads: usize::MAX, ..query("") };
    let (found, tally) = count(Sources::reader("stream", &b"{}\n"[..]), &none);
    assert_eq!((found, tally.skipped[0].skip), (0, Skip::Long));
}

/// Writes a file of some 20 MB with a line for each second, whose hours the caller sets.
fn long_file(path: &Path, second: impl Fn(i64) -> i64) -> u64 {
    let mut out = BufWriter::new(File::create(path).unwrap());
    for number in 0..86_400 {
        let at = Timestamp { micros: second(number) * 1_000_000 };
        let pad = "x".repeat(180);
        writeln!(out, r#"{{"timestamp":"{at}","level":"INFO","component":"a","n":{number},"pad":"{pad}"}}"#).unwrap();
    }
    out.flush().unwrap();
    path.metadata().unwrap().len()
}

/// Counts with and without the short cut, and returns how much of the file was passed over.
fn passed(path: &PathBuf, filter: &str) -> u64 {
    let short = query(filter);
    let whole = Query { by_time: false, ..short.clone() };
    let (found, tally) = count(Sources::open(&[path]).unwrap(), &short);
    let (expected, all) = count(Sources::open(&[path]).unwrap(), &whole);
    assert_eq!(found, expected, "{filter}");
    assert_eq!((all.passed_bytes, all.lines), (0, 86_400));
    // A part ends with a whole line, which may reach into what is passed over.
    assert!((tally.bytes + tally.passed_bytes).abs_diff(all.bytes) < 1_000, "{filter}");
    tally.passed_bytes
}

const TWO_HOURS: &str = "since=1970-01-01T08:00:00Z until=1970-01-01T10:00:00Z";

#[test]
fn a_sorted_file_is_read_only_where_its_time_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    // Threads write a little late: each line up to 20 seconds.
    let length = long_file(&path, |number| number - number * 7 % 20);
    assert!(passed(&path, TWO_HOURS) > length * 89 / 100);
    assert!(passed(&path, "since=1970-01-02") > length * 98 / 100);
    assert_eq!(passed(&path, "level=info"), 0);
}

#[test]
fn a_clock_that_goes_back_loses_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    long_file(&path, |number| if number < 43_200 { number } else { number - 10_800 });
    passed(&path, TWO_HOURS);
    long_file(&path, |number| 86_400 - number);
    passed(&path, TWO_HOURS);
    long_file(&path, |number| number * 7_919 % 86_400);
    assert_eq!(passed(&path, TWO_HOURS), 0);
}

#[test]
fn every_line_is_checked_when_the_short_cuts_are_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    // A line of no JSON that ends like an object hides from the text; one that is out of order hides from the time.
    fs::write(&path, "{\"a\":\"seldom\"}\n{\"a\":1,}\n{\"a\":2}\n").unwrap();
    let told = |query: &Query| {
        let (found, tally) = count(Sources::open(&[&path]).unwrap(), query);
        (found, tally.unparsed, tally.skipped_lines())
    };
    assert_eq!(told(&query("a=seldom")), (1, 2, 0));
    assert_eq!(told(&Query { by_text: false, ..query("a=seldom") }), (1, 0, 1));
    let late = |number| if number == 40_001 { 9 * 3_600 } else { number };
    long_file(&path, late);
    let time = query("since=1970-01-01T08:59:59Z until=1970-01-01T09:00:01Z");
    let (found, tally) = count(Sources::open(&[&path]).unwrap(), &time);
    assert_eq!((found, tally.passed_bytes > 0), (2, true));
    assert_eq!(count(Sources::open(&[&path]).unwrap(), &Query { by_time: false, ..time }).0, 3);
}

#[test]
fn what_is_no_file_is_an_error_that_names_it() {
    let error = Sources::open(&["no such file"]).unwrap_err();
    assert!(matches!(&error, Error::Open { path, .. } if path == Path::new("no such file")));
}

#[cfg(feature = "compress")]
mod compressed {
    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_lines_are_read_by_their_first_bytes() {
        let text = "{\"a\":1}\n".repeat(50_000);
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        check(io::Cursor::new(zstd), 50_000, &[]);
        check(io::Cursor::new(gzip(&text)), 50_000, &[]);
        check(io::Cursor::new([gzip(&text), gzip("{}\n")].concat()), 50_001, &[]);
    }

    #[test]
    fn a_broken_archive_gives_what_stands_before_and_is_named() {
        let text: String = (0..50_000).map(|number| format!("{{\"n\":{}}}\n", number * 7_919 % 50_021)).collect();
        let mut whole = zstd::encode_all(text.as_bytes(), 1).unwrap();
        whole.truncate(whole.len() / 2);
        let (found, tally) = count(Sources::reader("stream", io::Cursor::new(whole)), &query(""));
        assert!(found < 50_000, "{found}");
        assert!(tally.skipped.iter().any(|skipped| skipped.skip == Skip::Damaged), "{:?}", tally.skipped);
    }

    #[test]
    fn a_segment_that_was_compressed_since_it_was_listed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.1.jsonl");
        fs::write(&path, "{}\n").unwrap();
        let sources = Sources::open(&[folder.path()]).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("a.1.jsonl.gz"), gzip("{}\n{}\n")).unwrap();
        assert_eq!(count(sources, &query("")).0, 2);
    }
}

#[cfg(not(feature = "compress"))]
#[test]
fn compressed_lines_need_the_feature() {
    let sources = Sources::reader("stream", &b"\x1f\x8b\x08\0"[..]);
    let error = fold(sources, &query(""), || (), |(), _| (), |(), ()| ()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read stream: it is compressed. Build with the feature `compress`");
}

#[test]
fn of_the_last_lines_only_the_end_of_the_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let lines: String = (0..100_000).map(|number| format!("{{\"a\":{number}}}\n")).collect();
    let check = |end: &str, filter: &str, last: usize, expected: &[&str]| {
        fs::write(&path, format!("{lines}{end}")).unwrap();
        let query = Query { last: Some(last), ..query(filter) };
        let mut found = Vec::new();
        let tally = each(Sources::open(&[&path]).unwrap(), &query, |line| {
            found.push(line.raw().to_owned());
            ControlFlow::Continue(())
        });
        let tally = tally.unwrap();
        assert_eq!(
            (found, tally.skipped_lines(), tally.passed_bytes),
            (expected.iter().map(|line| (*line).to_owned()).collect(), 0, 0)
        );
        tally.bytes
    };
    assert_eq!(check("", "", 2, &["{\"a\":99998}", "{\"a\":99999}"]), 24);
    assert_eq!(check("", "", 0, &[]), 0);
    // What has no newline is read behind them.
    assert_eq!(check("{\"a\":5}", "", 1, &["{\"a\":99999}", "{\"a\":5}"]), 20);
    assert!(check("", "a<2", 2, &["{\"a\":0}", "{\"a\":1}"]) > 1_000_000);
}
