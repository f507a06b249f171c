//! The reader beside a slow and obvious one, which makes a `serde_json::Value` of every line.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io::Cursor;
use std::ops::ControlFlow;

use proptest::prelude::*;
use regex::bytes::Regex;
use segno_logging::read::{Filter, Level, Line, Query, Sources, Tally, Timestamp, each, fold};
use serde_json::Value;

/// One test of a filter, as text and as a question that is asked of a whole parse.
#[derive(Debug, Clone)]
enum Ask {
    AtLeast(Level),
    Component(&'static str),
    Below(&'static str),
    Since(i64),
    Until(i64),
    Correlation(&'static str),
    Equal(&'static str, &'static str),
    Unequal(&'static str, &'static str),
    Greater(&'static str, f64),
    AtMost(&'static str, f64),
    Matches(&'static str, &'static str),
    Exists(&'static str),
    Text(&'static str),
}

impl Ask {
    fn text(&self) -> String {
        match self {
            Ask::AtLeast(level) => format!("level>={level}"),
            Ask::Component(name) => format!("component={name}"),
            Ask::Below(name) => format!("component={name}.*"),
            Ask::Since(micros) => format!("since={}", Timestamp { micros: *micros }),
            Ask::Until(micros) => format!("until={}", Timestamp { micros: *micros }),
            Ask::Correlation(id) => format!("correlation_id={id}"),
            Ask::Equal(path, value) => format!("{path}={value}"),
            Ask::Unequal(path, value) => format!("{path}!={value}"),
            Ask::Greater(path, number) => format!("{path}>{number}"),
            Ask::AtMost(path, number) => format!("{path}<={number}"),
            Ask::Matches(path, regex) => format!("{path}~{regex}"),
            Ask::Exists(path) => format!("{path}?"),
            Ask::Text(text) => format!("text={text}"),
        }
    }

    fn holds(&self, raw: &[u8], line: &Value) -> bool {
        let field = |path| find(line, path);
        let number = |path| field(path).and_then(Value::as_f64);
        let text = |path| field(path).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        let moment = || text("timestamp").and_then(|text| Timestamp::parse(&text)).map(|at| at.micros);
        let equal = |path, wanted: &str| match (field(path), wanted.parse::<f64>()) {
            (Some(Value::Number(number)), Ok(wanted)) => number.as_f64() == Some(wanted),
            (Some(Value::Number(_)), Err(_)) | (None, _) => false,
            (Some(_), _) => text(path).as_deref() == Some(wanted),
        };
        match self {
            Ask::AtLeast(least) => {
                let name = line.get("level").and_then(Value::as_str);
                name.and_then(Level::parse).is_some_and(|level| level >= *least)
            }
            Ask::Component(name) => text("component").as_deref() == Some(name),
            Ask::Below(name) => text("component")
                .is_some_and(|component| component == *name || component.starts_with(&format!("{name}."))),
            Ask::Since(micros) => moment().is_some_and(|at| at >= *micros),
            Ask::Until(micros) => moment().is_some_and(|at| at < *micros),
            Ask::Correlation(id) => text("correlation_id").as_deref() == Some(id),
            Ask::Equal(path, value) => equal(path, value),
            Ask::Unequal(path, value) => !equal(path, value),
            // The random lines have numbers at these paths, or text that is never asked for by its order.
            Ask::Greater(path, wanted) => number(path).is_some_and(|number| number > *wanted),
            Ask::AtMost(path, wanted) => number(path).is_some_and(|number| number <= *wanted),
            Ask::Matches(path, regex) => {
                text(path).is_some_and(|text| Regex::new(regex).unwrap().is_match(text.as_bytes()))
            }
            Ask::Exists(path) => field(path).is_some(),
            Ask::Text(text) => String::from_utf8_lossy(raw).contains(text),
        }
    }
}

/// The longest key counts at each level.
fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if let Value::Array(list) = value {
        let (place, rest) = path.split_once('.').map_or((path, None), |(place, rest)| (place, Some(rest)));
        let element = list.get(place.parse::<usize>().ok()?)?;
        return rest.map_or(Some(element), |rest| find(element, rest));
    }
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let mut points = path.rmatch_indices('.');
    points.find_map(|(at, _)| value.get(&path[..at]).map(|found| find(found, &path[at + 1..])))?
}

#[derive(Debug, PartialEq)]
struct Answer {
    matched: Vec<String>,
    lines: u64,
    skipped: u64,
}

fn plainly(file: &[u8], asks: &[Ask], limit: usize) -> Answer {
    let mut answer = Answer { matched: Vec::new(), lines: 0, skipped: 0 };
    for raw in file.split(|byte| *byte == b'\n').filter(|raw| !raw.iter().all(u8::is_ascii_whitespace)) {
        answer.lines += 1;
        let inner = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
        match serde_json::from_slice::<Value>(inner) {
            Ok(line) if line.is_object() && raw.len() <= limit => {
                if asks.iter().all(|ask| ask.holds(inner, &line)) {
                    let raw = inner.strip_suffix(b"\r").unwrap_or(inner);
                    answer.matched.push(String::from_utf8(raw.to_vec()).unwrap());
                }
            }
            _ => answer.skipped += 1,
        }
    }
    answer
}

fn check(file: &[u8], asks: &[Ask], threads: usize, limit: usize) {
    let text = asks.iter().map(Ask::text).collect::<Vec<_>>().join(" ");
    let query = Query { threads, line_limit: limit, ..Query::new(Filter::parse(&text).unwrap()) };
    let expected = plainly(file, asks, limit);
    let agree = |found: Vec<String>, tally: &Tally| {
        assert_eq!(found, expected.matched, "{text}");
        assert_eq!((tally.lines, tally.matched), (expected.lines, found.len() as u64), "{text}");
        // Lines that were not parsed may be broken, but cannot match.
        assert!(tally.skipped_lines() <= expected.skipped, "{text}");
        assert!(tally.skipped_lines() + tally.unparsed >= expected.skipped, "{text}");
    };
    let stream = || Sources::reader("stream", Cursor::new(file.to_vec()));
    let mut found = Vec::new();
    let tally = each(stream(), &query, |line| {
        found.push(line.raw().to_owned());
        ControlFlow::Continue(())
    });
    agree(found, &tally.unwrap());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, file).unwrap();
    let step = |found: &mut Vec<(u64, String)>, line: &Line<'_>| found.push((line.offset(), line.raw().to_owned()));
    let sources = Sources::open(&[path]).unwrap();
    let (mut found, tally) = fold(sources, &query, Vec::new, step, |all, part| all.extend(part)).unwrap();
    found.sort();
    agree(found.into_iter().map(|(_, raw)| raw).collect(), &tally);
}

/// A line that is mostly in the schema.
fn line() -> impl Strategy<Value = String> {
    let level = prop::sample::select(vec!["DEBUG", "INFO", "WARN", "ERROR", "FATAL", "warning", "\\u0045RROR", "loud"]);
    let component = prop::sample::select(vec!["cache", "cache.redis", "db", "c\\u0061che", "caches", "a/b", "a\\/b"]);
    let extra = prop::sample::select(vec![
        "",
        r#","n":1"#,
        r#","n":-2.5e1,"s":"x y""#,
        r#","n":"9""#,
        r#","context":{"level":"ERROR","component":"cache.redis","n":[1,{"k":7}]}"#,
        r#","\u006cevel":"FATAL""#,
        r#","level":"INFO","level":"ERROR""#,
        r#","a.b":1,"a":{"b":2,"c":{"d":null}}"#,
        r#","correlation_id":"run-7""#,
        r#","s":"\"level\":\"ERROR\" \\ \ud83d\ude00 é""#,
        r#","t":true,"z":null,"e":{},"l":[]"#,
    ]);
    let spaces = prop::sample::select(vec!["", "", "", " ", "\t"]);
    (0_i64..100, level, component, prop::collection::vec(extra, 0..3), spaces).prop_map(
        |(second, level, component, extras, space)| {
            let at = Timestamp { micros: second * 1_000_000 };
            let extras = extras.concat();
            format!(
                r#"{{{space}"timestamp":{space}"{at}","level":"{level}"{space},"component":"{component}","message":"m {second}"{extras}}}{space}"#
            )
        },
    )
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"  ".to_vec(),
        b"\0\0\0".to_vec(),
        b"[1,2]".to_vec(),
        b"{\"level\":\"ERROR\"}{\"level\":\"ERROR\"}".to_vec(),
        b"{\"component\":\"cache.redis\",\"level\":\"ERROR\",\"n\":1e999}".to_vec(),
        b"{\"component\":\"cache.redis\",\"s\":\"\xff\"}".to_vec(),
        b"{\"component\":\"cache.redis\",\"s\":\"\0\"}".to_vec(),
        b"\xef\xbb\xbf{\"component\":\"cache.redis\",\"level\":\"ERROR\",\"n\":5}".to_vec(),
        b"\xef\xbb\xbf\xef\xbb\xbf{}".to_vec(),
        b"{\"component\":\"cache.redis\",\"s\":\"\\ud800\"}".to_vec(),
        [b"{\"level\":".repeat(10_000), b"1".to_vec(), b"}".repeat(10_000)].concat(),
        [b"{\"level\":".repeat(127), b"1".to_vec(), b"}".repeat(127)].concat(),
        format!("{{\"component\":\"cache\",\"s\":\"{}\"}}", "x".repeat(5_000)).into_bytes(),
    ];
    prop::sample::select(fixed)
}

fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let mutilated = (line(), any::<prop::sample::Index>(), prop::sample::select(vec!["", "\"", "}", ",", "\\", "{"]));
    let cut = (line(), any::<prop::sample::Index>());
    prop_oneof![
        8 => line().prop_map(String::into_bytes),
        1 => line().prop_map(|line| (line + "\r").into_bytes()),
        1 => hostile(),
        1 => cut.prop_map(|(line, at)| line.as_bytes()[..at.index(line.len())].to_vec()),
        1 => mutilated.prop_map(|(line, at, piece)| {
            let mut line = line.into_bytes();
            let at = at.index(line.len());
            line.splice(at..at + 1, piece.bytes());
            line
        }),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let paths = || prop::sample::select(vec!["n", "s", "a.b", "a.c.d", "context.n.1.k", "t", "z", "context.level"]);
    let values = prop::sample::select(vec!["1", "9", "-25", "2", "7", "true", "null", "ERROR", "x"]);
    prop_oneof![
        prop::sample::select(Level::ALL.to_vec()).prop_map(Ask::AtLeast),
        prop::sample::select(vec!["cache", "cache.redis", "db", "a/b"]).prop_map(Ask::Component),
        prop::sample::select(vec!["cache", "c"]).prop_map(Ask::Below),
        (0_i64..100_000_000).prop_map(Ask::Since),
        (0_i64..100_000_000).prop_map(Ask::Until),
        Just(Ask::Correlation("run-7")),
        (paths(), values.clone()).prop_map(|(path, value)| Ask::Equal(path, value)),
        (paths(), values).prop_map(|(path, value)| Ask::Unequal(path, value)),
        (-30_i32..10).prop_map(|number| Ask::Greater("context.n.0", f64::from(number))),
        (-30_i32..10).prop_map(|number| Ask::AtMost("context.n.1.k", f64::from(number))),
        prop::sample::select(vec![("s", "x|é"), ("message", "m.*7$"), ("level", "(?i)err")])
            .prop_map(|(path, regex)| Ask::Matches(path, regex)),
        paths().prop_map(Ask::Exists),
        prop::sample::select(vec!["redis", "é", "\\u0045"]).prop_map(Ask::Text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn the_reader_answers_as_a_plain_full_parse_does(
        lines in prop::collection::vec(any_line(), 0..40),
        asks in prop::collection::vec(ask(), 0..3),
        ends in any::<bool>(),
        threads in 1_usize..4,
        limit in prop::sample::select(vec![200, 1_000, 1 << 22]),
    ) {
        let mut file = lines.join(&b'\n');
        if ends {
            file.push(b'\n');
        }
        let mut kinds = Vec::new();
        // A filter has one list of components and one id; a second one of a kind is another kind of test.
        let asks: Vec<Ask> = asks.into_iter().filter(|ask| {
            let kind = match ask {
                Ask::Below(_) => std::mem::discriminant(&Ask::Component("")),
                other => std::mem::discriminant(other),
            };
            let new = !kinds.contains(&kind);
            kinds.push(kind);
            new
        }).collect();
        check(&file, &asks, threads, limit);
    }
}

#[test]
fn a_text_in_a_nested_object_is_not_the_lines_own() {
    let nested: &[u8] = br#"{"level":"INFO","component":"api","context":{"level":"ERROR","component":"cache.redis"}}"#;
    let own: &[u8] = br#"{"level":"ERROR","component":"cache.redis"}"#;
    let file = [nested, own, nested].join(&b'\n');
    check(&file, &[Ask::AtLeast(Level::Error), Ask::Component("cache.redis")], 2, 1000);
}
