//! Layers that are slow, full, gone or mad: no call fails, soon they are not asked any more, and they come back.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::double::{Double, Mood};
use segno_cache::{Cache, Digest, LayerEvent, LayerTerms, Layered, Raw};
use tokio::time::{Instant, sleep};

fn key(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

/// Joins one layer to a memory that holds nothing, so that every question goes to the layer.
fn forgetful(layer: &Arc<Double>) -> Layered<String> {
    Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::clone(layer) as _).build()
}

/// Asks ten times for what a layer in this mood has, and says how often it was asked, how long the longest question took and
/// whether it is read after that.
async fn check_reads(mood: Mood, expected: &str) {
    let layer = Double::new();
    let layers = forgetful(&layer);
    layers.insert(&key(1), "value".into(), None).await;
    layer.feel(mood);
    let before = layer.calls();
    let mut longest = Duration::ZERO;
    let mut found = 0;
    for _ in 0..10 {
        let begun = Instant::now();
        found += usize::from(layers.get(&key(1)).await.is_some());
        longest = longest.max(begun.elapsed());
    }
    let (asked, degraded) = (layer.calls() - before, layers.degraded());
    let reason = degraded.first().map_or("well".into(), |degraded| degraded.reason.clone());
    assert_eq!(format!("{found} found, asked {asked} times, {} ms: {reason}", longest.as_millis()), expected);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_fails_is_a_miss_and_is_skipped_after_three_failures() {
    check_reads(Mood::Well, "10 found, asked 10 times, 0 ms: well").await;
    check_reads(Mood::Fails, "0 found, asked 3 times, 0 ms: the layer double failed: no route").await;
    check_reads(Mood::Panics, "0 found, asked 3 times, 0 ms: the layer double failed: it panicked").await;
    check_reads(Mood::PanicsLater, "0 found, asked 3 times, 0 ms: the layer double failed: it panicked").await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_does_not_answer_costs_three_limits_at_most() {
    let slow = "the layer double did not answer within 200ms";
    check_reads(Mood::Hangs, &format!("0 found, asked 3 times, 200 ms: {slow}")).await;
    let after = |millis| Mood::AnswersAfter(Duration::from_millis(millis));
    check_reads(after(201), &format!("0 found, asked 3 times, 200 ms: {slow}")).await;
    check_reads(after(150), "10 found, asked 10 times, 150 ms: well").await;
}

#[tokio::test(start_paused = true)]
async fn callers_that_go_away_early_do_not_keep_a_layer_that_hangs_in_use() {
    let layer = Double::new();
    let layers = forgetful(&layer);
    layer.feel(Mood::Hangs);
    for _ in 0..3 {
        let asked = tokio::time::timeout(Duration::from_millis(20), layers.get(&key(1))).await;
        assert!(asked.is_err());
    }
    sleep(Duration::from_millis(200)).await;
    assert_eq!(layers.degraded().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_or_read_only_layer_is_still_read() {
    for (mood, reason) in
        [(Mood::TakesNothing, "the layer double is full"), (Mood::IsReadOnly, "the layer double is refused: read-only")]
    {
        let layer = Double::new();
        let layers = forgetful(&layer);
        layers.insert(&key(0), "old".into(), None).await;
        layer.feel(mood);
        for number in 1..9 {
            layers.insert(&key(number), "new".into(), None).await;
        }
        assert_eq!(layers.get(&key(0)).await.as_deref(), Some("old"));
        let degraded = &layers.degraded()[0];
        assert_eq!((degraded.reason.as_str(), degraded.is_read), (reason, true));
        // Three writes, and one read.
        assert_eq!(layer.calls(), 1 + 3 + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_brings_a_layer_back() {
    let (layer, told) = (Double::new(), Arc::new(Mutex::new(Vec::new())));
    let listener = {
        let told = Arc::clone(&told);
        move |event: &LayerEvent| told.lock().unwrap().push(event.clone())
    };
    let layers: Layered<String> =
        Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::clone(&layer) as _).listener(listener).build();
    layers.insert(&key(1), "value".into(), None).await;
    layer.feel(Mood::Hangs);
    for _ in 0..3 {
        layers.get(&key(1)).await;
    }
    sleep(Duration::from_secs(60)).await;
    let calls = layer.calls();
    sleep(Duration::from_secs(60)).await;
    // Every five seconds a probe of 200 ms.
    assert!((11..=12).contains(&(layer.calls() - calls)), "{}", layer.calls() - calls);
    layer.feel(Mood::Well);
    sleep(Duration::from_secs(6)).await;
    assert_eq!((layers.degraded(), layers.get(&key(1)).await.as_deref()), (vec![], Some("value")));
    let told = told.lock().unwrap();
    assert!(matches!(&told[0], LayerEvent::Degraded { layer, .. } if &**layer == "double"), "{told:?}");
    assert!(matches!(&told[1], LayerEvent::Restored { .. }), "{told:?}");
}

/// Lets a layer hang until it is skipped, then be read-only, and says what is told of it ten seconds later.
async fn check_return(is_reader: bool, expected: &[(&str, bool)]) {
    let layer = Double::new();
    forgetful(&layer).insert(&key(1), "value".into(), None).await;
    let builder = Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::clone(&layer) as _);
    let layers: Layered<String> = if is_reader { builder.read_only().build() } else { builder.build() };
    layer.feel(Mood::Hangs);
    for _ in 0..3 {
        layers.get(&key(1)).await;
    }
    assert!(!layers.degraded()[0].is_read);
    layer.feel(Mood::IsReadOnly);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
    let degraded = layers.degraded();
    let told: Vec<_> = degraded.iter().map(|degraded| (degraded.reason.as_str(), degraded.is_read)).collect();
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_comes_back_read_only_is_read() {
    check_return(false, &[("the layer double is refused: read-only", true)]).await;
    check_return(true, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_layer_was_not_told_is_not_read_there_and_told_when_it_is_back() {
    let layer = Double::new();
    let layers = forgetful(&layer);
    for number in [1, 2, 3] {
        layers.insert(&key(number), "old".into(), None).await;
    }
    layer.feel(Mood::Fails);
    layers.remove(&key(1)).await;
    layers.insert(&key(2), "new".into(), None).await;
    layer.feel(Mood::Well);
    // The gate is open, and neither is read.
    assert_eq!(layers.degraded(), vec![]);
    assert_eq!((layers.get(&key(1)).await, layers.get(&key(2)).await), (None, None));
    assert_eq!(layers.get(&key(3)).await.as_deref(), Some("old"));
    assert_eq!(layers.statistics().layers[0].owed, 2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!([1, 2, 3].map(|number| layer.has(&key(number))), [false, false, true]);
    assert_eq!(layers.statistics().layers[0].owed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_clear_that_failed_is_made_up_for() {
    let layer = Double::new();
    let layers = forgetful(&layer);
    layers.insert(&key(1), "old".into(), None).await;
    layer.feel(Mood::Fails);
    layers.clear().await;
    layer.feel(Mood::Well);
    assert_eq!(layers.get(&key(1)).await, None);
    sleep(Duration::from_secs(1)).await;
    assert!(!layer.has(&key(1)));
}

#[tokio::test(start_paused = true)]
async fn where_values_never_change_a_failed_write_hides_nothing() {
    let layer = Double::new();
    let layers: Layered<String> =
        Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::clone(&layer) as _).values_never_change().build();
    layers.insert(&key(1), "value".into(), None).await;
    layer.feel(Mood::TakesNothing);
    layers.insert(&key(1), "value".into(), None).await;
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_hangs_does_not_hide_the_next_one() {
    let (first, second) = (Double::new(), Double::new());
    let terms = LayerTerms { limit: Duration::from_millis(50), ..LayerTerms::default() };
    let layers: Layered<String> = Layered::builder(Raw)
        .memory(Cache::new(0))
        .layer_with(Arc::clone(&first) as _, terms)
        .layer(Arc::clone(&second) as _)
        .build();
    first.feel(Mood::Hangs);
    layers.insert(&key(1), "value".into(), None).await;
    let begun = Instant::now();
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
    assert_eq!(begun.elapsed(), Duration::ZERO, "what it owes is not asked of it");
    let statistics = layers.statistics();
    assert_eq!((statistics.layers[0].hits, statistics.layers[1].hits), (0, 1));
    assert_eq!((statistics.layers[0].failures, statistics.layers[0].slow), (1, 1));
}

#[test]
fn outside_of_a_runtime_only_memory_answers() {
    let layers: Layered<String> = Layered::builder(Raw).layer(Double::new()).build();
    let key = key(1);
    at_once(layers.insert(&key, "value".into(), None));
    assert_eq!(at_once(layers.get(&key)).as_deref(), Some("value"));
    at_once(layers.remove(&key));
    assert_eq!(at_once(layers.get(&key)), None);
    at_once(layers.flush());
    at_once(layers.clear());
}

/// Asks a future once, as something that is no runtime.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}
