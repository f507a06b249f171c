//! Loads for tasks: each runs as a task of its own, whatever becomes of the callers.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::{Instrument, Span};

use super::approach::Approach;
use super::error::Source;
use super::flight::Flight;
use super::landing::Landing;
use super::leader::{Leader, Purpose};
use super::loading::USUAL;
use super::trail;
use super::{LoadError, Loading};
use crate::Cache;

impl<K, V, S> Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Returns the value, or loads it as a task of its own: one load at a time for each key, whoever asks for it.
    ///
    /// The load goes on when its callers are dropped or their time is over, and what it gives is kept. The rest is as
    /// with [`get_or_load`](Cache::get_or_load), and threads and tasks wait for each other's loads. If the runtime is
    /// shut down meanwhile, who waits is told so.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use segno_cache::Cache;
    ///
    /// let cache: Cache<String, usize> = Cache::new(100);
    /// let length = cache.get_or_load_async("four", async || Ok::<_, std::io::Error>(4)).await;
    /// assert_eq!(length.ok(), Some(4));
    /// # });
    /// ```
    pub async fn get_or_load_async<Q, E, F>(
        &self,
        key: &Q,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        E: Into<Source>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        self.get_or_load_async_with(key, &USUAL, load).await
    }

    /// Does the same in another way than the usual one. A refresh that is due runs as a task, and nobody waits for it.
    ///
    /// A limit needs a runtime whose time is enabled.
    pub async fn get_or_load_async_with<Q, E, F>(
        &self,
        key: &Q,
        loading: &Loading,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        E: Into<Source>,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let (flight, fallback) = match self.approach(key, loading) {
            Approach::Done(outcome) => return outcome,
            Approach::Wait { flight, fallback } => (flight, fallback),
            Approach::Load { ticket, fallback } => {
                let leader = Leader::new(self.clone(), ticket, Purpose::Load);
                let flight = leader.flight();
                spawn(leader, loading.clone(), load);
                (flight, fallback)
            }
            Approach::Refresh { ticket, value } => {
                spawn(Leader::new(self.clone(), ticket, Purpose::Refresh), loading.clone(), load);
                return Ok(value);
            }
        };
        self.or_stale(wait(flight, loading.limit).await, fallback)
    }
}

/// Runs a load as a task, which tells everybody how it ended, also if it is dropped before its end.
fn spawn<K, V, S, E, F>(
    leader: Leader<K, V, S, Cache<K, V, S>>,
    loading: Loading,
    load: impl FnOnce() -> F + Send + 'static,
) where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
    E: Into<Source>,
    F: Future<Output = Result<V, E>> + Send + 'static,
{
    let Ok(runtime) = Handle::try_current() else {
        // Whoever waits is told, which is all that can be done.
        let _ = leader.land(Err(LoadError::no_runtime()), &loading);
        return;
    };
    let task = async move {
        let work = async move { load().await.map_err(LoadError::failed) };
        let outcome = Guarded::new(leader.number(), work).await;
        // Told to everybody, this task's caller among them.
        let _ = leader.land(outcome, &loading);
    };
    runtime.spawn(task.instrument(Span::current()));
}

/// Waits for a load as a task.
pub(super) async fn wait<V: Clone>(flight: Arc<Flight<V>>, limit: Option<Duration>) -> Result<V, LoadError> {
    let Some(_wait) = trail::wait(flight.number) else {
        return Err(LoadError::recursive());
    };
    let landing = Landing::of(flight);
    match limit {
        None => landing.await,
        Some(limit) => match tokio::time::timeout(limit, landing).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LoadError::timed_out(limit)),
        },
    }
}

/// A loader at work: what it asks for, its load waits for, and its panic is an error.
pub(super) struct Guarded<F> {
    number: u64,
    work: Pin<Box<F>>,
}

impl<F> Guarded<F> {
    pub(super) fn new(number: u64, work: F) -> Guarded<F> {
        Guarded { number, work: Box::pin(work) }
    }
}

impl<T, F: Future<Output = Result<T, LoadError>>> Future for Guarded<F> {
    type Output = Result<T, LoadError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let number = self.number;
        let work = self.work.as_mut();
        let poll = || trail::working_for(number, || work.poll(context));
        // After a panic the loader is not polled again.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(LoadError::panicked(&*payload))),
        }
    }
}
