//! Loads that are under way, so that what was loaded is not written if its key was changed meanwhile.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Digest;

#[derive(Debug, Default)]
pub(super) struct Underway {
    marks: Mutex<HashMap<Digest, Arc<AtomicBool>>>,
}

/// One load's part in it.
#[derive(Debug)]
pub(super) struct Mark<'a> {
    underway: &'a Underway,
    key: Digest,
    is_outdated: Arc<AtomicBool>,
}

impl Underway {
    pub(super) fn begin(&self, key: &Digest) -> Mark<'_> {
        let is_outdated = Arc::clone(self.marks().entry(*key).or_default());
        Mark { underway: self, key: *key, is_outdated }
    }

    /// Outdates every load of this key that has begun.
    pub(super) fn outdate(&self, key: &Digest) {
        if let Some(mark) = self.marks().remove(key) {
            mark.store(true, SeqCst);
        }
    }

    pub(super) fn outdate_all(&self) {
        self.marks().drain().for_each(|(_, mark)| mark.store(true, SeqCst));
    }

    fn marks(&self) -> MutexGuard<'_, HashMap<Digest, Arc<AtomicBool>>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark<'_> {
    /// Returns what tells whether the load is outdated, for whoever does not have the mark.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_outdated)
    }

    pub(super) fn is_outdated(&self) -> bool {
        self.is_outdated.load(SeqCst)
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        let mut marks = self.underway.marks();
        let is_ours = marks.get(&self.key).is_some_and(|mark| Arc::ptr_eq(mark, &self.is_outdated));
        // The table's and this one: nobody else is left.
        if is_ours && Arc::strong_count(&self.is_outdated) == 2 {
            marks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loads_that_had_begun_are_outdated() {
        let (underway, key) = (Underway::default(), Digest::of(b"a"));
        let (before, beside) = (underway.begin(&key), underway.begin(&Digest::of(b"b")));
        underway.outdate(&key);
        let after = underway.begin(&key);
        assert_eq!([&before, &beside, &after].map(Mark::is_outdated), [true, false, false]);
        drop(before);
        underway.outdate_all();
        assert_eq!([&beside, &after].map(Mark::is_outdated), [true, true]);
    }

    #[test]
    fn nothing_is_left_of_loads_that_ended() {
        let (underway, key) = (Underway::default(), Digest::of(b"a"));
        let (one, two) = (underway.begin(&key), underway.begin(&key));
        drop(one);
        assert_eq!(underway.marks().len(), 1);
        drop(two);
        assert_eq!(underway.marks().len(), 0);
    }
}
