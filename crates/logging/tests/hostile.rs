//! Values, threads and callers that misbehave while an event is written: nothing of ours panics, waits for ever or forgets.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use segno_logging::JsonLayer;
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

type Lines = Arc<Mutex<Vec<u8>>>;

fn dispatch(lines: &Lines) -> Dispatch {
    Dispatch::new(tracing_subscriber::registry().with(JsonLayer::new(Arc::clone(lines))))
}

/// The ends of all lines, behind the component.
fn check(lines: &Lines, expected: &[&str]) {
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let ends: Vec<&str> = text.lines().map(|line| line.split_once(r#""message":"#).unwrap().1).collect();
    assert_eq!(ends, expected);
}

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
fn a_value_that_panics_costs_its_own_event_and_no_other() {
    let lines = Lines::default();
    dispatcher::with_default(&dispatch(&lines), || {
        let span = info_span!("span", a = 1).entered();
        let panics = Does(|| panic!("no"));
        assert!(catch_unwind(AssertUnwindSafe(|| info!(before = 1, value = ?panics, "lost"))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| info_span!("bad", value = ?panics))).is_err());
        info!("next");
        drop(span);
        info!("last");
    });
    check(&lines, &[r#""next","a":1}"#, r#""last"}"#]);
}

#[test]
fn a_value_that_fails_to_be_shown_is_written_as_far_as_it_came() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("half")?;
            Err(fmt::Error)
        }
    }
    let lines = Lines::default();
    dispatcher::with_default(&dispatch(&lines), || info!(value = %Fails, "m"));
    check(&lines, &[r#""m","value":"half"}"#]);
}

thread_local! {
    static LAST: RefCell<Option<LogsAtTheEnd>> = const { RefCell::new(None) };
}

/// Logs when its thread ends, in a span of its own and in none.
struct LogsAtTheEnd(Dispatch);

impl Drop for LogsAtTheEnd {
    fn drop(&mut self) {
        dispatcher::with_default(&self.0, || {
            info_span!("end", a = 1).in_scope(|| info!("in a span"));
            info!("in none");
        });
    }
}

#[test]
fn a_thread_that_ends_can_still_log() {
    let lines = Lines::default();
    let dispatch = dispatch(&lines);
    // Set before the first event, so that it is dropped after the tables that events need.
    std::thread::spawn(move || {
        LAST.with(|last| *last.borrow_mut() = Some(LogsAtTheEnd(dispatch.clone())));
        dispatcher::with_default(&dispatch, || info!("first"));
    })
    .join()
    .unwrap();
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    // Whether `tracing` still has a subscriber for a thread that ends is its own affair; what arrives is whole.
    assert!(text.starts_with('{') && text.ends_with("}\n") && text.contains("first"));
}

#[test]
fn spans_nested_a_thousand_deep_are_joined_in_order() {
    let lines = Lines::default();
    dispatcher::with_default(&dispatch(&lines), || {
        let spans: Vec<_> = (0..1_000).map(|depth| info_span!("span", depth).entered()).collect();
        info!("bottom");
        spans.into_iter().rev().for_each(drop);
        info!("top");
    });
    check(&lines, &[r#""bottom","depth":999}"#, r#""top"}"#]);
}

#[test]
fn spans_are_left_in_any_order_on_any_thread() {
    let lines = Lines::default();
    let dispatch = dispatch(&lines);
    dispatcher::with_default(&dispatch, || {
        let [a, b] = [info_span!("a", a = 1), info_span!("b", b = 1)];
        let (in_a, in_b) = (a.enter(), b.enter());
        std::thread::scope(|scope| {
            scope.spawn(|| dispatcher::with_default(&dispatch, || a.in_scope(|| info!("elsewhere"))));
        });
        drop(in_a);
        info!("still in b");
        drop(in_b);
        info!("in none");
    });
    check(&lines, &[r#""elsewhere","a":1}"#, r#""still in b","b":1}"#, r#""in none"}"#]);
}
