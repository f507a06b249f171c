//! A file that is followed while it is written, rotated, cut and deleted. Nobody sleeps: what happens, happens in the
//! pauses of the reader.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use segno_logging::read::{Filter, Query, Skip, Tally, follow};

/// What happens in one pause.
type Event = Box<dyn FnOnce(&Path)>;

fn append(text: &'static str) -> Event {
    Box::new(move |path| {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    })
}

fn rename(to: &'static str) -> Event {
    Box::new(move |path| fs::rename(path, path.with_file_name(to)).unwrap())
}

fn append_to(name: &'static str, text: &'static str) -> Event {
    Box::new(move |path| append(text)(&path.with_file_name(name)))
}

fn nothing() -> Event {
    Box::new(|_| ())
}

/// Follows a file that begins as `before` while the events happen, and compares the numbers of the lines.
fn check(before: &str, last: usize, filter: &str, events: Vec<Event>, expected: &[u32]) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("a.jsonl");
    fs::write(&path, before).unwrap();
    let mut events = VecDeque::from(events);
    let pause = |_: &Tally| match events.pop_front() {
        Some(event) => {
            event(&path);
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    };
    let mut found = Vec::new();
    let query = Query::new(Filter::parse(filter).unwrap());
    let tally = follow(std::slice::from_ref(&path), &query, last, pause, |line| {
        let number =
            line.raw().bytes().filter(u8::is_ascii_digit).fold(0, |all, digit| all * 10 + u32::from(digit - b'0'));
        found.push(number);
        ControlFlow::Continue(())
    });
    assert_eq!(found, expected);
    tally.unwrap()
}

#[test]
fn the_last_lines_come_first_and_then_the_new_ones() {
    let before = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
    check(before, 2, "", vec![append("{\"n\":4}\n"), append("{\"n\":5}\n{\"n\":6}\n")], &[2, 3, 4, 5, 6]);
    check(before, 0, "", vec![append("{\"n\":4}\n")], &[4]);
    check(before, 9, "", vec![nothing()], &[1, 2, 3]);
    check("", 9, "", vec![append("{\"n\":4}\n")], &[4]);
}

#[test]
fn the_last_lines_are_those_that_match() {
    let before: String = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    check(&before, 3, "n<10", vec![append("{\"n\":4}\n")], &[7, 8, 9, 4]);
}

#[test]
fn a_line_is_passed_when_it_is_whole() {
    check("{\"n\":1}\n", 0, "", vec![append("{\"n\""), append(":2"), append("}\n{")], &[2]);
    check("{\"n\":1", 0, "", vec![append("}\n{\"n\":2}\n")], &[2]);
    check("{\"n\":1", 1, "", vec![append("}\n{\"n\":2}\n")], &[1, 2]);
}

#[test]
fn a_rotated_file_is_read_to_its_end_and_then_the_new_one() {
    let events = vec![
        append("{\"n\":2}\n"),
        rename("a.2026-01-01T00-00-00Z.000001.jsonl"),
        append("{\"n\":4}\n"),
        // Somebody has the old file open still.
        append_to("a.2026-01-01T00-00-00Z.000001.jsonl", "{\"n\":3}\n"),
        nothing(),
        append("{\"n\":5}\n"),
    ];
    check("{\"n\":1}\n", 9, "", events, &[1, 2, 3, 4, 5]);
}

#[test]
fn a_segment_that_came_and_went_between_two_pauses_is_read() {
    let twice: Event = Box::new(|path| {
        append("{\"n\":2}\n")(path);
        rename("a.2026-01-01T00-00-00Z.000002.jsonl")(path);
        append("{\"n\":3}\n")(path);
        rename("a.2026-01-01T00-00-00Z.000003.jsonl")(path);
        append("{\"n\":4}\n")(path);
        // An older one was there before.
    });
    let events = vec![twice, nothing(), append("{\"n\":5}\n")];
    check("{\"n\":1}\n", 9, "", events, &[1, 2, 3, 4, 5]);
}

#[test]
fn logs_whose_names_begin_alike_are_not_mixed() {
    let beside: Event = Box::new(|path| {
        append_to("a.1api.jsonl", "{\"n\":7}\n")(path);
        append_to("a.db.jsonl", "{\"n\":8}\n")(path);
        append("{\"n\":2}\n")(path);
        rename("a.2026-01-01T00-00-00Z.000001.jsonl")(path);
        append("{\"n\":3}\n")(path);
    });
    check("{\"n\":1}\n", 9, "", vec![beside, nothing(), append("{\"n\":4}\n")], &[1, 2, 3, 4]);
}

#[test]
fn segments_with_numbers_are_told_by_what_they_are() {
    let twice: Event = Box::new(|path| {
        append("{\"n\":2}\n")(path);
        rename("a.jsonl.2")(path);
        append("{\"n\":3}\n")(path);
        rename("a.jsonl.1")(path);
        append("{\"n\":4}\n")(path);
    });
    check("{\"n\":1}\n", 9, "", vec![twice, nothing(), append("{\"n\":5}\n")], &[1, 2, 3, 4, 5]);
}

#[cfg(feature = "compress")]
#[test]
fn a_rotated_file_that_was_compressed_is_not_read_twice() {
    let compressed: Event = Box::new(|path| {
        append("{\"n\":2}\n")(path);
        let text = zstd::encode_all(&*fs::read(path).unwrap(), 1).unwrap();
        fs::write(path.with_file_name("a.2026-01-01T00-00-00Z.000001.jsonl.zst"), text).unwrap();
        // Whoever reads has the old file open, so the new one is another.
        let new = path.with_file_name("new");
        append("{\"n\":3}\n")(&new);
        fs::rename(new, path).unwrap();
    });
    check("{\"n\":1}\n", 9, "", vec![compressed, nothing(), append("{\"n\":4}\n")], &[1, 2, 3, 4]);
}

#[test]
fn a_file_that_was_cut_is_read_from_its_beginning_and_the_tally_says_so() {
    let cut: Event = Box::new(|path| fs::write(path, "{\"n\":7}\n").unwrap());
    let tally = check("{\"n\":1}\n{\"n\":2}\n", 9, "", vec![cut, nothing()], &[1, 2, 7]);
    assert_eq!(tally.skipped[0].skip, Skip::Shrunk);
}

#[test]
fn a_deleted_file_is_waited_for() {
    let delete: Event = Box::new(|path| fs::remove_file(path).unwrap());
    let events = vec![delete, nothing(), append("{\"n\":2}\n"), nothing(), append("{\"n\":3}\n")];
    check("{\"n\":1}\n", 9, "", events, &[1, 2, 3]);
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut pauses = 0;
    let mut found = 0;
    let query = Query::new(Filter::default());
    let pause = |_: &Tally| {
        pauses += 1;
        if pauses == 2 {
            append("{\"n\":1}\n")(&path);
        }
        if pauses < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let each = |_: &segno_logging::read::Line<'_>| {
        found += 1;
        ControlFlow::Break(())
    };
    follow(std::slice::from_ref(&path), &query, 1, pause, each).unwrap();
    assert_eq!((found, pauses), (1, 2));
}

#[test]
fn what_cannot_be_read_is_told_in_the_next_pause_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "{\"n\":1}\n").unwrap();
    let mut told = Vec::new();
    let pause = |news: &Tally| {
        told.extend(news.skipped.iter().map(|skipped| (skipped.count, skipped.offset)));
        match told.len() {
            0 => append("broken\nbroken\n")(&path),
            1 => append("{\"n\":2}\nbroken\n")(&path),
            _ => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    };
    let tally =
        follow(std::slice::from_ref(&path), &Query::new(Filter::default()), 1, pause, |_| ControlFlow::Continue(()));
    let tally = tally.unwrap();
    assert_eq!(told, [(2, 8), (1, 30)]);
    assert_eq!((tally.lines, tally.skipped_lines(), tally.skipped[0].offset), (5, 3, 8));
}
