//! SIEVE: a hand goes from old to new, passes over what was used and takes what was not.

use super::links::{Links, List, reach};
use super::{Order, Slot};

/// One queue that is never reordered, and a hand in it.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    links: Links,
    list: List,
    was_used: Vec<bool>,
    /// Where the hand looks next; it begins anew at the oldest.
    hand: Option<Slot>,
}

impl Sieve {
    fn take(&mut self, slot: Slot) {
        if self.hand == Some(slot) {
            self.hand = self.links.newer(slot);
        }
        self.links.take(&mut self.list, slot);
    }
}

impl Order for Sieve {
    fn insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        reach(&mut self.was_used, slot, false);
        self.was_used[slot as usize] = false;
        self.links.push(&mut self.list, slot);
    }

    #[inline]
    fn hit(&mut self, slot: Slot, _hash: u64) {
        if let Some(was_used) = self.was_used.get_mut(slot as usize) {
            *was_used = true;
        }
    }

    fn reweigh(&mut self, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, slot: Slot) {
        if self.links.holds(slot) {
            self.take(slot);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        // Ends within two rounds: the first one takes all the marks away.
        loop {
            let slot = self.hand.or(self.list.oldest())?;
            self.hand = Some(slot);
            if !std::mem::take(&mut self.was_used[slot as usize]) {
                self.take(slot);
                return Some(slot);
            }
            self.hand = self.links.newer(slot);
        }
    }

    fn spare(&mut self, slot: Slot) {
        self.links.push(&mut self.list, slot);
    }

    fn resize(&mut self, _capacity: u64) {}

    fn len(&self) -> usize {
        self.list.len()
    }
}
