//! What was dear to make gets another round; costs nothing while no cost is known.

use super::Slot;
use super::links::reach;

/// Rounds that one entry may get.
const MAX_SPARES: u8 = 4;
/// The usual cost follows what comes up at this pace.
const PACE: f32 = 1.0 / 64.0;

/// What an entry took to make, on a scale of doublings, and how often it was spared for that. Cost 0: not known.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    doublings: u8,
    spares: u8,
}

/// The costs of the slots of one order.
#[derive(Debug, Default)]
pub(super) struct Costs {
    costs: Vec<Cost>,
    /// The mean of what came up to be evicted lately.
    usual: f32,
}

impl Costs {
    /// Notes what the new entry in the slot took to make.
    #[inline]
    pub(super) fn set(&mut self, slot: Slot, doublings: u32) {
        if doublings != 0 || !self.costs.is_empty() {
            self.note(slot, doublings);
        }
    }

    /// Returns whether the entry, whose turn it is, is so dear that it should stay: for each doubling over the usual it
    /// may once. If all cost the same, nobody is spared.
    #[inline]
    pub(super) fn spares(&mut self, slot: Slot) -> bool {
        !self.costs.is_empty() && self.weigh(slot)
    }

    #[cold]
    fn note(&mut self, slot: Slot, doublings: u32) {
        reach(&mut self.costs, slot, Cost::default());
        let doublings = u8::try_from(doublings).unwrap_or(u8::MAX);
        self.costs[slot as usize] = Cost { doublings, spares: 0 };
    }

    fn weigh(&mut self, slot: Slot) -> bool {
        let Some(cost) = self.costs.get_mut(slot as usize).filter(|cost| cost.doublings > 0) else {
            return false;
        };
        let doublings = f32::from(cost.doublings);
        if self.usual == 0.0 {
            self.usual = doublings;
        }
        let above = doublings - self.usual;
        self.usual += above * PACE;
        let is_spared = cost.spares < MAX_SPARES && f32::from(cost.spares) + 1.0 <= above;
        cost.spares += u8::from(is_spared);
        is_spared
    }
}
