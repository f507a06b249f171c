//! One call of a remembered function through layers: what one process found out, another need not.

use super::SharedError;
use super::call::{Never, Shared, through};
use super::task::returned;
use crate::{BlockingLayered, Digest, Layered, Loading};

/// Returns what the function returns for the key: from memory, from a layer below, or by running it once, as a task.
/// Outside of a tokio runtime only memory is asked, and the function runs in the caller's future.
///
/// # Panics
/// If the function does, with the same text, if it asks for its own value, or if its runtime is shut down meanwhile.
pub async fn layered_value<V, F>(
    layered: &Layered<V>,
    key: &Digest,
    loading: &Loading,
    function: impl FnOnce() -> F + Send + 'static,
) -> V
where
    V: Clone + Send + Sync + 'static,
    F: Future<Output = V> + Send + 'static,
{
    let fallible = move || {
        let running = function();
        async move { Ok::<V, Never>(running.await) }
    };
    match layered_result(layered, key, loading, fallible).await {
        Ok(value) => value,
        Err(Never(never)) => match never {},
    }
}

/// Does the same for a function that can fail; an error stays in memory, at most for [`Loading::negative`].
///
/// # Errors
/// Those of the function.
///
/// # Panics
/// If the function does, with the same text, if it asks for its own value, or if its runtime is shut down meanwhile.
pub async fn layered_result<V, E, F>(
    layered: &Layered<V>,
    key: &Digest,
    loading: &Loading,
    function: impl FnOnce() -> F + Send + 'static,
) -> Result<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: SharedError,
    F: Future<Output = Result<V, E>> + Send + 'static,
{
    let load = move || {
        let running = function();
        async move { running.await.map_err(Shared) }
    };
    // Without a runtime no layer can be asked, only memory.
    let outcome = match tokio::runtime::Handle::try_current() {
        Ok(_) => layered.get_or_load(key, loading, load).await,
        Err(_) => layered.memory().load_alone(key, loading, load).await,
    };
    returned(outcome)
}

/// Returns what the function returns for the key: from memory, from a layer below, or by running it once, in this thread.
///
/// # Panics
/// If the function does, or if it asks for its own value.
pub fn blocking_value<V: Clone + Send + Sync + 'static>(
    layered: &BlockingLayered<V>,
    key: &Digest,
    loading: &Loading,
    function: impl FnOnce() -> V,
) -> V {
    match blocking_result(layered, key, loading, || Ok::<V, Never>(function())) {
        Ok(value) => value,
        Err(Never(never)) => match never {},
    }
}

/// Does the same for a function that can fail; an error stays in memory, at most for [`Loading::negative`].
///
/// # Errors
/// Those of the function.
///
/// # Panics
/// If the function does, or if it asks for its own value.
pub fn blocking_result<V: Clone + Send + Sync + 'static, E: SharedError>(
    layered: &BlockingLayered<V>,
    key: &Digest,
    loading: &Loading,
    function: impl FnOnce() -> Result<V, E>,
) -> Result<V, E> {
    through(function, |load| layered.get_or_load(key, loading, load))
}
