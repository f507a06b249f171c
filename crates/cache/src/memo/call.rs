//! One call of a remembered function: through the cache, with the function's own error and its own panic.

use std::any::Any;
use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::SharedError;
use crate::{Cache, LoadError, LoadErrorKind, Loading};

pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// Returns what the function returns for the key: remembered, or by running it once for all who ask meanwhile.
///
/// A panic goes on in the thread that ran the function. Who waited for it panics too, with the same text.
///
/// # Panics
/// If the function does, or if it asks for its own value: then it would never return.
pub fn value<K, Q, V, S>(cache: &Cache<K, V, S>, key: &Q, loading: &Loading, function: impl FnOnce() -> V) -> V
where
    K: Hash + Eq + Clone + Borrow<Q>,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    V: Clone,
    S: BuildHasher,
{
    match result(cache, key, loading, || Ok::<V, Never>(function())) {
        Ok(value) => value,
        Err(Never(never)) => match never {},
    }
}

/// Does the same for a function that can fail: its error comes back as it was, and is not kept beyond
/// [`Loading::negative`].
///
/// # Panics
/// If the function does, or if it asks for its own value.
pub fn result<K, Q, V, E, S>(
    cache: &Cache<K, V, S>,
    key: &Q,
    loading: &Loading,
    function: impl FnOnce() -> Result<V, E>,
) -> Result<V, E>
where
    K: Hash + Eq + Clone + Borrow<Q>,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    V: Clone,
    E: SharedError,
    S: BuildHasher,
{
    through(function, |load| cache.get_or_load_with(key, loading, load))
}

/// Asks, with a loader that runs the function, for what the function returns.
pub(super) fn through<V, E: SharedError>(
    function: impl FnOnce() -> Result<V, E>,
    ask: impl FnOnce(&mut dyn FnMut() -> Result<V, Source>) -> Result<V, LoadError>,
) -> Result<V, E> {
    let mut function = Some(function);
    let mut panic = None;
    let outcome = ask(&mut || match function.take() {
        Some(function) => match catch_unwind(AssertUnwindSafe(function)) {
            Ok(outcome) => outcome.map_err(|error| -> Source { Box::new(Shared(error)) }),
            Err(payload) => {
                // The cache needs to know, and tells it to who waits; the payload itself goes on below.
                let text = text_of(&*payload);
                panic = Some(payload);
                resume_unwind(Box::new(text))
            }
        },
        None => Err("a loader was run twice".into()),
    });
    match (outcome, panic) {
        (_, Some(payload)) => resume_unwind(payload),
        (Ok(value), None) => Ok(value),
        (Err(error), None) => match (own(&error), function) {
            (Some(own), _) => Err(own),
            // An error of another loader of the same key, which says nothing of this function.
            (None, Some(function)) if error.kind() == LoadErrorKind::Failed => function(),
            _ => panic!("{}", sentence(&error)),
        },
    }
}

/// An error of a function on its way through the cache.
#[derive(Clone)]
pub(super) struct Shared<E>(pub(super) E);

impl<E> fmt::Debug for Shared<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the error of a memoized function")
    }
}

impl<E> fmt::Display for Shared<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl<E> std::error::Error for Shared<E> {}

/// The error of a function that has none.
#[derive(Clone)]
pub(super) struct Never(pub(super) Infallible);

pub(super) fn own<E: SharedError>(error: &LoadError) -> Option<E> {
    error.downcast_ref::<Shared<E>>().map(|shared| shared.0.clone())
}

pub(super) fn sentence(error: &LoadError) -> String {
    match error.kind() {
        LoadErrorKind::Recursive => "a memoized function asks for its own value, and would never return".to_owned(),
        _ => error.to_string(),
    }
}

pub(super) fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned())
}
