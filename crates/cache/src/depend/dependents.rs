//! Which keys depend on what: when something changes, the keys that it makes wrong, and the keys that build on those.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::dependency::Dependency;
#[cfg(feature = "files")]
use super::reach::Reach;
use crate::Digest;

/// Which keys depend on what. Cloning is cheap; clones share it.
///
/// A key is recorded before its value is made: then a change while it is made is not lost. What is returned as changed is
/// not known here any more, until it is recorded again.
///
/// ```
/// use segno_cache::{Cache, Dependency, Dependents};
///
/// let (cache, dependents) = (Cache::new(100), Dependents::new(1_000));
/// dependents.record("greeting", None, &[Dependency::env("LANG")]);
/// cache.insert("greeting", "hello");
/// for key in dependents.changed(&Dependency::env("LANG")) {
///     cache.remove(key);
/// }
/// assert_eq!(cache.get("greeting"), None);
/// ```
pub struct Dependents<K> {
    inner: Arc<Mutex<Index<K>>>,
}

#[derive(Debug)]
struct Index<K> {
    max_keys: usize,
    numbers: HashMap<K, u64>,
    entries: HashMap<u64, Entry<K>>,
    /// The numbers of keys in the order in which they came; some may be gone.
    order: VecDeque<u64>,
    last: u64,
    known: HashMap<Arc<Dependency>, u64>,
    dependencies: HashMap<u64, Known>,
    #[cfg(feature = "files")]
    reach: Reach,
}

#[derive(Debug)]
struct Entry<K> {
    key: K,
    digest: Option<Digest>,
    dependencies: Box<[u64]>,
}

#[derive(Debug)]
struct Known {
    dependency: Arc<Dependency>,
    keys: HashSet<u64>,
}

impl<K> Clone for Dependents<K> {
    fn clone(&self) -> Self {
        Dependents { inner: Arc::clone(&self.inner) }
    }
}

impl<K> fmt::Debug for Dependents<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.inner().entries.len();
        formatter.debug_struct("Dependents").field("keys", &keys).finish_non_exhaustive()
    }
}

impl<K> Dependents<K> {
    fn inner(&self) -> MutexGuard<'_, Index<K>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> Dependents<K> {
    /// Begins with nothing; at most so many keys are known at once.
    pub fn new(max_keys: usize) -> Dependents<K> {
        let index = Index {
            max_keys,
            numbers: HashMap::new(),
            entries: HashMap::new(),
            order: VecDeque::new(),
            last: 0,
            known: HashMap::new(),
            dependencies: HashMap::new(),
            #[cfg(feature = "files")]
            reach: Reach::default(),
        };
        Dependents { inner: Arc::new(Mutex::new(index)) }
    }

    /// Records what a key depends on, in place of what it was said to depend on before. Under `digest` other keys may
    /// build on it, by [`Dependency::Key`].
    ///
    /// Returns the key that was recorded longest ago if there are too many: nobody will say when it changes, so it must
    /// not be used any more. That is this key itself if none may be known.
    pub fn record(&self, key: K, digest: Option<Digest>, dependencies: &[Dependency]) -> Option<K> {
        let mut index = self.inner();
        if index.max_keys == 0 {
            return Some(key);
        }
        index.forget(&key);
        let pushed_out = if index.entries.len() >= index.max_keys { index.oldest() } else { None };
        index.add(key, digest, dependencies);
        pushed_out
    }

    /// Forgets a key: its value is gone for another reason.
    pub fn forget(&self, key: &K) {
        self.inner().forget(key);
    }

    /// Returns how many keys are known.
    pub fn len(&self) -> usize {
        self.inner().entries.len()
    }

    /// Returns whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the keys that a change of this dependency makes wrong.
    pub fn changed(&self, dependency: &Dependency) -> Vec<K> {
        let mut index = self.inner();
        let number = index.known.get(dependency).copied();
        index.take(number.into_iter().collect())
    }

    /// Returns the keys that a change of any dependency makes wrong for which `is_changed` says so.
    pub fn changed_if(&self, is_changed: impl Fn(&Dependency) -> bool) -> Vec<K> {
        // What is asked is code of somebody else: it may panic, and it may come back here.
        let known: Vec<_> = self.inner().dependencies.values().map(|known| known.dependency.clone()).collect();
        let changed: Vec<_> = known.into_iter().filter(|dependency| is_changed(dependency)).collect();
        let mut index = self.inner();
        let numbers = changed.iter().filter_map(|dependency| index.known.get(dependency).copied()).collect();
        index.take(numbers)
    }

    /// Returns the keys that a change of a file makes wrong; the path is relative to the project.
    #[cfg(feature = "files")]
    pub fn file_changed(&self, path: &str) -> Vec<K> {
        let mut index = self.inner();
        let numbers = index.reach.file(path);
        index.take(numbers)
    }

    /// Returns the keys that any change in a folder may make wrong, its going or coming too; "" is the project.
    #[cfg(feature = "files")]
    pub fn folder_changed(&self, path: &str) -> Vec<K> {
        let mut index = self.inner();
        let numbers = index.reach.folder(path);
        index.take(numbers)
    }

    /// Returns all keys.
    pub fn everything_changed(&self) -> Vec<K> {
        let mut index = self.inner();
        let all = std::mem::take(&mut index.entries);
        index.numbers.clear();
        index.order.clear();
        index.known.clear();
        index.dependencies.clear();
        #[cfg(feature = "files")]
        {
            index.reach = Reach::default();
        }
        drop(index);
        all.into_values().map(|entry| entry.key).collect()
    }
}

impl<K: Hash + Eq + Clone> Index<K> {
    fn add(&mut self, key: K, digest: Option<Digest>, dependencies: &[Dependency]) {
        self.last += 1;
        let number = self.last;
        // First what may panic: the key's own code.
        self.numbers.insert(key.clone(), number);
        let mut numbers: Vec<u64> = dependencies.iter().map(|dependency| self.number_of(dependency)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for dependency in &numbers {
            if let Some(known) = self.dependencies.get_mut(dependency) {
                known.keys.insert(number);
            }
        }
        self.entries.insert(number, Entry { key, digest, dependencies: numbers.into() });
        if self.order.len() > self.entries.len() * 2 + 16 {
            let entries = &self.entries;
            self.order.retain(|number| entries.contains_key(number));
        }
        self.order.push_back(number);
    }

    fn number_of(&mut self, dependency: &Dependency) -> u64 {
        if let Some(number) = self.known.get(dependency) {
            return *number;
        }
        self.last += 1;
        let dependency = Arc::new(dependency.clone());
        #[cfg(feature = "files")]
        self.reach.add(self.last, &dependency);
        self.known.insert(dependency.clone(), self.last);
        self.dependencies.insert(self.last, Known { dependency, keys: HashSet::new() });
        self.last
    }

    fn forget(&mut self, key: &K) {
        if let Some(number) = self.numbers.remove(key) {
            self.drop_entry(number);
        }
    }

    fn oldest(&mut self) -> Option<K> {
        while let Some(number) = self.order.pop_front() {
            if let Some(entry) = self.drop_entry(number) {
                self.numbers.remove(&entry.key);
                return Some(entry.key);
            }
        }
        None
    }

    fn drop_entry(&mut self, number: u64) -> Option<Entry<K>> {
        let entry = self.entries.remove(&number)?;
        for dependency in &entry.dependencies {
            let Some(known) = self.dependencies.get_mut(dependency) else { continue };
            known.keys.remove(&number);
            if known.keys.is_empty() {
                let known = self.dependencies.remove(dependency);
                if let Some(known) = known {
                    self.known.remove(&known.dependency);
                    #[cfg(feature = "files")]
                    self.reach.remove(*dependency, &known.dependency);
                }
            }
        }
        Some(entry)
    }

    /// Takes out the keys that depend on these, and those that build on them. Keys that build on each other end it too:
    /// each is taken once.
    fn take(&mut self, mut changed: Vec<u64>) -> Vec<K> {
        let mut taken = Vec::new();
        while let Some(dependency) = changed.pop() {
            let Some(known) = self.dependencies.get_mut(&dependency) else { continue };
            for number in std::mem::take(&mut known.keys) {
                let Some(entry) = self.drop_entry(number) else { continue };
                let key = entry.digest.map(Dependency::Key);
                changed.extend(key.and_then(|key| self.known.get(&key).copied()));
                taken.push(entry.key);
            }
            // The last key of it may have gone above without a look at it: then nobody depends on it any more.
            if let Some(known) = self.dependencies.remove(&dependency) {
                self.known.remove(&known.dependency);
                #[cfg(feature = "files")]
                self.reach.remove(dependency, &known.dependency);
            }
        }
        // Last what may panic: the keys' own code.
        for key in &taken {
            self.numbers.remove(key);
        }
        taken
    }
}
