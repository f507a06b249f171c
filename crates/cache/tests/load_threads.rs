//! Loads on threads: the first caller loads, and whatever happens to him is told.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io;
use std::num::ParseIntError;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use segno_cache::{Cache, Dice, LoadError, LoadErrorKind, Loading, Terms};

/// Asks with what the loader says, and expects a value or a kind of error.
fn check(cache: &Cache<u32, u32>, loading: &Loading, says: &str, expected: Result<u32, LoadErrorKind>) {
    let answer = cache.get_or_load_with(&1, loading, || match says {
        "panic" => panic!("no way"),
        text => text.parse::<u32>(),
    });
    assert_eq!(answer.map_err(|error| error.kind()), expected, "{says}");
}

#[test]
fn a_value_that_is_there_is_not_loaded() {
    let cache = Cache::new(10);
    check(&cache, &Loading::default(), "7", Ok(7));
    check(&cache, &Loading::default(), "8", Ok(7));
}

#[test]
fn errors_and_panics_are_told_and_not_kept() {
    let cache = Cache::new(10);
    check(&cache, &Loading::default(), "x", Err(LoadErrorKind::Failed));
    check(&cache, &Loading::default(), "panic", Err(LoadErrorKind::Panicked));
    check(&cache, &Loading::default(), "7", Ok(7));
}

#[test]
fn an_error_keeps_its_source_and_does_not_repeat_it() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let error = cache.get_or_load(&1, || "x".parse::<u32>()).unwrap_err();
    assert_eq!(error.to_string(), "a value could not be loaded");
    assert!(error.downcast_ref::<ParseIntError>().is_some() && error.downcast_ref::<io::Error>().is_none());
    assert!(std::error::Error::source(&error).is_some());
    let error = cache.get_or_load(&1, || Err::<u32, _>("a text is an error too")).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "a text is an error too");
}

#[test]
fn an_error_may_be_remembered_until_the_key_is_removed() {
    let cache = Cache::new(10);
    let loading = Loading { negative: Some(Duration::MAX), ..Loading::default() };
    check(&cache, &loading, "x", Err(LoadErrorKind::Failed));
    check(&cache, &loading, "7", Err(LoadErrorKind::Failed));
    cache.remove(&1);
    check(&cache, &loading, "7", Ok(7));
}

#[test]
fn a_time_of_nothing_remembers_no_error() {
    let cache = Cache::new(10);
    let loading = Loading { negative: Some(Duration::ZERO), ..Loading::default() };
    check(&cache, &loading, "panic", Err(LoadErrorKind::Panicked));
    check(&cache, &loading, "7", Ok(7));
}

#[test]
fn a_value_past_its_time_is_given_if_its_load_fails() {
    let minute = Some(Duration::from_secs(60));
    for (loading, expected) in [
        (Loading { stale_if_error: minute, ..Loading::default() }, Ok(1)),
        (Loading { stale_while_revalidate: minute, ..Loading::default() }, Ok(1)),
        (Loading::default(), Err(LoadErrorKind::Failed)),
    ] {
        let cache = Cache::new(10);
        cache.insert_with(1, 1, Terms { time_to_live: Some(Duration::ZERO), stale: minute, ..Terms::default() });
        check(&cache, &loading, "x", expected);
        check(&cache, &loading, "2", Ok(2));
    }
}

#[test]
fn chance_decides_whether_a_value_is_refreshed_early() {
    let terms = || {
        let (live, cost) = (Some(Duration::from_secs(1000)), Some(Duration::from_secs(1000)));
        Terms { time_to_live: live, cost, ..Terms::default() }
    };
    // With a cost of the whole time, -ln(1 - chance) must be 1 or more.
    for (chance, beta, expected) in [(0.6, 1.0, 1), (0.7, 1.0, 2), (0.7, 0.5, 1), (0.7, f64::NAN, 1), (0.7, 0.0, 1)] {
        let cache = Cache::new(10);
        cache.insert_with(1, 1, terms());
        let dice = Dice::from_fn(move || chance);
        let loading = Loading { refresh_ahead: Some(beta), dice, terms: terms(), ..Loading::default() };
        check(&cache, &loading, "x", Ok(1));
        // Who refreshes has the newer value.
        check(&cache, &loading, "2", Ok(expected));
        assert_eq!(cache.get(&1), Some(expected), "{chance} {beta}");
    }
}

#[test]
fn a_loader_that_asks_for_its_own_key_is_told_so() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let inner = || cache.get_or_load(&1, || Ok::<_, LoadError>(1));
    let between = || cache.get_or_load(&2, inner);
    for error in [cache.get_or_load(&1, inner).unwrap_err(), cache.get_or_load(&1, between).unwrap_err()] {
        let mut deepest = &error;
        while let Some(cause) = deepest.downcast_ref::<LoadError>() {
            deepest = cause;
        }
        assert_eq!(deepest.kind(), LoadErrorKind::Recursive);
    }
    assert_eq!(cache.get_or_load(&1, || cache.get_or_load(&2, || Ok::<_, LoadError>(2))).ok(), Some(2));
}

#[test]
fn two_threads_whose_loaders_ask_for_each_others_keys_do_not_wait_for_ever() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let meet = std::sync::Barrier::new(2);
    let load = |own: u32, other: u32| {
        cache.get_or_load(&own, || {
            meet.wait();
            cache.get_or_load(&other, || Ok::<_, LoadError>(other))
        })
    };
    let answers = thread::scope(|scope| {
        let other = scope.spawn(|| load(2, 1));
        [load(1, 2), other.join().unwrap()]
    });
    // Whoever asks last is told, and his load's error is the other's.
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.kind() == LoadErrorKind::Failed)));
}

#[test]
fn a_caller_with_a_limit_leaves_a_load_that_never_ends() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let (begun, has_begun) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<u32>();
    thread::scope(|scope| {
        let leader = scope.spawn(|| {
            cache.get_or_load(&1, move || {
                begun.send(()).unwrap();
                may_end.recv()
            })
        });
        has_begun.recv().unwrap();
        let loading = Loading { limit: Some(Duration::from_millis(1)), ..Loading::default() };
        check(&cache, &loading, "7", Err(LoadErrorKind::TimedOut));
        end.send(9).unwrap();
        assert_eq!(leader.join().unwrap().ok(), Some(9));
        check(&cache, &loading, "7", Ok(9));
    });
}

#[test]
fn who_asks_after_a_removal_does_not_get_what_was_loaded_before() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let answer = cache.get_or_load(&1, || {
        assert_eq!(cache.remove(&1), None);
        // The older load still runs, and this is no recursion: it is another load.
        assert_eq!(cache.get_or_load(&1, || Ok::<_, LoadError>(2)).ok(), Some(2));
        Ok::<_, LoadError>(1)
    });
    assert_eq!((answer.ok(), cache.get(&1)), (Some(1), Some(2)));
}
