//! Loads for threads: the first caller's thread loads, the others wait.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use super::approach::Approach;
use super::error::Source;
use super::leader::{self, Leader, Purpose};
use super::loading::USUAL;
use super::{LoadError, Loading};
use crate::Cache;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns the value, or loads it: one load at a time for each key, whoever asks for it.
    ///
    /// The first caller's thread loads, and who asks meanwhile, as a thread or as a task, waits and has the same value
    /// or the same error. An error is not kept, and a panic becomes one. If the key or its tag is invalidated or put in
    /// while it is loaded, who waits gets the loaded value, but it is not kept, and who asks later loads anew. A loader
    /// that asks for its own key, directly or by way of other loads, is told so instead of waiting for ever.
    ///
    /// It blocks: in a task there is `get_or_load_async`.
    ///
    /// ```
    /// use segno_cache::Cache;
    ///
    /// let cache: Cache<String, usize> = Cache::new(100);
    /// let length = cache.get_or_load("Cargo.toml", || std::fs::read("Cargo.toml").map(|bytes| bytes.len()));
    /// assert!(length.is_ok_and(|length| length > 0));
    /// ```
    #[inline]
    pub fn get_or_load<Q, E>(&self, key: &Q, load: impl FnOnce() -> Result<V, E>) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        E: Into<Source>,
    {
        self.get_or_load_with(key, &USUAL, load)
    }

    /// Does the same in another way than the usual one.
    ///
    /// A refresh that is due is made by the caller that finds it due, while all others are given what is there: a loader
    /// that may only be borrowed cannot be taken elsewhere. [`loader`](Cache::loader) makes one that refreshes on a
    /// thread of its own.
    #[inline]
    pub fn get_or_load_with<Q, E>(
        &self,
        key: &Q,
        loading: &Loading,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        E: Into<Source>,
    {
        match self.approach(key, loading) {
            Approach::Done(outcome) => outcome,
            Approach::Wait { flight, fallback } => self.or_stale(leader::wait(&flight, loading.limit), fallback),
            Approach::Load { ticket, fallback } => {
                let outcome = Leader::new(self, ticket, Purpose::Load).run(loading, |_| load());
                self.or_stale(outcome, fallback)
            }
            Approach::Refresh { ticket, value } => {
                let outcome = Leader::new(self, ticket, Purpose::Refresh).run(loading, |_| load());
                Ok(outcome.unwrap_or(value))
            }
        }
    }
}
