//! The cache in memory agrees with a slow, obvious model on random calls: what is there, what may leave, and what is told.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use segno_cache::{Cache, Cause, Policy, Terms, Ticker};

const POLICIES: [Policy; 7] =
    [Policy::Adaptive, Policy::Lru, Policy::Lfu, Policy::Fifo, Policy::Sieve, Policy::S3Fifo, Policy::TinyLfu];
const TAGS: [&str; 3] = ["red", "green", "blue"];

/// Hashes the same in every run, so that a failure comes back.
type Cached = Cache<u8, u64, BuildHasherDefault<DefaultHasher>>;

/// One call; numbers are keys, seconds or amounts.
#[derive(Clone, Debug)]
enum Call {
    Insert(u8),
    InsertWith(u8, Plan),
    Get(u8),
    Peek(u8),
    Remove(u8),
    Pin(u8, bool),
    OrInsert(u8),
    AndModify(u8),
    Take(u8),
    Wait(u8),
    Purge,
    Tag(usize),
    Odd,
    Resize(u8),
    MaxWeight(u8),
    Clear,
}

#[derive(Clone, Debug)]
struct Plan {
    weight: Option<u8>,
    live: Option<u8>,
    idle: Option<u8>,
    stale: Option<u8>,
    tags: Vec<usize>,
    is_pinned: bool,
}

#[derive(Clone, Debug)]
struct Held {
    value: u64,
    weight: u64,
    until: u64,
    stale: u64,
    idle: u64,
    used: u64,
    tags: Vec<usize>,
    is_pinned: bool,
}

impl Held {
    fn is_fresh(&self, now: u64) -> bool {
        now < self.until && !self.is_over(now)
    }

    fn is_over(&self, now: u64) -> bool {
        now >= self.until.saturating_add(self.stale) || now >= self.used.saturating_add(self.idle)
    }
}

/// The cache, the model, and what was told since the last look.
struct Both {
    cache: Cached,
    told: Arc<Mutex<Vec<(u8, u64, Cause)>>>,
    seconds: Arc<AtomicU64>,
    held: BTreeMap<u8, Held>,
    capacity: u64,
    max_weight: u64,
    made: u64,
    left: u64,
}

impl Both {
    fn new(policy: Policy, shards: usize, capacity: u64, max_weight: u64) -> Both {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seconds = Arc::new(AtomicU64::new(0));
        let (teller, clock) = (Arc::clone(&told), Arc::clone(&seconds));
        let cache = Cache::builder()
            .policy(policy)
            .shards(shards)
            .capacity(capacity)
            .max_weight(max_weight)
            .ticker(Ticker::from_fn(move || Duration::from_secs(clock.load(Ordering::Relaxed))))
            .listener(move |key: &u8, value: &u64, cause| teller.lock().unwrap().push((*key, *value, cause)))
            .hasher(BuildHasherDefault::default())
            .build();
        Both { cache, told, seconds, held: BTreeMap::new(), capacity, max_weight, made: 0, left: 0 }
    }

    fn now(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }

    fn call(&mut self, call: &Call) {
        let now = self.now();
        let fresh = |key: &u8| self.held.get(key).filter(|held| held.is_fresh(now)).map(|held| held.value);
        match *call {
            Call::Insert(key) => self.insert(key, &Plan::NONE),
            Call::InsertWith(key, ref plan) => self.insert(key, plan),
            Call::Get(key) => {
                let expected = fresh(&key);
                assert_eq!(self.cache.get(&key), expected);
                if let Some(held) = self.held.get_mut(&key).filter(|held| held.is_fresh(now)) {
                    held.used = now;
                }
            }
            Call::Peek(key) => {
                assert_eq!(self.cache.peek(&key), fresh(&key));
                assert_eq!(self.cache.contains(&key), fresh(&key).is_some());
            }
            Call::Remove(key) => {
                let expected = fresh(&key);
                assert_eq!(self.cache.remove(&key), expected);
                self.expect(|own, held| (own == key && !held.is_over(now)).then_some(Cause::Removed));
            }
            Call::Take(key) => {
                assert_eq!(self.cache.entry(key).compute(|_| None), None);
                self.expect(|own, held| (own == key && held.is_fresh(now)).then_some(Cause::Removed));
            }
            Call::Pin(key, is_pinned) => {
                let is_there = self.held.get(&key).is_some_and(|held| !held.is_over(now));
                let told = if is_pinned { self.cache.pin(&key) } else { self.cache.unpin(&key) };
                assert_eq!(told, is_there);
                if let Some(held) = self.held.get_mut(&key).filter(|_| is_there) {
                    held.is_pinned = is_pinned;
                }
            }
            Call::OrInsert(key) => match fresh(&key) {
                Some(value) => {
                    assert_eq!(self.cache.entry(key).or_insert(0), value);
                    self.held.get_mut(&key).unwrap().used = now;
                }
                None => self.insert_by(key, &Plan::NONE, |cache, value| _ = cache.entry(key).or_insert(value)),
            },
            Call::AndModify(key) => self.modify(key),
            Call::Wait(seconds) => _ = self.seconds.fetch_add(u64::from(seconds), Ordering::Relaxed),
            Call::Purge => {
                let over = self.held.values().filter(|held| held.is_over(now)).count();
                // The wheel turns in ticks of a millisecond: what is over in this very one may stay.
                assert!(self.cache.purge_expired() <= over);
            }
            Call::Tag(tag) => {
                let meant = self.held.values().filter(|held| held.tags.contains(&tag)).count();
                assert_eq!(self.cache.invalidate_tag(TAGS[tag]), meant);
                self.expect(|_, held| held.tags.contains(&tag).then_some(Cause::Invalidated));
            }
            Call::Odd => {
                self.cache.retain(|key, _| key % 2 == 0);
                self.expect(|key, _| (key % 2 == 1).then_some(Cause::Invalidated));
            }
            Call::Resize(capacity) => {
                self.capacity = u64::from(capacity);
                self.cache.resize(self.capacity);
            }
            Call::MaxWeight(weight) => {
                self.max_weight = u64::from(weight);
                self.cache.set_max_weight(self.max_weight);
            }
            Call::Clear => {
                self.cache.clear();
                self.expect(|_, _| Some(Cause::Invalidated));
            }
        }
        let may_evict_pinned = matches!(call, Call::Resize(_) | Call::MaxWeight(_));
        self.settle(may_evict_pinned);
        self.compare();
    }

    fn insert(&mut self, key: u8, plan: &Plan) {
        let terms = plan.terms();
        self.insert_by(key, plan, |cache, value| match terms == Terms::default() {
            true => cache.insert(key, value),
            false => cache.insert_with(key, value, terms),
        });
    }

    fn insert_by(&mut self, key: u8, plan: &Plan, insert: impl FnOnce(&Cached, u64)) {
        let now = self.now();
        self.made += 1;
        insert(&self.cache, self.made);
        let mut held = plan.held(self.made, now);
        if let Some(old) = self.held.get(&key) {
            held.is_pinned |= old.is_pinned && !old.is_over(now);
            self.forget(key, &[Cause::Replaced, Cause::Expired]);
        }
        self.held.insert(key, held);
    }

    fn modify(&mut self, key: u8) {
        let (now, made) = (self.now(), self.made + 1);
        self.cache.entry(key).and_modify(|value| *value = made);
        if self.held.get(&key).is_some_and(|held| held.is_fresh(now)) {
            self.made = made;
            let held = Held { value: made, ..self.held[&key].clone() };
            self.forget(key, &[Cause::Replaced]);
            self.held.insert(key, held);
        }
    }

    /// Takes out of what was told that the key's value left for one of these causes: it must be there.
    fn forget(&mut self, key: u8, causes: &[Cause]) {
        let value = self.held.remove(&key).unwrap().value;
        let mut told = self.told.lock().unwrap();
        let place = told.iter().position(|&(own, left, cause)| (own, left) == (key, value) && causes.contains(&cause));
        let place = place.unwrap_or_else(|| panic!("{key} {value} not told in {told:?}"));
        told.remove(place);
        self.left += 1;
    }

    /// Checks that everything that should have left for a cause has.
    fn expect(&mut self, cause: impl Fn(u8, &Held) -> Option<Cause>) {
        let meant: Vec<(u8, Cause)> =
            self.held.iter().filter_map(|(key, held)| cause(*key, held).map(|cause| (*key, cause))).collect();
        for (key, cause) in meant {
            self.forget(key, &[cause]);
        }
    }

    /// Checks what else left: by time only what is over, for room only what had to.
    fn settle(&mut self, may_evict_pinned: bool) {
        let now = self.now();
        for (key, value, cause) in std::mem::take(&mut *self.told.lock().unwrap()) {
            let (entries, weight) = self.size();
            let held = self.held.remove(&key).unwrap_or_else(|| panic!("{key} {value} was not there: {cause:?}"));
            assert_eq!(held.value, value);
            match cause {
                Cause::Expired => assert!(held.is_over(now), "{key} {held:?}"),
                Cause::Evicted => {
                    assert!(entries > self.capacity || weight > self.max_weight, "{key} had room");
                    let is_newest = value == self.made;
                    assert!(!held.is_pinned || may_evict_pinned || is_newest, "{key} was pinned");
                }
                other => panic!("{key} {value}: {other:?}"),
            }
            self.left += 1;
        }
    }

    fn size(&self) -> (u64, u64) {
        (self.held.len() as u64, self.held.values().map(|held| held.weight).sum())
    }

    fn compare(&self) {
        let now = self.now();
        let fresh = self.held.iter().filter(|(_, held)| held.is_fresh(now)).map(|(key, held)| (*key, held.value));
        let found: BTreeMap<u8, u64> = self.cache.iter().collect();
        assert_eq!(found, fresh.collect());
        assert_eq!((self.cache.len() as u64, self.cache.weight()), self.size());
        assert!(self.cache.len() as u64 <= self.capacity && self.cache.weight() <= self.max_weight);
        let counted = self.cache.statistics();
        assert_eq!((counted.inserts, counted.entries, counted.weight), (self.made, self.size().0, self.size().1));
        let left = counted.evicted + counted.expired + counted.removed + counted.invalidated + counted.replaced;
        assert_eq!(left, self.left);
    }
}

impl Plan {
    const NONE: Plan = Plan { weight: None, live: None, idle: None, stale: None, tags: Vec::new(), is_pinned: false };

    fn terms(&self) -> Terms {
        let seconds = |number: Option<u8>| number.map(|number| Duration::from_secs(number.into()));
        Terms {
            weight: self.weight.map(u32::from),
            time_to_live: seconds(self.live),
            time_to_idle: seconds(self.idle),
            stale: seconds(self.stale),
            cost: seconds(self.live),
            tags: self.tags.iter().map(|tag| TAGS[*tag].into()).collect(),
            pinned: self.is_pinned,
        }
    }

    fn held(&self, value: u64, now: u64) -> Held {
        Held {
            value,
            weight: self.weight.map_or(1, u64::from),
            until: self.live.map_or(u64::MAX, |live| now + u64::from(live)),
            stale: self.stale.map_or(0, u64::from),
            idle: self.idle.map_or(u64::MAX, u64::from),
            used: now,
            tags: self.tags.clone(),
            is_pinned: self.is_pinned,
        }
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let time = || prop::option::of(0_u8..6);
    let tags = prop::collection::vec(0_usize..TAGS.len(), 0..3);
    (prop::option::of(0_u8..5), time(), time(), time(), tags, prop::bool::weighted(0.2))
        .prop_map(|(weight, live, idle, stale, tags, is_pinned)| Plan { weight, live, idle, stale, tags, is_pinned })
}

fn calls() -> impl Strategy<Value = Call> {
    let key = || 0_u8..12;
    prop_oneof![
        8 => key().prop_map(Call::Insert),
        8 => (key(), plans()).prop_map(|(key, plan)| Call::InsertWith(key, plan)),
        8 => key().prop_map(Call::Get),
        2 => key().prop_map(Call::Peek),
        2 => key().prop_map(Call::Remove),
        2 => key().prop_map(Call::Take),
        2 => (key(), any::<bool>()).prop_map(|(key, is_pinned)| Call::Pin(key, is_pinned)),
        2 => key().prop_map(Call::OrInsert),
        2 => key().prop_map(Call::AndModify),
        3 => (0_u8..4).prop_map(Call::Wait),
        1 => Just(Call::Purge),
        1 => (0_usize..TAGS.len()).prop_map(Call::Tag),
        1 => Just(Call::Odd),
        1 => (0_u8..10).prop_map(Call::Resize),
        1 => (0_u8..20).prop_map(Call::MaxWeight),
        1 => Just(Call::Clear),
    ]
}

proptest! {
    #[test]
    fn cache_and_model_agree(
        policy in prop::sample::select(&POLICIES[..]),
        shards in prop::sample::select(&[1_usize, 4][..]),
        capacity in prop_oneof![0_u64..10, Just(u64::MAX)],
        max_weight in prop_oneof![0_u64..20, Just(u64::MAX)],
        calls in prop::collection::vec(calls(), 1..120),
    ) {
        let mut both = Both::new(policy, shards, capacity, max_weight);
        for call in &calls {
            both.call(call);
        }
        both.call(&Call::Clear);
        assert_eq!(both.made, both.left, "each value is told once");
    }
}

/// Puts in three entries, the first of which is replaced under another cost, lets two more come, and says whether the
/// first one is still there.
fn check_replaced(first: Duration, then: Duration, stays: bool) {
    let cache = Cache::builder().policy(Policy::Fifo).shards(1).capacity(3).build();
    let cost = |cost| Terms { cost: Some(cost), ..Terms::default() };
    let usual = Duration::from_millis(1);
    cache.insert_with(0, 0, cost(usual));
    cache.insert_with(1, 1, cost(first));
    cache.insert_with(2, 2, cost(usual));
    cache.insert_with(1, 10, cost(then));
    (3..5).for_each(|key| cache.insert_with(key, key, cost(usual)));
    assert_eq!((cache.contains(&1), cache.contains(&2)), (stays, !stays), "{first:?} {then:?}");
}

#[test]
fn what_the_newest_value_took_to_make_counts() {
    let (usual, dear) = (Duration::from_millis(1), Duration::from_secs(60));
    check_replaced(usual, usual, false);
    check_replaced(usual, dear, true);
    check_replaced(dear, usual, false);
}
