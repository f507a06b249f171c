//! Answers to questions, compared with those of a slow, obvious reader: on random files with hostile lines, from one thread
//! and two, from lines and from sidecars.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use segno_logging::read::analyze::{Analysis, By, Counts, ErrorGroups, Percentiles, Slowest, Timeline, analyze};
use segno_logging::read::sidecar::{Shelf, Summed, analyze_with};
use segno_logging::read::table::{Cell, Table};
use segno_logging::read::{Filter, Level, Path, Query, Sources};
use serde_json::Value;
use tempfile::TempDir;

/// A line, or what looks like one.
fn line() -> impl Strategy<Value = String> {
    let level = prop_oneof![Just("DEBUG"), Just("INFO"), Just("WARN"), Just("ERROR"), Just("FATAL"), Just("loud")];
    let component = prop_oneof![Just("a"), Just("a.b"), Just("c\\u0061")];
    let message = prop_oneof![
        Just("step ended"),
        Just("item 7 of 'x y' lost"),
        Just("item 8 of 'z' lost"),
        Just("{\\\"level\\\":\\\"ERROR\\\",\\\"component\\\":\\\"a\\\"}"),
    ];
    let took = prop_oneof![
        (0..500_u32).prop_map(|took| took.to_string()),
        (0..500_u32).prop_map(|took| format!("{took}.25e1")),
        Just("\"long\"".to_owned()),
        Just("null".to_owned()),
        Just("-3".to_owned()),
    ];
    let whole = (level, component, message, took, 0..120_u32).prop_map(|(level, component, message, took, second)| {
        let (minute, second) = (second / 60, second % 60);
        format!(
            r#"{{"timestamp":"2026-11-27T00:{minute:02}:{second:02}.000000Z","level":"{level}","component":"{component}","message":"{message}","took_ms":{took},"context":{{"level":"ERROR","took_ms":9}}}}"#
        )
    });
    prop_oneof![
        12 => whole,
        1 => Just(r#"{"message":"bare"}"#.to_owned()),
        1 => Just(r#"{"level":"INFO","level":"WARN","component":"a","took_ms":1,"took_ms":2}"#.to_owned()),
        1 => Just(r#"{"\u006cevel":"WARN","component":"a"}"#.to_owned()),
        1 => Just(r#"{"level":"INFO","component":"a""#.to_owned()),
        1 => Just(r#"{"a":1}{"a":2}"#.to_owned()),
        1 => Just("no json \u{1}".to_owned()),
        1 => Just(String::new()),
    ]
}

/// The files of a test, all of them settled.
struct Files {
    folder: TempDir,
    lines: Vec<Value>,
}

impl Files {
    fn of(files: &[Vec<String>]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = Vec::new();
        for (place, file) in files.iter().enumerate() {
            fs::write(folder.path().join(format!("{place}.jsonl")), file.join("\n") + "\n").unwrap();
            lines.extend(file.iter().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object));
        }
        Files { folder, lines }
    }

    fn paths(&self) -> Vec<PathBuf> {
        vec![self.folder.path().to_owned()]
    }
}

fn query(filter: &str, threads: usize) -> Query {
    Query { threads, ..Query::new(Filter::parse(filter).unwrap()) }
}

/// Sidecars for every segment, however small and new.
fn shelf() -> Shelf {
    Shelf { least_size: 0, settled: Duration::ZERO, ..Shelf::at(SystemTime::now() + Duration::from_secs(1)) }
}

/// Asks with one thread and with two, and returns the one answer.
fn asked<A: Analysis>(files: &Files, filter: &str, new: impl Fn() -> A + Sync) -> Table {
    let ask = |threads| {
        let sources = Sources::open(&files.paths()).unwrap();
        analyze(sources, &query(filter, threads), &new).unwrap().0.table(1_000)
    };
    let table = ask(1);
    assert_eq!(table, ask(2));
    table
}

/// Asks the lines, then with sidecars that are made, then with those that are there; returns the one answer.
fn asked_summed<A: Summed>(files: &Files, filter: &str, new: impl Fn() -> A + Sync) -> Table {
    let table = asked(files, filter, &new);
    let tally = |summed: &dyn Fn() -> (Table, segno_logging::read::Tally)| {
        let (answer, tally) = summed();
        assert_eq!(answer, table);
        (tally.matched, tally.skipped_lines())
    };
    let with = || {
        let (analysis, tally) =
            analyze_with(Sources::open(&files.paths()).unwrap(), &query(filter, 2), &shelf(), &new).unwrap();
        (analysis.table(1_000), tally)
    };
    let plain = || {
        let (analysis, tally) = analyze(Sources::open(&files.paths()).unwrap(), &query(filter, 2), &new).unwrap();
        (analysis.table(1_000), tally)
    };
    let expected = tally(&plain);
    assert_eq!([tally(&with), tally(&with)], [expected, expected]);
    table
}

fn level(line: &Value) -> Option<Level> {
    line["level"].as_str().and_then(Level::parse)
}

fn text(line: &Value, key: &str) -> Option<String> {
    line[key].as_str().map(str::to_owned)
}

/// The rows of counts, in the order of the answer.
fn sorted_counts(counts: BTreeMap<Vec<Option<String>>, u64>) -> Vec<(Vec<Cell>, u64)> {
    let mut rows: Vec<(Vec<Option<String>>, u64)> = counts.into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1));
    rows.into_iter().map(|(parts, count)| (parts.into_iter().map(Cell::text).collect(), count)).collect()
}

/// Compares counts as sets: which of two equal ones comes first is told elsewhere.
fn check_counts(table: &Table, expected: BTreeMap<Vec<Option<String>>, u64>) {
    let split = |row: &Vec<Cell>| {
        let Cell::Count(count) = row[row.len() - 2] else { panic!("no count in {row:?}") };
        (row[..row.len() - 2].to_vec(), count)
    };
    let mut found: Vec<(Vec<Cell>, u64)> = table.rows.iter().map(split).collect();
    let mut expected = sorted_counts(expected);
    assert!(found.is_sorted_by(|one, other| one.1 >= other.1));
    found.sort_by_key(|row| format!("{row:?}"));
    expected.sort_by_key(|row| format!("{row:?}"));
    assert_eq!(found, expected);
    assert_eq!(table.notes, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn answers_are_those_of_a_full_parse(
        files in proptest::collection::vec(proptest::collection::vec(line(), 0..60), 1..4),
    ) {
        let files = Files::of(&files);
        let mut by_both = BTreeMap::new();
        let mut warnings_by_component = BTreeMap::new();
        let mut messages = BTreeMap::new();
        for line in &files.lines {
            let (level, component) = (level(line), text(line, "component"));
            let name = level.map(|level| level.name().to_owned());
            *by_both.entry(vec![name, component.clone()]).or_insert(0) += 1;
            if level.is_some_and(|level| level >= Level::Warn) && component.as_deref() == Some("a") {
                *warnings_by_component.entry(vec![component]).or_insert(0) += 1;
            }
            *messages.entry(vec![text(line, "message")]).or_insert(0) += 1;
        }
        check_counts(&asked_summed(&files, "", || Counts::new([By::Level, By::Component])), by_both);
        let filter = "level>=warn component=a";
        check_counts(&asked_summed(&files, filter, || Counts::new([By::Component])), warnings_by_component);
        check_counts(&asked(&files, "", || Counts::new([By::Message])), messages);
        check_percentiles(&files);
        check_timeline(&files);
        check_slowest(&files);
        check_errors(&files);
    }
}

fn numbers(files: &Files) -> BTreeMap<Option<String>, Vec<f64>> {
    let mut numbers: BTreeMap<Option<String>, Vec<f64>> = BTreeMap::new();
    for line in &files.lines {
        if let Some(number) = line["took_ms"].as_f64() {
            numbers.entry(text(line, "component")).or_default().push(number);
        }
    }
    numbers.values_mut().for_each(|numbers| numbers.sort_by(f64::total_cmp));
    numbers
}

fn check_percentiles(files: &Files) {
    let table = asked_summed(files, "", || Percentiles::new(Path::new("took_ms"), [By::Component]));
    let expected = numbers(files).into_iter().map(|(component, numbers)| {
        let at = |part: f64| numbers[((part * numbers.len() as f64).ceil() as usize).max(1) - 1];
        let figures = [numbers[0], at(0.5), at(0.95), at(0.99), numbers[numbers.len() - 1]];
        let begin = [Cell::text(component), Cell::Count(numbers.len() as u64)];
        begin.into_iter().chain(figures.map(Cell::Number)).collect::<Vec<Cell>>()
    });
    let mut expected: Vec<Vec<Cell>> = expected.collect();
    let mut found = table.rows.clone();
    found.sort_by_key(|row| format!("{row:?}"));
    expected.sort_by_key(|row| format!("{row:?}"));
    assert_eq!(found, expected);
    let without = files.lines.len() - numbers(files).values().map(Vec::len).sum::<usize>();
    let told = (without > 0).then(|| format!("{without} lines have no number in took_ms"));
    assert_eq!(table.notes, told.into_iter().collect::<Vec<_>>());
}

fn check_timeline(files: &Files) {
    let table = asked(files, "", || Timeline::new(Duration::from_secs(10)));
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for stamp in files.lines.iter().filter_map(|line| text(line, "timestamp")) {
        // 2026-11-27T00:MM:SS: the span begins with the tens of the second.
        *expected.entry(format!("{}0.000000Z", &stamp[..18])).or_default() += 1;
    }
    let expected: Vec<[Cell; 2]> =
        expected.into_iter().map(|(from, count)| [Cell::Text(from), Cell::Count(count)]).collect();
    let found: Vec<[Cell; 2]> = table.rows.iter().map(|row| [row[0].clone(), row[1].clone()]).collect();
    assert_eq!(found, expected);
}

fn check_slowest(files: &Files) {
    let table = asked(files, "", || Slowest::new(Path::new("took_ms"), 5));
    let mut expected: Vec<f64> = numbers(files).into_values().flatten().collect();
    expected.sort_by(|one, other| other.total_cmp(one));
    expected.truncate(5);
    let found: Vec<Cell> = table.rows.iter().map(|row| row[1].clone()).collect();
    assert_eq!(found, expected.into_iter().map(Cell::Number).collect::<Vec<_>>());
}

fn check_errors(files: &Files) {
    let table = asked(files, "", || ErrorGroups::new(Level::Error));
    let errors = files.lines.iter().filter(|line| level(line).is_some_and(|level| level >= Level::Error));
    let all: u64 = table.rows.iter().map(|row| if let Cell::Count(count) = row[0] { count } else { 0 }).sum();
    assert_eq!(all, errors.count() as u64);
    let lost = |row: &&Vec<Cell>| row[4] == Cell::Text("item # of '*' lost".into());
    assert!(table.rows.iter().filter(lost).count() <= 3, "one group for each component: {table:?}");
}

#[test]
fn a_time_is_asked_of_a_sidecar_only_when_it_knows() {
    let at = |second: u32| format!(r#"{{"timestamp":"2026-11-27T00:00:{second:02}Z","level":"INFO","component":"a"}}"#);
    let files = Files::of(&[(0..30).map(at).collect(), (30..60).map(at).collect()]);
    let count = |filter: &str| {
        let table = asked_summed(&files, filter, || Counts::new([By::Component]));
        table.rows.first().map(|row| row[1].clone())
    };
    assert_eq!(count("since=2026-11-27T00:00:10Z"), Some(Cell::Count(50)));
    assert_eq!(count("since=2026-11-27T00:00:30Z"), Some(Cell::Count(30)));
    assert_eq!(count("until=2026-11-27T00:00:30Z"), Some(Cell::Count(30)));
    assert_eq!(count("since=2026-11-27T00:01:00Z"), None);
}

#[test]
fn the_most_frequent_message_is_found_among_more_than_are_kept() {
    let mut lines: Vec<String> = (0..20_000).map(|number| format!(r#"{{"message":"only once, {number}"}}"#)).collect();
    lines.extend((0..5_000).map(|_| r#"{"message":"often"}"#.to_owned()));
    let files = Files::of(&[lines]);
    let sources = Sources::open(&files.paths()).unwrap();
    let (counts, _) = analyze(sources, &query("", 2), || Counts::new([By::Message])).unwrap();
    let table = counts.table(1);
    assert_eq!(table.rows[0][0], Cell::Text("often".into()));
    assert!(table.notes.iter().any(|note| note.contains("may be too low by at most")), "{:?}", table.notes);
    let Cell::Count(count) = table.rows[0][1] else { panic!("no count") };
    assert!((4_990..=5_000).contains(&count), "{count}");
}
