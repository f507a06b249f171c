//! Filling a cache before it is needed: some loads at once, the most important first, and an end when nothing works.

use std::error::Error;
use std::hash::{BuildHasher, Hash};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Operation, TARGET, Watched};
use crate::Cache;

/// The most threads that load at once, whatever is asked for.
const MAX_AT_ONCE: usize = 64;

/// How a cache is warmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warm {
    /// How many loads run at once: at least one, at most 64.
    pub at_once: usize,
    /// How many keys are loaded at most. More than the cache holds would push out what was loaded first.
    pub max_loads: usize,
    /// After so many failures no further load begins.
    pub max_failures: usize,
}

impl Default for Warm {
    /// Returns four at once, 100,000 loads, and an end after 100 failures.
    fn default() -> Warm {
        Warm { at_once: 4, max_loads: 100_000, max_failures: 100 }
    }
}

/// What warming came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warmed {
    /// Keys that were loaded.
    pub loaded: usize,
    /// Keys that were there already.
    pub present: usize,
    /// Keys whose load failed or panicked.
    pub failed: usize,
    /// Keys that were not tried, because enough was loaded or too much had failed.
    pub left: usize,
}

/// Calls `load` for keys in their order, some at once on threads of its own, and waits for all of them.
///
/// `load` says whether it loaded (`true`) or found the value there. It is what fills the cache, by whatever way: a
/// panic of it is a failure and does no other harm.
pub fn warm<K: Send, E>(
    keys: impl IntoIterator<Item = K>,
    options: Warm,
    load: impl Fn(K) -> Result<bool, E> + Sync,
) -> Warmed {
    let keys: Vec<K> = keys.into_iter().collect();
    let (count, at_once) = (keys.len(), options.at_once.clamp(1, MAX_AT_ONCE).min(keys.len()));
    let rest = Mutex::new(keys.into_iter());
    let (loads, failures) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut done = Warmed::default();
        while failures.load(Ordering::Relaxed) < options.max_failures.max(1)
            && loads.fetch_add(1, Ordering::Relaxed) < options.max_loads
        {
            // Taken in a statement of its own, so that nobody waits while it is loaded.
            let next = rest.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(key) = next else { break };
            match catch_unwind(AssertUnwindSafe(|| load(key))) {
                Ok(Ok(true)) => done.loaded += 1,
                Ok(Ok(false)) => {
                    done.present += 1;
                    loads.fetch_sub(1, Ordering::Relaxed);
                }
                Ok(Err(_)) | Err(_) => {
                    done.failed += 1;
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        done
    };
    let parts = in_threads(at_once, &work);
    let mut done = parts.into_iter().fold(Warmed::default(), Warmed::and);
    done.left = count - (done.loaded + done.present + done.failed);
    told(done)
}

/// Says in the log what it came to.
pub(super) fn told(done: Warmed) -> Warmed {
    let Warmed { loaded, present, failed, left } = done;
    tracing::info!(target: TARGET, loaded, present, failed, left, "a cache is warmed");
    done
}

/// Does the work in so many threads, this one among them, and returns what each came to. Where no thread can be made,
/// fewer do it.
fn in_threads<T: Send>(count: usize, work: &(impl Fn() -> T + Sync)) -> Vec<T> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..count).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut done = vec![work()];
        done.extend(others.into_iter().filter_map(|other| other.join().ok()));
        done
    })
}

impl Warmed {
    fn and(self, other: Warmed) -> Warmed {
        Warmed {
            loaded: self.loaded + other.loaded,
            present: self.present + other.present,
            failed: self.failed + other.failed,
            left: 0,
        }
    }
}

impl<K, V, S> Cache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    S: BuildHasher + Send + Sync,
{
    /// Loads what is not there, in the order of the keys and some at once, and keeps it with what it took to load. A load
    /// is one like those of [`get_or_load`](Cache::get_or_load): who asks meanwhile waits for it, and what was put in or
    /// invalidated meanwhile is not overwritten.
    ///
    /// ```
    /// use segno_cache::{Cache, Warm};
    ///
    /// let squares = Cache::new(100);
    /// let warmed = squares.warm(1..=10_u64, Warm::default(), |key| Ok::<_, String>(key * key));
    /// assert_eq!((warmed.loaded, squares.get(&7)), (10, Some(49)));
    /// ```
    pub fn warm<E>(
        &self,
        keys: impl IntoIterator<Item = K>,
        options: Warm,
        load: impl Fn(&K) -> Result<V, E> + Sync,
    ) -> Warmed
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        warm(keys, options, |key| self.load_ahead(&key, &load))
    }
}

impl<K, V, S> Watched<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    S: BuildHasher + Send + Sync,
{
    /// Loads what is not there, what was asked for most first; what was never asked for comes in the order of the keys.
    pub fn warm<E>(
        &self,
        keys: impl IntoIterator<Item = K>,
        options: Warm,
        load: impl Fn(&K) -> Result<V, E> + Sync,
    ) -> Warmed
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let keys = self.by_use(keys.into_iter().collect());
        self.cache().warm(keys, options, |key| self.time(Operation::Load, || load(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Watching;
    use super::*;
    use crate::Statistics;

    /// Warms with ten keys of which those above `good` fail.
    fn check(options: Warm, good: u32, expected: (usize, usize, usize)) {
        let done = warm(0..10_u32, options, |key| if key < good { Ok(true) } else { Err("no") });
        assert_eq!((done.loaded, done.failed, done.left), expected, "{options:?}");
    }

    #[test]
    fn limits_end_it_and_what_is_left_is_told() {
        let one = Warm { at_once: 1, ..Warm::default() };
        check(one, 10, (10, 0, 0));
        check(Warm { max_loads: 3, ..one }, 10, (3, 0, 7));
        check(Warm { max_loads: 0, ..one }, 10, (0, 0, 10));
        check(Warm { max_failures: 2, ..one }, 5, (5, 2, 3));
        check(Warm { max_failures: 0, ..one }, 0, (0, 1, 9));
        check(Warm { at_once: usize::MAX, ..Warm::default() }, 5, (5, 5, 0));
        check(Warm { at_once: 0, ..Warm::default() }, 10, (10, 0, 0));
    }

    #[test]
    fn no_more_loads_run_at_once_than_allowed() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done = warm(0..200, Warm { at_once: 3, ..Warm::default() }, |_| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, ()>(true)
        });
        assert_eq!(done.loaded, 200);
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn a_load_that_panics_is_a_failure_like_another() {
        let cache = Cache::new(10);
        cache.insert(3, 30);
        let load = |key: &i32| if *key == 1 { panic!("no such thing") } else { Ok::<_, String>(key * 10) };
        let done = cache.warm(0..4, Warm::default(), load);
        assert_eq!((done.loaded, done.present, done.failed, done.left), (2, 1, 1, 0));
        assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(20)));
    }

    #[test]
    fn what_comes_while_it_is_loaded_is_not_overwritten() {
        let cache = Cache::new(10);
        let load = |key: &u32| {
            match key {
                1 => cache.insert(1, 100),
                2 => _ = cache.remove(&2),
                3 => _ = cache.invalidate_if(|key, _| *key == 3),
                _ => {}
            }
            Ok::<_, String>(key * 10)
        };
        // One at a time: to invalidate by what only a value can say outdates all loads that are under way.
        let done = cache.warm(0..5, Warm { at_once: 1, ..Warm::default() }, load);
        assert_eq!(done.loaded, 5);
        let kept = [0, 1, 2, 3, 4].map(|key| cache.get(&key));
        assert_eq!(kept, [Some(0), Some(100), None, None, Some(40)]);
    }

    #[test]
    fn who_asks_while_it_is_loaded_waits_for_it() {
        let cache = Cache::new(10);
        let asked = AtomicUsize::new(0);
        thread::scope(|scope| {
            cache.warm([1], Warm::default(), |key| {
                scope.spawn(|| {
                    asked.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(cache.get_or_load(&1, || Err::<i32, _>("a second load")).ok(), Some(10));
                });
                while cache.statistics().joined == 0 {
                    thread::yield_now();
                }
                Ok::<_, String>(key * 10)
            });
        });
        let Statistics { loads, hits, misses_absent, .. } = cache.statistics();
        assert_eq!((asked.load(Ordering::SeqCst), loads, hits, misses_absent), (1, 1, 0, 1));
    }

    #[test]
    fn what_was_asked_for_most_is_loaded_first() {
        let watched = Watched::new(Cache::new(10), Watching { every: 1, ..Watching::default() });
        [7, 5, 7, 9, 7, 5].iter().for_each(|key| _ = watched.get(key));
        let order = Mutex::new(Vec::new());
        let load = |key: &i32| {
            order.lock().unwrap().push(*key);
            Ok::<_, String>(*key)
        };
        watched.warm(1..10, Warm { at_once: 1, max_loads: 5, ..Warm::default() }, load);
        assert_eq!(*order.lock().unwrap(), [7, 5, 9, 1, 2]);
    }
}
