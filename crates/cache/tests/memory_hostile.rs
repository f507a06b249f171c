//! Bad input and hostile code: each has a stated result, and the cache goes on.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use segno_cache::{Builder, Cache, Cause, Terms, Ticker};

type Told = Arc<Mutex<Vec<(u64, u64, Cause)>>>;

/// Puts 1 to 5 in, and tells which are there and what left.
fn check(builder: Builder<u64, u64>, there: &[u64], left: &[(u64, u64, Cause)]) -> Cache<u64, u64> {
    let (builder, told) = told(builder);
    let cache = builder.build();
    (1..=5).for_each(|number| cache.insert(number, number));
    let mut keys: Vec<u64> = cache.iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    assert_eq!(keys, there);
    assert_eq!(*told.lock().unwrap(), left);
    assert_eq!(cache.len(), there.len());
    cache
}

fn told(builder: Builder<u64, u64>) -> (Builder<u64, u64>, Told) {
    let told = Told::default();
    let teller = Arc::clone(&told);
    (builder.listener(move |key, value, cause| teller.lock().unwrap().push((*key, *value, cause))), told)
}

fn fails(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

#[test]
fn a_capacity_of_nothing_keeps_nothing() {
    let all: Vec<_> = (1..=5).map(|number| (number, number, Cause::Evicted)).collect();
    check(Cache::builder().capacity(0), &[], &all);
    check(Cache::builder().max_weight(0), &[], &all);
}

#[test]
fn the_largest_capacity_is_no_limit_and_takes_no_memory() {
    check(Cache::builder().capacity(u64::MAX).max_weight(u64::MAX), &[1, 2, 3, 4, 5], &[]);
    check(Cache::builder().capacity(usize::MAX as u64 - 1), &[1, 2, 3, 4, 5], &[]);
    check(Cache::builder().capacity(u64::MAX).shards(usize::MAX), &[1, 2, 3, 4, 5], &[]);
    check(Cache::builder().shards(0), &[1, 2, 3, 4, 5], &[]);
}

#[test]
fn an_entry_heavier_than_the_cache_is_not_kept_and_the_older_value_goes() {
    let (builder, told) = told(Cache::builder().max_weight(10).shards(4));
    let cache = builder.build();
    cache.insert(1, 1);
    cache.insert(2, 2);
    cache.insert_with(1, 10, Terms { weight: Some(11), ..Terms::default() });
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(2)));
    assert_eq!(*told.lock().unwrap(), [(1, 1, Cause::Replaced), (1, 10, Cause::Evicted)]);
    cache.insert_with(3, 3, Terms { weight: Some(u32::MAX), ..Terms::default() });
    assert_eq!((cache.len(), cache.weight()), (1, 1));
}

#[test]
fn a_ticker_may_count_from_1970() {
    let elapsed = Arc::new(AtomicU64::new(1_800_000_000));
    let told = Arc::clone(&elapsed);
    let ticker = Ticker::from_fn(move || Duration::from_secs(told.load(Relaxed)));
    let minute = Duration::from_secs(60);
    let cache = Cache::builder().time_to_live(minute).ticker(ticker).build();
    cache.insert(1, 1);
    cache.insert_with(2, 2, Terms { time_to_live: Some(2 * minute), ..Terms::default() });
    let there = [59, 60, 119, 120].map(|seconds| {
        elapsed.store(1_800_000_000 + seconds, Relaxed);
        (cache.contains(&1), cache.contains(&2))
    });
    assert_eq!(there, [(true, true), (false, true), (false, true), (false, false)]);
}

#[test]
fn what_was_saved_stays_at_the_largest_number() {
    let cache = Cache::new(10);
    cache.insert_with(1, 1, Terms { cost: Some(Duration::MAX), ..Terms::default() });
    (0..1_000).for_each(|_| assert_eq!(cache.get(&1), Some(1)));
    assert_eq!(cache.statistics().saved_time, Duration::from_nanos(u64::MAX));
}

#[test]
fn an_entry_heavier_than_a_shards_share_is_kept() {
    let cache = Cache::builder().max_weight(100).shards(16).build();
    (0..100).for_each(|key| cache.insert(key, key));
    cache.insert_with(1_000, 1, Terms { weight: Some(90), ..Terms::default() });
    assert_eq!(cache.get(&1_000), Some(1));
    assert_eq!(cache.weight(), 100);
}

#[test]
fn what_weighs_nothing_is_limited_by_count_only() {
    let cache = Cache::builder().max_weight(0).capacity(3).weigher(|_, _| 0).build();
    (0..10).for_each(|key| cache.insert(key, key));
    assert_eq!((cache.len(), cache.weight()), (3, 0));
}

#[test]
fn a_time_to_live_of_nothing_is_over_at_once() {
    let all: Vec<_> = (1..=5).map(|number| (number, number, Cause::Expired)).collect();
    check(Cache::builder().time_to_live(Duration::ZERO), &[], &all);
    check(Cache::builder().time_to_idle(Duration::ZERO), &[], &all);
    check(Cache::builder().expiry(|_, _| Some(Duration::ZERO)), &[], &all);
}

#[test]
fn the_longest_time_is_for_ever() {
    let seconds = Arc::new(AtomicU64::new(5));
    let clock = Arc::clone(&seconds);
    let ticker = Ticker::from_fn(move || Duration::from_secs(clock.load(Relaxed)));
    let builder = Cache::builder().time_to_live(Duration::MAX).time_to_idle(Duration::MAX).jitter(f64::NAN);
    let cache = check(builder.ticker(ticker), &[1, 2, 3, 4, 5], &[]);
    seconds.store(u64::MAX, Relaxed);
    assert_eq!((cache.purge_expired(), cache.get(&1)), (0, Some(1)));
}

#[test]
fn a_jitter_that_makes_no_sense_is_the_nearest_that_does() {
    for jitter in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 2.0] {
        let cache = Cache::builder().time_to_live(Duration::from_secs(3_600)).jitter(jitter).build();
        (0..100).for_each(|key| cache.insert(key, key));
        assert!(cache.len() <= 100);
    }
}

#[test]
fn a_clock_that_goes_back_brings_nothing_back() {
    let seconds = Arc::new(AtomicU64::new(100));
    let clock = Arc::clone(&seconds);
    let ticker = Ticker::from_fn(move || Duration::from_secs(clock.load(Relaxed)));
    let cache = Cache::builder().time_to_live(Duration::from_secs(10)).ticker(ticker).build();
    cache.insert(1, 1);
    seconds.store(105, Relaxed);
    assert_eq!(cache.get(&1), Some(1));
    seconds.store(0, Relaxed);
    cache.insert(2, 2);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), Some(2)));
    seconds.store(110, Relaxed);
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(2)));
    seconds.store(0, Relaxed);
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(2)));
}

#[test]
fn if_all_are_pinned_the_newcomer_is_not_let_in() {
    let (builder, told) = told(Cache::builder().capacity(2));
    let cache = builder.build();
    for key in 1..=4 {
        cache.insert_with(key, key, Terms { pinned: true, ..Terms::default() });
    }
    cache.insert(5, 5);
    assert_eq!(*told.lock().unwrap(), [3, 4, 5].map(|key| (key, key, Cause::Evicted)));
    cache.insert(1, 10);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(10), Some(2)));
    assert!(cache.unpin(&2));
    cache.insert(6, 6);
    cache.insert(7, 7);
    assert_eq!((cache.get(&1), cache.len()), (Some(10), 2));
    cache.resize(0);
    assert!(cache.is_empty());
}

/// Answers the same for each key.
#[derive(Clone, Copy, Default)]
struct Constant;

impl Hasher for Constant {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, _: &[u8]) {}
}

impl BuildHasher for Constant {
    type Hasher = Constant;

    fn build_hasher(&self) -> Constant {
        Constant
    }
}

#[test]
fn a_hasher_that_always_answers_the_same_costs_time_only() {
    let cache = Cache::builder().capacity(500).shards(8).hasher(Constant).build();
    (0..2_000_u64).for_each(|key| cache.insert(key, key * 2));
    assert_eq!(cache.len(), 500);
    assert!(cache.iter().all(|(key, value)| value == key * 2 && cache.get(&key) == Some(value)));
    assert_eq!(cache.iter().filter(|(key, _)| cache.remove(key).is_some()).count(), 500);
}

/// A key that panics where it is told to.
#[derive(Debug)]
struct Mine(u64);

static FUSES: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];
const HASH: usize = 0;
const EQ: usize = 1;
const CLONE: usize = 2;

fn blow(fuse: usize) {
    assert!(!FUSES[fuse].load(Relaxed), "told to panic");
}

impl Hash for Mine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        blow(HASH);
        self.0.hash(state);
    }
}

impl PartialEq for Mine {
    fn eq(&self, other: &Mine) -> bool {
        blow(EQ);
        self.0 == other.0
    }
}

impl Eq for Mine {}

impl Clone for Mine {
    fn clone(&self) -> Mine {
        blow(CLONE);
        Mine(self.0)
    }
}

#[test]
fn keys_that_panic_leave_the_cache_as_it_was() {
    let cache = Cache::new(10);
    (0..10).for_each(|key| cache.insert(Mine(key), key));
    let calls: [(usize, &dyn Fn()); 8] = [
        (HASH, &|| _ = cache.get(&Mine(1))),
        (HASH, &|| cache.insert(Mine(1), 5)),
        (EQ, &|| _ = cache.get(&Mine(1))),
        (EQ, &|| cache.insert(Mine(1), 5)),
        (EQ, &|| _ = cache.remove(&Mine(1))),
        (EQ, &|| _ = cache.entry(Mine(1)).or_insert(5)),
        (CLONE, &|| _ = cache.iter().count()),
        (CLONE, &|| cache.retain(|_, _| false)),
    ];
    for (fuse, call) in calls {
        FUSES[fuse].store(true, Relaxed);
        assert!(fails(call));
        FUSES[fuse].store(false, Relaxed);
        assert!((0..10).all(|key| cache.peek(&Mine(key)) == Some(key)));
    }
    cache.insert(Mine(10), 10);
    assert_eq!((cache.len(), cache.statistics().evicted), (10, 1));
}

#[test]
fn a_weigher_or_an_expiry_that_panics_leaves_the_cache_as_it_was() {
    let odd = |value: &u64| assert!(value.is_multiple_of(2), "told to panic");
    let builders = [
        Cache::builder().weigher(move |_, value| {
            odd(value);
            1
        }),
        Cache::builder().expiry(move |_, value| {
            odd(value);
            None
        }),
    ];
    for builder in builders {
        let cache = builder.build();
        cache.insert(1, 2);
        assert!(fails(|| cache.insert(1, 3)));
        assert!(fails(|| cache.insert(2, 3)));
        assert!(fails(|| _ = cache.entry(3).or_insert(3)));
        assert_eq!((cache.get(&1), cache.len()), (Some(2), 1));
    }
}

#[test]
fn a_listener_that_panics_is_told_the_rest_and_hurts_nobody() {
    let count = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&count);
    let listener = move |_: &u64, _: &u64, _| {
        told.fetch_add(1, Relaxed);
        panic!("told to panic");
    };
    let cache = Cache::builder().capacity(2).listener(listener).build();
    (0..5).for_each(|key| cache.insert(key, key));
    cache.clear();
    assert_eq!((count.load(Relaxed), cache.len()), (5, 0));
    cache.insert(9, 9);
    assert_eq!(cache.get(&9), Some(9));
}

#[test]
fn a_listener_may_use_the_cache() {
    let own: Arc<OnceLock<Cache<u64, u64>>> = Arc::default();
    let cache = Arc::clone(&own);
    let listener = move |key: &u64, value: &u64, _| {
        let cache: &Cache<u64, u64> = cache.get().unwrap();
        if *key < 100 {
            cache.insert(key + 100, *value);
        }
        assert!(cache.len() <= 2);
    };
    let built = Cache::builder().capacity(2).listener(listener).build();
    own.set(built.clone()).unwrap_or_default();
    (0..10).for_each(|key| built.insert(key, key));
    built.clear();
    assert!(built.iter().all(|(key, _)| key >= 100));
}

#[test]
fn closures_over_entries_may_use_the_cache() {
    let cache = Cache::new(100);
    (0..50).for_each(|key| cache.insert(key, key));
    assert_eq!(cache.invalidate_if(|key, _| cache.get(key).is_some_and(|value| value < 10)), 10);
    let runs = AtomicU64::new(0);
    let sum = cache.entry(20).compute(|value| {
        // Somebody changes the entry meanwhile, once.
        if runs.fetch_add(1, Relaxed) == 0 {
            cache.insert(20, 5);
        }
        value.map(|value| value + 1)
    });
    assert_eq!((sum, cache.get(&20), runs.into_inner()), (Some(6), Some(6), 2));
    assert_eq!(cache.entry(70).or_insert_with(|| cache.entry(70).or_insert(1) + 1), 1);
    cache.for_each(|key, _| _ = cache.remove(key));
    assert!(cache.is_empty());
}

#[test]
fn an_entry_that_is_kept_for_ever_after_its_time_leaves_no_time_to_the_next_in_its_place() {
    // Replaced, put in anew, and another key in the same place.
    for (removes, key) in [(false, 1), (true, 1), (true, 2)] {
        let clock = Arc::new(AtomicU64::new(0));
        let seconds = Arc::clone(&clock);
        let ticker = Ticker::from_fn(move || Duration::from_secs(seconds.load(Relaxed)));
        let cache = Cache::builder().capacity(8).shards(1).ticker(ticker).build();
        let terms =
            Terms { time_to_live: Some(Duration::from_secs(60)), stale: Some(Duration::MAX), ..Terms::default() };
        cache.insert_with(1, 10, terms);
        if removes {
            cache.remove(&1);
        }
        cache.insert(key, 20);
        clock.store(61, Relaxed);
        assert_eq!(cache.get(&key), Some(20));
    }
}
