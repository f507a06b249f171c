//! Who takes part: every policy of ours through the public cache, and the peers, each as its makers set it up.

use std::rc::Rc;

use foyer::{CacheBuilder, EvictionConfig, FifoConfig, LfuConfig, LruConfig, S3FifoConfig, SieveConfig};
use segno_cache::{Cache, Policy};

/// moka holds its newest writes beside its capacity; it is asked for so many less, and measured by what it holds.
const MOKA_MORE: usize = 64;

/// A cache that can be asked for a key and given one.
pub(crate) struct Kept {
    ask: Box<dyn Fn(u64) -> bool>,
    put: Box<dyn Fn(u64)>,
}

impl Kept {
    fn of<C: 'static>(cache: C, ask: impl Fn(&C, u64) -> bool + 'static, put: impl Fn(&C, u64) + 'static) -> Kept {
        let cache = Rc::new(cache);
        let same = Rc::clone(&cache);
        Kept { ask: Box::new(move |key| ask(&cache, key)), put: Box::new(move |key| put(&same, key)) }
    }

    /// Asks for a key.
    pub(crate) fn ask(&self, key: u64) -> bool {
        (self.ask)(key)
    }

    /// Puts a key in.
    pub(crate) fn put(&self, key: u64) {
        (self.put)(key);
    }
}

/// One contestant.
pub(crate) struct Contestant {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Whether it is one of ours.
    pub(crate) is_ours: bool,
    /// Makes an empty cache.
    pub(crate) make: fn(usize) -> Kept,
}

/// Returns everyone; the default policy of ours stands first.
pub(crate) fn field() -> Vec<Contestant> {
    let ours = |name, make| Contestant { name, is_ours: true, make };
    let peer = |name, make| Contestant { name, is_ours: false, make };
    vec![
        ours("adaptive", |capacity| segno(Policy::Adaptive, capacity)),
        ours("w-tinylfu", |capacity| segno(Policy::TinyLfu, capacity)),
        ours("s3-fifo", |capacity| segno(Policy::S3Fifo, capacity)),
        ours("sieve", |capacity| segno(Policy::Sieve, capacity)),
        ours("lfu", |capacity| segno(Policy::Lfu, capacity)),
        ours("lru", |capacity| segno(Policy::Lru, capacity)),
        ours("fifo", |capacity| segno(Policy::Fifo, capacity)),
        peer("quick_cache", quick_cache),
        peer("moka", moka),
        peer("mini-moka", mini_moka),
        peer("foyer s3-fifo", |capacity| foyer(capacity, S3FifoConfig::default())),
        peer("foyer lfu", |capacity| foyer(capacity, LfuConfig::default())),
        peer("foyer lru", |capacity| foyer(capacity, LruConfig::default())),
        peer("foyer sieve", |capacity| foyer(capacity, SieveConfig)),
        peer("foyer fifo", |capacity| foyer(capacity, FifoConfig::default())),
    ]
}

fn segno(policy: Policy, capacity: usize) -> Kept {
    let cache: Cache<u64, u64> = Cache::builder().capacity(capacity as u64).policy(policy).build();
    Kept::of(cache, |cache, key| cache.get(&key).is_some(), |cache, key| cache.insert(key, key))
}

fn quick_cache(capacity: usize) -> Kept {
    let cache: quick_cache::sync::Cache<u64, u64> = quick_cache::sync::Cache::new(capacity);
    Kept::of(cache, |cache, key| cache.get(&key).is_some(), |cache, key| cache.insert(key, key))
}

fn moka(capacity: usize) -> Kept {
    let asked = if capacity > 2 * MOKA_MORE { capacity - MOKA_MORE } else { capacity.div_ceil(2) };
    let cache: moka::sync::Cache<u64, u64> = moka::sync::Cache::new(asked as u64);
    Kept::of(cache, |cache, key| cache.get(&key).is_some(), |cache, key| cache.insert(key, key))
}

fn mini_moka(capacity: usize) -> Kept {
    let cache: mini_moka::sync::Cache<u64, u64> = mini_moka::sync::Cache::new(capacity as u64);
    Kept::of(cache, |cache, key| cache.get(&key).is_some(), |cache, key| cache.insert(key, key))
}

/// One shard, so that small capacities are not cut up.
fn foyer(capacity: usize, eviction: impl Into<EvictionConfig>) -> Kept {
    let builder = CacheBuilder::new(capacity).with_shards(1).with_eviction_config(eviction);
    let cache: foyer::Cache<u64, u64> = builder.build();
    let put = |cache: &foyer::Cache<u64, u64>, key| drop(cache.insert(key, key));
    Kept::of(cache, |cache, key| cache.get(&key).is_some(), put)
}
