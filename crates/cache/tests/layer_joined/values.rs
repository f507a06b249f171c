//! What goes down through layers and comes up again: reads that fill, writes through and behind, times, and what is not
//! believed.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::double::{Double, Mood};
use segno_cache::{
    Cache, Clock, Digest, Json, LayerEvent, LayerTerms, Layered, LayeredBuilder, Namespace, Raw, Registry, Rejection,
    WriteBehind,
};
use tokio::time::sleep;

const SECRET: &[u8] = b"0123456789abcdef";

fn key(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

fn over(layers: &[&Arc<Double>]) -> LayeredBuilder<String> {
    let builder = Layered::builder(Raw).memory(Cache::new(100));
    layers.iter().fold(builder, |builder, layer| builder.layer(Arc::clone(layer) as _))
}

#[tokio::test(start_paused = true)]
async fn a_hit_further_down_fills_what_is_above_with_what_is_left_of_its_time() {
    let seconds = Arc::new(AtomicU64::new(1_800_000_000));
    let clock = {
        let seconds = Arc::clone(&seconds);
        Clock::from_fn(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(SeqCst)))
    };
    let (near, far) = (Double::new(), Double::new());
    over(&[&far]).clock(clock.clone()).build().insert(&key(1), "value".into(), Some(Duration::from_secs(60))).await;
    seconds.fetch_add(20, SeqCst);
    let layers = over(&[&near, &far]).clock(clock.clone()).build();
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(near.kept.lock().unwrap()[&key(1)].1, Some(Duration::from_secs(40)));
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
    let statistics = layers.statistics();
    assert_eq!((statistics.memory_hits, statistics.layers[0].fills, statistics.layers[1].hits), (1, 1, 1));
    let bytes = far.bytes(&key(1)).len() as u64;
    let moved = [0, 1].map(|place| (statistics.layers[place].bytes_read, statistics.layers[place].bytes_written));
    assert_eq!(moved, [(0, bytes), (bytes, 0)]);
    seconds.fetch_add(40, SeqCst);
    assert_eq!(over(&[&near, &far]).clock(clock).build().get(&key(1)).await, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_stays_longer_in_a_layer_than_its_terms_allow() {
    let layer = Double::new();
    let terms = LayerTerms { time_to_live: Some(Duration::from_secs(30)), ..LayerTerms::default() };
    let layers: Layered<String> = Layered::builder(Raw).layer_with(Arc::clone(&layer) as _, terms).build();
    for (live, expected) in [(None, 30), (Some(10), 10), (Some(90), 30)] {
        layers.insert(&key(1), "value".into(), live.map(Duration::from_secs)).await;
        assert_eq!(layer.kept.lock().unwrap()[&key(1)].1, Some(Duration::from_secs(expected)));
    }
    layers.insert(&key(1), "value".into(), Some(Duration::ZERO)).await;
    assert_eq!((layers.get(&key(1)).await, layer.has(&key(1))), (None, false));
    layers.insert(&key(1), "value".into(), Some(Duration::MAX)).await;
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("value"));
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_asked_of_each_layer_in_one_go() {
    let (near, far) = (Double::new(), Double::new());
    over(&[&far]).build().insert(&key(2), "far".into(), None).await;
    let layers = over(&[&near, &far]).build();
    layers.insert(&key(1), "memory".into(), None).await;
    let found = layers.get_many(&[key(1), key(2), key(3), key(2)]).await;
    let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
    assert_eq!(found, [Some("memory"), Some("far"), None, Some("far")]);
    sleep(Duration::from_millis(1)).await;
    assert!(near.has(&key(2)));
    assert_eq!(layers.get_many(&[]).await, Vec::<Option<String>>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_written_behind_can_be_read_at_once_and_is_there_after_a_flush() {
    let layer = Double::new();
    let layers = over(&[&layer]).memory(Cache::new(0)).write_behind(WriteBehind::default()).build();
    layer.feel(Mood::AnswersAfter(Duration::from_millis(100)));
    let begun = tokio::time::Instant::now();
    layers.insert(&key(1), "old".into(), None).await;
    layers.insert(&key(2), "other".into(), None).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(!layer.has(&key(1)));
    assert_eq!(layers.get(&key(2)).await.as_deref(), Some("other"));
    layers.flush().await;
    assert_eq!((layer.has(&key(1)), layer.has(&key(2)), layers.statistics().waiting), (true, true, 0));
    layers.flush().await;
}

#[tokio::test(start_paused = true)]
async fn only_the_last_value_of_a_key_is_written_behind() {
    let layer = Double::new();
    let layers = over(&[&layer]).write_behind(WriteBehind::default()).build();
    layer.feel(Mood::AnswersAfter(Duration::from_millis(100)));
    for number in 0..50 {
        layers.insert(&key(1), number.to_string(), None).await;
    }
    layers.flush().await;
    layer.feel(Mood::Well);
    assert!(layer.calls() < 5, "{}", layer.calls());
    assert_eq!(over(&[&layer]).build().get(&key(1)).await.as_deref(), Some("49"));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_found_no_room_in_the_queue_is_told_and_its_older_one_is_not_read() {
    let (layer, told) = (Double::new(), Arc::new(Mutex::new(Vec::new())));
    over(&[&layer]).build().insert(&key(2), "old".into(), None).await;
    layer.feel(Mood::AnswersAfter(Duration::from_millis(100)));
    let limits = WriteBehind { max_values: 1, ..WriteBehind::default() };
    let listener = {
        let told = Arc::clone(&told);
        move |event: &LayerEvent| told.lock().unwrap().push(event.clone())
    };
    let layers = over(&[&layer]).memory(Cache::new(0)).write_behind(limits).listener(listener).build();
    layers.insert(&key(1), "first".into(), None).await;
    layers.insert(&key(2), "second".into(), None).await;
    assert_eq!(layers.get(&key(2)).await, None);
    assert_eq!(layers.statistics().dropped, 1);
    assert_eq!(*told.lock().unwrap(), [LayerEvent::Dropped { key: key(2) }]);
    layers.flush().await;
    sleep(Duration::from_secs(1)).await;
    // The first one was written while something else was owed, which is nothing to it.
    assert_eq!((layer.has(&key(1)), layer.has(&key(2))), (true, false), "{:?}", layers.statistics());
    assert_eq!((layers.statistics().waiting, layers.statistics().layers[0].owed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_removal_overtakes_what_waits_to_be_written() {
    let layer = Double::new();
    let layers = over(&[&layer]).write_behind(WriteBehind::default()).build();
    layers.insert(&key(1), "value".into(), None).await;
    layers.remove(&key(1)).await;
    layers.flush().await;
    assert_eq!((layers.get(&key(1)).await, layer.has(&key(1))), (None, false));
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_last_handle_goes_is_still_written() {
    let layer = Double::new();
    over(&[&layer]).write_behind(WriteBehind::default()).build().insert(&key(1), "value".into(), None).await;
    sleep(Duration::from_millis(1)).await;
    assert!(layer.has(&key(1)));
}

#[tokio::test(start_paused = true)]
async fn an_insert_whose_caller_goes_away_is_finished() {
    let layer = Double::new();
    layer.feel(Mood::AnswersAfter(Duration::from_millis(100)));
    let layers = over(&[&layer]).build();
    let key = key(1);
    let insert = layers.insert(&key, "value".into(), None);
    assert!(tokio::time::timeout(Duration::from_millis(10), insert).await.is_err());
    sleep(Duration::from_millis(100)).await;
    assert!(layer.has(&key));
}

/// Puts an entry into a layer, changes its bytes, and asks for it under a namespace: what is told of it, and whether it is
/// still in the layer.
async fn check_rejection(change: impl Fn(&Double), reader: Namespace, expected: Option<(Rejection, bool)>) {
    let (layer, told) = (Double::new(), Arc::new(Mutex::new(None)));
    let writer = Namespace::signed("ci", SECRET).unwrap().writer("fork");
    let layers = over(&[&layer]).namespace(writer).build();
    layers.insert(&key(1), "value".into(), None).await;
    layers.insert(&key(2), "other".into(), None).await;
    change(&layer);
    let listener = {
        let told = Arc::clone(&told);
        move |event: &LayerEvent| {
            if let LayerEvent::Rejected { rejection, .. } = event {
                *told.lock().unwrap() = Some(rejection.clone());
            }
        }
    };
    let layers = over(&[&layer]).namespace(reader).listener(listener).build();
    let found = layers.get(&key(1)).await;
    let told = told.lock().unwrap().clone();
    assert_eq!(found.is_none(), expected.is_some());
    let events = layers.statistics().layers[0].security_events;
    assert_eq!(events, u64::from(told.as_ref().is_some_and(Rejection::is_security_event)));
    assert_eq!(told.map(|told| (told, layer.has(&key(1)))), expected);
}

#[tokio::test(start_paused = true)]
async fn entries_that_are_foreign_poisoned_or_of_the_wrong_writer_are_misses_and_told() {
    let ours = || Namespace::signed("ci", SECRET).unwrap();
    let flip = |layer: &Double, place: usize| {
        let mut bytes = layer.bytes(&key(1));
        let place = place.min(bytes.len() - 1);
        bytes[place] ^= 1;
        layer.put(&key(1), bytes);
    };
    check_rejection(|_| {}, ours(), None).await;
    check_rejection(|layer| flip(layer, usize::MAX), ours(), Some((Rejection::Poisoned, false))).await;
    check_rejection(|layer| layer.put(&key(1), layer.bytes(&key(2))), ours(), Some((Rejection::Poisoned, false))).await;
    check_rejection(|layer| layer.put(&key(1), b"hello".to_vec()), ours(), Some((Rejection::Foreign, true))).await;
    check_rejection(|layer| layer.feel(Mood::Garbles), ours(), Some((Rejection::Foreign, true))).await;
    check_rejection(|_| {}, Namespace::open("ci"), Some((Rejection::Foreign, true))).await;
    check_rejection(|layer| flip(layer, 4), ours(), Some((Rejection::Poisoned, false))).await;
    let newer = |layer: &Double| {
        let mut bytes = layer.bytes(&key(1));
        bytes[4] = 9;
        layer.put(&key(1), bytes);
    };
    check_rejection(newer, ours(), Some((Rejection::Newer, true))).await;
    let only_main = ours().accept(|writer| writer == "main");
    let untrusted = Rejection::Untrusted { writer: "fork".into() };
    check_rejection(|_| {}, only_main, Some((untrusted, true))).await;
}

/// A layer above holds a newer program's entry, and one below holds ours; asks for ours, and says what is above then.
async fn check_newer(ask: impl AsyncFn(&Layered<String>) -> Option<String>) {
    let (near, far) = (Double::new(), Double::new());
    over(&[&near, &far]).build().insert(&key(1), "value".into(), None).await;
    let mut bytes = near.bytes(&key(1));
    bytes[4] = 9;
    near.put(&key(1), bytes.clone());
    let layers = over(&[&near, &far]).build();
    assert_eq!(ask(&layers).await.as_deref(), Some("value"));
    sleep(Duration::from_millis(1)).await;
    assert!(near.bytes(&key(1)) == bytes, "what a newer program wrote was overwritten");
}

#[tokio::test(start_paused = true)]
async fn an_entry_of_a_newer_program_is_not_filled_over() {
    check_newer(async |layers| layers.get(&key(1)).await).await;
    check_newer(async |layers| layers.get_many(&[key(1), key(2)]).await.swap_remove(0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_of_another_type_is_a_miss() {
    let layer = Double::new();
    over(&[&layer]).build().insert(&key(1), "no number".into(), None).await;
    let numbers: Layered<u32> = Layered::builder(Json).layer(Arc::clone(&layer) as _).build();
    assert_eq!(numbers.get(&key(1)).await, None);
    assert_eq!(numbers.statistics().layers[0].unusable, 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_only_program_reads_and_changes_nothing_for_others() {
    let (near, far) = (Double::new(), Double::new());
    over(&[&far]).build().insert(&key(1), "theirs".into(), None).await;
    let layers = over(&[&near, &far]).memory(Cache::new(1)).read_only().build();
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("theirs"));
    layers.insert(&key(1), "mine".into(), None).await;
    layers.insert(&key(2), "mine".into(), None).await;
    // Memory has room for one; what was changed here is not read there any more.
    assert_eq!(layers.get(&key(1)).await, None);
    layers.remove(&key(2)).await;
    layers.clear().await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!((near.has(&key(1)), far.has(&key(1)), far.has(&key(2))), (false, true, false));
    assert_eq!(over(&[&far]).build().get(&key(1)).await.as_deref(), Some("theirs"));
}

#[tokio::test(start_paused = true)]
async fn what_others_change_in_a_layer_goes_from_above_it() {
    let (near, far) = (Double::new(), Double::new());
    let layers = over(&[&near, &far]).build();
    layers.insert(&key(1), "old".into(), None).await;
    layers.insert(&key(2), "kept".into(), None).await;
    over(&[&far]).build().insert(&key(1), "new".into(), None).await;
    far.tell(Some(&[key(1)]));
    assert_eq!(layers.get(&key(1)).await.as_deref(), Some("new"));
    assert_eq!(layers.get(&key(2)).await.as_deref(), Some("kept"));
    assert_eq!(layers.statistics().memory_hits, 1);
    sleep(Duration::from_millis(1)).await;
    far.tell(None);
    assert_eq!(layers.memory().len(), 0);
    assert_eq!(layers.get(&key(2)).await.as_deref(), Some("kept"));
    assert_eq!(layers.statistics().layers[0].unusable, 1);
}

#[tokio::test(start_paused = true)]
async fn a_registry_shows_what_each_layer_answered() {
    let (near, far) = (Double::new(), Double::new());
    over(&[&far]).build().insert(&key(1), "value".into(), None).await;
    let (registry, layers) = (Registry::default(), over(&[&near, &far]).build());
    registry.register("values", &layers);
    for number in [1, 1, 2] {
        layers.get(&key(number)).await;
    }
    let reading = registry.read().remove(0);
    let told: Vec<_> = reading.levels.iter().map(|level| (level.layer.as_str(), level.hits, level.misses)).collect();
    assert_eq!(told, [("memory", 1, 0), ("double", 0, 2), ("double", 1, 1)]);
    far.feel(Mood::Hangs);
    let health = registry.health(Duration::from_millis(50)).await;
    assert_eq!(health.iter().filter(|health| health.wrong.is_some()).count(), 1, "{health:?}");
}

#[tokio::test]
async fn no_value_of_the_past_is_read_while_many_read_and_write() {
    let (near, far) = (Double::new(), Double::new());
    let layers = over(&[&near, &far]).memory(Cache::new(2)).build();
    let writer = {
        let layers = layers.clone();
        tokio::spawn(async move {
            for round in 0..300u32 {
                for number in 0..4 {
                    layers.insert(&key(number), round.to_string(), None).await;
                }
            }
        })
    };
    let readers: Vec<_> = (0..4)
        .map(|number| {
            let layers = layers.clone();
            tokio::spawn(async move {
                let mut last = 0;
                for _ in 0..600 {
                    let seen = layers.get(&key(number)).await.map_or(last, |value| value.parse().unwrap());
                    assert!(last <= seen, "{last} was read before {seen}");
                    last = seen;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    writer.await.unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    for number in 0..4 {
        assert_eq!(layers.get(&key(number)).await.as_deref(), Some("299"));
    }
}
