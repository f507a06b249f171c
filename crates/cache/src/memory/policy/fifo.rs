//! First in, first out: a use changes nothing.

use super::links::{Links, List};
use super::{Marks, Order, Slot};

/// The slots in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    links: Links,
    list: List,
}

impl Order for Fifo {
    fn insert(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64, _weight: u32) {
        self.links.push(&mut self.list, slot);
    }

    fn reweigh(&mut self, _marks: &impl Marks, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, _marks: &impl Marks, slot: Slot) {
        if self.links.holds(slot) {
            self.links.take(&mut self.list, slot);
        }
    }

    fn victim(&mut self, _marks: &mut impl Marks) -> Option<Slot> {
        self.links.pop(&mut self.list)
    }

    fn spare(&mut self, _marks: &mut impl Marks, slot: Slot) {
        self.links.push(&mut self.list, slot);
    }

    fn resize(&mut self, _marks: &mut impl Marks, _capacity: u64) {}

    fn len(&self) -> usize {
        self.list.len()
    }
}
