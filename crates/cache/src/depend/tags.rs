//! Names that somebody declares changed, each with a number that only ever grows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many names are told apart; with more, all of them count as changed.
const MAX_TAGS: usize = 1_000_000;

/// The generation of each tag: a number that is another one after each change. Cloning is cheap; clones share them.
///
/// The numbers begin where the caller says: a cache that outlives the process would take an old number for a new one,
/// so begin with the time or with a number that was kept.
///
/// ```
/// use segno_cache::Tags;
///
/// let tags = Tags::beginning_with(1);
/// let before = tags.generation("users");
/// tags.changed("users");
/// assert!(tags.generation("users") > before);
/// ```
#[derive(Clone, Debug)]
pub struct Tags {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    changed: HashMap<Box<str>, u64>,
    /// The generation of every tag that is not in the map.
    others: u64,
    last: u64,
}

impl Tags {
    /// Begins with one generation for every tag.
    pub fn beginning_with(generation: u64) -> Tags {
        let inner = Inner { changed: HashMap::new(), others: generation, last: generation };
        Tags { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Returns the number that the tag has until it changes.
    pub fn generation(&self, tag: &str) -> u64 {
        let inner = self.inner();
        inner.changed.get(tag).copied().unwrap_or(inner.others)
    }

    /// Declares the tag changed and returns its new number.
    pub fn changed(&self, tag: &str) -> u64 {
        let mut inner = self.inner();
        // At the end of all numbers nothing is told apart any more; it is out of reach by counting.
        inner.last = inner.last.saturating_add(1);
        if inner.changed.len() >= MAX_TAGS && !inner.changed.contains_key(tag) {
            inner.changed.clear();
            inner.others = inner.last;
        }
        let last = inner.last;
        inner.changed.insert(tag.into(), last);
        last
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_never_has_an_old_number_again_however_many_there_are() {
        let tags = Tags::beginning_with(7);
        let before = tags.generation("kept");
        assert_eq!(tags.changed("kept"), 8);
        for number in 0..MAX_TAGS {
            tags.changed(&number.to_string());
        }
        assert!(tags.inner().changed.len() <= MAX_TAGS);
        assert!(tags.generation("kept") > 8 && tags.generation("other") > before);
    }
}
