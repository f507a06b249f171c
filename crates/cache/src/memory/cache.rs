//! The handle of a cache in memory: what a caller does with one key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::Duration;

use hashbrown::DefaultHashBuilder;

use super::core::Core;
use super::shard::Found;
use super::times::NEVER;
use super::worth::{Worth, is_brief};
use super::{Builder, Cause, Entry, Terms, cost};
use crate::load::Flights;

/// Keeps values in memory within a capacity, exactly, and for a time. Cloning is cheap; clones share one cache.
///
/// No call holds a lock while code of the caller runs, but for `Hash`, `Eq`, `Borrow` and `Clone` of keys and values: a
/// listener, a weigher or a predicate may use the cache.
///
/// ```
/// use segno_cache::Cache;
///
/// let cache = Cache::new(2);
/// cache.insert("a", 1);
/// assert_eq!(cache.get("a"), Some(1));
/// assert_eq!(cache.len(), 1);
/// ```
pub struct Cache<K, V, S = DefaultHashBuilder> {
    pub(super) core: Arc<Core<K, V, S>>,
}

/// What a load needs to know of an entry. Crate-internal: the loads are built on it.
#[derive(Clone, Debug)]
pub(crate) struct Seen<V> {
    pub(crate) value: V,
    /// Whether its time to live is not over; if it is, it is within its stale time.
    pub(crate) is_fresh: bool,
    /// How much of its time to live is left.
    pub(crate) left: Option<Duration>,
    /// How long its time to live has been over.
    pub(crate) stale_for: Duration,
    /// What it took to make.
    pub(crate) cost: Duration,
}

impl<K, V, S> Clone for Cache<K, V, S> {
    fn clone(&self) -> Self {
        Cache { core: Arc::clone(&self.core) }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// Makes a cache for at most `capacity` entries.
    pub fn new(capacity: u64) -> Cache<K, V> {
        Builder::default().capacity(capacity).build()
    }

    /// Begins a cache with more to say about it.
    pub fn builder() -> Builder<K, V> {
        Builder::default()
    }
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    pub(super) fn of(built: Builder<K, V, S>) -> Self {
        Cache { core: Arc::new(Core::of(built)) }
    }

    /// Returns the value, and counts that as a use.
    #[inline]
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.core.get(key)
    }

    /// Returns the value; nothing is counted, and the policy does not learn of it.
    pub fn peek<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (hash, now) = (self.core.hash(key), self.core.now());
        let shard = self.core.shard(hash);
        match self.core.seek(&shard, hash, key, now) {
            Found::Fresh(slot) => shard.slab.pair(slot).map(|(_, value)| value.clone()),
            _ => None,
        }
    }

    /// Returns whether the key has a value whose time is not over; nothing is counted.
    pub fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let (hash, now) = (self.core.hash(key), self.core.now());
        let shard = self.core.shard(hash);
        matches!(self.core.seek(&shard, hash, key, now), Found::Fresh(_))
    }

    /// Puts a value in, replacing an older one.
    ///
    /// A value that cannot stay, because it is heavier than the whole cache or its time is over at once, is not kept; what
    /// was under its key goes all the same.
    #[inline]
    pub fn insert(&self, key: K, value: V) {
        let (worth, now) = self.plain_worth(&key, &value);
        self.core.change(key, value, &worth, now);
    }

    /// Puts a value in under terms of its own.
    pub fn insert_with(&self, key: K, value: V, terms: Terms) {
        let (worth, now) = self.worth(&key, &value, terms);
        self.core.change(key, value, &worth, now);
    }

    /// Puts a loaded value in if it is still wanted when the shard of its key is locked, so that an invalidation that ended
    /// before is not lost. Loads under way are not told.
    #[inline]
    pub(crate) fn insert_loaded(&self, key: K, value: V, terms: Option<Terms>, is_wanted: impl FnOnce() -> bool) {
        let (worth, now) = match terms {
            Some(terms) => self.worth(&key, &value, terms),
            None => self.plain_worth(&key, &value),
        };
        self.core.put_if::<false, false>(key, value, &worth, now, is_wanted);
    }

    /// Puts a value in that is older than whatever comes: what is there and fresh stays, and loads under way are not told.
    /// Returns whether it was put in.
    #[cfg(feature = "disk")]
    pub(crate) fn insert_older(&self, key: K, value: V, terms: Terms) -> bool {
        let (worth, now) = self.worth(&key, &value, terms);
        self.core.put::<true>(key, value, &worth, now).is_none()
    }

    /// Takes a value out and returns it if its time was not over.
    pub fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.core.remove(key)
    }

    /// Looks at the place of one key, whether something is there or not.
    pub fn entry(&self, key: K) -> Entry<'_, K, V, S> {
        Entry::of(self, key)
    }

    /// Never evicts the key's value for room, until it is unpinned; values that are put under the key later are pinned too.
    /// Returns whether the key is there.
    pub fn pin<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.set_pin(key, true)
    }

    /// Lets the policy have the key's value again. Returns whether the key is there.
    pub fn unpin<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.set_pin(key, false)
    }

    /// Returns how often the key's value was used since its key came in, up to 65,535. That is exact as long as it
    /// was read or replaced three times at most since the policy last looked at it, and an estimate in steps of 16 beyond: of
    /// further uses one in 16 is counted, for all of them, so that most hits have nothing to write. Of ten uses in a row it says 3
    /// or 19; of a thousand it is off by some 120.
    pub fn access_count<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<u64>
    where
        K: Borrow<Q>,
    {
        let (hash, now) = (self.core.hash(key), self.core.now());
        let shard = self.core.shard(hash);
        match self.core.seek(&shard, hash, key, now) {
            Found::Fresh(slot) | Found::Stale(slot) => Some(u64::from(shard.slab.uses(slot))),
            _ => None,
        }
    }

    /// Returns the value also if it is stale, with what a load must know. A fresh one counts as a use, a stale one as a
    /// miss: whether it is given out all the same, the loads say and count.
    pub(crate) fn look<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Seen<V>>
    where
        K: Borrow<Q>,
    {
        let (hash, now) = (self.core.hash(key), self.core.now());
        let mut leaving = self.core.leaving();
        let mut shard = self.core.shard(hash);
        leaving.sweep(&mut shard, now);
        let (slot, is_fresh) = match self.core.seek(&shard, hash, key, now) {
            Found::Fresh(slot) => (slot, true),
            Found::Stale(slot) => (slot, false),
            Found::Over(slot) => {
                shard.counts.misses_expired += 1;
                leaving.take(&mut shard, slot, Cause::Expired);
                return None;
            }
            Found::Absent => {
                shard.counts.misses_absent += 1;
                return None;
            }
        };
        let (until, cost) = (shard.times.until(slot), shard.side.as_ref().map_or(0, |side| side.cost(slot)));
        let value = match is_fresh {
            true => shard.hit(slot, hash, now)?.clone(),
            false => {
                shard.counts.misses_expired += 1;
                shard.slab.pair(slot)?.1.clone()
            }
        };
        let left = (until != NEVER).then(|| Duration::from_nanos(until.saturating_sub(now)));
        let stale_for = Duration::from_nanos(if is_fresh { 0 } else { now.saturating_sub(until) });
        Some(Seen { value, is_fresh, left, stale_for, cost: Duration::from_nanos(cost::nanos(cost)) })
    }

    /// Returns what gives the cache again as long as somebody else keeps it.
    pub(crate) fn weakly(&self) -> impl Fn() -> Option<Self> + use<K, V, S> {
        let weak = Arc::downgrade(&self.core);
        move || weak.upgrade().map(|core| Cache { core })
    }

    /// Waits for those who change the key now. A load that has its place does so before it begins: who comes later sees it.
    pub(crate) fn pass(&self, key: &K) {
        self.core.pass(key);
    }

    /// Returns the loads that are under way.
    pub(crate) fn flights(&self) -> &Flights<K, V> {
        &self.core.flights
    }

    #[inline(always)]
    pub(super) fn outdate_key(&self, key: &K) {
        if !self.core.flights.is_idle() {
            self.core.flights.outdate_key(key);
        }
    }

    #[inline(always)]
    fn plain_worth(&self, key: &K, value: &V) -> (Worth, u64) {
        let now = self.core.put_time();
        (self.core.habits.plain(key, value, now), now)
    }

    fn worth(&self, key: &K, value: &V, terms: Terms) -> (Worth, u64) {
        let now = match terms.time_to_live.iter().chain(&terms.time_to_idle).min() {
            Some(time) => self.core.begin_time(is_brief(*time)),
            None => self.core.put_time(),
        };
        (self.core.habits.with(key, value, terms, now), now)
    }

    fn set_pin<Q: Hash + Eq + ?Sized>(&self, key: &Q, is_pinned: bool) -> bool
    where
        K: Borrow<Q>,
    {
        let (hash, now) = (self.core.hash(key), self.core.now());
        let mut shard = self.core.shard(hash);
        match self.core.seek(&shard, hash, key, now) {
            Found::Fresh(slot) | Found::Stale(slot) => {
                shard.side.get_or_insert_default().pin(slot, is_pinned);
                true
            }
            _ => false,
        }
    }
}

impl<K, V, S> fmt::Debug for Cache<K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cache").field("name", &self.core.name).finish_non_exhaustive()
    }
}
