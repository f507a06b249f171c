//! Many keys at once, for tasks.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::error::Source;
use super::leader::{Leader, Purpose};
use super::loading::USUAL;
use super::many::{Awaited, Loaded, Together};
use super::tasks::{self, Guarded};
use super::{LoadError, Loading};
use crate::Cache;

impl<K, V, S> Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Returns the values of many keys; what has to be loaded is loaded with one call, as a task of its own.
    ///
    /// The rest is as with [`get_or_load_many`](Cache::get_or_load_many).
    pub async fn get_or_load_many_async<E, A, F>(
        &self,
        keys: impl IntoIterator<Item = K>,
        load: impl FnOnce(Vec<K>) -> F + Send + 'static,
    ) -> Loaded<K, V>
    where
        E: Into<Source>,
        A: IntoIterator<Item = (K, V)>,
        F: Future<Output = Result<A, E>> + Send + 'static,
    {
        self.get_or_load_many_async_with(keys, &USUAL, load).await
    }

    /// Does the same in another way than the usual one. The limit is for all together; for refreshes nobody waits.
    pub async fn get_or_load_many_async_with<E, A, F>(
        &self,
        keys: impl IntoIterator<Item = K>,
        loading: &Loading,
        load: impl FnOnce(Vec<K>) -> F + Send + 'static,
    ) -> Loaded<K, V>
    where
        E: Into<Source>,
        A: IntoIterator<Item = (K, V)>,
        F: Future<Output = Result<A, E>> + Send + 'static,
    {
        let leader = |ticket, purpose| Leader::new(self.clone(), ticket, purpose);
        let mut crowd = self.approach_many(keys, loading, leader);
        if !crowd.loads.is_empty() {
            let mut leaders = Vec::new();
            for (leader, fallback) in crowd.loads {
                if leader.purpose() == Purpose::Load {
                    crowd.waits.push(Awaited { key: leader.key().clone(), flight: leader.flight(), fallback });
                }
                leaders.push(leader);
            }
            spawn(Together::of(leaders), loading.clone(), load);
        }
        let begun = loading.limit.map(|limit| (limit, Instant::now()));
        for awaited in crowd.waits {
            let left: Option<Duration> = begun.map(|(limit, begun)| limit.saturating_sub(begun.elapsed()));
            let outcome = tasks::wait(awaited.flight, left).await;
            self.conclude(&mut crowd.loaded, awaited.key, outcome, awaited.fallback);
        }
        crowd.loaded
    }
}

/// Runs the load as a task, which tells everybody how it ended, also if it is dropped before its end.
fn spawn<K, V, S, E, A, F>(
    together: Together<K, V, S, Cache<K, V, S>>,
    loading: Loading,
    load: impl FnOnce(Vec<K>) -> F + Send + 'static,
) where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
    E: Into<Source>,
    A: IntoIterator<Item = (K, V)>,
    F: Future<Output = Result<A, E>> + Send + 'static,
{
    let Ok(runtime) = Handle::try_current() else {
        together.land(Err(LoadError::no_runtime()), &loading);
        return;
    };
    let keys = together.keys();
    let task = async move {
        let work = async move {
            let answer = load(keys).await.map_err(LoadError::failed)?;
            Ok(answer.into_iter().collect::<HashMap<K, V>>())
        };
        let answer = Guarded::new(together.number(), work).await;
        together.land(answer, &loading);
    };
    runtime.spawn(task.instrument(Span::current()));
}
