//! A small cache in memory: least recently used goes first, bounded by weight and count, exactly.
//! Locking, expiry and what a weight means are the caller's.

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

use lru::LruCache;

/// Keeps the most recently used values within a weight and a count.
///
/// The bounds hold after every call: nothing is evicted later or in the background.
///
/// ```
/// use segno_cache::MemoryCache;
///
/// let mut cache = MemoryCache::new(100, 10);
/// cache.insert("a", "one", 4);
/// cache.insert("b", "two", 4);
/// cache.fetch("a");
/// cache.insert("c", "three", 4);
/// assert_eq!(cache.fetch("b"), None);
/// assert_eq!(cache.fetch("a"), Some(&"one"));
/// ```
pub struct MemoryCache<K, V> {
    entries: LruCache<K, Weighed<V>>,
    max_count: usize,
    max_weight: u64,
    weight: u64,
}

struct Weighed<V> {
    value: V,
    weight: u64,
}

impl<K: Hash + Eq, V> MemoryCache<K, V> {
    /// Makes an empty cache for at most `max_count` values that weigh at most `max_weight` together.
    pub fn new(max_count: usize, max_weight: u64) -> MemoryCache<K, V> {
        MemoryCache { entries: LruCache::unbounded(), max_count, max_weight, weight: 0 }
    }

    /// Keeps the value, replacing an older one under the same key, and evicts until the bounds hold.
    ///
    /// Returns whether it was kept: a value heavier than the whole cache is not, and its key is free then.
    pub fn insert(&mut self, key: K, value: V, weight: u64) -> bool {
        if weight > self.max_weight || self.max_count == 0 {
            self.remove(&key);
            return false;
        }
        if let Some(old) = self.entries.put(key, Weighed { value, weight }) {
            self.weight -= old.weight;
        }
        // The sum may pass the limit for a moment only, and both summands are within it or were.
        self.weight = self.weight.saturating_add(weight);
        while self.weight > self.max_weight || self.entries.len() > self.max_count {
            let Some((_, evicted)) = self.entries.pop_lru() else {
                break;
            };
            self.weight -= evicted.weight;
        }
        true
    }

    /// Returns the value and counts that as a use.
    pub fn fetch<Q>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Takes the value out.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entry = self.entries.pop(key)?;
        self.weight -= entry.weight;
        Some(entry.value)
    }

    /// Empties the cache.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.weight = 0;
    }

    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns what they weigh together.
    pub fn weight(&self) -> u64 {
        self.weight
    }
}

impl<K, V> fmt::Debug for MemoryCache<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryCache")
            .field("weight", &self.weight)
            .field("max_weight", &self.max_weight)
            .field("max_count", &self.max_count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays inserts of `key:weight` and returns the keys left, most recent first.
    fn check(max_count: usize, max_weight: u64, inserts: &str, expected: &str) {
        let mut cache = MemoryCache::new(max_count, max_weight);
        for insert in inserts.split_whitespace() {
            let (key, weight) = insert.split_once(':').unwrap();
            cache.insert(key, (), weight.parse().unwrap());
        }
        let kept: Vec<&str> = cache.entries.iter().map(|(key, _)| *key).collect();
        assert_eq!(kept.join(" "), expected, "{inserts}");
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        check(2, 100, "a:1 b:1 c:1", "c b");
        check(2, 100, "a:1 b:1 a:1 c:1", "c a");
        check(9, 10, "a:4 b:4 c:8", "c");
        check(9, 10, "a:4 b:4 a:6", "a b");
    }

    #[test]
    fn a_value_heavier_than_the_cache_is_not_kept_and_its_older_one_goes() {
        check(9, 10, "a:4 b:4 a:11", "b");
        check(0, 10, "a:1", "");
        assert!(!MemoryCache::new(1, 1).insert("a", (), 2));
    }

    proptest! {
        #[test]
        fn both_bounds_hold_after_every_step(steps in prop::collection::vec((0u8..20, 0u64..30, any::<bool>()), 1..200)) {
            let mut cache = MemoryCache::new(7, 50);
            for (key, weight, remove) in steps {
                if remove { cache.remove(&key); } else { cache.insert(key, weight, weight); }
                let sum: u64 = cache.entries.iter().map(|(_, entry)| entry.weight).sum();
                prop_assert_eq!(sum, cache.weight());
                prop_assert!(cache.weight() <= 50 && cache.len() <= 7);
            }
        }
    }
}
