//! Memory in front, layers behind: the handle through which values are asked for and put.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::builder::LayeredBuilder;
use super::codec::Codec;
use super::inner::Inner;
use super::layer::LayerError;
use super::tally::{Degraded, LayeredStatistics, count};
use crate::{Cache, Digest, LoadError, Loading, Terms};

/// Keeps values in memory and, behind that, in any number of layers: what memory has not is asked of one layer after the
/// other, and what is put is written to all. Cloning is cheap; clones share everything.
///
/// No call fails because a layer does: one that is slow, full, damaged or gone is a miss, and soon it is skipped until it is
/// back; [`degraded`](Layered::degraded) tells. Everything is asked within a tokio runtime with time; outside of one, only
/// memory answers. What a caller has begun is brought to its end if he goes away.
///
/// ```
/// use segno_cache::{Cache, Digest, DiskLayer, Layered, Options, Raw, Store};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let open = || -> Result<Layered<String>, segno_cache::Error> {
///     let disk = DiskLayer::new(Store::open(folder.path(), Options::default())?);
///     Ok(Layered::builder(Raw).memory(Cache::new(1_000)).layer(Arc::new(disk)).build())
/// };
/// let key = Digest::of(b"question");
/// open()?.insert(&key, "answer".to_owned(), None).await;
///
/// // Another process finds it on disk.
/// let later = open()?;
/// assert_eq!(later.get(&key).await.as_deref(), Some("answer"));
/// assert_eq!(later.statistics().layers[0].hits, 1);
/// # Ok(())
/// # }
/// ```
pub struct Layered<V> {
    pub(super) inner: Arc<Inner<V>>,
}

impl<V> Clone for Layered<V> {
    fn clone(&self) -> Self {
        Layered { inner: Arc::clone(&self.inner) }
    }
}

impl<V: Clone + Send + Sync + 'static> Layered<V> {
    /// Begins to join layers for values that the codec knows.
    pub fn builder(codec: impl Codec<V> + 'static) -> LayeredBuilder<V> {
        LayeredBuilder::new(Arc::new(codec))
    }

    /// Returns the value from memory or the nearest layer that has it.
    pub async fn get(&self, key: &Digest) -> Option<V> {
        if let Some(value) = self.inner.memory.get(key) {
            count(&self.inner.hits);
            return Some(value);
        }
        let (inner, key) = (Arc::clone(&self.inner), *key);
        let found = finished(async move { inner.read(&key).await.0 }).await.flatten();
        if found.is_none() {
            count(&self.inner.misses);
        }
        found
    }

    /// Returns the values of many keys, in the order asked; each layer is asked once.
    pub async fn get_many(&self, keys: &[Digest]) -> Vec<Option<V>> {
        let mut values: Vec<Option<V>> = keys.iter().map(|key| self.inner.memory.get(key)).collect();
        let missing: Vec<Digest> =
            keys.iter().zip(&values).filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
        self.inner.hits.fetch_add((keys.len() - missing.len()) as u64, Relaxed);
        if missing.is_empty() {
            return values;
        }
        let inner = Arc::clone(&self.inner);
        let found = finished(async move { inner.read_many(&missing).await }).await.unwrap_or_default();
        for (key, value) in keys.iter().zip(&mut values).filter(|(_, value)| value.is_none()) {
            *value = found.get(key).cloned();
            if value.is_none() {
                count(&self.inner.misses);
            }
        }
        values
    }

    /// Returns the value from memory or the nearest layer that has it, or loads it as a task of its own: whoever asks for a
    /// key, its layers are asked once at a time and its load runs once. What is loaded is put into memory and the layers as
    /// by [`insert`](Layered::insert), unless its key was changed meanwhile.
    ///
    /// Of `loading`, what is said of early refreshes and stale values does not reach through layers; the rest is as with
    /// [`Cache::get_or_load_async_with`]. Weight, tags and the like count in memory alone.
    pub async fn get_or_load<E, F>(
        &self,
        key: &Digest,
        loading: &Loading,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(value) = self.inner.memory.get(key) {
            count(&self.inner.hits);
            return Ok(value);
        }
        let (inner, terms) = (Arc::clone(&self.inner), loading.terms.clone());
        let (flight, key) = (self.inner.flights.clone(), *key);
        flight.get_or_load_async_with(&key, loading, move || async move { inner.load(&key, terms, load).await }).await
    }

    /// Puts a value in, for so long or for the layers' own time. Returns once it is in memory and was written to the layers,
    /// or, if it is written behind, waits to be written. A time of zero removes.
    pub async fn insert(&self, key: &Digest, value: V, live: Option<Duration>) {
        let (inner, key) = (Arc::clone(&self.inner), *key);
        let live = live.or(inner.time_to_live);
        if live == Some(Duration::ZERO) {
            return self.remove(&key).await;
        }
        let terms = Terms { time_to_live: live, ..Terms::default() };
        if Handle::try_current().is_err() {
            inner.memory.insert_with(key, value, terms);
            inner.below.outdate(&key);
            return;
        }
        finished(async move {
            let _turn = inner.below.order.write(&key).await;
            inner.outdate(&key);
            inner.put(&key, value, terms, &[]).await;
        })
        .await;
    }

    /// Takes a value out of memory and all layers. Returns once nobody here is given it any more; a layer that cannot be told
    /// is told when it is back, and is not asked for this key until then.
    pub async fn remove(&self, key: &Digest) {
        self.remove_many(std::slice::from_ref(key)).await;
    }

    /// Takes many values out at once.
    pub async fn remove_many(&self, keys: &[Digest]) {
        let (inner, keys) = (Arc::clone(&self.inner), keys.to_vec());
        if Handle::try_current().is_err() {
            return inner.remove_here(&keys);
        }
        finished(async move {
            let _turns = inner.below.order.write_many(&keys).await;
            keys.iter().for_each(|key| {
                inner.outdate(key);
                inner.memory.remove(key);
            });
            inner.below.forget(&keys).await;
        })
        .await;
    }

    /// Takes everything out of memory and out of each layer's namespace.
    pub async fn clear(&self) {
        let inner = Arc::clone(&self.inner);
        if Handle::try_current().is_err() {
            return inner.clear_here();
        }
        finished(async move {
            let _turns = inner.below.order.write_all().await;
            inner.flights.clear();
            inner.memory.clear();
            inner.below.clear().await;
        })
        .await;
    }

    /// Returns once everything that waited to be written was written, or given up since its layer is degraded.
    pub async fn flush(&self) {
        if let Some(queue) = &self.inner.below.queue {
            self.inner.below.call_writer();
            queue.drained().await;
        }
    }

    /// Returns the layers that are skipped, and why.
    pub fn degraded(&self) -> Vec<Degraded> {
        self.inner.below.tiers.iter().filter_map(|tier| tier.degraded()).collect()
    }

    /// Returns what memory and the layers did.
    pub fn statistics(&self) -> LayeredStatistics {
        LayeredStatistics {
            memory_hits: self.inner.hits.load(Relaxed),
            misses: self.inner.misses.load(Relaxed),
            waiting: self.inner.below.queue.as_ref().map_or(0, |queue| queue.len() as u64),
            dropped: self.inner.below.dropped(),
            layers: self.inner.below.tiers.iter().map(|tier| tier.statistics()).collect(),
        }
    }

    /// Returns the memory in front. What is removed there alone comes back from the layers.
    pub fn memory(&self) -> &Cache<Digest, V> {
        &self.inner.memory
    }

    /// Makes a round trip to each layer, whatever state it is in, and says how that went.
    pub async fn check(&self) -> Vec<(String, Result<Duration, LayerError>)> {
        let mut verdicts = Vec::new();
        for tier in &self.inner.below.tiers {
            let begun = Instant::now();
            let verdict = tier.limited(|layer| layer.check()).await.map(|()| begun.elapsed());
            verdicts.push((tier.name.to_string(), verdict));
        }
        verdicts
    }
}

impl<V> fmt::Debug for Layered<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Layered").field("below", &self.inner.below.tiers).finish_non_exhaustive()
    }
}

/// Runs work to its end, whether or not the caller waits for it. Nothing comes back if there is no runtime, or if what the
/// caller brought panicked.
pub(super) async fn finished<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let Ok(runtime) = Handle::try_current() else {
        tracing::warn!("the cache layers are asked outside of a tokio runtime; they answer nothing");
        return None;
    };
    match runtime.spawn(work).await {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::error!(%error, "work on the cache layers did not end");
            None
        }
    }
}
