//! A cache in memory as a registry sees it.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::{Measured, Registrable, Revive};
use crate::{Cache, Statistics};

impl<K, V, S> Measured for Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    S: BuildHasher + Send + Sync,
{
    fn statistics(&self) -> Statistics {
        Cache::statistics(self)
    }

    fn clear(&self) {
        Cache::clear(self);
    }

    fn invalidate_tag(&self, tag: &str) -> usize {
        Cache::invalidate_tag(self, tag)
    }

    /// Goes through all shards, takes each lock once, and checks that no more is held than may be.
    ///
    /// It puts nothing in and reads nothing back, as layers and stores do: a key and a value of any type cannot be made
    /// here, and one that an application gave would push something out of a full cache, be told to its listener and stand in
    /// its counts. What such a round trip would find is found all the same: memory cannot fail to answer but by a lock
    /// that is never given back.
    fn check(&self) -> Result<(), String> {
        let Statistics { entries, weight, .. } = Cache::statistics(self);
        let (capacity, max_weight) = (self.capacity(), self.max_weight());
        // While a limit is lowered, what is too much is still there for a moment.
        match (
            entries <= capacity || self.len() as u64 <= capacity,
            weight <= max_weight || self.weight() <= max_weight,
        ) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("it holds {entries} entries of {capacity}")),
            (_, false) => Err(format!("its entries weigh {weight} of {max_weight}")),
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns the keys that are there with the most uses, and how many; looks at every entry. Counts go to 65,535,
    /// and those above three are estimates ([`access_count`](Cache::access_count)): what is used often comes before what is used
    /// seldom, and among those used some ten times the order is chance.
    ///
    /// ```
    /// use segno_cache::Cache;
    ///
    /// let cache = Cache::new(10);
    /// ["a", "b"].iter().for_each(|key| cache.insert(*key, 1));
    /// cache.get("b");
    /// assert_eq!(cache.most_used(1), [("b", 1)]);
    /// ```
    pub fn most_used(&self, limit: usize) -> Vec<(K, u64)> {
        let counted = self.iter().filter_map(|(key, _)| self.access_count(&key).map(|uses| (key, uses)));
        let mut counted: Vec<(K, u64)> = counted.collect();
        counted.sort_by_key(|(_, uses)| Reverse(*uses));
        counted.truncate(limit);
        counted
    }
}

impl<K, V, S> Registrable for Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    fn weakly(&self) -> Revive {
        let revive = Cache::weakly(self);
        Box::new(move || revive().map(|cache| -> Arc<dyn Measured> { Arc::new(cache) }))
    }
}
