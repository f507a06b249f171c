//! Loads as tasks, on a paused clock: one load whatever happens to the callers.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use segno_cache::{Cache, LoadError, LoadErrorKind, Loading};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};

const LOAD: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_millis(20);

/// A cache, and a source that takes 50 ms and counts how often it is asked.
#[derive(Clone)]
struct Source {
    cache: Cache<u32, u32>,
    loads: Arc<AtomicU32>,
    fails: bool,
}

impl Source {
    fn new(fails: bool) -> Source {
        Source { cache: Cache::new(100), loads: Arc::default(), fails }
    }

    async fn ask(&self, key: u32, loading: Loading) -> Result<u32, LoadError> {
        let (loads, fails) = (Arc::clone(&self.loads), self.fails);
        let load = move || async move {
            loads.fetch_add(1, Ordering::SeqCst);
            sleep(LOAD).await;
            if fails { Err(io::Error::other("down")) } else { Ok(key * 10) }
        };
        self.cache.get_or_load_async_with(&key, &loading, load).await
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }
}

/// Lets 64 tasks ask for one key, and returns what they were told and how long it took.
async fn storm(source: &Source) -> (Vec<Result<u32, LoadError>>, Duration) {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let source = source.clone();
        tasks.spawn(async move { source.ask(7, Loading::default()).await });
    }
    (tasks.join_all().await, begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn tasks_that_miss_one_key_load_it_once() {
    let source = Source::new(false);
    let (answers, took) = storm(&source).await;
    assert!(answers.iter().all(|answer| answer.as_ref().ok() == Some(&70)));
    assert_eq!((source.loads(), took), (1, LOAD));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_is_made_once_and_its_error_shared() {
    let source = Source::new(true);
    let (answers, took) = storm(&source).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), LoadErrorKind::Failed);
        assert_eq!(error.downcast_ref::<io::Error>().unwrap().to_string(), "down");
    }
    assert_eq!((source.loads(), took), (1, LOAD));
    assert!(source.ask(7, Loading::default()).await.is_err());
    assert_eq!(source.loads(), 2, "an error is not kept unless that is asked for");
}

#[tokio::test(start_paused = true)]
async fn a_load_survives_the_caller_that_began_it() {
    let source = Source::new(false);
    let mut leader = Box::pin(source.ask(7, Loading::default()));
    assert!(timeout(LIMIT, &mut leader).await.is_err());
    let follower = tokio::spawn({
        let source = source.clone();
        async move { source.ask(7, Loading::default()).await }
    });
    tokio::task::yield_now().await;
    drop(leader);
    assert_eq!(follower.await.unwrap().ok(), Some(70));
    assert_eq!(source.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_filled_though_every_caller_gives_up_before() {
    for is_dropped in [true, false] {
        let source = Source::new(false);
        let mut answers = Vec::new();
        for _ in 0..30 {
            let loading = Loading { limit: (!is_dropped).then_some(LIMIT), ..Loading::default() };
            let limit = if is_dropped { LIMIT } else { Duration::MAX };
            let source = source.clone();
            answers.push(tokio::spawn(async move { timeout(limit, source.ask(7, loading)).await }));
            sleep(Duration::from_millis(10)).await;
        }
        let mut given = 0;
        for answer in answers {
            match answer.await.unwrap() {
                Ok(Ok(value)) => {
                    assert_eq!(value, 70);
                    given += 1;
                }
                Ok(Err(error)) => assert_eq!(error.kind(), LoadErrorKind::TimedOut),
                Err(_) => assert!(is_dropped),
            }
        }
        // Those that came 30 ms after the beginning or later.
        assert_eq!((source.loads(), given), (1, 27), "{is_dropped}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_never_ends_keeps_one_place_and_gives_way_to_an_invalidation() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let loading = Loading { limit: Some(LIMIT), ..Loading::default() };
    for _ in 0..100 {
        let answer = cache.get_or_load_async_with(&1, &loading, std::future::pending::<io::Result<u32>>).await;
        assert_eq!(answer.unwrap_err().kind(), LoadErrorKind::TimedOut);
    }
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
    cache.remove(&1);
    let answer = cache.get_or_load_async(&1, async || Ok::<_, io::Error>(10)).await;
    assert_eq!(answer.ok(), Some(10));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_everybody_who_waits() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let panics = [false, true];
    for is_late in panics {
        let load = move || async move {
            if is_late {
                sleep(LOAD).await;
            }
            if true {
                panic!("no way");
            }
            Ok::<u32, io::Error>(1)
        };
        let (one, other) = tokio::join!(cache.get_or_load_async(&1, load), cache.get_or_load_async(&1, load));
        for error in [one.unwrap_err(), other.unwrap_err()] {
            assert_eq!(error.kind(), LoadErrorKind::Panicked);
            assert_eq!(error.to_string(), "the loader of a value panicked: no way");
        }
        assert_eq!(cache.get_or_load_async(&1, async || Ok::<_, io::Error>(10)).await.ok(), Some(10));
        cache.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_asks_for_its_own_key_is_told_so() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let inner = cache.clone();
    let load = move || async move { inner.get_or_load_async(&1, async || Ok::<_, io::Error>(1)).await };
    let error = cache.get_or_load_async(&1, load).await.unwrap_err();
    let cause = error.downcast_ref::<LoadError>().unwrap();
    assert_eq!((error.kind(), cause.kind()), (LoadErrorKind::Failed, LoadErrorKind::Recursive));
}

#[tokio::test(start_paused = true)]
async fn loads_that_ask_for_each_other_are_told_so() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let other = |key: u32| {
        let cache = cache.clone();
        move || async move {
            sleep(LOAD).await;
            let next = cache.get_or_load_async(&(3 - key), async || Ok::<_, io::Error>(0)).await;
            next.map(|_| key)
        }
    };
    let (one, two) = tokio::join!(cache.get_or_load_async(&1, other(1)), cache.get_or_load_async(&2, other(2)));
    let errors = [one.unwrap_err(), two.unwrap_err()];
    let deepest = |error: &LoadError| {
        let mut error = error.clone();
        while let Some(cause) = error.downcast_ref::<LoadError>() {
            error = cause.clone();
        }
        error.kind()
    };
    assert!(errors.iter().all(|error| deepest(error) == LoadErrorKind::Recursive), "{errors:?}");
}

#[test]
fn a_runtime_that_is_shut_down_during_a_load_tells_who_waits() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut waiting = Box::pin(cache.get_or_load_async(&1, std::future::pending::<io::Result<u32>>));
    let answer = runtime.block_on(async { timeout(LIMIT, &mut waiting).await });
    assert!(answer.is_err());
    drop(runtime);
    let elsewhere = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(elsewhere.block_on(waiting).unwrap_err().kind(), LoadErrorKind::Cancelled);
    let answer = elsewhere.block_on(cache.get_or_load_async(&1, async || Ok::<_, io::Error>(10)));
    assert_eq!(answer.ok(), Some(10));
}

#[test]
fn outside_of_a_runtime_a_task_cannot_load_and_is_told_so() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let asking = cache.get_or_load_async(&1, async || Ok::<_, io::Error>(10));
    let mut asking = std::pin::pin!(asking);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(answer) = asking.as_mut().poll(&mut context) else { panic!("it waits") };
    assert_eq!(answer.unwrap_err().kind(), LoadErrorKind::Cancelled);
    assert_eq!(cache.get_or_load(&1, || Ok::<_, io::Error>(20)).ok(), Some(20));
}

#[tokio::test(start_paused = true)]
async fn what_is_invalidated_during_its_load_is_given_to_who_waits_and_not_kept() {
    type Invalidate = fn(&Cache<u32, u32>);
    let ways: [(&str, Invalidate); 6] = [
        ("remove", |cache| assert_eq!(cache.remove(&7), None)),
        ("tag", |cache| assert_eq!(cache.invalidate_tag("t"), 0)),
        ("predicate", |cache| assert_eq!(cache.invalidate_if(|key, _| *key == 7), 0)),
        ("clear", |cache| cache.clear()),
        ("insert", |cache| cache.insert(7, 1)),
        ("another key", |cache| cache.insert(8, 1)),
    ];
    for (name, invalidate) in ways {
        let source = Source::new(false);
        let loading = || {
            let terms = segno_cache::Terms { tags: vec!["t".into()], ..Default::default() };
            Loading { terms, ..Loading::default() }
        };
        let mut early = Box::pin(source.ask(7, loading()));
        assert!(timeout(LIMIT, &mut early).await.is_err());
        invalidate(&source.cache);
        let late = source.ask(7, loading());
        let (early, late) = tokio::join!(early, late);
        assert_eq!(early.ok(), Some(70), "{name}");
        let expected = match name {
            "insert" => (1, 1),
            "another key" => (70, 1),
            _ => (70, 2),
        };
        assert_eq!((late.unwrap(), source.loads()), expected, "{name}");
        assert_eq!(source.cache.get(&7), Some(expected.0), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_past_its_time_is_given_while_one_task_loads_a_newer_one() {
    let source = Source::new(false);
    let loading = || Loading { stale_while_revalidate: Some(Duration::from_secs(60)), ..Loading::default() };
    let terms = segno_cache::Terms {
        time_to_live: Some(Duration::ZERO),
        stale: Some(Duration::from_secs(60)),
        ..Default::default()
    };
    source.cache.insert_with(7, 1, terms);
    for _ in 0..10 {
        assert_eq!(source.ask(7, loading()).await.ok(), Some(1));
    }
    tokio::task::yield_now().await;
    assert_eq!(source.loads(), 1);
    advance(LOAD).await;
    tokio::task::yield_now().await;
    assert_eq!(source.cache.get(&7), Some(70));
}

/// Waits until so many callers wait for somebody else's load.
fn until_joined(cache: &Cache<u32, u32>, count: u64) {
    while cache.statistics().joined < count {
        std::thread::yield_now();
    }
}

const NOBODY: fn() -> io::Result<u32> = || panic!("somebody loads it already");

#[test]
fn threads_wait_for_the_load_of_a_task() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel();
    let (begin, begun) = std::sync::mpsc::channel();
    let asking = cache.clone();
    let task = runtime.spawn(async move {
        let load = || async move {
            begin.send(()).unwrap();
            ended.await
        };
        asking.get_or_load_async(&1, load).await
    });
    begun.recv().unwrap();
    std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| cache.get_or_load(&1, NOBODY).ok()));
        until_joined(&cache, 2);
        end.send(7).unwrap();
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [Some(7), Some(7)]);
    });
    assert_eq!(runtime.block_on(task).unwrap().ok(), Some(7));
    assert_eq!(cache.statistics().loads, 1);
}

#[test]
fn tasks_wait_for_the_load_of_a_thread() {
    let cache: Cache<u32, u32> = Cache::new(100);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (end, ended) = std::sync::mpsc::channel();
    let (begin, begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let load = move || {
                begin.send(()).unwrap();
                ended.recv()
            };
            cache.get_or_load(&1, load).ok()
        });
        begun.recv().unwrap();
        let tasks = [(); 2].map(|()| {
            let cache = cache.clone();
            runtime.spawn(async move { cache.get_or_load_async(&1, async || NOBODY()).await.ok() })
        });
        until_joined(&cache, 2);
        end.send(7).unwrap();
        assert_eq!(tasks.map(|task| runtime.block_on(task).unwrap()), [Some(7), Some(7)]);
        assert_eq!(thread.join().unwrap(), Some(7));
    });
}
