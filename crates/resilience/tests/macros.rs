//! The attributes, as they stand in somebody's program.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![cfg(all(feature = "macros", feature = "tokio"))]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use segno_resilience::{Breaker, Failure, Policy, Registry, Verdict, policy, retry};

/// Fails so many times, then says how often it was called.
struct Flaky {
    calls: AtomicU32,
    failures: u32,
    kind: io::ErrorKind,
}

impl Flaky {
    fn new(failures: u32) -> Flaky {
        Flaky { calls: AtomicU32::new(0), failures, kind: io::ErrorKind::ConnectionRefused }
    }

    fn call(&self) -> Result<u32, io::Error> {
        match self.calls.fetch_add(1, Ordering::Relaxed) + 1 {
            call if call <= self.failures => Err(io::Error::from(self.kind)),
            call => Ok(call),
        }
    }

    #[retry(wait = "1ms", max_wait = "1ms")]
    fn method(&self) -> Result<u32, io::Error> {
        self.call()
    }
}

#[retry(attempts = 3, wait = "1ms", max_wait = "2ms")]
fn blocking(flaky: &Flaky) -> Result<u32, io::Error> {
    let call = flaky.call()?;
    Ok(call)
}

#[retry(wait = "1ms", jitter = "none", attempt = at)]
async fn asynchronous(flaky: &Flaky, text: String) -> Result<String, io::Error> {
    tokio::task::yield_now().await;
    let call = flaky.call()?;
    Ok(format!("{text} {call} {}", at.number))
}

#[retry(attempts = 9, when = may_pass)]
fn selective(flaky: &Flaky) -> Result<u32, io::Error> {
    flaky.call()
}

fn may_pass(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[policy("macros-preset")]
async fn preset(flaky: &Flaky) -> Result<u32, io::Error> {
    flaky.call()
}

#[policy("macros-judged", judge = never)]
fn judged(flaky: &Flaky) -> Result<u32, Failure<io::Error>> {
    flaky.call()
}

fn never(result: &Result<u32, io::Error>) -> Verdict {
    if result.is_ok() { Verdict::Ok } else { Verdict::Permanent }
}

#[test]
fn a_function_keeps_its_signature_and_is_tried_again() {
    assert_eq!(blocking(&Flaky::new(2)).unwrap(), 3);
    assert_eq!(blocking(&Flaky::new(3)).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(Flaky::new(1).method().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_async_function_knows_its_attempt_and_lends_its_arguments() {
    let text = asynchronous(&Flaky::new(1), "call".to_owned()).await.unwrap();
    assert_eq!(text, "call 2 2");
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let flaky = Flaky::new(5);
    assert!(selective(&flaky).is_err());
    assert_eq!(flaky.calls.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_nobody_set_up_is_preset() {
    assert_eq!(preset(&Flaky::new(2)).await.unwrap(), 3);
    let policy = Registry::global().find("macros-preset").unwrap();
    assert_eq!((policy.tally().succeeded, policy.tally().retries), (1, 2));
    assert!(policy.breaker().is_some() && policy.retry().budget().is_some());
}

#[test]
fn a_policy_is_found_by_its_name_at_each_call() {
    Registry::global().add(Policy::named("macros-judged").breaker(Breaker::in_a_row(1)).build().unwrap());
    let flaky = Flaky::new(9);
    assert!(!judged(&flaky).unwrap_err().is_rejected());
    assert!(judged(&flaky).unwrap_err().is_rejected());
    assert_eq!(flaky.calls.load(Ordering::Relaxed), 1);
    Registry::global().add(Policy::named("macros-judged").build().unwrap());
    assert!(!judged(&flaky).unwrap_err().is_rejected());
}

/// Names that the attributes use themselves, as arguments, constants and functions of somebody's program.
mod names {
    use super::*;

    const RETRY: u32 = 3;

    fn error(_: &io::Error) -> bool {
        true
    }

    fn result(_: &io::Error) -> bool {
        true
    }

    fn body(_: &Result<u32, io::Error>) -> Verdict {
        Verdict::Ok
    }

    #[retry(when = error, wait = "1ms", max_wait = "1ms")]
    pub(super) fn constant(flaky: &Flaky) -> Result<u32, io::Error> {
        flaky.call().map(|call| call + RETRY)
    }

    #[retry(when = result, wait = "1ms", max_wait = "1ms")]
    pub(super) async fn arguments(flaky: &Flaky, _attempt: u32, retry: u32, failure: u32) -> Result<u32, io::Error> {
        flaky.call().map(|call| call + _attempt + retry + failure + RETRY)
    }

    #[policy("macros-names", judge = body)]
    pub(super) fn judged(policy: u32, result: u32, _attempt: u32) -> Result<u32, Failure<io::Error>> {
        Ok(policy + result + _attempt)
    }

    #[retry(wait = "1ms", max_wait = "1ms")]
    pub(super) fn changed(mut count: u32, calls: &mut u32) -> Result<u32, io::Error> {
        count += 1;
        *calls += 1;
        if count < 3 { Err(io::Error::other("busy")) } else { Ok(count) }
    }
}

#[tokio::test(start_paused = true)]
async fn no_name_of_the_attribute_hides_one_of_the_program() {
    assert_eq!(names::constant(&Flaky::new(1)).unwrap(), 2 + 3);
    assert_eq!(names::arguments(&Flaky::new(1), 10, 100, 1_000).await.unwrap(), 2 + 3 + 1_110);
    assert_eq!(names::judged(1, 10, 100).unwrap(), 111);
}

#[test]
fn what_an_attempt_changed_in_an_argument_stays_changed() {
    let mut calls = 0;
    assert_eq!((names::changed(0, &mut calls).unwrap(), calls), (3, 3));
}
