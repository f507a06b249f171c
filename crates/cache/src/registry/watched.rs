//! A cache that is looked at more closely: how long its operations take, and which keys are asked for most.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::sampling::is_sampled;
use super::{Latencies, Measured, Registrable, Revive, Used, Uses};
use hashbrown::DefaultHashBuilder;

use crate::{Cache, Sketch, Statistics, Terms, Ticker};

/// How closely a cache is looked at.
#[derive(Clone, Debug)]
pub struct Watching {
    /// One call in so many is timed and its key counted; 0 is none, which costs one comparison a call.
    pub every: u32,
    /// Of so many keys is counted how often they are asked for.
    pub keys: usize,
    /// What times are taken with.
    pub ticker: Ticker,
}

impl Default for Watching {
    /// Returns one call in 64, 256 keys, and the machine's clock.
    fn default() -> Watching {
        Watching { every: 64, keys: 256, ticker: Ticker::default() }
    }
}

/// What is done with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Asking.
    Get,
    /// Putting in.
    Insert,
    /// Loading.
    Load,
}

/// A [`Cache`] with sampled latencies and access counts beside it. Who needs neither uses the cache as it is, which then
/// pays nothing. Cloning is cheap; clones share one cache and one watch.
///
/// ```
/// use segno_cache::{Cache, Registry, Watched, Watching};
///
/// let users = Watched::new(Cache::new(100), Watching { every: 1, ..Watching::default() });
/// Registry::global().register("users", &users);
/// users.insert("ada".to_owned(), 36);
/// assert_eq!(users.get("ada"), Some(36));
/// assert_eq!(users.most_used(1)[0].0, "ada");
/// ```
pub struct Watched<K, V, S = DefaultHashBuilder> {
    inner: Arc<Inner<K, V, S>>,
}

struct Inner<K, V, S> {
    cache: Cache<K, V, S>,
    every: u32,
    ticker: Ticker,
    uses: Mutex<Uses<K>>,
    get: Sketch,
    insert: Sketch,
    load: Sketch,
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Watched<K, V, S> {
    /// Watches a cache.
    pub fn new(cache: Cache<K, V, S>, watching: Watching) -> Self {
        let Watching { every, keys, ticker } = watching;
        let uses = Mutex::new(Uses::new(keys));
        let (get, insert, load) = (Sketch::default(), Sketch::default(), Sketch::default());
        Watched { inner: Arc::new(Inner { cache, every, ticker, uses, get, insert, load }) }
    }

    /// Returns the cache. What is done with it directly is in its statistics and not among the samples.
    pub fn cache(&self) -> &Cache<K, V, S> {
        &self.inner.cache
    }

    /// Returns the value, and counts that as a use.
    pub fn get<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if !is_sampled(self.inner.every) {
            return self.inner.cache.get(key);
        }
        let value = self.time(Operation::Get, || self.inner.cache.get(key));
        self.uses().note(&key.to_owned(), u64::from(self.inner.every));
        value
    }

    /// Puts a value in, replacing an older one.
    pub fn insert(&self, key: K, value: V) {
        self.insert_with(key, value, Terms::default());
    }

    /// Puts a value in under terms of its own.
    pub fn insert_with(&self, key: K, value: V, terms: Terms) {
        match is_sampled(self.inner.every) {
            false => self.inner.cache.insert_with(key, value, terms),
            true => self.time(Operation::Insert, || self.inner.cache.insert_with(key, value, terms)),
        }
    }

    /// Takes a value out.
    pub fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.inner.cache.remove(key)
    }

    /// Does something and records how long it took; not only one call in so many. Loads are timed so: each is dear beside
    /// what it costs to look at the clock.
    pub fn time<T>(&self, operation: Operation, work: impl FnOnce() -> T) -> T {
        let begun = self.inner.ticker.elapsed();
        let done = work();
        self.note(operation, self.inner.ticker.elapsed().saturating_sub(begun));
        done
    }

    /// Records how long something took.
    pub fn note(&self, operation: Operation, took: Duration) {
        match operation {
            Operation::Get => self.inner.get.record(took),
            Operation::Insert => self.inner.insert.record(took),
            Operation::Load => self.inner.load.record(took),
        }
    }

    /// Returns the keys that are asked for most: each with how often, about, and how much too high that may be.
    pub fn most_used(&self, limit: usize) -> Vec<(K, u64, u64)> {
        self.uses().most(limit)
    }

    /// Orders keys by how often they were asked for.
    pub(super) fn by_use(&self, mut keys: Vec<K>) -> Vec<K> {
        let uses = self.uses();
        keys.sort_by_cached_key(|key| std::cmp::Reverse(uses.of(key).map_or(0, |(uses, _)| uses)));
        keys
    }

    fn uses(&self) -> MutexGuard<'_, Uses<K>> {
        self.inner.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V, S> Measured for Inner<K, V, S>
where
    K: Hash + Eq + Clone + fmt::Debug + Send + Sync,
    V: Clone + Send + Sync,
    S: BuildHasher + Send + Sync,
{
    fn statistics(&self) -> Statistics {
        self.cache.statistics()
    }

    fn clear(&self) {
        self.cache.clear();
    }

    fn invalidate_tag(&self, tag: &str) -> usize {
        self.cache.invalidate_tag(tag)
    }

    fn latencies(&self) -> Latencies {
        Latencies { get: self.get.read(), insert: self.insert.read(), load: self.load.read() }
    }

    fn most_used(&self, limit: usize) -> Vec<Used> {
        let most = self.uses.lock().unwrap_or_else(PoisonError::into_inner).most(limit);
        most.into_iter().map(|(key, uses, doubt)| Used { key: format!("{key:?}"), uses, doubt }).collect()
    }

    fn check(&self) -> Result<(), String> {
        Measured::check(&self.cache)
    }
}

impl<K, V, S> Registrable for Watched<K, V, S>
where
    K: Hash + Eq + Clone + fmt::Debug + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    fn weakly(&self) -> Revive {
        let weak = Arc::downgrade(&self.inner);
        Box::new(move || weak.upgrade().map(|inner| -> Arc<dyn Measured> { inner }))
    }
}

impl<K, V, S> Clone for Watched<K, V, S> {
    fn clone(&self) -> Self {
        Watched { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V, S> fmt::Debug for Watched<K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watched").field("cache", &self.inner.cache).finish_non_exhaustive()
    }
}
