//! What is in the cache, shard by shard: each as it is at the moment when the walk comes to it.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::vec;

use super::Cache;
use super::core::lock;
use super::times::Age;

/// Keys and values of a cache; made by [`Cache::iter`].
pub struct Iter<'c, K, V, S> {
    cache: &'c Cache<K, V, S>,
    next: usize,
    shard: vec::IntoIter<(K, V)>,
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns clones of all keys and values whose time is not over, in no order. Each shard is copied when the walk comes
    /// to it: no lock is held in between, and what is put in meanwhile may be seen or not.
    pub fn iter(&self) -> Iter<'_, K, V, S> {
        Iter { cache: self, next: 0, shard: Vec::new().into_iter() }
    }

    /// Calls the closure with all keys and values, as [`iter`](Cache::iter) finds them.
    pub fn for_each(&self, mut see: impl FnMut(&K, &V)) {
        for (key, value) in self.iter() {
            see(&key, &value);
        }
    }
}

impl<'c, K: Hash + Eq + Clone, V: Clone, S: BuildHasher> IntoIterator for &'c Cache<K, V, S> {
    type Item = (K, V);
    type IntoIter = Iter<'c, K, V, S>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Clone, V: Clone, S> Iterator for Iter<'_, K, V, S> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        loop {
            if let Some(pair) = self.shard.next() {
                return Some(pair);
            }
            let core = &self.cache.core;
            let shard = lock(core.shards.get(self.next)?);
            let now = core.exact_now();
            let is_fresh = |slot| shard.times.age(slot, now) == Age::Fresh;
            let fresh = shard.slab.taken_from(0).filter(|&(slot, ..)| is_fresh(slot));
            let pairs: Vec<(K, V)> = fresh.map(|(_, key, value)| (key.clone(), value.clone())).collect();
            self.shard = pairs.into_iter();
            self.next += 1;
        }
    }
}

impl<K, V, S> fmt::Debug for Iter<'_, K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Iter").field("shards_begun", &self.next).finish_non_exhaustive()
    }
}
