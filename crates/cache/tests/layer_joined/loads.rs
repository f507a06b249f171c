//! Loads through layers: one at a time for each key, layers first, and what was loaded reaches all of them unless its key was
//! changed meanwhile.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::double::{Double, Mood};
use segno_cache::{BlockingLayered, Cache, Digest, Layered, LoadError, LoadErrorKind, Loading, Raw, Terms};
use tokio::time::{sleep, timeout};

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn over(layer: &Arc<Double>) -> Layered<String> {
    Layered::builder(Raw).memory(Cache::new(100)).layer(Arc::clone(layer) as _).build()
}

/// Loads a key in 50 ms, counting.
async fn load(layers: &Layered<String>, loads: &Arc<AtomicUsize>, fails: bool) -> Result<String, LoadError> {
    let loads = Arc::clone(loads);
    let load = move || async move {
        loads.fetch_add(1, SeqCst);
        sleep(Duration::from_millis(50)).await;
        if fails { Err(io::Error::other("no")) } else { Ok("value".to_owned()) }
    };
    layers.get_or_load(&key("a"), &Loading::default(), load).await
}

/// Lets 64 tasks ask for one key, and says how many got a value and how many loads there were.
async fn check_crowd(fails: bool, expected: (usize, usize)) {
    let (layer, loads) = (Double::new(), Arc::<AtomicUsize>::default());
    let layers = over(&layer);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (layers, loads) = (layers.clone(), Arc::clone(&loads));
            tokio::spawn(async move { load(&layers, &loads, fails).await.is_ok() })
        })
        .collect();
    let mut got = 0;
    for task in tasks {
        got += usize::from(task.await.unwrap());
    }
    assert_eq!((got, loads.load(SeqCst)), expected);
    assert_eq!(layer.calls(), 1 + usize::from(!fails), "the layer is asked once, and written once");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_asks_the_layers_once_and_loads_once() {
    check_crowd(false, (64, 1)).await;
    check_crowd(true, (0, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_has_is_not_loaded() {
    let (layer, loads) = (Double::new(), Arc::default());
    over(&layer).insert(&key("a"), "kept".into(), None).await;
    assert_eq!(load(&over(&layer), &loads, false).await.unwrap(), "kept");
    assert_eq!(loads.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn impatient_callers_find_the_value_after_the_first_load() {
    let (layer, loads) = (Double::new(), Arc::default());
    let layers = over(&layer);
    let mut got = 0;
    for _ in 0..4 {
        got += usize::from(timeout(Duration::from_millis(20), load(&layers, &loads, false)).await.is_ok());
    }
    assert_eq!((got, loads.load(SeqCst), layer.has(&key("a"))), (2, 1, true));
}

/// Changes the key while it is loaded, and says what is in memory and whether the layer has anything.
async fn check_change(change: impl AsyncFnOnce(&Layered<String>), expected: Option<&str>) {
    let (layer, loads) = (Double::new(), Arc::default());
    let layers = over(&layer);
    let loading = {
        let (layers, loads) = (layers.clone(), Arc::clone(&loads));
        tokio::spawn(async move { load(&layers, &loads, false).await })
    };
    sleep(Duration::from_millis(10)).await;
    change(&layers).await;
    // Who asks now does not join the load that is out of date.
    assert_eq!(layers.get(&key("a")).await.as_deref(), expected);
    assert_eq!(loading.await.unwrap().unwrap(), "value");
    assert_eq!(layers.get(&key("a")).await.as_deref(), expected);
    assert_eq!(layer.has(&key("a")), expected.is_some());
    assert_eq!(over(&layer).get(&key("a")).await.as_deref(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_change_during_a_load_is_not_lost() {
    check_change(async |layers| layers.remove(&key("a")).await, None).await;
    check_change(async |layers| layers.clear().await, None).await;
    check_change(async |layers| layers.insert(&key("a"), "newer".into(), None).await, Some("newer")).await;
}

#[tokio::test(start_paused = true)]
async fn a_load_works_whatever_the_layer_does() {
    for mood in [Mood::Fails, Mood::Hangs, Mood::Panics, Mood::Garbles, Mood::TakesNothing] {
        let (layer, loads) = (Double::new(), Arc::default());
        layer.feel(mood);
        let layers = over(&layer);
        assert_eq!(load(&layers, &loads, false).await.unwrap(), "value", "{mood:?}");
        assert_eq!(load(&layers, &loads, false).await.unwrap(), "value", "{mood:?}");
        assert_eq!(loads.load(SeqCst), 1, "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_program_wrote_is_not_overwritten_by_what_was_loaded_instead() {
    let (layer, loads) = (Double::new(), Arc::default());
    over(&layer).insert(&key("a"), "theirs".into(), None).await;
    let mut newer = layer.bytes(&key("a"));
    newer[4] += 1;
    layer.put(&key("a"), newer.clone());
    assert_eq!(load(&over(&layer), &loads, false).await.unwrap(), "value");
    assert_eq!(layer.bytes(&key("a")), newer);
}

#[tokio::test(start_paused = true)]
async fn errors_and_terms_count_as_with_a_cache() {
    let (layer, loads) = (Double::new(), Arc::<AtomicUsize>::default());
    let layers = over(&layer);
    let loading = Loading { negative: Some(Duration::from_secs(3_600)), ..Loading::default() };
    for _ in 0..2 {
        let loads = Arc::clone(&loads);
        let load = move || async move {
            loads.fetch_add(1, SeqCst);
            Err::<String, _>(io::Error::other("no"))
        };
        let error = layers.get_or_load(&key("a"), &loading, load).await.unwrap_err();
        assert_eq!(error.downcast_ref::<io::Error>().unwrap().to_string(), "no");
    }
    assert_eq!(loads.load(SeqCst), 1);
    let terms = Terms { time_to_live: Some(Duration::from_secs(60)), ..Terms::default() };
    let loading = Loading { terms, ..Loading::default() };
    layers.get_or_load(&key("b"), &loading, async || Ok::<_, io::Error>(String::new())).await.unwrap();
    assert_eq!(layer.kept.lock().unwrap()[&key("b")].1, Some(Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_or_asks_for_its_own_key_is_an_error() {
    let layers = over(&Double::new());
    let panics = async || -> io::Result<String> { panic!("oh") };
    let error = layers.get_or_load(&key("a"), &Loading::default(), panics).await.unwrap_err();
    assert_eq!(error.kind(), LoadErrorKind::Panicked);
    let again = layers.clone();
    let own = move || async move {
        let other = async || Ok::<_, io::Error>("other".to_owned());
        again.get_or_load(&key("a"), &Loading::default(), other).await
    };
    let error = layers.get_or_load(&key("a"), &Loading::default(), own).await.unwrap_err();
    let inner = error.downcast_ref::<LoadError>().unwrap();
    assert_eq!(inner.kind(), LoadErrorKind::Recursive);
}

fn blocking(layer: &Arc<Double>) -> BlockingLayered<String> {
    Layered::builder(Raw).memory(Cache::new(100)).layer(Arc::clone(layer) as _).build_blocking().unwrap()
}

#[test]
fn threads_share_one_load_and_the_layers() {
    let layer = Double::new();
    let (layers, loads) = (blocking(&layer), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let load = || {
                    loads.fetch_add(1, SeqCst);
                    Ok::<_, io::Error>("value".to_owned())
                };
                assert_eq!(layers.get_or_load(&key("a"), &Loading::default(), load).unwrap(), "value");
            });
        }
    });
    assert_eq!(loads.load(SeqCst), 1);
    let later = blocking(&layer);
    assert_eq!(later.get_many(&[key("a"), key("b")]), [Some("value".into()), None]);
    later.remove(&key("a"));
    assert_eq!((later.get(&key("a")), layer.has(&key("a"))), (None, false));
    later.insert(&key("b"), "other".into(), None);
    later.flush();
    later.clear();
    assert_eq!((later.get(&key("b")), layer.has(&key("b")), later.degraded()), (None, false, vec![]));
}

#[test]
fn a_loader_of_a_thread_that_asks_for_its_own_key_is_an_error() {
    let layers = blocking(&Double::new());
    let own = || layers.get_or_load(&key("a"), &Loading::default(), || Ok::<_, io::Error>(String::new()));
    let error = layers.get_or_load(&key("a"), &Loading::default(), own).unwrap_err();
    assert_eq!(error.downcast_ref::<LoadError>().unwrap().kind(), LoadErrorKind::Recursive);
}

#[tokio::test]
async fn threads_may_be_threads_of_a_runtime() {
    let layers = blocking(&Double::new());
    layers.insert(&key("a"), "value".into(), None);
    layers.memory().clear();
    assert_eq!(layers.get(&key("a")).as_deref(), Some("value"));
    drop(layers);
}
