//! A loader that is bound to a cache: it refreshes on threads of its own, so that no caller waits for that.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hashbrown::DefaultHashBuilder;

use super::approach::Approach;
use super::error::Source;
use super::flights::Ticket;
use super::leader::{self, Leader, Purpose};
use super::{LoadError, Loading};
use crate::Cache;

type Load<K, V> = dyn Fn(&K) -> Result<V, Source> + Send + Sync;

/// A cache together with how its values are loaded. Cloning is cheap; clones share the threads.
///
/// ```
/// use segno_cache::{Cache, Loading};
///
/// let lengths = Cache::new(100).loader(Loading::default(), |word: &String| {
///     if word.is_empty() { Err("nothing to count") } else { Ok(word.len()) }
/// });
/// assert_eq!(lengths.get("four").ok(), Some(4));
/// assert!(lengths.get("").is_err());
/// ```
pub struct Loader<K, V, S = DefaultHashBuilder> {
    cache: Cache<K, V, S>,
    loading: Arc<Loading>,
    load: Arc<Load<K, V>>,
    refreshes: Arc<AtomicUsize>,
}

impl<K, V, S> Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Binds a function to this cache that loads its values.
    pub fn loader<E: Into<Source>>(
        &self,
        loading: Loading,
        load: impl Fn(&K) -> Result<V, E> + Send + Sync + 'static,
    ) -> Loader<K, V, S> {
        let load = move |key: &K| load(key).map_err(Into::into);
        Loader { cache: self.clone(), loading: Arc::new(loading), load: Arc::new(load), refreshes: Arc::default() }
    }
}

impl<K, V, S> Loader<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// How many refreshes run on threads at once. What is due beyond that, its caller does.
    pub const MAX_REFRESHES: usize = 4;

    /// Returns the value, or loads it as [`Cache::get_or_load`] does. A refresh that is due runs on a thread of its own.
    pub fn get<Q>(&self, key: &Q) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.cache.approach(key, &self.loading) {
            Approach::Done(outcome) => outcome,
            Approach::Wait { flight, fallback } => {
                self.cache.or_stale(leader::wait(&flight, self.loading.limit), fallback)
            }
            Approach::Load { ticket, fallback } => {
                let leader = Leader::new(&self.cache, ticket, Purpose::Load);
                self.cache.or_stale(leader.run(&self.loading, |key| (self.load)(key)), fallback)
            }
            Approach::Refresh { ticket, value } => Ok(self.refresh(ticket).unwrap_or(value)),
        }
    }

    /// Returns the cache that it fills.
    pub fn cache(&self) -> &Cache<K, V, S> {
        &self.cache
    }

    /// Refreshes on a thread, or on this one if there are enough; then it returns the newer value.
    fn refresh(&self, ticket: Ticket<K>) -> Option<V> {
        let leader = Leader::new(self.cache.clone(), ticket, Purpose::Refresh);
        let Some(place) = Place::take(&self.refreshes) else {
            return leader.run(&self.loading, |key| (self.load)(key)).ok();
        };
        let (loading, load) = (Arc::clone(&self.loading), Arc::clone(&self.load));
        let work = move || {
            // An error is told as an event, and to who waits.
            let _ = leader.run(&loading, |key| load(key));
            drop(place);
        };
        // Without a thread the refresh is given up, and the next caller finds it due again.
        let spawned = thread::Builder::new().name("segno-cache refresh".to_owned()).spawn(work);
        if let Err(error) = spawned {
            tracing::warn!(%error, "there is no thread to refresh a value");
        }
        None
    }
}

/// One of the threads that may refresh.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>) -> Option<Place> {
        let place = |taken: usize| (taken < Loader::<(), ()>::MAX_REFRESHES).then_some(taken + 1);
        taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, place).ok()?;
        Some(Place(Arc::clone(taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<K, V, S> Clone for Loader<K, V, S> {
    fn clone(&self) -> Self {
        Loader {
            cache: self.cache.clone(),
            loading: Arc::clone(&self.loading),
            load: Arc::clone(&self.load),
            refreshes: Arc::clone(&self.refreshes),
        }
    }
}

impl<K, V, S> fmt::Debug for Loader<K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Loader").field("cache", &self.cache).finish_non_exhaustive()
    }
}
