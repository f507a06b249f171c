//! Work that is timed: what is counted, what is told, and by which attribute.

#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

use segno_logging::timing::{self, Operation, Outcome, timed};

/// Checks how often an operation succeeded, failed, was cancelled and panicked.
fn check(operation: &str, expected: [u64; 4]) {
    let timing = timing::of(operation).unwrap();
    assert_eq!([timing.succeeded, timing.failed, timing.cancelled, timing.panicked], expected, "{operation}");
}

fn poll_once<F: Future>(future: F) {
    let mut future = std::pin::pin!(future);
    _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[timed]
fn plain<'a>(text: &'a mut String, more: &str) -> &'a str {
    if more.is_empty() {
        return text;
    }
    text.push_str(more);
    text
}

#[timed(name = "reading a number")]
fn fallible(mut text: String) -> Result<u32, std::num::ParseIntError> {
    text.push('0');
    let number: u32 = text.parse()?;
    Ok(number)
}

#[timed(name = "opened")]
fn opened(text: &str) -> Result<impl Iterator<Item = char>, std::num::ParseIntError> {
    let number: usize = text.parse()?;
    Ok(text.chars().take(number))
}

#[timed(name = "opened later")]
async fn opened_later(text: &str) -> std::io::Result<Option<impl Iterator<Item = char>>> {
    Ok(Some(text.chars()))
}

#[timed(name = "later", slow = "1us")]
async fn later<T: Clone>(value: &T) -> std::io::Result<T> {
    Err(std::io::Error::other("no"))?;
    Ok(value.clone())
}

struct Shop(u32);

impl Shop {
    #[timed(name = "selling")]
    async fn sell(&mut self) -> u32 {
        self.0 -= 1;
        self.0
    }
}

#[test]
fn an_attribute_keeps_a_functions_signature_and_counts_how_it_ends() {
    let mut text = "a".to_owned();
    assert_eq!(plain(&mut text, "b"), "ab");
    assert_eq!(plain(&mut text, ""), "ab");
    check("plain", [2, 0, 0, 0]);
    assert_eq!(fallible("1".to_owned()), Ok(10));
    assert!(fallible("x".to_owned()).is_err());
    check("reading a number", [1, 1, 0, 0]);
    assert_eq!(opened("1").unwrap().collect::<String>(), "1");
    assert!(opened("x").is_err());
    check("opened", [1, 1, 0, 0]);
    poll_once(opened_later("a"));
    check("opened later", [1, 0, 0, 0]);
    poll_once(later(&1));
    check("later", [0, 1, 0, 0]);
    let mut shop = Shop(2);
    poll_once(shop.sell());
    assert_eq!(shop.0, 1);
    check("selling", [1, 0, 0, 0]);
}

#[test]
fn each_way_of_ending_is_counted() {
    static WORK: Operation = Operation::new("each way");
    WORK.time(|| ());
    WORK.start().end(Outcome::Failed);
    WORK.start().discard();
    assert!(WORK.time_result(|| Err::<(), u32>(1)).is_err());
    poll_once(WORK.future(ready(1)));
    poll_once(WORK.future(pending::<u32>()));
    // Never polled, so it never began.
    drop(WORK.future(pending::<u32>()));
    assert!(catch_unwind(AssertUnwindSafe(|| WORK.time(|| panic!("no")))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(WORK.future(async { panic!("no") })))).is_err());
    check("each way", [2, 2, 1, 2]);
}
