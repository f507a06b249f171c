//! Shards and their common ledger under loom, which tries out how threads may interleave: never more is readable than there
//! is room for, and each value is told once. Run by `cargo xtask ci models`.

#![cfg(segno_loom)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use loom::thread;
use segno_cache::{Builder, Cache, Policy, Terms};

type Cached = Cache<u32, u32, BuildHasherDefault<DefaultHasher>>;

/// Two keys of which some lie in the same shard and some do not.
const PAIRS: [(u32, u32); 3] = [(1, 2), (1, 3), (1, 4)];

/// Runs two works at once on a cache of two shards with room for this, for keys in one shard and in two; then says that as
/// many left as were put in and are not there.
fn check(capacity: u64, max_weight: u64, one: fn(&Cached, u32, u32), other: fn(&Cached, u32, u32)) {
    for (left, right) in PAIRS {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let told = Arc::new(AtomicU64::new(0));
            let teller = Arc::clone(&told);
            let builder = Builder::default().shards(2).policy(Policy::Fifo).capacity(capacity).max_weight(max_weight);
            let listener = move |_: &u32, _: &u32, _| _ = teller.fetch_add(1, Relaxed);
            // Loom must see the same locks in each run: no hash may depend on chance.
            let cache = builder.listener(listener).hasher(BuildHasherDefault::default()).build();
            let beside = cache.clone();
            let thread = thread::spawn(move || other(&beside, left, right));
            one(&cache, left, right);
            thread.join().unwrap();
            let counted = cache.statistics();
            assert!(counted.entries <= cache.capacity() && counted.weight <= cache.max_weight());
            assert_eq!(told.load(Relaxed) + counted.entries, counted.inserts);
            // All room came back.
            cache.clear();
            cache.insert_with(9, 9, Terms { weight: Some(cache.max_weight().min(3) as u32), ..Terms::default() });
            assert_eq!(cache.peek(&9), Some(9));
        });
    }
}

/// Says that the keys, each put in once, were never there together.
fn never_both(cache: &Cached, left: u32, right: u32) {
    let seen = [left, right, left].map(|key| cache.peek(&key).is_some());
    assert_ne!(seen, [true; 3]);
}

fn heavy() -> Terms {
    Terms { weight: Some(2), ..Terms::default() }
}

#[test]
fn two_newcomers_do_not_share_one_place() {
    check(1, u64::MAX, |cache, left, _| cache.insert(left, 1), |cache, _, right| cache.insert(right, 1));
}

#[test]
fn no_reader_sees_more_than_there_is_room_for() {
    let write = |cache: &Cached, left, right| {
        cache.insert(left, 1);
        cache.insert(right, 1);
    };
    check(1, u64::MAX, write, never_both);
}

#[test]
fn a_heavy_newcomer_takes_the_room_of_another_shard() {
    let write = |cache: &Cached, left, right| {
        cache.insert(left, 1);
        cache.insert_with(right, 1, heavy());
    };
    check(5, 2, write, never_both);
}

#[test]
fn a_heavy_and_a_light_newcomer_do_not_exceed_the_weight() {
    check(5, 2, |cache, left, _| cache.insert_with(left, 1, heavy()), |cache, _, right| cache.insert(right, 1));
}

#[test]
fn what_is_put_in_while_the_capacity_shrinks_fits() {
    let write = |cache: &Cached, left, right| {
        cache.insert(left, 1);
        cache.insert(right, 1);
    };
    check(2, u64::MAX, write, |cache, _, _| cache.resize(1));
}

#[test]
fn what_is_put_in_while_a_bound_is_raised_and_lowered_fits() {
    let write = |cache: &Cached, left, right| {
        cache.insert(left, 1);
        cache.insert(right, 1);
    };
    check(1, u64::MAX, write, |cache, _, _| {
        cache.resize(2);
        cache.resize(1);
    });
}

#[test]
fn what_is_put_in_while_the_weight_shrinks_fits() {
    let write = |cache: &Cached, left, right| {
        cache.insert_with(left, 1, heavy());
        cache.insert(right, 1);
    };
    check(5, 3, write, |cache, _, _| cache.set_max_weight(2));
}

#[test]
fn what_is_removed_and_put_in_at_once_is_told_once() {
    let write = |cache: &Cached, left, _| cache.insert(left, 1);
    check(2, u64::MAX, write, |cache, left, right| {
        cache.insert(right, 2);
        cache.remove(&left);
        cache.remove(&right);
    });
}

#[test]
fn steps_of_two_threads_on_one_entry_both_count() {
    let step = |cache: &Cached, left, _| _ = cache.entry(left).compute(|count| Some(count.unwrap_or(0) + 1));
    check(2, u64::MAX, step, |cache, left, _| {
        let counted = cache.entry(left).compute(|count| Some(count.unwrap_or(0) + 1));
        assert!(counted == Some(1) || counted == Some(2));
    });
}
