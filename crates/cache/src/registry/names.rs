//! Caches by name. What each one tells is read when somebody asks, and never under the registry's lock.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::{Level, Measured, Reading, Registrable, Revive, TARGET, Used, Worth};

/// A longer name is cut: it stands in statistics, events and metrics.
const MAX_NAME_CHARS: usize = 100;

static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::default);

/// Knows caches by their names, keeps none of them alive, and adds up what they did. Cloning is cheap; clones share one
/// registry.
///
/// ```
/// use segno_cache::{Cache, Registry};
///
/// let registry = Registry::default();
/// let users = Cache::new(100);
/// registry.register("users", &users);
/// users.insert("ada", 36);
/// users.get("ada");
/// users.get("bob");
///
/// let all = registry.total();
/// assert_eq!((all.caches, all.statistics.hits, all.statistics.misses_absent), (1, 1, 1));
/// drop(users);
/// assert_eq!(registry.names().len(), 0);
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    caches: Arc<Mutex<Vec<Registered>>>,
}

#[derive(Clone)]
struct Registered {
    name: Arc<str>,
    cache: Arc<Revive>,
    worth: Worth,
}

/// A cache that is there, and will be as long as this is held.
pub(super) struct Held {
    pub(super) name: Arc<str>,
    pub(super) cache: Arc<dyn Measured>,
    worth: Worth,
}

impl Registry {
    /// Returns the registry that all of a program share.
    pub fn global() -> &'static Registry {
        &GLOBAL
    }

    /// Registers a cache and returns the name under which it stands: if another cache has the name, a number is added.
    ///
    /// It leaves by itself when its last owner drops it.
    pub fn register(&self, name: &str, cache: &impl Registrable) -> Arc<str> {
        self.register_with(name, cache, Worth::default())
    }

    /// Registers a cache of which is known what a load costs.
    pub fn register_with(&self, name: &str, cache: &impl Registrable, worth: Worth) -> Arc<str> {
        let cache = Arc::new(cache.weakly());
        // Whoever is gone makes room, for its name too. Who that is must be asked without the lock: if this is the last to
        // hold a cache, the cache is dropped here.
        let registered: Vec<Registered> = self.caches().clone();
        let gone: Vec<Arc<Revive>> =
            registered.into_iter().map(|registered| registered.cache).filter(|cache| cache().is_none()).collect();
        let name = {
            let mut caches = self.caches();
            caches.retain(|registered| !gone.iter().any(|gone| Arc::ptr_eq(gone, &registered.cache)));
            let name = free_name(name, &caches);
            caches.push(Registered { name: Arc::clone(&name), cache, worth });
            name
        };
        tracing::debug!(target: TARGET, cache = &*name, "a cache is registered");
        name
    }

    /// Takes a cache out of the registry, and says whether it was there; the cache itself stays as it is.
    pub fn forget(&self, name: &str) -> bool {
        let mut caches = self.caches();
        let before = caches.len();
        caches.retain(|registered| &*registered.name != name);
        caches.len() < before
    }

    /// Returns the names of the caches that are there, in the order in which they came.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.held().into_iter().map(|held| held.name).collect()
    }

    /// Returns what each cache tells, in the order in which they came.
    pub fn read(&self) -> Vec<Reading> {
        self.held().iter().map(Held::read).collect()
    }

    /// Returns what one cache tells.
    pub fn read_one(&self, name: &str) -> Option<Reading> {
        self.find(name).map(|held| held.read())
    }

    /// Returns what all caches tell together, under the name `all`.
    pub fn total(&self) -> Reading {
        let mut all = Reading { name: "all".into(), ..Reading::default() };
        self.read().iter().for_each(|reading| all.merge(reading));
        all
    }

    /// Returns the keys that one cache is asked for most.
    pub fn most_used(&self, name: &str, limit: usize) -> Vec<Used> {
        self.find(name).map(|held| held.cache.most_used(limit)).unwrap_or_default()
    }

    /// Empties one cache, and says whether there is such a one.
    pub fn clear(&self, name: &str) -> bool {
        let Some(held) = self.find(name) else { return false };
        held.cache.clear();
        tracing::debug!(target: TARGET, cache = name, "a cache is cleared");
        true
    }

    /// Empties all caches, and returns how many there are.
    pub fn clear_all(&self) -> usize {
        let held = self.held();
        for Held { name, cache, .. } in &held {
            cache.clear();
            tracing::debug!(target: TARGET, cache = &**name, "a cache is cleared");
        }
        held.len()
    }

    /// Takes every value with this tag out of all caches, and returns how many there were.
    pub fn invalidate_tag(&self, tag: &str) -> usize {
        let entries = self.held().iter().map(|held| held.cache.invalidate_tag(tag)).fold(0, usize::saturating_add);
        tracing::debug!(target: TARGET, tag, entries, "a tag is invalidated");
        entries
    }

    /// Returns the caches that are there. They are dropped by whoever asked, outside of the lock: a value's `Drop` may
    /// well come back here.
    pub(super) fn held(&self) -> Vec<Held> {
        let registered: Vec<Registered> = self.caches().clone();
        registered.into_iter().filter_map(Registered::hold).collect()
    }

    fn find(&self, name: &str) -> Option<Held> {
        let found = self.caches().iter().find(|registered| &*registered.name == name).cloned();
        found.and_then(Registered::hold)
    }

    fn caches(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    fn hold(self) -> Option<Held> {
        let cache = (self.cache)()?;
        Some(Held { name: self.name, cache, worth: self.worth })
    }
}

impl Held {
    fn read(&self) -> Reading {
        let statistics = self.cache.statistics();
        let mut levels = self.cache.levels();
        if levels.is_empty() {
            let misses = statistics.misses_absent.saturating_add(statistics.misses_expired);
            levels.push(Level { hits: statistics.hits, misses, ..Level::of("memory") });
        }
        Reading {
            name: Arc::clone(&self.name),
            caches: 1,
            levels,
            latencies: self.cache.latencies(),
            saved_money: self.worth.saved(&statistics),
            spent_money: self.worth.spent(&statistics),
            statistics,
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Registry").field(&self.names()).finish()
    }
}

/// Returns the name, or the name with the first number that makes it another one than all that are taken.
fn free_name(name: &str, taken: &[Registered]) -> Arc<str> {
    let cleaned: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME_CHARS).collect();
    let name = if cleaned.is_empty() { "cache" } else { cleaned.as_str() };
    let is_free = |name: &str| taken.iter().all(|registered| &*registered.name != name);
    if is_free(name) {
        return name.into();
    }
    // Of so many numbers and one more, one is free.
    let numbered = (2..taken.len() + 3).map(|number| format!("{name}#{number}")).find(|name| is_free(name));
    numbered.unwrap_or_else(|| name.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::{Cache, Statistics, Terms};

    fn check(names: &[&str], expected: &[&str]) {
        let registry = Registry::default();
        let caches: Vec<_> = names.iter().map(|_| Cache::<u32, u32>::new(1)).collect();
        let given: Vec<_> = names.iter().zip(&caches).map(|(name, cache)| registry.register(name, cache)).collect();
        assert_eq!(given, registry.names());
        assert_eq!(given.iter().map(|name| &**name).collect::<Vec<_>>(), expected);
        drop(caches);
        assert_eq!(registry.names(), Vec::<Arc<str>>::new());
    }

    #[test]
    fn a_name_is_given_once() {
        check(&["a", "b"], &["a", "b"]);
        check(&["a", "a", "a"], &["a", "a#2", "a#3"]);
        check(&["a#2", "a", "a"], &["a#2", "a", "a#3"]);
        check(&["", "\u{1b}\n", &"x".repeat(300)], &["cache", "cache#2", &"x".repeat(100)]);
    }

    #[test]
    fn the_name_of_a_cache_that_is_gone_is_free_again() {
        let registry = Registry::default();
        for _ in 0..3 {
            let cache = Arc::new(Cache::<u32, u32>::new(1));
            assert_eq!(&*registry.register("a", &cache), "a");
            assert_eq!(registry.names().len(), 1);
        }
    }

    #[test]
    fn caches_that_come_at_the_same_time_are_all_there() {
        let registry = Registry::default();
        let caches: Vec<_> = (0..64).map(|_| Cache::<u32, u32>::new(1)).collect();
        std::thread::scope(|scope| {
            for part in caches.chunks(16) {
                let registry = &registry;
                scope.spawn(move || {
                    for cache in part {
                        registry.register("gone", &Cache::<u32, u32>::new(1));
                        registry.register("same", cache);
                    }
                });
            }
        });
        let mut names = registry.names();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 64);
    }

    #[test]
    fn clones_of_a_cache_keep_it_registered() {
        let registry = Registry::default();
        let cache = Cache::<u32, u32>::new(1);
        registry.register("a", &cache);
        let clone = cache.clone();
        drop(cache);
        assert_eq!(registry.names().len(), 1);
        assert!(registry.forget("a") && !registry.forget("a") && registry.read_one("a").is_none());
        drop(clone);
    }

    #[test]
    fn what_caches_did_is_told_of_each_and_of_all() {
        let registry = Registry::default();
        let (one, other) = (Cache::new(10), Cache::new(10));
        registry.register_with("one", &one, Worth { per_load: 2.0, ..Worth::default() });
        registry.register("other", &other);
        for cache in [&one, &other] {
            cache.insert(1, 1);
            assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), None));
        }
        let readings = registry.read();
        assert_eq!((readings[0].saved_money, readings[1].saved_money), (Some(2.0), None));
        let all = registry.total();
        let Statistics { hits, misses_absent, entries, .. } = all.statistics;
        assert_eq!((all.caches, hits, misses_absent, entries, all.saved_money), (2, 2, 2, 2, Some(2.0)));
        assert_eq!((all.levels[0].layer.as_str(), all.levels[0].hits), ("memory", 2));
    }

    #[test]
    fn a_tag_is_invalidated_in_all_caches_and_one_cache_alone_is_emptied() {
        let registry = Registry::default();
        let caches = [Cache::new(10), Cache::new(10)];
        for (name, cache) in ["one", "other"].iter().zip(&caches) {
            registry.register(name, cache);
            cache.insert_with(1, 1, Terms { tags: vec!["users".into()], ..Terms::default() });
            cache.insert(2, 2);
        }
        assert_eq!((registry.invalidate_tag("users"), registry.invalidate_tag("users")), (2, 0));
        assert!(registry.clear("one") && !registry.clear("none"));
        assert_eq!(caches.each_ref().map(Cache::len), [0, 1]);
        assert_eq!((registry.clear_all(), caches[1].len()), (2, 0));
    }

    /// A cache that asks its registry while it is asked, and panics at last.
    struct Curious(Registry);

    impl Measured for Curious {
        fn statistics(&self) -> Statistics {
            assert_eq!(self.0.names().len(), 2);
            self.0.register("another", &Arc::new(Cache::<u32, u32>::new(1)));
            panic!("enough")
        }

        fn clear(&self) {}

        fn invalidate_tag(&self, _tag: &str) -> usize {
            0
        }
    }

    #[test]
    fn a_cache_may_ask_its_registry_and_panic() {
        let registry = Registry::default();
        let (curious, cache) = (Arc::new(Curious(registry.clone())), Cache::<u32, u32>::new(1));
        registry.register("curious", &curious);
        registry.register("cache", &cache);
        assert!(catch_unwind(AssertUnwindSafe(|| registry.read())).is_err());
        drop(curious);
        assert_eq!(registry.read().len(), 1);
    }
}
