//! What lines say of spans that open and change in any order, beside a slow way to find it out.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use segno_logging::JsonLayer;
use tracing::field::Empty;
use tracing::{Span, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// What happens; a number beyond the spans begins with the first one again.
#[derive(Debug, Clone)]
enum Act {
    Open {
        inside: usize,
    },
    Record {
        span: usize,
        name: usize,
        value: u64,
    },
    LogIn {
        span: usize,
    },
    /// In the span that the thread is in all the time.
    Log,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (0_usize..8).prop_map(|inside| Act::Open { inside }),
        (0_usize..8, 0..NAMES.len(), 0_u64..100).prop_map(|(span, name, value)| Act::Record { span, name, value }),
        (0_usize..8).prop_map(|span| Act::LogIn { span }),
        Just(Act::Log),
    ];
    prop::collection::vec(act, 1..60)
}

/// A span with the fields of its own.
struct Known {
    span: Span,
    parent: Option<usize>,
    fields: BTreeMap<&'static str, u64>,
}

fn open(parent: Option<usize>, spans: &mut Vec<Known>) {
    let outer = parent.and_then(|parent| spans[parent].span.id());
    let span = info_span!(parent: outer, "span", a = Empty, b = Empty, c = Empty);
    spans.push(Known { span, parent, fields: BTreeMap::new() });
}

/// From the outermost span to this one, the inner ones winning.
fn expected(spans: &[Known], of: usize) -> BTreeMap<&'static str, u64> {
    let mut fields = spans[of].parent.map(|parent| expected(spans, parent)).unwrap_or_default();
    fields.extend(&spans[of].fields);
    fields
}

fn said(line: &[u8]) -> BTreeMap<&'static str, u64> {
    let line: serde_json::Value = serde_json::from_slice(line).unwrap();
    NAMES.into_iter().filter_map(|name| Some((name, line[name].as_u64()?))).collect()
}

/// Does all of it inside the second of two spans.
fn check(acts: &[Act]) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let layer = JsonLayer::new(Arc::clone(&lines));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let mut spans = Vec::new();
        open(None, &mut spans);
        open(Some(0), &mut spans);
        let entered = spans[1].span.clone().entered();
        for act in acts {
            let count = spans.len();
            match *act {
                Act::Open { inside } => open(Some(inside % count), &mut spans),
                Act::Record { span, name, value } => {
                    let known = &mut spans[span % count];
                    known.span.record(NAMES[name], value);
                    known.fields.insert(NAMES[name], value);
                }
                Act::LogIn { span } => {
                    info!(parent: &spans[span % count].span, "in");
                    assert_eq!(said(&std::mem::take(&mut *lines.lock().unwrap())), expected(&spans, span % count));
                }
                Act::Log => {
                    info!("here");
                    assert_eq!(said(&std::mem::take(&mut *lines.lock().unwrap())), expected(&spans, 1));
                }
            }
        }
        drop(entered);
    });
}

proptest! {
    #[test]
    fn a_line_says_what_the_spans_round_it_say_by_then(acts in acts()) {
        check(&acts);
    }
}
