//! Lines of one piece of work as a tree: what stands where, whatever the order of the files and the mischief in the lines.
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::ops::ControlFlow;

use segno_logging::correlation::{self, Id};
use segno_logging::export::Spans;
use segno_logging::read::trace::Trace;
use segno_logging::read::{Filter, Query, Sources, each};

fn traced(id: &str, lines: &str) -> Trace {
    let mut trace = Trace::new(id);
    let sources = Sources::reader("memory", std::io::Cursor::new(lines.to_owned()));
    let see = |line: &segno_logging::read::Line<'_>| {
        trace.see(line);
        ControlFlow::Continue(())
    };
    each(sources, &Query::new(Filter::default()), see).unwrap();
    trace
}

fn check(lines: &str, expected: &str) {
    assert_eq!(traced("r", lines).into_tree().text(), expected);
}

fn line(millis: u32, rest: &str) -> String {
    format!(r#"{{"timestamp":"2026-11-27T00:00:00.{millis:03}Z","level":"INFO","correlation_id":"r",{rest}}}"#) + "\n"
}

#[test]
fn lines_stand_under_their_step_and_attempt_in_the_order_of_time() {
    let lines = [
        line(9, r#""message":"run ended""#),
        line(1, r#""message":"step started","step":"a[0]","attempt":1"#),
        line(0, r#""message":"run started""#),
        line(2, r#""message":"inside","step":"a[0]""#),
        line(4, r#""message":"step started","step":"a[0]","attempt":2"#),
        line(8, r#""message":"step ended","step":"a[0]","status":"failed","took_ms":3.5"#),
    ];
    check(
        &lines.concat(),
        "r  0.009s  failed
  +0.000s  INFO   run started
  a  0.007s  failed
    a[0]  0.007s  failed
      attempt 1  0.001s
        +0.001s  INFO   step started
        +0.002s  INFO   inside
      attempt 2  0.004s  failed
        +0.004s  INFO   step started
        +0.008s  INFO   step ended  status=failed  took_ms=3.5
  +0.009s  INFO   run ended
",
    );
}

#[test]
fn a_timed_operation_is_a_leaf_that_ended_with_its_line() {
    let lines = [
        line(0, r#""message":"begin""#),
        line(50, r#""message":"timed","operation":"parse","took_ms":20.0,"outcome":"succeeded""#),
    ];
    let text = "r  0.050s
  +0.000s  INFO   begin
  parse  0.020s
    +0.050s  INFO   timed  operation=parse  took_ms=20.0  outcome=succeeded
";
    check(&lines.concat(), text);
}

#[test]
fn a_child_that_took_the_trace_on_is_a_branch() {
    let trace = correlation::traceparent(&Id::new("r"), 7);
    let trace = trace.split('-').nth(1).unwrap();
    let child = format!(
        r#"{{"timestamp":"2026-11-27T00:00:00.001Z","level":"INFO","correlation_id":"child","trace_id":"{trace}","message":"hello"}}"#
    );
    let other = child.replace(trace, "0123456789abcdef0123456789abcdef");
    let lines = format!("{}{child}\n{other}\n", line(0, r#""message":"begin""#));
    check(&lines, "r  0.001s\n  +0.000s  INFO   begin\n  child  0.000s\n    +0.001s  INFO   hello\n");
}

#[test]
fn mischief_gives_a_tree() {
    let deep = "[0]".repeat(10_000);
    let lines = [
        line(0, &format!(r#""message":"deep","step":"{deep}""#)),
        line(0, r#""message":"\u001b[31m\nred","step":"","attempt":{}"#),
        line(0, r#""message":"huge","operation":"x","took_ms":1e300"#),
        line(0, r#""message":"negative","operation":"x","took_ms":-5"#),
        r#"{"correlation_id":"r","timestamp":"never","message":7}"#.to_owned() + "\n",
        r#"{"correlation_id":"r","timestamp":"0001-01-01T00:00:00Z"}"#.to_owned() + "\n",
    ];
    let trace = traced("r", &lines.concat());
    assert_eq!(trace.lines(), 6);
    let tree = trace.into_tree();
    let text = tree.text();
    assert!(!text.contains('\u{1b}') && text.lines().count() < 30, "{text}");
    assert!(tree.json().to_string().len() < 100_000);
}

#[test]
fn what_is_too_much_is_counted() {
    let lines = line(0, r#""message":"again""#).repeat(50_010);
    let trace = traced("r", &lines);
    assert_eq!((trace.lines(), trace.left_out()), (50_000, 10));
}

#[test]
fn long_lines_are_fewer_because_their_memory_is_counted() {
    let fields: Vec<String> = (0..32).map(|number| format!(r#""k{number}":"{}""#, "x".repeat(250))).collect();
    let lines = line(0, &fields.join(",")).repeat(8_000);
    let trace = traced("r", &lines);
    assert_eq!(trace.lines() as u64 + trace.left_out(), 8_000);
    assert!(trace.left_out() > 0 && trace.bytes() < 65 << 20, "{} lines of {} bytes", trace.lines(), trace.bytes());
}

#[test]
fn every_branch_is_a_span_of_its_own() {
    let lines = [
        line(0, r#""message":"begin","step":"a","attempt":1"#),
        line(5, r#""message":"timed","operation":"parse","took_ms":1"#),
        line(6, r#""message":"timed","operation":"parse","took_ms":1"#),
    ];
    let mut spans = Spans::new("s");
    assert!(spans.add(&traced("r", &lines.concat()).into_tree(), |_| ControlFlow::Break(())).is_continue());
    let body: serde_json::Value = serde_json::from_str(&spans.rest().unwrap()).unwrap();
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let mut ids: Vec<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), spans.len()), (5, 5));
    assert_eq!(traced("nobody", &lines.concat()).lines(), 0);
}
