//! A closure and the cache of what it returned.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::SharedError;
use crate::{Cache, Loading};

/// How many results are kept if nobody says otherwise.
const CAPACITY: u64 = 1_000;

/// A function that remembers what it returned. Cloning is cheap; clones share one cache.
///
/// ```
/// use segno_cache::memo::{Memo, memo};
/// use segno_cache::{Cache, Loading, Policy, Terms};
/// use std::time::Duration;
///
/// let square = memo(|x: &u64| x * x);
/// assert_eq!((square.call(&7), square.call(&7)), (49, 49));
/// assert_eq!(square.cache().len(), 1);
///
/// // With a cache of one's own:
/// let cache = Cache::builder().capacity(50).policy(Policy::Lru).time_to_live(Duration::from_secs(60)).build();
/// let length = Memo::new(cache, |text: &String| text.len());
/// assert_eq!(length.call(&"four".to_owned()), 4);
/// length.cache().clear();
/// ```
pub struct Memo<K, V, F> {
    cache: Cache<K, V>,
    loading: Loading,
    function: Arc<F>,
}

/// Makes a function that remembers its last 1,000 results, one for each argument; several arguments are a tuple.
pub fn memo<K: Hash + Eq + Clone, V: Clone, F: Fn(&K) -> V>(function: F) -> Memo<K, V, F> {
    Memo::new(Cache::new(CAPACITY), function)
}

/// Makes a function that can fail, and remembers its results but not its errors.
///
/// ```
/// let parse = segno_cache::memo::try_memo(|text: &String| text.parse::<u8>());
/// assert_eq!(parse.try_call(&"7".to_owned()), Ok(7));
/// assert!(parse.try_call(&"seven".to_owned()).is_err());
/// ```
pub fn try_memo<K: Hash + Eq + Clone, V: Clone, E, F>(function: F) -> Memo<K, V, F>
where
    F: Fn(&K) -> Result<V, E>,
{
    Memo::new(Cache::new(CAPACITY), function)
}

/// Makes an async function that remembers its last 1,000 results.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let square = segno_cache::memo::memo_async(|x: u64| async move { x * x });
/// assert_eq!(square.call_async(&7).await, 49);
/// # });
/// ```
#[cfg(feature = "tokio")]
pub fn memo_async<K: Hash + Eq + Clone, V: Clone, F, R>(function: F) -> Memo<K, V, F>
where
    F: Fn(K) -> R,
    R: Future<Output = V>,
{
    Memo::new(Cache::new(CAPACITY), function)
}

/// Makes an async function that can fail, and remembers its results but not its errors.
#[cfg(feature = "tokio")]
pub fn try_memo_async<K: Hash + Eq + Clone, V: Clone, E, F, R>(function: F) -> Memo<K, V, F>
where
    F: Fn(K) -> R,
    R: Future<Output = Result<V, E>>,
{
    Memo::new(Cache::new(CAPACITY), function)
}

impl<K: Hash + Eq + Clone, V: Clone, F> Memo<K, V, F> {
    /// Makes a function that remembers in this cache.
    pub fn new(cache: Cache<K, V>, function: F) -> Memo<K, V, F> {
        Memo { cache, loading: Loading::default(), function: Arc::new(function) }
    }

    /// Calls in another way than the usual one: with terms for the results, errors that are remembered for a while,
    /// results that are refreshed ahead.
    #[must_use]
    pub fn loading(self, loading: Loading) -> Memo<K, V, F> {
        Memo { loading, ..self }
    }

    /// Returns the cache, to make results go and to see how it does.
    pub fn cache(&self) -> &Cache<K, V> {
        &self.cache
    }

    /// Returns the result for the argument: remembered, or by calling the function once for all who ask meanwhile.
    ///
    /// # Panics
    /// If the function does, or if it asks for its own value.
    pub fn call(&self, argument: &K) -> V
    where
        F: Fn(&K) -> V,
    {
        super::value(&self.cache, argument, &self.loading, || (self.function)(argument))
    }

    /// Returns the result for the argument, or the function's error.
    ///
    /// # Errors
    /// Those of the function.
    ///
    /// # Panics
    /// If the function does, or if it asks for its own value.
    pub fn try_call<E: SharedError>(&self, argument: &K) -> Result<V, E>
    where
        F: Fn(&K) -> Result<V, E>,
    {
        super::result(&self.cache, argument, &self.loading, || (self.function)(argument))
    }
}

#[cfg(feature = "tokio")]
impl<K, V, F> Memo<K, V, F>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    F: Send + Sync + 'static,
{
    /// Returns the result for the argument: remembered, or by running the function once, as a task of its own.
    ///
    /// # Panics
    /// If the function does, if it asks for its own value, or if its runtime is shut down.
    pub async fn call_async<R: Future<Output = V> + Send + 'static>(&self, argument: &K) -> V
    where
        F: Fn(K) -> R,
    {
        let (function, owned) = (Arc::clone(&self.function), argument.clone());
        super::value_async(&self.cache, argument, &self.loading, move || function(owned)).await
    }

    /// Returns the result for the argument, or the function's error.
    ///
    /// # Errors
    /// Those of the function.
    ///
    /// # Panics
    /// If the function does, if it asks for its own value, or if its runtime is shut down.
    pub async fn try_call_async<E, R>(&self, argument: &K) -> Result<V, E>
    where
        E: SharedError,
        F: Fn(K) -> R,
        R: Future<Output = Result<V, E>> + Send + 'static,
    {
        let (function, owned) = (Arc::clone(&self.function), argument.clone());
        super::result_async(&self.cache, argument, &self.loading, move || function(owned)).await
    }
}

impl<K, V, F> Clone for Memo<K, V, F> {
    fn clone(&self) -> Self {
        let Memo { cache, loading, function } = self;
        Memo { cache: cache.clone(), loading: loading.clone(), function: Arc::clone(function) }
    }
}

impl<K, V, F> fmt::Debug for Memo<K, V, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memo").field("cache", &self.cache).finish_non_exhaustive()
    }
}
