//! First in, first out: a use changes nothing.

use super::links::{Links, List};
use super::{Order, Slot};

/// The slots in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    links: Links,
    list: List,
}

impl Order for Fifo {
    fn insert(&mut self, slot: Slot, _hash: u64, _weight: u32) {
        self.links.push(&mut self.list, slot);
    }

    fn hit(&mut self, _slot: Slot, _hash: u64) {}

    fn reweigh(&mut self, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, slot: Slot) {
        if self.links.holds(slot) {
            self.links.take(&mut self.list, slot);
        }
    }

    fn victim(&mut self) -> Option<Slot> {
        self.links.pop(&mut self.list)
    }

    fn spare(&mut self, slot: Slot) {
        self.links.push(&mut self.list, slot);
    }

    fn resize(&mut self, _capacity: u64) {}

    fn len(&self) -> usize {
        self.list.len()
    }
}
