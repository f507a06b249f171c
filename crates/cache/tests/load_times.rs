//! Loads and time, by a ticker that the test moves: what is remembered how long, and what a load is said to have taken.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use segno_cache::{Cache, Dice, Loading, Statistics, Terms, Ticker};

const SECOND: Duration = Duration::from_secs(1);

/// Seconds that pass when the test says so.
#[derive(Clone, Default)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn cache(&self) -> Cache<u32, u32> {
        let hands = self.clone();
        let ticker = Ticker::from_fn(move || Duration::from_secs(hands.0.load(Ordering::SeqCst)));
        Cache::builder().capacity(100).ticker(ticker).build()
    }
}

/// Follows a script: `+3` lets three seconds pass, `7` and `x` ask with a loader that says 7 or fails, `-` removes the
/// key. Expects what each question brings.
fn check(loading: &Loading, script: &str, expected: &str) {
    assert_eq!(follow(loading, script).0, expected, "{script}");
}

fn follow(loading: &Loading, script: &str) -> (String, Cache<u32, u32>) {
    let hands = Hands::default();
    let cache = hands.cache();
    let mut answers = Vec::new();
    for word in script.split(' ') {
        match word.strip_prefix('+') {
            Some(seconds) => hands.pass(seconds.parse().unwrap()),
            None if word == "-" => {
                cache.remove(&1);
            }
            None => {
                let answer = cache.get_or_load_with(&1, loading, || word.parse::<u32>());
                answers.push(answer.map_or("x".to_owned(), |value| value.to_string()));
            }
        }
    }
    (answers.join(" "), cache)
}

/// Follows a script and expects these hits, misses of what was over, misses of what was not there, and values that were
/// given though they were over.
fn check_counts(loading: &Loading, script: &str, expected: [u64; 4]) {
    let counted = follow(loading, script).1.statistics();
    let Statistics { hits, misses_expired, misses_absent, stale_hits, .. } = counted;
    assert_eq!([hits, misses_expired, misses_absent, stale_hits], expected, "{script}");
}

fn live(seconds: u64) -> Terms {
    Terms { time_to_live: Some(seconds as u32 * SECOND), ..Terms::default() }
}

#[test]
fn an_error_is_remembered_for_its_time_and_no_longer() {
    let loading = Loading { negative: Some(5 * SECOND), ..Loading::default() };
    check(&loading, "x 1 +4 2 +1 3 x", "x x x 3 3");
    check(&loading, "x - 1", "x 1");
}

#[test]
fn a_value_is_loaded_anew_when_its_time_is_over() {
    check(&Loading { terms: live(10), ..Loading::default() }, "1 +9 2 +1 3 +10 x +0 4", "1 1 3 x 4");
}

#[test]
fn a_value_past_its_time_is_given_if_its_load_fails_within_its_stale_time() {
    let loading = Loading { terms: live(10), stale_if_error: Some(5 * SECOND), ..Loading::default() };
    check(&loading, "1 +10 x +4 x +1 x", "1 1 1 x");
    check(&loading, "1 +10 2 x +9 x", "1 2 2 2");
}

#[test]
fn a_value_past_its_time_is_not_given_when_its_stale_time_is_over() {
    let loading = Loading { terms: live(10), stale_while_revalidate: Some(5 * SECOND), ..Loading::default() };
    // Who finds a refresh due makes it, and has what came of it.
    check(&loading, "1 +14 x 2 +15 x", "1 1 2 x");
}

#[test]
fn each_stale_time_has_its_own_end() {
    let stale_if_error = Some(60 * SECOND);
    let stale_while_revalidate = Some(5 * SECOND);
    let loading = Loading { terms: live(10), stale_while_revalidate, stale_if_error, ..Loading::default() };
    let hands = Hands::default();
    let cache = hands.cache();
    let ask = |says: &str| cache.get_or_load_with(&1, &loading, || says.parse::<u32>()).ok();
    assert_eq!(ask("1"), Some(1));
    hands.pass(14);
    // Somebody refreshes: everybody else has what is there.
    let inner = std::cell::Cell::new(None);
    let refresh = || {
        inner.set(ask("3"));
        "x".parse::<u32>()
    };
    assert_eq!(cache.get_or_load_with(&1, &loading, refresh).ok(), Some(1));
    assert_eq!(inner.get(), Some(1));
    hands.pass(1);
    // Now who asks has to wait, and somebody who waits for itself is told so.
    let refresh = || {
        inner.set(ask("3"));
        "x".parse::<u32>()
    };
    assert_eq!(cache.get_or_load_with(&1, &loading, refresh).ok(), Some(1));
    assert_eq!(inner.get(), Some(1), "an error, so that the old one is given");
    hands.pass(60);
    assert_eq!(ask("x"), None);
    assert_eq!(cache.statistics().stale_hits, 4);
}

#[test]
fn a_remembered_error_holds_refreshes_off() {
    let stale = Some(100 * SECOND);
    let loading = Loading { terms: live(10), stale_if_error: stale, negative: Some(5 * SECOND), ..Loading::default() };
    check(&loading, "1 +10 x 2 +5 3", "1 1 1 3");
}

#[test]
fn what_a_load_took_decides_when_its_value_is_refreshed_early() {
    let hands = Hands::default();
    let cache = hands.cache();
    // e^-1 is 0.37: a load of 20 s is refreshed if at most 20 s are left.
    let dice = Dice::from_fn(|| 1.0 - (-1.0f64).exp());
    let loading = Loading { terms: live(100), refresh_ahead: Some(1.0), dice, ..Loading::default() };
    let ask = |value: u32| {
        let load = || {
            hands.pass(20);
            Ok::<_, std::fmt::Error>(value)
        };
        cache.get_or_load_with(&1, &loading, load).unwrap()
    };
    assert_eq!(ask(1), 1);
    hands.pass(79);
    assert_eq!(ask(2), 1);
    hands.pass(2);
    assert_eq!(ask(3), 3);
}

#[test]
fn a_stale_value_is_a_miss_and_counted_where_it_is_given_out() {
    let stale = Some(100 * SECOND);
    let if_error = Loading { terms: live(10), stale_if_error: stale, ..Loading::default() };
    // Fresh, stale and loaded anew, fresh, stale and given because the load fails.
    check_counts(&if_error, "1 1 +10 2 2 +10 x", [2, 2, 1, 1]);
    check_counts(&if_error, "1 +10 x x 3 3", [1, 3, 1, 2]);
    let revalidate = Loading { terms: live(10), stale_while_revalidate: stale, ..Loading::default() };
    check_counts(&revalidate, "1 +10 2 2", [1, 1, 1, 1]);
}

#[test]
fn loads_are_counted() {
    let hands = Hands::default();
    let cache = hands.cache();
    for (key, answer) in [(1, Ok(1)), (1, Ok(2)), (2, Err("x")), (2, Ok(2))] {
        let load = || {
            hands.pass(3);
            answer
        };
        assert_eq!(cache.get_or_load(&key, load).is_ok(), answer.is_ok());
    }
    let counted = cache.statistics();
    assert_eq!((counted.loads, counted.load_failures, counted.joined), (2, 1, 0));
    assert_eq!((counted.load_time, counted.hits, counted.misses_absent), (9 * SECOND, 1, 3));
    let loaded = cache.get_or_load_many([1, 3, 4], |keys| {
        hands.pass(4);
        Ok::<_, std::fmt::Error>(keys.into_iter().map(|key| (key, key)))
    });
    assert_eq!(loaded.values.len(), 3);
    let counted = cache.statistics();
    assert_eq!((counted.loads, counted.load_time), (4, 13 * SECOND));
}

#[test]
fn what_is_remembered_of_errors_is_bounded() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let loading = Loading { negative: Some(Duration::MAX), ..Loading::default() };
    let count = 4 * Loading::MAX_FAILURES as u32;
    let fails = |key: &u32| cache.get_or_load_with(key, &loading, || Err("x")).is_err();
    assert!((0..count).all(|key| fails(&key)));
    let asked = std::cell::Cell::new(0);
    for key in 0..count {
        let ask = || {
            asked.set(asked.get() + 1);
            Err("x")
        };
        assert!(cache.get_or_load_with(&key, &Loading::default(), ask).is_err());
    }
    assert!(asked.get() >= count - Loading::MAX_FAILURES as u32, "{} were asked for again", asked.get());
    cache.clear();
    assert_eq!(cache.get_or_load(&(count - 1), || Ok::<_, std::fmt::Error>(1)).ok(), Some(1));
}
