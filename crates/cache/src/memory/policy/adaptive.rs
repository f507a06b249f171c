//! Three rules compete on samples of the traffic, and the best of them rules.

use super::blend::{Admission, Blend, Rule};
use super::duel::Duel;
use super::{Order, Slot};

/// Kinds of loads differ in what tells whether a key comes again: that it came back soon, that it comes often, or that
/// it came last. One rule stands for each.
pub(super) const RULES: [Rule; 3] = [
    Rule { admission: Admission::Used, window: 12 },
    Rule { admission: Admission::Frequent, window: 10 },
    Rule { admission: Admission::All, window: 0 },
];

/// An order under the rule that leads. Where one ends and the other begins lies what each use touches.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Adaptive {
    duel: Duel<{ RULES.len() }>,
    order: Blend,
}

impl Adaptive {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64) -> Adaptive {
        Adaptive { duel: Duel::of(RULES), order: Blend::new(capacity, RULES[0]) }
    }

    #[inline(always)]
    fn watch(&mut self, hash: u64) {
        if self.duel.samples(hash) {
            self.show(hash);
        }
    }

    #[cold]
    #[inline(never)]
    fn show(&mut self, hash: u64) {
        if let Some(rule) = self.duel.show(hash as u32) {
            self.order.follow(rule);
        }
    }
}

impl Order for Adaptive {
    #[inline]
    fn insert(&mut self, slot: Slot, hash: u64, weight: u32) {
        self.order.insert(slot, hash, weight);
        self.watch(hash);
    }

    #[inline(always)]
    fn hit(&mut self, slot: Slot, hash: u64) {
        self.order.hit(slot, hash);
        self.watch(hash);
    }

    fn reweigh(&mut self, slot: Slot, weight: u32) {
        self.order.reweigh(slot, weight);
    }

    fn remove(&mut self, slot: Slot) {
        self.order.remove(slot);
    }

    fn victim(&mut self) -> Option<Slot> {
        self.duel.fit(self.order.len());
        self.order.victim()
    }

    fn spare(&mut self, slot: Slot) {
        self.order.spare(slot);
    }

    fn resize(&mut self, capacity: u64) {
        self.order.resize(capacity);
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}
