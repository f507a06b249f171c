//! Least recently used, on the `lru` crate.

use std::hash::{BuildHasherDefault, Hasher};

use lru::LruCache;

use super::{Marks, Order, Slot};

/// The slots in the order of their last use.
#[derive(Debug)]
pub(super) struct Lru {
    // Unbounded: the shard knows its capacity, and says when somebody has to go.
    slots: LruCache<Slot, (), BuildHasherDefault<SlotHasher>>,
}

impl Default for Lru {
    fn default() -> Lru {
        Lru { slots: LruCache::unbounded_with_hasher(BuildHasherDefault::default()) }
    }
}

impl Order for Lru {
    fn insert(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64, _weight: u32) {
        self.slots.put(slot, ());
    }

    fn listens(&self) -> u32 {
        0
    }

    fn hit(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64) {
        self.slots.promote(&slot);
    }

    fn reweigh(&mut self, _marks: &impl Marks, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, _marks: &impl Marks, slot: Slot) {
        self.slots.pop(&slot);
    }

    fn victim(&mut self, _marks: &mut impl Marks) -> Option<Slot> {
        self.slots.pop_lru().map(|(slot, ())| slot)
    }

    fn spare(&mut self, _marks: &mut impl Marks, slot: Slot) {
        self.slots.put(slot, ());
    }

    fn resize(&mut self, _marks: &mut impl Marks, _capacity: u64) {}

    fn len(&self) -> usize {
        self.slots.len()
    }
}

/// Slots are numbers of our own: nobody can choose them to collide, so that one multiplication is enough.
#[derive(Debug, Default)]
struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    fn write_u32(&mut self, slot: u32) {
        let product = (self.0 ^ u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}
