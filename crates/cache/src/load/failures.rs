//! Errors that are remembered for a while, bounded in number. When one is remembered is the caller's to say.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashTable;

use super::LoadError;

/// The errors of one shard, by key.
pub(super) struct Failures<K> {
    failures: HashTable<Failure<K>>,
    /// Before this no time of any is over.
    soonest: Duration,
}

pub(super) struct Failure<K> {
    pub(super) hash: u64,
    pub(super) key: K,
    pub(super) tags: Vec<Arc<str>>,
    pub(super) error: LoadError,
    /// When it is forgotten, by the cache's ticker.
    pub(super) until: Duration,
    pub(super) is_outdated: bool,
}

impl<K> Failures<K> {
    pub(super) fn new() -> Failures<K> {
        Failures { failures: HashTable::new(), soonest: Duration::MAX }
    }

    pub(super) fn len(&self) -> usize {
        self.failures.len()
    }

    /// Returns the error that is remembered of this key, and forgets it if its time is over.
    pub(super) fn find(
        &mut self,
        hash: u64,
        is_key: impl Fn(&K) -> bool,
        now: impl FnOnce() -> Duration,
    ) -> Option<LoadError> {
        let found = self.failures.find_entry(hash, |failure| failure.hash == hash && is_key(&failure.key)).ok()?;
        if now() < found.get().until {
            return Some(found.get().error.clone());
        }
        found.remove();
        None
    }

    /// Forgets all whose time is over, so that nobody goes on asking for them; costs nothing before that.
    pub(super) fn forget_due(&mut self, now: impl FnOnce() -> Duration) {
        if self.failures.is_empty() {
            return;
        }
        let now = now();
        if now >= self.soonest {
            self.failures.retain(|failure| now < failure.until);
            self.soonest = self.failures.iter().map(|failure| failure.until).min().unwrap_or(Duration::MAX);
        }
    }

    /// Remembers an error; beyond `max`, the one that would be forgotten soonest makes room.
    pub(super) fn insert(&mut self, failure: Failure<K>, max: usize) {
        if self.failures.len() >= max {
            let soonest = self.failures.iter().map(|failure| failure.until).min();
            let mut is_first = true;
            self.failures.retain(|failure| {
                let goes = is_first && Some(failure.until) == soonest;
                is_first &= !goes;
                !goes
            });
        }
        self.soonest = self.soonest.min(failure.until);
        self.failures.insert_unique(failure.hash, failure, |failure| failure.hash);
    }

    /// Forgets the errors that are meant.
    pub(super) fn outdate(&mut self, is_meant: &dyn Fn(&K, &[Arc<str>]) -> bool) {
        // Marked before any goes: what the caller brings may panic half-way.
        for failure in self.failures.iter_mut() {
            failure.is_outdated = is_meant(&failure.key, &failure.tags);
        }
        self.failures.retain(|failure| !failure.is_outdated);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn failure(key: u64, until: Duration) -> Failure<u64> {
        Failure { hash: key, key, tags: Vec::new(), error: LoadError::absent(), until, is_outdated: false }
    }

    /// Remembers these keys for so many seconds with room for three, and says which are there at a second.
    fn check(failures: &[(u64, u64)], second: u64, expected: &[u64]) {
        let mut kept = Failures::new();
        for (key, seconds) in failures {
            kept.insert(failure(*key, *seconds as u32 * SECOND), 3);
            assert!(kept.len() <= 3);
        }
        let mut is_there = |key: &u64| kept.find(*key, |own| own == key, || second as u32 * SECOND).is_some();
        let found: Vec<u64> = (0..10).filter(|key| is_there(key)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_error_is_forgotten_when_its_time_is_over() {
        check(&[(1, 5), (2, 6)], 4, &[1, 2]);
        check(&[(1, 5), (2, 6)], 5, &[2]);
    }

    #[test]
    fn all_whose_time_is_over_are_forgotten_together() {
        let mut kept = Failures::new();
        kept.forget_due(|| panic!("the time does not matter where nothing is remembered"));
        (1..4).for_each(|key| kept.insert(failure(key, key as u32 * SECOND), 3));
        let left = [0, 1, 2, 3].map(|second| {
            kept.forget_due(|| second * SECOND);
            kept.len()
        });
        assert_eq!(left, [3, 2, 1, 0]);
    }

    #[test]
    fn the_one_that_would_be_forgotten_soonest_makes_room() {
        check(&[(1, 9), (2, 5), (3, 9), (4, 9)], 0, &[1, 3, 4]);
    }
}
