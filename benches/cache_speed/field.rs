//! The caches that race, each behind the same three calls.

use std::hash::Hash;
use std::time::Duration;

use super::traffic::Traffic;

/// What can be a key here.
pub(crate) trait Key: Hash + Eq + Clone + Send + Sync + 'static {}

impl<T: Hash + Eq + Clone + Send + Sync + 'static> Key for T {}

/// A cache of a peer or of ours.
pub(crate) trait Field<K>: Send + Sync {
    fn get(&self, key: &K) -> Option<u64>;
    fn put(&self, key: &K, value: u64);
    /// Returns the value, and makes it in the cache's own way if it is not there.
    fn load(&self, key: &K, value: u64) -> u64;
}

/// Which cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Ours,
    /// Ours with a time to live, weights and statistics in use.
    OursInFull,
    QuickCache,
    Moka,
    /// Moka with a time to live and weights in use.
    MokaInFull,
}

impl Named {
    pub(crate) fn all(_: &Traffic) -> [Named; 5] {
        [Named::Ours, Named::OursInFull, Named::QuickCache, Named::Moka, Named::MokaInFull]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Named::Ours => "segno",
            Named::OursInFull => "segno, TTL and weights",
            Named::QuickCache => "quick_cache",
            Named::Moka => "moka",
            Named::MokaInFull => "moka, TTL and weights",
        }
    }
}

pub(crate) type Ours<K> = segno_cache::Cache<K, u64>;
pub(crate) type Quick<K> = quick_cache::sync::Cache<K, u64>;
pub(crate) type Moka<K> = moka::sync::Cache<K, u64>;

const HOUR: Duration = Duration::from_secs(3_600);

/// What an entry weighs where weights are in use.
pub(crate) fn weight(value: u64) -> u32 {
    1 + (value & 1) as u32
}

pub(crate) fn ours<K: Key>(capacity: u64) -> Ours<K> {
    segno_cache::Cache::new(capacity)
}

pub(crate) fn ours_in_full<K: Key>(capacity: u64) -> Ours<K> {
    let builder = segno_cache::Cache::builder().capacity(capacity).max_weight(capacity * 3 / 2);
    builder.weigher(|_, value| weight(*value)).time_to_live(HOUR).build()
}

pub(crate) fn quick<K: Key>(capacity: u64) -> Quick<K> {
    quick_cache::sync::Cache::new(capacity as usize)
}

pub(crate) fn moka<K: Key>(capacity: u64) -> Moka<K> {
    moka::sync::Cache::new(capacity)
}

pub(crate) fn moka_in_full<K: Key>(capacity: u64) -> Moka<K> {
    let builder = moka::sync::Cache::builder().max_capacity(capacity * 3 / 2).weigher(|_, value| weight(*value));
    builder.time_to_live(HOUR).build()
}

impl<K: Key> Field<K> for Ours<K> {
    #[inline(always)]
    fn get(&self, key: &K) -> Option<u64> {
        segno_cache::Cache::get(self, key)
    }

    #[inline(always)]
    fn put(&self, key: &K, value: u64) {
        self.insert(key.clone(), value);
    }

    #[inline(always)]
    fn load(&self, key: &K, value: u64) -> u64 {
        match segno_cache::Cache::get(self, key) {
            Some(value) => value,
            None => {
                self.insert(key.clone(), value);
                value
            }
        }
    }
}

impl<K: Key> Field<K> for Quick<K> {
    #[inline(always)]
    fn get(&self, key: &K) -> Option<u64> {
        quick_cache::sync::Cache::get(self, key)
    }

    #[inline(always)]
    fn put(&self, key: &K, value: u64) {
        self.insert(key.clone(), value);
    }

    #[inline(always)]
    fn load(&self, key: &K, value: u64) -> u64 {
        self.get_or_insert_with::<K, ()>(key, || Ok(value)).unwrap_or(value)
    }
}

impl<K: Key> Field<K> for Moka<K> {
    #[inline(always)]
    fn get(&self, key: &K) -> Option<u64> {
        moka::sync::Cache::get(self, key)
    }

    #[inline(always)]
    fn put(&self, key: &K, value: u64) {
        self.insert(key.clone(), value);
    }

    #[inline(always)]
    fn load(&self, key: &K, value: u64) -> u64 {
        self.get_with_by_ref(key, || value)
    }
}
