//! Secrets in events and spans: by name and by value, before a line reaches a sink.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use segno_logging::redact::Options;
use segno_logging::{JsonLayer, Redactor, VALUE_LIMIT};
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt;

const SECRET: &str = "correct-horse-battery";

fn written(change: impl Fn(JsonLayer) -> JsonLayer, work: impl FnOnce()) -> String {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let redactor = Redactor::new();
    redactor.add_secret(SECRET).unwrap();
    let layer = change(JsonLayer::new(Arc::clone(&lines)).with_redactor(redactor));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    let bytes = lines.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// The end of the only line is this, and the secret is nowhere in it.
fn check(work: impl FnOnce(), expected: &str) {
    let line = written(|layer| layer, work);
    assert!(line.ends_with(&format!("{expected}}}\n")), "{line}");
    assert!(!line.contains(SECRET), "{line}");
}

#[test]
fn a_field_with_the_name_of_a_secret_is_hidden_whatever_it_holds() {
    check(|| info!(password = "x", "in"), r#""message":"in","password":"[redacted]""#);
    check(|| info!(db_password = 12, api_key = true, "in"), r#""db_password":"[redacted]","api_key":"[redacted]""#);
    check(|| info_span!("s", token = "x").in_scope(|| info!("in")), r#""message":"in","token":"[redacted]""#);
}

#[test]
fn a_number_that_is_a_known_secret_is_hidden() {
    let with = |secret: &'static str| {
        move |layer: JsonLayer| {
            let redactor = Redactor::new();
            redactor.add_secret(secret).unwrap();
            layer.with_redactor(redactor)
        }
    };
    let log = || {
        info_span!("s", outer = 4_839_201_748_123_456_u64).in_scope(|| {
            info!(a = 4_839_201_748_123_456_i64, b = 14_839_201_748_123_456_u64, c = 7, d = 0.5, n = 1_i128, "in");
        });
    };
    let line = written(with("4839201748123456"), log);
    let expected = r#""outer":"[redacted]","a":"[redacted]","b":"1[redacted]","c":7,"d":0.5,"n":"1"}"#;
    assert!(line.ends_with(&format!("{expected}\n")), "{line}");
    let line = written(with("-120.5625"), || info!(latitude = -120.5625, "at"));
    assert!(line.ends_with("\"latitude\":\"[redacted]\"}\n"), "{line}");
}

#[test]
fn a_number_of_a_card_is_hidden_where_those_are() {
    let cards = |layer: JsonLayer| layer.with_redactor(Redactor::with(&Options { cards: true, ..Options::default() }));
    let line = written(cards, || info!(card = 4_111_111_111_111_111_u64, other = 4_111_111_111_111_112_u64, "paid"));
    assert!(line.contains(r#","card":"[redacted]","other":4111111111111112}"#), "{line}");
}

#[test]
fn a_known_secret_is_hidden_wherever_it_stands() {
    check(|| info!("with {SECRET} in"), r#""message":"with [redacted] in""#);
    check(
        || info!(a = SECRET, b = %SECRET, c = ?SECRET, "m"),
        r#""a":"[redacted]","b":"[redacted]","c":"\"[redacted]\"""#,
    );
    check(|| info!(context = SECRET, "m"), r#""context":"[redacted]""#);
    check(|| info_span!("s", a = SECRET).in_scope(|| info!("m")), r#""a":"[redacted]""#);
    check(|| info!(component = SECRET, correlation_id = SECRET, "m"), r#""message":"m","correlation_id":"[redacted]""#);
    let error = std::io::Error::other(format!("no {SECRET}"));
    check(|| info!(error = &error as &dyn std::error::Error, "m"), r#""error":"no [redacted]""#);
}

#[test]
fn a_value_recorded_later_is_hidden_too() {
    let work = || {
        let span = info_span!("s", a = tracing::field::Empty, token = tracing::field::Empty);
        span.record("a", SECRET).record("token", 7);
        span.in_scope(|| info!("m"));
    };
    check(work, r#""a":"[redacted]","token":"[redacted]""#);
}

#[test]
fn a_secret_is_hidden_before_a_long_value_is_cut() {
    let value = format!("{}{SECRET}", "x".repeat(VALUE_LIMIT - 4));
    check(|| info!(%value, "m"), "x[red…[cut, 6 bytes]\"");
}

/// Tells whether it was rendered.
struct Watched(AtomicBool);

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.store(true, Ordering::Relaxed);
        formatter.write_str(SECRET)
    }
}

#[test]
fn a_secret_by_name_is_not_even_rendered() {
    let value = Watched(AtomicBool::new(false));
    check(|| info!(secret = ?value, "m"), r#""secret":"[redacted]""#);
    assert!(!value.0.load(Ordering::Relaxed));
}

#[test]
fn without_a_redactor_nothing_is_hidden() {
    let line = written(JsonLayer::without_redactor, || info!(password = 7, "{SECRET}"));
    assert!(line.contains(SECRET) && line.contains(r#""password":7"#), "{line}");
}

#[test]
fn two_layers_hide_what_each_of_them_knows() {
    let sinks = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let [open, closed] = sinks.clone().map(JsonLayer::new);
    let subscriber = tracing_subscriber::registry().with(open.without_redactor()).with(closed);
    tracing::subscriber::with_default(subscriber, || info_span!("s", password = "p-1").in_scope(|| info!("m")));
    let [open, closed] = sinks.map(|sink| String::from_utf8(sink.lock().unwrap().clone()).unwrap());
    assert!(open.contains(r#""password":"p-1""#), "{open}");
    assert!(closed.contains(r#""password":"[redacted]""#), "{closed}");
}
