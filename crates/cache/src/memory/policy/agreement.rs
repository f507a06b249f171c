//! Tests that hold for every policy: each chooses like its slow model, and what comes leaves once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::marks::BareMarks;
use super::models::Model;
use super::slow_tiny_lfu::SlowTinyLfu;
use super::{AnyOrder, Policy, Slot};

const ALL: [Policy; 7] =
    [Policy::Adaptive, Policy::Lru, Policy::Lfu, Policy::Fifo, Policy::Sieve, Policy::S3Fifo, Policy::TinyLfu];

/// Something that happens to an order.
#[derive(Clone, Debug)]
enum Step {
    /// A key is asked for, and put in if it is not there.
    Ask(u64, u32),
    Remove(u64),
    Reweigh(u64, u32),
    Resize(u64),
}

fn steps(heaviest: u32) -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![3 => 0..6_u64, 2 => 0..40_u64, 1 => 0..1_000_u64];
    let step = prop_oneof![
        40 => (key.clone(), 1..=heaviest).prop_map(|(key, weight)| Step::Ask(key, weight)),
        3 => key.clone().prop_map(Step::Remove),
        3 => (key, 1..=heaviest).prop_map(|(key, weight)| Step::Reweigh(key, weight)),
        1 => prop_oneof![0..4_u64, 0..60_u64].prop_map(Step::Resize),
    ];
    prop::collection::vec(step, 1..600)
}

enum Slow {
    Queues(Model),
    TinyLfu(SlowTinyLfu),
}

macro_rules! slow {
    ($slow:expr, $model:ident => $work:expr) => {
        match $slow {
            Slow::Queues($model) => $work,
            Slow::TinyLfu($model) => $work,
        }
    };
}

/// A cache of keys without values round one order, and the slow model beside it.
struct Bench {
    policy: Policy,
    order: AnyOrder,
    marks: BareMarks,
    slow: Slow,
    slots: BTreeMap<u64, (Slot, u32)>,
    keys: BTreeMap<Slot, u64>,
    capacity: u64,
}

impl Bench {
    fn of(policy: Policy, capacity: u64) -> Bench {
        let slow = match policy {
            Policy::TinyLfu => Slow::TinyLfu(SlowTinyLfu::new(capacity)),
            policy => Slow::Queues(Model::of(policy, capacity)),
        };
        let order = AnyOrder::of(policy, capacity);
        Bench {
            policy,
            order,
            marks: BareMarks::default(),
            slow,
            slots: BTreeMap::new(),
            keys: BTreeMap::new(),
            capacity,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Ask(key, weight) => self.ask(key, weight),
            Step::Remove(key) => {
                if let Some((slot, _)) = self.slots.remove(&key) {
                    self.keys.remove(&slot);
                    self.order.remove(&self.marks, slot);
                    slow!(&mut self.slow, model => model.remove(slot));
                }
            }
            Step::Reweigh(key, weight) => {
                if let Some((slot, old)) = self.slots.get_mut(&key) {
                    *old = weight;
                    self.order.reweigh(&self.marks, *slot, weight);
                    slow!(&mut self.slow, model => model.reweigh(*slot, weight));
                }
            }
            Step::Resize(capacity) => {
                self.capacity = capacity;
                self.order.resize(&mut self.marks, capacity);
                slow!(&mut self.slow, model => model.resize(capacity));
            }
        }
        self.make_room();
        assert_eq!(self.order.len(), self.slots.len());
    }

    fn ask(&mut self, key: u64, weight: u32) {
        let hash = (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if let Some(&(slot, _)) = self.slots.get(&key) {
            self.marks.used(slot);
            self.order.hit(&mut self.marks, slot, hash);
            slow!(&mut self.slow, model => model.hit(slot, hash));
            return;
        }
        let slot = (0..).find(|slot| !self.keys.contains_key(slot)).unwrap();
        self.slots.insert(key, (slot, weight));
        self.keys.insert(slot, key);
        self.marks.put(slot, hash as u32);
        self.order.insert(&mut self.marks, slot, hash, weight, 0);
        slow!(&mut self.slow, model => model.insert(slot, hash, weight));
    }

    fn make_room(&mut self) {
        while self.slots.values().map(|&(_, weight)| u64::from(weight)).sum::<u64>() > self.capacity {
            let slot = self.order.victim(&mut self.marks, &|_| false).unwrap();
            assert_eq!(Some(slot), slow!(&mut self.slow, model => model.victim()), "{:?}", self.policy);
            let key = self.keys.remove(&slot).unwrap();
            self.slots.remove(&key).unwrap();
        }
    }
}

fn check(policy: Policy, capacity: u64, steps: &[Step]) {
    let mut bench = Bench::of(policy, capacity);
    steps.iter().for_each(|step| bench.take(step));
    let left = std::iter::from_fn(|| bench.order.victim(&mut bench.marks, &|_| false)).collect::<Vec<_>>();
    let mut sorted = left.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, bench.keys.into_keys().collect::<Vec<_>>(), "who is there leaves once");
    assert_eq!(bench.order.len(), 0);
}

proptest! {
    #[test]
    fn every_policy_chooses_like_its_slow_model(capacity in prop_oneof![0..4_u64, 4..50_u64], steps in steps(1)) {
        ALL.iter().for_each(|&policy| check(policy, capacity, &steps));
    }

    #[test]
    fn every_policy_chooses_like_its_slow_model_by_weight(capacity in 0..200_u64, steps in steps(9)) {
        ALL.iter().for_each(|&policy| check(policy, capacity, &steps));
    }
}

#[test]
fn shadows_of_a_sample_choose_like_their_slow_models() {
    let mut state = 7_u64;
    let mut throw = |end: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 33) % end
    };
    let steps = (0..9_000).map(|step| match step / 3_000 {
        0 => Step::Ask(throw(600) * throw(600) / 400, 1),
        1 => Step::Ask(10_000 + step % 450, 1),
        _ => Step::Ask(20_000 + step / 2 - throw(30).min(step / 2), 1),
    });
    check(Policy::Adaptive, 300, &steps.collect::<Vec<_>>());
}

#[test]
fn a_shard_that_is_full_below_its_share_keeps_its_part_of_a_loop() {
    for policy in [Policy::Adaptive, Policy::TinyLfu] {
        // The shard was promised 110 entries, and the others took some of them.
        let mut bench = Bench::of(policy, 110);
        let mut hits = 0;
        for step in 0..40_000_u64 {
            let key = step % 200;
            hits += u32::from(step > 20_000 && bench.slots.contains_key(&key));
            bench.ask(key, 1);
            bench.capacity = 100;
            bench.make_room();
        }
        assert!(hits > 7_000, "{policy:?}: {hits} of 20000");
    }
}

#[test]
fn capacities_without_sense_are_borne() {
    for (policy, capacity) in ALL.into_iter().flat_map(|policy| [0, 1, 2, u64::MAX].map(|capacity| (policy, capacity)))
    {
        let (mut order, mut marks) = (AnyOrder::of(policy, capacity), BareMarks::default());
        assert_eq!(order.victim(&mut marks, &|_| false), None);
        for slot in 0..100 {
            marks.put(slot, u32::MAX);
            order.insert(&mut marks, slot, u64::MAX, u32::MAX, u32::MAX);
            marks.used(slot);
            order.hit(&mut marks, slot, u64::MAX);
        }
        order.hit(&mut marks, 5_000, 0);
        order.remove(&marks, 5_000);
        order.reweigh(&marks, 5_000, 3);
        order.resize(&mut marks, u64::MAX);
        order.reweigh(&marks, 7, 0);
        order.resize(&mut marks, 0);
        let gone = std::iter::from_fn(|| order.victim(&mut marks, &|_| false)).count();
        assert_eq!((gone, order.len()), (100, 0), "{policy:?} {capacity}");
    }
}

#[test]
fn pinned_entries_are_passed_over_once_and_go_when_they_are_unpinned() {
    for policy in ALL {
        let (mut order, mut marks) = (AnyOrder::of(policy, 1_000), BareMarks::default());
        for slot in 0..1_000 {
            marks.put(slot, slot << 20);
            order.insert(&mut marks, slot, u64::from(slot) << 20, 1, 0);
        }
        let looks = std::cell::Cell::new(0);
        let is_pinned = |slot: Slot| {
            looks.set(looks.get() + 1);
            slot < 900
        };
        let gone = (0..100).filter_map(|_| order.victim(&mut marks, &is_pinned)).filter(|&slot| slot >= 900).count();
        assert_eq!((gone, order.len()), (100, 900), "{policy:?}");
        assert!(looks.get() <= 1_000 + 3 * 100, "{policy:?} looked {} times", looks.get());
        assert_eq!(order.victim(&mut marks, &is_pinned), None);
        assert_eq!(order.victim(&mut marks, &|slot| slot != 77), Some(77));
        order.remove(&marks, 78);
        assert_eq!(std::iter::from_fn(|| order.victim(&mut marks, &|_| false)).count(), 898);
    }
}

#[test]
fn what_was_dear_stays_longer_and_equal_costs_change_nothing() {
    for policy in ALL {
        let survivors = |cost: fn(u64) -> u32| {
            let (mut order, mut marks) = (AnyOrder::of(policy, 100), BareMarks::default());
            let mut kept = BTreeMap::new();
            for key in 0..3_000_u64 {
                let slot = (0..).find(|slot| !kept.contains_key(slot)).unwrap();
                let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                marks.put(slot, hash as u32);
                order.insert(&mut marks, slot, hash, 1, cost(key));
                kept.insert(slot, key);
                if kept.len() > 100 {
                    kept.remove(&order.victim(&mut marks, &|_| false).unwrap());
                }
            }
            kept.into_values().collect::<Vec<_>>()
        };
        let dear = |keys: &[u64]| keys.iter().filter(|&key| key % 10 == 0).count();
        assert_eq!(survivors(|_| 20), survivors(|_| 0), "{policy:?}");
        let with = dear(&survivors(|key| if key % 10 == 0 { 30 } else { 20 }));
        let without = dear(&survivors(|_| 0));
        assert!(with > 2 * without, "{policy:?}: {with} of 100 instead of {without}");
    }
}
