//! S3-FIFO: newcomers stand in a small queue, and only what was used there goes on into the main one.
//!
//! Who leaves the small queue unused is remembered; who comes back from there goes to the main queue at once.

use super::ghost::Ghost;
use super::links::{Links, List};
use super::marks::{USE, uses};
use super::weights::Weights;
use super::{Marks, Order, Slot};

/// The small queue's share of the capacity is one in so many.
const SMALL_SHARE: u64 = 10;
/// Uses that count.
const MAX_USES: u8 = 3;
/// Uses in the small queue that lead to the main one.
const USES_TO_STAY: u8 = 2;
/// Stands in a slot's mark if it is in the main queue.
const IN_MAIN: u8 = 0x01;

/// Two queues, and a memory of who left the small one.
#[derive(Debug)]
pub(super) struct S3Fifo {
    capacity: u64,
    links: Links,
    small: List,
    small_weight: u64,
    main: List,
    weights: Weights,
    ghost: Ghost,
}

impl S3Fifo {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64) -> S3Fifo {
        S3Fifo {
            capacity,
            links: Links::default(),
            small: List::default(),
            small_weight: 0,
            main: List::default(),
            weights: Weights::default(),
            ghost: Ghost::default(),
        }
    }

    /// Passes from the small queue what was used there, until somebody has to go.
    fn evict_small(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        while let Some(slot) = self.links.pop(&mut self.small) {
            self.small_weight -= self.weights.of(slot);
            if uses(marks.mark(slot)) < USES_TO_STAY {
                let size = self.main.len().max(self.small.len());
                self.ghost.note(marks.print(slot).into(), size);
                return Some(slot);
            }
            marks.set_mark(slot, IN_MAIN);
            self.links.push(&mut self.main, slot);
        }
        None
    }

    /// Gives those in the main queue another round for each use; ends, because each round takes a use away.
    fn evict_main(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        while let Some(slot) = self.main.oldest() {
            let uses = uses(marks.mark(slot)).min(MAX_USES);
            if uses == 0 {
                return self.links.pop(&mut self.main);
            }
            marks.set_mark(slot, IN_MAIN | ((uses - 1) * USE));
            self.links.turn(&mut self.main);
        }
        None
    }
}

impl Order for S3Fifo {
    fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32) {
        let print = hash as u32;
        self.weights.set(slot, weight);
        if self.ghost.recall(print.into()) {
            marks.set_mark(slot, IN_MAIN);
            self.links.push(&mut self.main, slot);
        } else {
            self.small_weight += u64::from(weight);
            self.links.push(&mut self.small, slot);
        }
    }

    fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32) {
        if self.links.holds(slot) {
            if marks.mark(slot) & IN_MAIN == 0 {
                self.small_weight = self.small_weight - self.weights.of(slot) + u64::from(weight);
            }
            self.weights.set(slot, weight);
        }
    }

    fn remove(&mut self, marks: &impl Marks, slot: Slot) {
        if !self.links.holds(slot) {
            return;
        }
        if marks.mark(slot) & IN_MAIN == 0 {
            self.small_weight -= self.weights.of(slot);
            self.links.take(&mut self.small, slot);
        } else {
            self.links.take(&mut self.main, slot);
        }
    }

    fn victim(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        let is_small_full = self.small_weight > (self.capacity / SMALL_SHARE).max(1);
        let small = if is_small_full { self.evict_small(marks) } else { None };
        // All of the small queue may have gone over; and it may be all there is.
        small.or_else(|| self.evict_main(marks)).or_else(|| self.evict_small(marks)).or_else(|| self.evict_main(marks))
    }

    fn spare(&mut self, marks: &mut impl Marks, slot: Slot) {
        marks.set_mark(slot, IN_MAIN);
        self.links.push(&mut self.main, slot);
    }

    fn resize(&mut self, _marks: &mut impl Marks, capacity: u64) {
        self.capacity = capacity;
    }

    fn len(&self) -> usize {
        self.small.len() + self.main.len()
    }
}
