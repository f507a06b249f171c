//! Layers for threads: the same, waited for. Its own small runtime does the work, so that it may be used anywhere.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::layered::Layered;
use super::tally::{Degraded, LayeredStatistics, count};
use crate::{Cache, Digest, Error, LoadError, Loading};

/// A [`Layered`] for threads. Cloning is cheap; clones share one runtime of one thread, which ends with the last of them.
/// What is in memory is given without it.
///
/// ```
/// use segno_cache::{Digest, Layered, Loading, Raw};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let layers = Layered::<String>::builder(Raw).build_blocking()?;
/// let key = Digest::of(b"question");
/// let answer = layers.get_or_load(&key, &Loading::default(), || Ok::<_, std::io::Error>("answer".to_owned()))?;
/// assert_eq!(layers.get(&key), Some(answer));
/// # Ok(())
/// # }
/// ```
pub struct BlockingLayered<V> {
    layered: Layered<V>,
    runtime: Arc<Own>,
}

/// A runtime on a thread of its own. A runtime must not be dropped where somebody else's task runs, and a thread may be.
struct Own {
    handle: Handle,
    _end: oneshot::Sender<()>,
}

impl Own {
    fn start() -> std::io::Result<Own> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (handle, (end, ended)) = (runtime.handle().clone(), oneshot::channel::<()>());
        thread::Builder::new().name("segno-cache layers".to_owned()).spawn(move || {
            // Ends when the other side is dropped.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
        Ok(Own { handle, _end: end })
    }

    /// Does the work there and waits for it; nothing comes back if it panicked.
    fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // Nobody waits any more only if this thread panics.
            let _ = sender.send(work.await);
        });
        receiver.recv().ok()
    }
}

impl<V: Clone + Send + Sync + 'static> BlockingLayered<V> {
    pub(super) fn new(layered: Layered<V>) -> Result<BlockingLayered<V>, Error> {
        let runtime = Own::start().map_err(|source| Error::Runtime { source })?;
        Ok(BlockingLayered { layered, runtime: Arc::new(runtime) })
    }

    /// Returns the value from memory or the nearest layer that has it.
    pub fn get(&self, key: &Digest) -> Option<V> {
        if let Some(value) = self.layered.inner.memory.get(key) {
            count(&self.layered.inner.hits);
            return Some(value);
        }
        let key = *key;
        self.run(move |layered| async move { layered.get(&key).await }).flatten()
    }

    /// Returns the values of many keys, in the order asked; each layer is asked once.
    pub fn get_many(&self, keys: &[Digest]) -> Vec<Option<V>> {
        let (wanted, all) = (keys.len(), keys.to_vec());
        let found = self.run(move |layered| async move { layered.get_many(&all).await });
        found.unwrap_or_else(|| vec![None; wanted])
    }

    /// Returns the value from memory or the nearest layer that has it, or loads it in this thread; see
    /// [`Layered::get_or_load`]. Threads and tasks wait for each other's loads.
    pub fn get_or_load<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        key: &Digest,
        loading: &Loading,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, LoadError> {
        let inner = &self.layered.inner;
        if let Some(value) = inner.memory.get(key) {
            count(&inner.hits);
            return Ok(value);
        }
        inner.flights.get_or_load_with(key, loading, || {
            let mark = inner.below.underway.begin(key);
            let (found, newer) = {
                let (inner, key) = (Arc::clone(inner), *key);
                self.runtime.run(async move { inner.read(&key).await }).unwrap_or_default()
            };
            if let Some(value) = found {
                return Ok(value);
            }
            count(&inner.misses);
            let begun = Instant::now();
            let value = load().map_err(Into::into)?;
            let terms = inner.terms(loading.terms.clone(), begun.elapsed());
            let (inner, key, put, flag) = (Arc::clone(inner), *key, value.clone(), mark.flag());
            self.runtime.run(async move { inner.put_loaded(&key, put, terms, &newer, &flag).await });
            Ok::<V, Box<dyn std::error::Error + Send + Sync>>(value)
        })
    }

    /// Puts a value in; see [`Layered::insert`].
    pub fn insert(&self, key: &Digest, value: V, live: Option<Duration>) {
        let key = *key;
        self.run(move |layered| async move { layered.insert(&key, value, live).await });
    }

    /// Takes a value out; see [`Layered::remove`].
    pub fn remove(&self, key: &Digest) {
        let key = *key;
        self.run(move |layered| async move { layered.remove(&key).await });
    }

    /// Takes everything out; see [`Layered::clear`].
    pub fn clear(&self) {
        self.run(|layered| async move { layered.clear().await });
    }

    /// Returns once everything that waited to be written was written or given up. What still waits when the last clone
    /// goes is lost.
    pub fn flush(&self) {
        self.run(|layered| async move { layered.flush().await });
    }

    /// Returns the layers that are skipped, and why.
    pub fn degraded(&self) -> Vec<Degraded> {
        self.layered.degraded()
    }

    /// Returns what memory and the layers did.
    pub fn statistics(&self) -> LayeredStatistics {
        self.layered.statistics()
    }

    /// Returns the memory in front.
    pub fn memory(&self) -> &Cache<Digest, V> {
        self.layered.memory()
    }

    fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Layered<V>) -> F,
    ) -> Option<T> {
        self.runtime.run(work(self.layered.clone()))
    }
}

impl<V> Clone for BlockingLayered<V> {
    fn clone(&self) -> Self {
        BlockingLayered { layered: self.layered.clone(), runtime: Arc::clone(&self.runtime) }
    }
}

impl<V> fmt::Debug for BlockingLayered<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BlockingLayered").field("layered", &self.layered).finish_non_exhaustive()
    }
}
