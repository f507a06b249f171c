//! Policies in settings files: what half a range means, and which mistakes are told how.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![cfg(all(feature = "serde", feature = "rate", feature = "tokio"))]

use std::time::Duration;

use segno_resilience::{BulkheadConfig, ConcurrencyConfig, HedgeConfig, Jitter, PolicyConfig, RateConfig, Verdict};

/// Checks that a policy is built, or why it is not.
fn check(text: &str, expected: Result<(), &str>) {
    let config: PolicyConfig = toml::from_str(text).unwrap();
    let built = config.build("test").map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(built, expected.map_err(str::to_owned), "{text}");
    // What was read can be written and read again.
    assert_eq!(toml::from_str::<PolicyConfig>(&toml::to_string(&config).unwrap()).unwrap(), config, "{text}");
}

/// Checks the first and the last wait of a retry, in milliseconds.
fn check_waits(retry: &str, first: u64, last: u64) {
    let config: PolicyConfig =
        toml::from_str(&format!("retry = {{ attempts = 99, jitter = 'none', {retry} }}")).unwrap();
    assert_eq!(config.retry.as_ref().unwrap().jitter, Jitter::None);
    let policy = config.build("test").unwrap();
    let wait = |attempts| policy.retry().next(attempts, Verdict::Transient, 0.5).unwrap();
    assert_eq!((wait(1), wait(98)), (Duration::from_millis(first), Duration::from_millis(last)), "{retry}");
}

#[test]
fn the_other_end_of_a_range_follows_the_one_that_is_set() {
    check_waits("", 50, 5_000);
    check_waits("wait = '10s'", 10_000, 10_000);
    check_waits("wait = '1s'", 1_000, 5_000);
    check_waits("max_wait = '10ms'", 10, 10);
    check_waits("max_wait = '1s'", 50, 1_000);
    check("retry = { wait = '2s', max_wait = '1s' }", Err("a back-off cannot start at 2s and end at 1s"));
}

#[test]
fn a_key_that_says_nothing_is_an_error() {
    let window = "says nothing without `failures` or `slow`, of which it is the window";
    check("breaker = { of_last = 50 }", Err(&format!("`of_last` {window}")));
    check("breaker = { in_a_row = 9, within = '1m' }", Err(&format!("`within` {window}")));
    check("breaker = { slow_share = 0.5 }", Err("`slow_share` says nothing without `slow`"));
    let both = "breaker = { failures = 0.5, within = '1m', of_last = 100 }";
    check(both, Err("`within` cannot stand beside `of_last`"));
    let least = "`min_calls` says nothing without `failures` or `slow`: failures in a row open at any number of calls";
    check("breaker = { in_a_row = 5, min_calls = 200 }", Err(least));
    check("breaker = { min_calls = 3 }", Err(least));
    check("retry = { budget_capacity = 3 }", Err("`budget_capacity` says nothing without `budget`"));
    check("hedge = { at_most = 2 }", Err("`hedge` needs `after` or `percentile`"));
    check("hedge = { after = '1s', percentile = 0.9 }", Err("`after` cannot stand beside `percentile`"));
}

#[test]
fn a_number_that_is_wrong_goes_before_a_key_that_says_nothing() {
    check("breaker = { of_last = 50, probes = 0 }", Err("a breaker's probes must be from 1 to 65535, not 0"));
    check("hedge = { after = '0s' }", Err("the time before a hedge must be longer than nothing, not 0ns"));
    let half_open = "breaker = { half_open_for = '0s' }";
    check(half_open, Err("the time that a breaker is half-open must be longer than nothing, not 0ns"));
    check("retry = { budget = 0.1, budget_capacity = 0 }", Err("a budget's capacity must be at least 1, not 0"));
    check("hedge = { percentile = 1.0 }", Err("a hedge's percentile must be between 0 and 1, not 1.0"));
}

#[test]
fn all_that_the_parts_can_do_can_be_set() {
    check("breaker = { failures = 0.5, within = '1m', min_calls = 200, half_open_for = '5s' }", Ok(()));
    check("breaker = { slow = '1s', of_last = 50, min_calls = 20 }", Ok(()));
    check("hedge = { percentile = 0.95, at_least = '10ms', at_most = 2 }", Ok(()));
    check("concurrency = { algorithm = 'aimd', initial = 1, queue = 1, max_wait = '1s' }", Ok(()));
    let config: PolicyConfig = toml::from_str("retry = { budget = 0.5, budget_capacity = 3 }").unwrap();
    assert_eq!(config.build("test").unwrap().state().budget, Some(3.0));
}

#[test]
fn a_part_needs_no_more_than_what_it_is_about() {
    let rate = RateConfig { calls: 7, ..RateConfig::default() };
    let bulkhead = BulkheadConfig { max: 3, ..BulkheadConfig::default() };
    let hedge = HedgeConfig { percentile: Some(0.9), ..HedgeConfig::default() };
    let (rate, bulkhead, hedge) = (Some(rate), Some(bulkhead), Some(hedge));
    let concurrency = Some(ConcurrencyConfig::default());
    assert!(PolicyConfig { rate, bulkhead, concurrency, hedge, ..PolicyConfig::default() }.build("test").is_ok());
}
