//! The place of one key: look and change in one step, without a lock held while the caller's code runs.

use std::fmt;
use std::hash::{BuildHasher, Hash};

use super::core::refuse;
use super::shard::Found;
use super::{Cache, Cause};

/// The place of one key in a cache, whether something is there or not.
///
/// Nothing is locked between two calls, and not while a closure runs either. What a call promises is that it takes effect
/// at one moment: if somebody else changed the entry while the closure ran, the closure runs again on what is there now.
///
/// ```
/// use segno_cache::Cache;
///
/// let cache = Cache::new(10);
/// assert_eq!(cache.entry("visits").or_insert(0), 0);
/// cache.entry("visits").and_modify(|visits| *visits += 1);
/// assert_eq!(cache.entry("visits").compute(|visits| visits.map(|visits| visits * 10)), Some(10));
/// ```
pub struct Entry<'c, K, V, S> {
    cache: &'c Cache<K, V, S>,
    key: K,
}

impl<'c, K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Entry<'c, K, V, S> {
    pub(super) fn of(cache: &'c Cache<K, V, S>, key: K) -> Self {
        Entry { cache, key }
    }

    /// Returns the key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns the value that is there, or puts this one in.
    pub fn or_insert(self, value: V) -> V {
        self.or_insert_with(|| value)
    }

    /// Returns the value that is there, or puts in the one that the closure makes. If somebody else puts one in while the
    /// closure runs, that one stays and is returned.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> V {
        match self.cache.get(&self.key) {
            Some(value) => value,
            None => {
                let made = make();
                self.keep_first(made)
            }
        }
    }

    /// Changes the value that is there, if one is; its terms stay.
    pub fn and_modify(self, mut change: impl FnMut(&mut V)) -> Self {
        self.step(&mut |value| {
            value.map(|mut value| {
                change(&mut value);
                value
            })
        });
        self
    }

    /// Puts in what the closure makes of what is there, or takes it out if the closure returns nothing. What replaces an
    /// older value keeps its terms. Returns what is there then, or would be if there were room.
    pub fn compute(self, mut step: impl FnMut(Option<V>) -> Option<V>) -> Option<V> {
        self.step(&mut step)
    }

    /// Takes the value out.
    pub fn remove(self) -> Option<V> {
        self.cache.remove(&self.key)
    }

    fn step(&self, step: &mut dyn FnMut(Option<V>) -> Option<V>) -> Option<V> {
        loop {
            let seen = self.seen();
            let was_there = seen.is_some();
            let (value, stamp) = seen.map_or((None, None), |(value, stamp)| (Some(value), Some(stamp)));
            let next = step(value);
            let is_done = match (&next, was_there) {
                (None, false) => true,
                _ => self.change(stamp, next.clone()),
            };
            if is_done {
                return next;
            }
        }
    }

    /// Returns the value that is there, and by what to know whether it still is.
    fn seen(&self) -> Option<(V, (u32, u32))> {
        let core = &self.cache.core;
        let (hash, now) = (core.hash(&self.key), core.now());
        let mut guard = core.shard(hash);
        let shard = &mut *guard;
        let Found::Fresh(slot) = core.seek(shard, hash, &self.key, now) else { return None };
        let value = shard.slab.pair(slot)?.1.clone();
        let room = shard.slab.room();
        Some((value, (slot, shard.side.get_or_insert_default().stamp_of(slot, room))))
    }

    /// Puts the value in or takes the entry out, if what was seen is still there; returns whether it was.
    fn change(&self, seen: Option<(u32, u32)>, value: Option<V>) -> bool {
        self.cache.outdate_key(&self.key);
        let core = &self.cache.core;
        let (hash, now) = (core.hash(&self.key), core.now());
        let weight = value.as_ref().and_then(|value| core.habits.reweigh(&self.key, value));
        let Some(seen) = seen else { return value.is_none_or(|value| self.add(value)) };
        let mut leaving = core.leaving();
        let mut guard = core.shard(hash);
        let shard = &mut *guard;
        let Found::Fresh(slot) = core.seek(shard, hash, &self.key, now) else { return false };
        let room = shard.slab.room();
        if seen != (slot, shard.side.get_or_insert_default().stamp_of(slot, room)) {
            return false;
        }
        let weight = weight.unwrap_or_else(|| shard.weight_of(slot));
        match value {
            None => leaving.take(shard, slot, Cause::Removed),
            Some(value) if core.ledger.could_hold(weight) => {
                // A pinned key keeps its pin, and what is too heavy now may push others out, but at last itself.
                let (old, more) = shard.alter(slot, hash, value, weight);
                leaving.owed.weight += more;
                if let Some(old) = old {
                    leaving.gone.push(self.key.clone(), old, Cause::Replaced);
                }
                shard.settle(&core.ledger, slot, &mut leaving.owed, &mut leaving.gone);
            }
            Some(value) => refuse(shard, Some(slot), self.key.clone(), value, false, &mut leaving),
        }
        true
    }

    /// Puts a value in if none is there; returns whether none was.
    fn add(&self, value: V) -> bool {
        self.keep(value).1
    }

    fn keep_first(self, value: V) -> V {
        self.cache.outdate_key(&self.key);
        self.keep(value).0
    }

    fn keep(&self, value: V) -> (V, bool) {
        let core = &self.cache.core;
        let now = core.put_time();
        let worth = core.habits.plain(&self.key, &value, now);
        match core.put::<true>(self.key.clone(), value.clone(), &worth, now) {
            Some(there) => (there, false),
            None => (value, true),
        }
    }
}

impl<K: fmt::Debug, V, S> fmt::Debug for Entry<'_, K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entry").field("key", &self.key).finish_non_exhaustive()
    }
}
