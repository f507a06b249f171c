//! Three rules compete on samples of the traffic, and the best of them rules.

use super::blend::{Admission, Blend, Rule};
use super::duel::Duel;
use super::{Marks, Order, Slot};

/// Kinds of loads differ in what tells whether a key comes again: that it came back soon, that it comes often, or that
/// it came last. One rule stands for each.
pub(super) const RULES: [Rule; 3] = [
    Rule { admission: Admission::Used, window: 12 },
    Rule { admission: Admission::Frequent, window: 10 },
    Rule { admission: Admission::All, window: 0 },
];

/// An order under the rule that leads.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Adaptive {
    order: Blend,
    duel: Duel<{ RULES.len() }>,
}

impl Adaptive {
    /// Makes an empty order.
    pub(super) fn new(capacity: u64) -> Adaptive {
        Adaptive { duel: Duel::of(RULES), order: Blend::new(capacity, RULES[0]) }
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
    fn insert(&mut self, marks: &mut impl Marks, slot: Slot, hash: u64, weight: u32) {
        self.order.insert(marks, slot, hash, weight);
        if hash as u32 & self.listens() == 0 {
            self.show(hash);
        }
    }

    fn listens(&self) -> u32 {
        self.duel.mask()
    }

    fn hit(&mut self, _marks: &mut impl Marks, _slot: Slot, hash: u64) {
        self.show(hash);
    }

    fn reweigh(&mut self, marks: &impl Marks, slot: Slot, weight: u32) {
        self.order.reweigh(marks, slot, weight);
    }

    fn remove(&mut self, marks: &impl Marks, slot: Slot) {
        self.order.remove(marks, slot);
    }

    fn victim(&mut self, marks: &mut impl Marks) -> Option<Slot> {
        self.duel.fit(self.order.len());
        self.order.victim(marks)
    }

    fn spare(&mut self, marks: &mut impl Marks, slot: Slot) {
        self.order.spare(marks, slot);
    }

    fn resize(&mut self, marks: &mut impl Marks, capacity: u64) {
        self.order.resize(marks, capacity);
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}
