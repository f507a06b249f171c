//! One call of a remembered async function. It runs as a task, so that it ends whatever happens to who asked first.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use super::SharedError;
use super::call::{Never, Shared, own, sentence};
use crate::{Cache, LoadError, LoadErrorKind, Loading};

/// Returns what the function returns for the key: remembered, or by running it once, as a task, for all who ask
/// meanwhile. Outside of a tokio runtime it runs in the caller's future, for each caller.
///
/// # Panics
/// If the function does, with the same text, if it asks for its own value, or if its runtime is shut down meanwhile.
pub async fn value_async<K, Q, V, S, F>(
    cache: &Cache<K, V, S>,
    key: &Q,
    loading: &Loading,
    function: impl FnOnce() -> F + Send + 'static,
) -> V
where
    K: Hash + Eq + Clone + Borrow<Q> + Send + Sync + 'static,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
    F: Future<Output = V> + Send + 'static,
{
    let fallible = move || {
        let running = function();
        async move { Ok::<V, Never>(running.await) }
    };
    match result_async(cache, key, loading, fallible).await {
        Ok(value) => value,
        Err(Never(never)) => match never {},
    }
}

/// Does the same for a function that can fail: its error comes back as it was, and is not kept beyond
/// [`Loading::negative`].
///
/// # Panics
/// If the function does, with the same text, if it asks for its own value, or if its runtime is shut down meanwhile.
pub async fn result_async<K, Q, V, E, S, F>(
    cache: &Cache<K, V, S>,
    key: &Q,
    loading: &Loading,
    function: impl FnOnce() -> F + Send + 'static,
) -> Result<V, E>
where
    K: Hash + Eq + Clone + Borrow<Q> + Send + Sync + 'static,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    V: Clone + Send + Sync + 'static,
    E: SharedError,
    S: BuildHasher + Send + Sync + 'static,
    F: Future<Output = Result<V, E>> + Send + 'static,
{
    let load = move || {
        let running = function();
        async move { running.await.map_err(Shared) }
    };
    let outcome = match tokio::runtime::Handle::try_current() {
        Ok(_) => cache.get_or_load_async_with(key, loading, load).await,
        Err(_) => cache.load_alone(key, loading, load).await,
    };
    returned(outcome)
}

/// Returns what the function returned, or panics as it did.
pub(super) fn returned<V, E: SharedError>(outcome: Result<V, LoadError>) -> Result<V, E> {
    outcome.map_err(|error| match own(&error) {
        Some(own) => own,
        None if error.kind() == LoadErrorKind::Failed => {
            panic!("another loader of the same key failed in its own way: {error}")
        }
        None => panic!("{}", sentence(&error)),
    })
}
