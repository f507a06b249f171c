//! A value that itself logs, records and opens spans while it is rendered, which `tracing` lets happen under a global subscriber.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fmt;
use std::sync::{Arc, Mutex};

use segno_logging::JsonLayer;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt;

/// Does something while it is rendered.
struct Does<F>(F);

impl<F: Fn()> fmt::Debug for Does<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("did")?;
        (self.0)();
        Ok(())
    }
}

#[test]
fn a_value_may_open_record_and_leave_spans_while_it_is_rendered() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::registry().with(JsonLayer::new(Arc::clone(&lines)));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let outer = info_span!("outer", a = 0);
    let _entered = outer.clone().entered();
    let value = Does(|| {
        outer.record("a", 1);
        info_span!("inner", b = ?Does(|| info!("deep"))).in_scope(|| info!("within"));
    });
    info!(?value, "outside");

    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let ends: Vec<&str> = text.lines().map(|line| line.split_once(r#""message":"#).unwrap().1).collect();
    assert_eq!(ends, [r#""deep","a":1}"#, r#""within","a":1,"b":"did"}"#, r#""outside","a":1,"value":"did"}"#]);
}
