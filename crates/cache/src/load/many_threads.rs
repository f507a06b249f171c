//! Many keys at once, for threads.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::time::Instant;

use super::error::Source;
use super::leader::{self, Leader};
use super::loading::USUAL;
use super::many::{Loaded, Together};
use super::trail;
use super::{LoadError, Loading};
use crate::Cache;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns the values of many keys. Those that are not there are loaded with one call, but for those that somebody else
    /// loads already: they are waited for.
    ///
    /// The loader may leave keys out; what it says of keys that it was not asked for is dropped.
    ///
    /// ```
    /// use segno_cache::Cache;
    ///
    /// let cache: Cache<u32, u32> = Cache::new(100);
    /// cache.insert(1, 10);
    /// let loaded = cache.get_or_load_many([1, 2, 3], |missing| {
    ///     assert_eq!(missing, [2, 3]);
    ///     Ok::<_, std::io::Error>(vec![(2, 20)])
    /// });
    /// assert_eq!(loaded.values.len(), 2);
    /// assert!(loaded.failures.is_empty());
    /// ```
    pub fn get_or_load_many<E, A>(
        &self,
        keys: impl IntoIterator<Item = K>,
        load: impl FnOnce(Vec<K>) -> Result<A, E>,
    ) -> Loaded<K, V>
    where
        E: Into<Source>,
        A: IntoIterator<Item = (K, V)>,
    {
        self.get_or_load_many_with(keys, &USUAL, load)
    }

    /// Does the same in another way than the usual one. The limit is for the loads of others, from the end of the own one;
    /// refreshes that are due are made with the rest.
    pub fn get_or_load_many_with<E, A>(
        &self,
        keys: impl IntoIterator<Item = K>,
        loading: &Loading,
        load: impl FnOnce(Vec<K>) -> Result<A, E>,
    ) -> Loaded<K, V>
    where
        E: Into<Source>,
        A: IntoIterator<Item = (K, V)>,
    {
        let leader = |ticket, purpose| Leader::new(self, ticket, purpose);
        let mut crowd = self.approach_many(keys, loading, leader);
        // The own load first: who waits for others before could wait for somebody who waits for it.
        if !crowd.loads.is_empty() {
            let (leaders, fallbacks): (Vec<_>, Vec<_>) = crowd.loads.into_iter().unzip();
            let keys: Vec<K> = leaders.iter().map(|leader| leader.key().clone()).collect();
            let outcomes = run(Together::of(leaders), keys.clone(), loading, load);
            for ((key, fallback), outcome) in keys.into_iter().zip(fallbacks).zip(outcomes) {
                self.conclude(&mut crowd.loaded, key, outcome, fallback);
            }
        }
        let begun = Instant::now();
        for awaited in crowd.waits {
            let left = loading.limit.map(|limit| limit.saturating_sub(begun.elapsed()));
            let outcome = leader::wait(&awaited.flight, left);
            self.conclude(&mut crowd.loaded, awaited.key, outcome, awaited.fallback);
        }
        crowd.loaded
    }
}

/// Runs the load on this thread and tells everybody what came of it.
fn run<K, V, S, E, A>(
    together: Together<K, V, S, &Cache<K, V, S>>,
    keys: Vec<K>,
    loading: &Loading,
    load: impl FnOnce(Vec<K>) -> Result<A, E>,
) -> Vec<Result<V, LoadError>>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    E: Into<Source>,
    A: IntoIterator<Item = (K, V)>,
{
    let number = together.number();
    let Some(_wait) = trail::wait(number) else {
        // Nothing waits for anything before it runs.
        return together.land(Err(LoadError::recursive()), loading);
    };
    let collect = || load(keys).map(|answer| answer.into_iter().collect::<HashMap<K, V>>());
    let answer = leader::guarded(|| trail::working_for(number, collect));
    together.land(answer, loading)
}
