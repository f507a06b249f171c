//! Filling a cache before it is needed, as tasks: the same as `warm` does with threads.

use tokio::task::JoinSet;

use super::warm::told;
use super::{Warm, Warmed};

/// The most tasks that load at once, whatever is asked for.
const MAX_AT_ONCE: usize = 1_024;

/// Calls `load` for keys in their order, some at once as tasks of the runtime, and waits for all of them. If the future is
/// dropped, loads that are under way end.
///
/// `load` says whether it loaded (`true`) or found the value there. It is what fills the cache, by whatever way: a
/// panic of it is a failure and does no other harm.
///
/// ```
/// use segno_cache::{Cache, Warm, warm_async};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let squares = Cache::new(100);
/// let warmed = warm_async(1..=10_u64, Warm::default(), |key| {
///     let squares = squares.clone();
///     async move {
///         squares.insert(key, key * key);
///         Ok::<_, String>(true)
///     }
/// });
/// assert_eq!((warmed.await.loaded, squares.get(&7)), (10, Some(49)));
/// # });
/// ```
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn warm_async<K, E, F>(keys: impl IntoIterator<Item = K>, options: Warm, load: impl Fn(K) -> F) -> Warmed
where
    E: Send + 'static,
    F: Future<Output = Result<bool, E>> + Send + 'static,
{
    let mut keys = keys.into_iter();
    let (mut done, mut under_way) = (Warmed::default(), JoinSet::new());
    let at_once = options.at_once.clamp(1, MAX_AT_ONCE);
    loop {
        let may_begin = done.failed < options.max_failures.max(1)
            && done.loaded + done.failed + under_way.len() < options.max_loads
            && under_way.len() < at_once;
        match if may_begin { keys.next() } else { None } {
            Some(key) => _ = under_way.spawn(load(key)),
            None => match under_way.join_next().await {
                Some(Ok(Ok(true))) => done.loaded += 1,
                Some(Ok(Ok(false))) => done.present += 1,
                Some(Ok(Err(_)) | Err(_)) => done.failed += 1,
                None => break,
            },
        }
    }
    done.left = keys.count();
    told(done)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Warms with ten keys, each of which takes a second and fails from `good` on.
    async fn check(options: Warm, good: u64, expected: (usize, usize, usize), seconds: u64) {
        let begun = tokio::time::Instant::now();
        let load = move |key| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if key < good { Ok(true) } else { Err("no") }
        };
        let done = warm_async(0..10_u64, options, load).await;
        assert_eq!((done.loaded, done.failed, done.left), expected, "{options:?}");
        assert_eq!(begun.elapsed().as_secs(), seconds, "{options:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn limits_end_it_and_what_is_left_is_told() {
        let one = Warm { at_once: 1, ..Warm::default() };
        check(one, 10, (10, 0, 0), 10).await;
        check(Warm { at_once: 5, ..one }, 10, (10, 0, 0), 2).await;
        check(Warm { at_once: usize::MAX, ..one }, 10, (10, 0, 0), 1).await;
        check(Warm { max_loads: 3, ..one }, 10, (3, 0, 7), 3).await;
        check(Warm { max_loads: 3, at_once: 9, ..one }, 10, (3, 0, 7), 1).await;
        check(Warm { max_failures: 2, ..one }, 5, (5, 2, 3), 7).await;
        check(Warm { max_failures: 0, at_once: 0, ..one }, 0, (0, 1, 9), 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_panics_is_a_failure_and_what_is_there_takes_no_load() {
        let options = Warm { max_loads: 2, ..Warm::default() };
        let load = |key| async move { if key == 1 { panic!("no such thing") } else { Ok::<_, ()>(key > 2) } };
        let done = warm_async([0, 1, 2, 3, 4], options, load).await;
        assert_eq!((done.present, done.failed, done.loaded, done.left), (2, 1, 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_it_leaves_nothing_under_way() {
        let ended = Arc::new(AtomicUsize::new(0));
        let load = |_: u32| {
            let ended = Arc::clone(&ended);
            async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                ended.fetch_add(1, Ordering::SeqCst);
                Ok::<_, ()>(true)
            }
        };
        let warming = warm_async(0..10, Warm::default(), load);
        assert!(tokio::time::timeout(Duration::from_secs(1), warming).await.is_err());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(ended.load(Ordering::SeqCst), 0);
    }
}
