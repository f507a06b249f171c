//! SIEVE: a hand goes from old to new, passes over what was used and takes what was not.

use super::links::{Links, List};
use super::marks::uses;
use super::{Marks, Order, Slot};

/// One queue that is never reordered, and a hand in it.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    links: Links,
    list: List,
    /// Where the hand looks next; it begins anew at the oldest.
    hand: Option<Slot>,
}

impl Sieve {
    fn take(&mut self, slot: Slot) {
        if self.hand == Some(slot) {
            self.hand = self.links.newer(&self.list, slot);
        }
        self.links.take(&mut self.list, slot);
    }
}

impl Order for Sieve {
    fn insert(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64, _weight: u32) {
        self.links.push(&mut self.list, slot);
    }

    fn reweigh(&mut self, _marks: &impl Marks, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, _marks: &impl Marks, slot: Slot) {
        if self.links.holds(slot) {
            self.take(slot);
        }
    }

    fn victim(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        // Ends within two rounds: the first one takes all the marks away.
        loop {
            let slot = self.hand.or(self.list.oldest())?;
            self.hand = Some(slot);
            if uses(marks.mark(slot)) == 0 {
                self.take(slot);
                return Some(slot);
            }
            marks.set_mark(slot, 0);
            self.hand = self.links.newer(&self.list, slot);
        }
    }

    fn spare(&mut self, _marks: &mut impl Marks, slot: Slot) {
        self.links.push(&mut self.list, slot);
    }

    fn resize(&mut self, _marks: &mut impl Marks, _capacity: u64) {}

    fn len(&self) -> usize {
        self.list.len()
    }
}
