//! Many threads on one cache: what it promises holds at each moment, and nothing is lost or told twice.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use segno_cache::{Cache, Cause, Policy, Terms, Ticker};

const THREADS: u64 = 4;
const CALLS: u64 = 20_000;

/// Threads put in, take out, resize and expire; each value counts itself while it is in the cache, by where it is told to
/// have left. `bound` is what may be there at any moment.
fn check(policy: Policy, shards: usize, capacity: u64, max_weight: u64) {
    let told: Arc<Mutex<HashSet<u64>>> = Arc::default();
    let clock = Arc::new(AtomicU64::new(0));
    let (teller, seconds) = (Arc::clone(&told), Arc::clone(&clock));
    let cache = Cache::builder()
        .policy(policy)
        .shards(shards)
        .capacity(capacity)
        .max_weight(max_weight)
        .weigher(|_, value: &u64| (value % 7) as u32)
        .ticker(Ticker::from_fn(move || Duration::from_secs(seconds.load(Relaxed))))
        .listener(move |_: &u64, value, _: Cause| assert!(teller.lock().unwrap().insert(*value), "told twice: {value}"))
        .build();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let (cache, clock) = (&cache, &clock);
                    move || work(cache, clock, thread)
                })
            })
            .collect();
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                // What is counted shard by shard is not of one moment: while threads put in, that could be more.
                let counted = cache.statistics();
                assert!(counted.entries <= capacity + THREADS * shards as u64);
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_over.store(true, Relaxed);
    });
    assert!(cache.len() as u64 <= capacity && cache.weight() <= max_weight);
    let weight: u64 = cache.iter().map(|(_, value)| value % 7).sum();
    assert!(weight <= cache.weight());
    cache.clear();
    assert_eq!(told.lock().unwrap().len() as u64, cache.statistics().inserts);
    // All room came back: the cache can be filled to its last place again.
    fill(&cache, capacity, max_weight);
}

fn work(cache: &Cache<u64, u64>, clock: &AtomicU64, thread: u64) {
    let mut state = thread;
    for call in 0..CALLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (key, value) = ((state >> 33) % 100, 1 + call * THREADS + thread);
        match (state >> 50) % 16 {
            0 => _ = cache.remove(&key),
            1 => _ = cache.entry(key).or_insert(value),
            2 => {
                cache.insert_with(key, value, Terms { time_to_live: Some(Duration::from_secs(2)), ..Terms::default() })
            }
            3 => cache.insert_with(key, value, Terms { tags: vec!["tag".into()], ..Terms::default() }),
            4 if call % 64 == 0 => _ = cache.invalidate_tag("tag"),
            5 if call % 64 == 0 => _ = cache.invalidate_if(|key, _| key % 3 == 0),
            6 if call % 64 == 0 => _ = clock.fetch_add(1, Relaxed),
            7..=10 => cache.insert(key, value),
            _ => _ = cache.get(&key),
        }
    }
}

fn fill(cache: &Cache<u64, u64>, capacity: u64, max_weight: u64) {
    let places = capacity.min(max_weight);
    (0..places).for_each(|key| cache.insert(1_000 + key, 1));
    assert_eq!(cache.len() as u64, places);
}

#[test]
fn what_is_promised_holds_at_each_moment() {
    for policy in [Policy::Fifo, Policy::Lru, Policy::S3Fifo, Policy::Adaptive] {
        check(policy, 1, 20, 60);
        check(policy, 8, 20, 60);
        check(policy, 8, 50, 20);
    }
}

#[test]
fn readable_keys_are_never_more_than_the_capacity() {
    // Each value is alive as long as somebody could read it: `alive` counts at each moment what the cache holds.
    struct Alive(Arc<AtomicU64>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    let (alive, capacity) = (Arc::new(AtomicU64::new(0)), 16);
    let cache = Cache::builder().capacity(capacity).shards(8).build();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (cache, alive) = (&cache, &alive);
            scope.spawn(move || {
                for call in 0..CALLS {
                    alive.fetch_add(1, Relaxed);
                    cache.insert(call * THREADS + thread, Arc::new(Alive(Arc::clone(alive))));
                    // Each thread may hold what it puts in and what it took out.
                    assert!(alive.load(Relaxed) <= capacity + 2 * THREADS);
                }
            });
        }
    });
    assert_eq!((cache.len() as u64, alive.load(Relaxed)), (capacity, capacity));
}

#[test]
fn counts_by_entry_lose_none() {
    let cache = Cache::new(10);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                (0..2_000).for_each(|_| _ = cache.entry("count").compute(|count| Some(count.unwrap_or(0) + 1)))
            });
        }
    });
    assert_eq!(cache.get("count"), Some(THREADS * 2_000));
}
