//! What each slot weighs; costs nothing while everything weighs 1.

use super::Slot;
use super::links::reach;

/// The weights of the slots of one order.
#[derive(Debug, Default)]
pub(super) struct Weights(Vec<u32>);

impl Weights {
    /// Notes what the slot weighs.
    #[inline]
    pub(super) fn set(&mut self, slot: Slot, weight: u32) {
        match self.0.get_mut(slot as usize) {
            Some(own) => *own = weight,
            None if weight == 1 => {}
            None => self.grow(slot, weight),
        }
    }

    /// Returns what the slot weighs.
    #[inline]
    pub(super) fn of(&self, slot: Slot) -> u64 {
        self.0.get(slot as usize).map_or(1, |&weight| u64::from(weight))
    }

    #[cold]
    fn grow(&mut self, slot: Slot, weight: u32) {
        reach(&mut self.0, slot, 1);
        self.0[slot as usize] = weight;
    }
}
