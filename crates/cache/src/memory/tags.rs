//! Which entries of one shard have which tag, both ways.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The tags of one shard's entries.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    slots: HashMap<Arc<str>, HashSet<u32>>,
    tags: HashMap<u32, Box<[Arc<str>]>>,
}

impl Tags {
    pub(crate) fn put(&mut self, slot: u32, tags: &[Arc<str>]) {
        for tag in tags {
            self.slots.entry(Arc::clone(tag)).or_default().insert(slot);
        }
        self.tags.insert(slot, tags.into());
    }

    pub(crate) fn forget(&mut self, slot: u32) {
        for tag in self.tags.remove(&slot).unwrap_or_default() {
            if let Some(slots) = self.slots.get_mut(&tag) {
                slots.remove(&slot);
                if slots.is_empty() {
                    self.slots.remove(&tag);
                }
            }
        }
    }

    /// Returns the tags of an entry.
    #[cfg(feature = "disk")]
    pub(crate) fn of(&self, slot: u32) -> Vec<Arc<str>> {
        self.tags.get(&slot).map(|tags| tags.to_vec()).unwrap_or_default()
    }

    /// Returns one of the entries with the tag.
    pub(crate) fn slot_with(&self, tag: &str) -> Option<u32> {
        self.slots.get(tag)?.iter().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_is_forgotten() {
        let mut tags = Tags::default();
        tags.put(1, &["a".into(), "b".into(), "a".into()]);
        tags.put(2, &["b".into()]);
        tags.forget(1);
        assert_eq!((tags.slot_with("a"), tags.slot_with("b")), (None, Some(2)));
        tags.forget(2);
        tags.forget(2);
        assert!(tags.tags.is_empty() && tags.slots.is_empty());
    }
}
