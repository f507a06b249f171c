//! Many keys at once: one call of the loader, and nothing twice.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io;
use std::time::Duration;

use segno_cache::{Cache, LoadError, LoadErrorKind, Loaded, Loading, Terms};

/// Shows what came of it as `key=value` and `key!kind`, by key.
fn show(loaded: &Loaded<u32, u32>) -> String {
    let values = loaded.values.iter().map(|(key, value)| (*key, format!("{key}={value}")));
    let failures = loaded.failures.iter().map(|(key, error)| (*key, format!("{key}!{:?}", error.kind())));
    let mut shown: Vec<(u32, String)> = values.chain(failures).collect();
    shown.sort();
    shown.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// The loader of these tests: ten times the key, nothing of keys from 100 on, and fails if one is 13.
fn load(keys: Vec<u32>) -> io::Result<Vec<(u32, u32)>> {
    if keys.contains(&13) {
        return Err(io::Error::other("unlucky"));
    }
    Ok(keys.into_iter().filter(|key| *key < 100).map(|key| (key, key * 10)).collect())
}

/// Asks for keys where 1 is there; expects what the loader is asked for and what comes of it.
fn check(keys: &[u32], asked: Option<&[u32]>, expected: &str) {
    let cache: Cache<u32, u32> = Cache::new(100);
    cache.insert(1, 1);
    let mut seen = None;
    let loaded = cache.get_or_load_many(keys.iter().copied(), |missing| {
        seen = Some(missing.clone());
        load(missing)
    });
    assert_eq!((seen.as_deref(), show(&loaded).as_str()), (asked, expected));
    for (key, value) in &loaded.values {
        assert_eq!(cache.get(key), Some(*value), "what was loaded is kept");
    }
}

#[test]
fn what_is_missing_is_loaded_with_one_call() {
    check(&[1, 2, 3], Some(&[2, 3]), "1=1 2=20 3=30");
}

#[test]
fn nothing_is_loaded_if_nothing_is_missing() {
    check(&[1, 1], None, "1=1");
    check(&[], None, "");
}

#[test]
fn a_key_that_is_named_twice_is_loaded_once() {
    check(&[2, 1, 2], Some(&[2]), "1=1 2=20");
}

#[test]
fn a_key_that_the_loader_leaves_out_is_in_neither_map() {
    check(&[2, 100], Some(&[2, 100]), "2=20");
}

#[test]
fn a_failure_is_that_of_each_key_that_was_missing() {
    check(&[1, 2, 13], Some(&[2, 13]), "1=1 2!Failed 13!Failed");
}

#[test]
fn what_was_not_asked_for_is_dropped() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let loaded = cache.get_or_load_many([1], |_| Ok::<_, io::Error>([(1, 10), (2, 20)]));
    assert_eq!((show(&loaded).as_str(), cache.get(&2)), ("1=10", None));
}

#[test]
fn a_panic_is_an_error_of_each_key() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let loaded = cache.get_or_load_many([1, 2], |_| -> io::Result<Vec<(u32, u32)>> { panic!("no way") });
    assert_eq!(show(&loaded), "1!Panicked 2!Panicked");
    assert_eq!(show(&cache.get_or_load_many([1, 2], load)), "1=10 2=20");
}

#[test]
fn a_loader_of_many_that_asks_for_one_of_them_is_told_so() {
    let cache: Cache<u32, u32> = Cache::new(100);
    for key in [1, 2, 3] {
        let loaded = cache.get_or_load_many([1, 2, 3], |_| {
            let inner = cache.get_or_load(&key, || Ok::<_, LoadError>(0));
            assert_eq!(inner.as_ref().unwrap_err().kind(), LoadErrorKind::Recursive);
            inner.map(|value| [(key, value)])
        });
        assert_eq!(show(&loaded), "1!Failed 2!Failed 3!Failed");
    }
}

#[test]
fn a_value_past_its_time_stands_in_for_a_failure_but_not_for_a_key_that_is_gone() {
    let minute = Some(Duration::from_secs(60));
    for (keys, expected) in [(vec![13, 2], "2=2 13=13"), (vec![2, 100], "2=20")] {
        let cache: Cache<u32, u32> = Cache::new(100);
        for key in &keys {
            let terms = Terms { time_to_live: Some(Duration::ZERO), stale: minute, ..Terms::default() };
            cache.insert_with(*key, *key, terms);
        }
        let loading = Loading { stale_if_error: minute, ..Loading::default() };
        assert_eq!(show(&cache.get_or_load_many_with(keys, &loading, load)), expected);
    }
}

#[test]
fn that_a_key_does_not_exist_may_be_remembered() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let loading = Loading { negative: Some(Duration::MAX), ..Loading::default() };
    assert_eq!(show(&cache.get_or_load_many_with([100, 2], &loading, load)), "2=20");
    let loaded = cache.get_or_load_many_with([100, 2], &loading, |_| -> io::Result<Vec<_>> { panic!("asked again") });
    assert_eq!(show(&loaded), "2=20");
    let single = cache.get_or_load_with(&100, &loading, || Ok::<_, io::Error>(1));
    assert_eq!(single.unwrap_err().kind(), LoadErrorKind::Absent);
}

#[cfg(feature = "tokio")]
mod tasks {
    use std::sync::{Arc, Mutex};

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const LOAD: Duration = Duration::from_millis(50);

    /// A cache whose loader takes 50 ms and notes what it is asked for.
    #[derive(Clone, Default)]
    struct Source {
        asked: Arc<Mutex<Vec<Vec<u32>>>>,
    }

    impl Source {
        async fn ask(&self, cache: &Cache<u32, u32>, keys: &[u32], loading: &Loading) -> Loaded<u32, u32> {
            let source = self.clone();
            let slow = move |missing: Vec<u32>| async move {
                source.asked.lock().unwrap().push(missing.clone());
                sleep(LOAD).await;
                load(missing)
            };
            cache.get_or_load_many_async_with(keys.iter().copied(), loading, slow).await
        }

        fn asked(&self) -> Vec<Vec<u32>> {
            self.asked.lock().unwrap().clone()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_load_already_is_waited_for() {
        let (cache, source, usual) = (Cache::new(100), Source::default(), Loading::default());
        let begun = Instant::now();
        let single = cache.get_or_load_async(&9, || async {
            sleep(LOAD).await;
            Ok::<_, io::Error>(9)
        });
        let (single, one, other) = tokio::join!(
            single,
            source.ask(&cache, &[1, 2, 3, 9], &usual),
            source.ask(&cache, &[4, 3, 2, 100], &usual)
        );
        assert_eq!((single.ok(), show(&one).as_str()), (Some(9), "1=10 2=20 3=30 9=9"));
        assert_eq!(show(&other), "2=20 3=30 4=40");
        assert_eq!((source.asked(), begun.elapsed()), (vec![vec![1, 2, 3], vec![4, 100]], LOAD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_of_others_is_shared_key_by_key() {
        let (cache, source, usual) = (Cache::new(100), Source::default(), Loading::default());
        let (one, other) = tokio::join!(source.ask(&cache, &[1, 13], &usual), source.ask(&cache, &[1, 2, 13], &usual));
        assert_eq!(show(&one), "1!Failed 13!Failed");
        assert_eq!(show(&other), "1!Failed 2=20 13!Failed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_of_many_survives_its_callers() {
        let (cache, source) = (Cache::new(100), Source::default());
        let usual = Loading::default();
        assert!(timeout(LOAD / 2, source.ask(&cache, &[1, 2], &usual)).await.is_err());
        let loading = Loading { limit: Some(LOAD / 4), ..Loading::default() };
        let loaded = source.ask(&cache, &[1, 2, 100], &loading).await;
        assert_eq!(show(&loaded), "1!TimedOut 2!TimedOut 100!TimedOut");
        sleep(LOAD).await;
        assert_eq!((cache.get(&1), cache.get(&2)), (Some(10), Some(20)));
        assert_eq!(source.asked(), [vec![1, 2], vec![100]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loader_of_many_tasks_that_asks_for_one_of_them_is_told_so() {
        let cache: Cache<u32, u32> = Cache::new(100);
        let inner = cache.clone();
        let load = |_: Vec<u32>| async move {
            let answer = inner.get_or_load_async(&2, async || Ok::<_, io::Error>(0)).await;
            assert_eq!(answer.as_ref().unwrap_err().kind(), LoadErrorKind::Recursive);
            answer.map(|value| [(2, value)])
        };
        assert_eq!(show(&cache.get_or_load_many_async([1, 2, 3], load).await), "1!Failed 2!Failed 3!Failed");
    }

    #[test]
    fn outside_of_a_runtime_tasks_cannot_load_and_are_told_so() {
        let cache: Cache<u32, u32> = Cache::new(100);
        let asking = std::pin::pin!(cache.get_or_load_many_async([1, 2], async |keys| load(keys)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(loaded) = asking.poll(&mut context) else { panic!("it waits") };
        assert_eq!(show(&loaded), "1!Cancelled 2!Cancelled");
    }
}
