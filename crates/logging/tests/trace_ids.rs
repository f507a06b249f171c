//! The ids of spans in several processes of one trace.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::HashSet;
use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};

use segno_logging::JsonLayer;
use segno_logging::correlation::{self, Id};
use tracing_subscriber::layer::SubscriberExt;

const CHILD: &str = "SEGNO_LOGGING_TRACE_TEST";

/// The spans of two calls of the same work.
fn spans() -> [String; 2] {
    let subscriber = tracing_subscriber::registry().with(JsonLayer::new(Arc::new(Mutex::new(Vec::new()))));
    tracing::subscriber::with_default(subscriber, || {
        correlation::span(&Id::new("run-7"))
            .in_scope(|| [(); 2].map(|()| correlation::current_trace().unwrap().span_id()))
    })
}

/// What another process says, which is this test again.
fn spans_elsewhere() -> Vec<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "processes_of_one_trace_have_spans_of_their_own", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("span ")).map(str::to_owned).collect()
}

#[test]
fn processes_of_one_trace_have_spans_of_their_own() {
    if env::var_os(CHILD).is_some() {
        spans().iter().for_each(|span| println!("\nspan {span}"));
        return;
    }
    let all: HashSet<String> = spans().into_iter().chain(spans_elsewhere()).chain(spans_elsewhere()).collect();
    assert_eq!(all.len(), 6);
}
