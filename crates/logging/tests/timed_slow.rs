//! What timed work says in the log. Alone in its process: a call site that another thread meets first, without a subscriber, may
//! be taken as disabled for a moment.

#![cfg(feature = "subscriber")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use segno_logging::JsonLayer;
use segno_logging::timing::Operation;
use tracing_subscriber::layer::SubscriberExt;

#[test]
fn a_slow_operation_is_a_warning_and_a_fast_one_a_detail() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(JsonLayer::new(Arc::clone(&lines)));
    tracing::subscriber::with_default(subscriber, || {
        Operation::new("fast").slow_after(Duration::from_secs(3_600)).time(|| ());
        _ = Operation::new("slow").slow_after(Duration::ZERO).time_result(|| Err::<(), ()>(()));
    });
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |line: &serde_json::Value| ["level", "message", "operation", "outcome"].map(|key| line[key].clone());
    assert_eq!(told(&lines[0]), ["DEBUG", "timed", "fast", "succeeded"]);
    assert_eq!(told(&lines[1]), ["WARN", "slow operation", "slow", "failed"]);
    assert!(lines[1]["took_ms"].is_f64() && lines[1]["slow_after_ms"] == 0.0);
}
