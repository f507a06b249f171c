//! Whole lines, compared byte by byte, for each rule of the schema.
//! Leaves files to `install` and `kill`.

#![cfg(feature = "subscriber")]

use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use segno_logging::{JsonLayer, VALUE_LIMIT};
use tracing::{Level, Span, debug, error, event, field, info, info_span, trace, warn};
use tracing_subscriber::layer::SubscriberExt;

/// Runs `work` under the layer and returns what was written.
fn written(work: impl FnOnce()) -> String {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let layer = JsonLayer::new(Arc::clone(&lines)).with_clock(|| UNIX_EPOCH);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    let bytes = lines.lock().expect("no test panics while it writes").clone();
    String::from_utf8(bytes).expect("lines are text")
}

/// Compares the lines without what is the same in all of them: the time and the test's target.
fn check(work: impl FnOnce(), expected: &[&str]) {
    let text = written(work);
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            line.replacen(r#""timestamp":"1970-01-01T00:00:00.000000Z","#, "", 1).replacen(
                r#""component":"lines","#,
                "",
                1,
            )
        })
        .collect();
    assert_eq!(lines, expected);
    assert!(text.is_empty() || text.ends_with('\n'));
}

#[test]
fn every_level_has_its_name() {
    check(
        || {
            trace!("a");
            debug!("b");
            info!("c");
            warn!("d");
            error!("e");
            error!(fatal = true, "f");
            error!(fatal = false, "g");
            warn!(fatal = true, "h");
        },
        &[
            r#"{"level":"DEBUG","message":"a"}"#,
            r#"{"level":"DEBUG","message":"b"}"#,
            r#"{"level":"INFO","message":"c"}"#,
            r#"{"level":"WARN","message":"d"}"#,
            r#"{"level":"ERROR","message":"e"}"#,
            r#"{"level":"FATAL","message":"f"}"#,
            r#"{"level":"ERROR","message":"g"}"#,
            r#"{"level":"WARN","message":"h","fatal":true}"#,
        ],
    );
}

#[test]
fn values_keep_their_types() {
    check(
        || info!(a = -1, b = u64::MAX, c = 1.0, d = 1e300, e = true, f = "text", "numbers"),
        &[
            r#"{"level":"INFO","message":"numbers","a":-1,"b":18446744073709551615,"c":1.0,"d":1e+300,"e":true,"f":"text"}"#,
        ],
    );
    check(
        || info!(a = i128::MIN, b = u128::MAX, c = f64::NAN, d = f64::NEG_INFINITY, "large and none"),
        &[
            r#"{"level":"INFO","message":"large and none","a":"-170141183460469231731687303715884105728","b":"340282366920938463463374607431768211455","c":null,"d":null}"#,
        ],
    );
    check(
        || info!(a = ?Some("x"), b = %"y", c = Some(1), d = None::<u8>, r#type = 2, "shown"),
        &[r#"{"level":"INFO","message":"shown","a":"Some(\"x\")","b":"y","c":1,"type":2}"#],
    );
}

#[test]
fn an_error_is_written_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read {0}")]
    struct Outer(&'static str, #[source] std::num::ParseIntError);
    let cause = "x".parse::<u8>().unwrap_err();
    let error = Outer("the file", cause);
    check(
        || error!(error = &error as &dyn std::error::Error, "failed"),
        &[r#"{"level":"ERROR","message":"failed","error":"cannot read the file: invalid digit found in string"}"#],
    );
}

#[test]
fn span_fields_stand_outermost_first_and_the_inner_one_wins() {
    check(
        || {
            let outer = info_span!("outer", run = 1, task = "none", user = "ada").entered();
            let _inner = info_span!("inner", task = "build").entered();
            info!(user = "bob", step = 2, "inside");
            info!("inside again");
            drop(outer);
        },
        &[
            r#"{"level":"INFO","message":"inside","run":1,"task":"build","user":"bob","step":2}"#,
            r#"{"level":"INFO","message":"inside again","run":1,"user":"ada","task":"build"}"#,
        ],
    );
}

#[test]
fn the_target_of_a_record_of_the_log_crate_is_its_component() {
    check(
        || event!(target: "log", Level::INFO, { log.target = "hyper::client", log.line = 7 }, "connected"),
        &[r#"{"level":"INFO","component":"hyper.client","message":"connected","log.line":7}"#],
    );
    check(
        || event!(target: "shop", Level::INFO, { log.target = "x" }, "paid"),
        &[r#"{"level":"INFO","component":"shop","message":"paid","log.target":"x"}"#],
    );
}

#[test]
fn a_recorded_field_reaches_the_spans_that_are_open_already() {
    check(
        || {
            let outer = info_span!("outer", status = field::Empty, tries = 1);
            let inner = info_span!(parent: &outer, "inner", step = 1);
            inner.in_scope(|| info!("before"));
            outer.record("status", "late").record("tries", 2);
            inner.in_scope(|| info!("after"));
            info_span!(parent: &inner, "innermost", status = "own").in_scope(|| info!("below"));
            outer.in_scope(|| info!("outside"));
        },
        &[
            r#"{"level":"INFO","message":"before","tries":1,"step":1}"#,
            r#"{"level":"INFO","message":"after","status":"late","tries":2,"step":1}"#,
            r#"{"level":"INFO","message":"below","tries":2,"step":1,"status":"own"}"#,
            r#"{"level":"INFO","message":"outside","status":"late","tries":2}"#,
        ],
    );
}

#[test]
fn the_innermost_correlation_id_stands_before_the_fields() {
    check(
        || {
            let _run = info_span!("run", correlation_id = "run-7", a = 1).entered();
            info!("of the run");
            info!(correlation_id = 42, "of the event");
            info_span!("task", correlation_id = %"run-7/3").in_scope(|| info!("of the task"));
            info!(parent: None::<tracing::Id>, "of nobody");
        },
        &[
            r#"{"level":"INFO","message":"of the run","correlation_id":"run-7","a":1}"#,
            r#"{"level":"INFO","message":"of the event","correlation_id":"42","a":1}"#,
            r#"{"level":"INFO","message":"of the task","correlation_id":"run-7/3","a":1}"#,
            r#"{"level":"INFO","message":"of nobody"}"#,
        ],
    );
}

#[test]
fn the_component_is_the_target_unless_a_field_names_it() {
    check(
        || {
            info!(target: "segno_cache::disk", "by target");
            info!(component = "disk", "by field");
            let _span = info_span!("span", component = "store").entered();
            info!("by span");
            info!(component = ?7, "by both");
        },
        &[
            r#"{"level":"INFO","component":"segno_cache.disk","message":"by target"}"#,
            r#"{"level":"INFO","component":"disk","message":"by field"}"#,
            r#"{"level":"INFO","component":"store","message":"by span"}"#,
            r#"{"level":"INFO","component":"7","message":"by both"}"#,
        ],
    );
}

#[test]
fn a_field_cannot_take_the_place_of_a_leading_key() {
    check(
        || {
            let _span = info_span!("span", message = "m", timestamp = 1).entered();
            info!(level = "high", timestamp = 2, "kept");
        },
        &[r#"{"level":"INFO","message":"kept","message_":"m","level_":"high","timestamp_":2}"#],
    );
}

#[test]
fn a_long_debug_value_is_cut_and_says_how_much() {
    let value = "x".repeat(VALUE_LIMIT + 10);
    let line = written(|| info!(%value, "long"));
    let expected = format!("{}…[cut, 10 bytes]\"}}\n", "x".repeat(VALUE_LIMIT));
    assert!(line.ends_with(&expected));
}

#[test]
fn two_layers_write_the_same_lines() {
    let sinks = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let [first, second] = sinks.clone().map(|sink| JsonLayer::new(sink).with_clock(|| UNIX_EPOCH));
    let subscriber = tracing_subscriber::registry().with(first).with(second);
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("span", a = 1, b = field::Empty);
        span.record("b", 2);
        span.in_scope(|| info!("both"));
    });
    let [first, second] = sinks.map(|sink| String::from_utf8(sink.lock().unwrap().clone()).unwrap());
    assert!(first.ends_with("\"message\":\"both\",\"a\":1,\"b\":2}\n"), "{first}");
    assert_eq!(first, second);
}

proptest! {
    #[test]
    fn any_text_in_any_place_is_one_valid_line(
        message in any::<String>(),
        value in any::<String>(),
        shown in any::<String>(),
        component in any::<String>(),
        id in any::<String>(),
    ) {
        let line = written(|| {
            let span = info_span!("span", correlation_id = id, outer = value);
            let _entered = span.enter();
            Span::current().record("outer", &shown);
            info!(component, value, shown = %shown, debug = ?shown, "{message}");
        });
        let ends_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let (json, newline) = line.split_at(line.len() - 1);
        prop_assert_eq!(newline, "\n");
        prop_assert!(!json.contains(ends_line));

        let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
        let texts: Vec<(&str, &str)> =
            read.iter().skip(2).map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
        let debug = format!("{shown:?}");
        prop_assert_eq!(texts, [
            ("component", component.as_str()),
            ("message", &message),
            ("correlation_id", &id),
            ("outer", &shown),
            ("value", &value),
            ("shown", &shown),
            ("debug", &debug),
        ]);
    }
}

#[test]
fn the_context_stands_last_and_the_innermost_counts() {
    check(
        || {
            let _span = info_span!("span", context = "outer", a = 1).entered();
            info!(context = "inner", b = 2, "own");
            info!(b = 3, "of the span");
            info!(context = 7, c = true, "a number");
        },
        &[
            r#"{"level":"INFO","message":"own","a":1,"b":2,"context":"inner"}"#,
            r#"{"level":"INFO","message":"of the span","a":1,"b":3,"context":"outer"}"#,
            r#"{"level":"INFO","message":"a number","a":1,"c":true,"context":7}"#,
        ],
    );
}

#[test]
fn an_event_belongs_to_the_span_that_the_registry_names() {
    check(
        || {
            let [a, b] = [info_span!("a", a = 1), info_span!("b", b = 2)];
            let first = a.enter();
            let second = b.enter();
            let again = a.enter();
            info!("entered twice");
            drop(second);
            info!("left in the middle");
            drop(again);
            drop(first);
            info!("in none");
            b.in_scope(|| info!("in the other"));
        },
        &[
            r#"{"level":"INFO","message":"entered twice","b":2}"#,
            r#"{"level":"INFO","message":"left in the middle","a":1}"#,
            r#"{"level":"INFO","message":"in none"}"#,
            r#"{"level":"INFO","message":"in the other","b":2}"#,
        ],
    );
}

#[test]
fn a_field_recorded_while_the_span_is_entered_reaches_the_next_event() {
    check(
        || {
            let outer = info_span!("outer", a = field::Empty).entered();
            let inner = info_span!("inner", b = 1).entered();
            info!("before");
            outer.record("a", 1);
            info!("after");
            inner.record("b", 2);
            info!("again");
        },
        &[
            r#"{"level":"INFO","message":"before","b":1}"#,
            r#"{"level":"INFO","message":"after","a":1,"b":1}"#,
            r#"{"level":"INFO","message":"again","a":1,"b":2}"#,
        ],
    );
}

#[test]
fn threads_in_one_span_see_what_each_of_them_records() {
    let text = written(|| {
        let span = info_span!("span", a = 0);
        let dispatch = tracing::dispatcher::get_default(tracing::Dispatch::clone);
        span.in_scope(|| {
            info!("first");
            std::thread::scope(|scope| {
                scope.spawn(|| tracing::dispatcher::with_default(&dispatch, || span.in_scope(|| span.record("a", 1))));
            });
            info!("second");
        });
    });
    let ends: Vec<&str> = text.lines().map(|line| line.rsplit(',').next().expect("a line has fields")).collect();
    assert_eq!(ends, [r#""a":0}"#, r#""a":1}"#]);
}
