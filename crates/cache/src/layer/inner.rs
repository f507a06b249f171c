//! What the clones of a handle share: how a value is read, loaded and put, with memory and layers in step.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use tokio::time::Instant;

use super::below::{Below, Fill};
use super::codec::{Codec, decode, encode};
use super::envelope::Rejection;
use super::tally::count;
use super::tier::Tier;
use super::underway::Mark;
use crate::{Cache, Digest, Terms};

pub(super) struct Inner<V> {
    pub(super) memory: Cache<Digest, V>,
    pub(super) codec: Arc<dyn Codec<V>>,
    pub(super) below: Arc<Below>,
    /// Loads that are under way. It keeps nothing: what was loaded is kept by the layers, memory among them.
    pub(super) flights: Cache<Digest, V>,
    pub(super) time_to_live: Option<Duration>,
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
}

impl<V: Clone + Send + Sync + 'static> Inner<V> {
    /// Asks the layers, and memory once more: another reader may have been here.
    pub(super) async fn read(&self, key: &Digest) -> (Option<V>, Vec<Arc<str>>) {
        let turn = self.below.order.read(key).await;
        if let Some(value) = self.memory.get(key) {
            return (Some(value), Vec::new());
        }
        let mark = self.below.underway.begin(key);
        let search = self.below.find(key).await;
        let Some(opened) = search.found else { return (None, search.newer) };
        let value = self.understand(key, &opened.plain, search.tier.as_ref()).await;
        if let Some(value) = &value {
            self.remember_found(&mark, key, value.clone(), opened.left);
            self.fill(search.fill, turn);
        }
        (value, search.newer)
    }

    pub(super) async fn read_many(&self, keys: &[Digest]) -> HashMap<Digest, V> {
        let turns = self.below.order.read_many(keys).await;
        let marks: HashMap<Digest, Mark<'_>> = keys.iter().map(|key| (*key, self.below.underway.begin(key))).collect();
        let mut values = HashMap::new();
        let mut fills = Vec::new();
        for (key, search) in self.below.find_many(keys).await {
            let Some(opened) = search.found else { continue };
            let Some(value) = self.understand(&key, &opened.plain, search.tier.as_ref()).await else { continue };
            if let Some(mark) = marks.get(&key) {
                self.remember_found(mark, &key, value.clone(), opened.left);
            }
            values.insert(key, value);
            fills.extend(search.fill);
        }
        drop(marks);
        self.fill(fills, turns);
        values
    }

    /// Fills the layers above with what was found, while the caller goes on; others may not write these keys until then.
    fn fill<T: Send + 'static>(&self, fills: impl IntoIterator<Item = Fill>, turn: T) {
        let (below, fills) = (Arc::clone(&self.below), fills.into_iter().collect::<Vec<_>>());
        if fills.is_empty() {
            return;
        }
        tokio::spawn(async move {
            let _turn = turn;
            for fill in fills {
                below.fill(fill).await;
            }
        });
    }

    /// Asks the layers, then the loader.
    pub(super) async fn load<E, F>(&self, key: &Digest, terms: Terms, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let mark = self.below.underway.begin(key);
        let (found, newer) = self.read(key).await;
        if let Some(value) = found {
            return Ok(value);
        }
        count(&self.misses);
        let begun = Instant::now();
        let value = load().await?;
        self.put_loaded(key, value.clone(), self.terms(terms, begun.elapsed()), &newer, &mark.flag()).await;
        Ok(value)
    }

    /// Puts what was loaded, unless its key was changed meanwhile.
    pub(super) async fn put_loaded(
        &self,
        key: &Digest,
        value: V,
        terms: Terms,
        newer: &[Arc<str>],
        is_outdated: &AtomicBool,
    ) {
        let _turn = self.below.order.write(key).await;
        if !is_outdated.load(SeqCst) && terms.time_to_live != Some(Duration::ZERO) {
            self.put(key, value, terms, newer).await;
        }
    }

    /// Returns the terms of a value that took so long to load.
    pub(super) fn terms(&self, terms: Terms, took: Duration) -> Terms {
        Terms { cost: terms.cost.or(Some(took)), time_to_live: terms.time_to_live.or(self.time_to_live), ..terms }
    }

    /// Puts a value into memory and the layers. The caller takes part in the order as a writer.
    pub(super) async fn put(&self, key: &Digest, value: V, terms: Terms, except: &[Arc<str>]) {
        let (encoded, live) = (encode(&*self.codec, &value), terms.time_to_live);
        self.memory.insert_with(*key, value, terms);
        match encoded {
            Ok(plain) => self.below.keep(key, &plain, live, except).await,
            Err(error) => {
                tracing::warn!(key = %key.short(), error, "a value cannot be encoded; it stays in memory only");
                self.below.outdate(key);
            }
        }
    }

    /// Takes out of memory, and notes that the layers are out of date.
    pub(super) fn remove_here(&self, keys: &[Digest]) {
        for key in keys {
            self.outdate(key);
            self.memory.remove(key);
        }
        self.below.tiers.iter().for_each(|tier| tier.owe(keys));
    }

    /// Takes everything out of memory, and notes that the layers are out of date.
    pub(super) fn clear_here(&self) {
        self.flights.clear();
        self.memory.clear();
        self.below.outdate_all();
    }

    /// Sees to it that loads of a key that have begun are not kept, and that nobody joins them any more.
    pub(super) fn outdate(&self, key: &Digest) {
        self.below.underway.outdate(key);
        self.flights.remove(key);
    }

    /// Remembers what a layer had, unless the layer has told meanwhile that it is out of date.
    fn remember_found(&self, mark: &Mark<'_>, key: &Digest, value: V, left: Option<Duration>) {
        if mark.is_outdated() {
            return;
        }
        self.memory.insert_with(*key, value, Terms { time_to_live: left, ..Terms::default() });
        // It may have told between the question and the insertion.
        if mark.is_outdated() {
            self.memory.remove(key);
        }
    }

    async fn understand(&self, key: &Digest, plain: &[u8], tier: Option<&Arc<Tier>>) -> Option<V> {
        match decode(&*self.codec, plain) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::debug!(key = %key.short(), error, "a cached value cannot be decoded; that is a miss");
                if let Some(tier) = tier {
                    self.below.reject(tier, key, Rejection::Unreadable).await;
                }
                None
            }
        }
    }
}
