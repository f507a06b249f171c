//! What the entries of one shard weigh: mostly little, so that two bytes are enough for most.

use std::collections::HashMap;

use super::times::{clear, of, put};

/// Stands for a weight that does not fit.
const HEAVY: u16 = u16::MAX;

/// Weights by slot; what was never said weighs 1.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    light: Vec<u16>,
    heavy: HashMap<u32, u32>,
}

impl Weights {
    #[inline(always)]
    pub(crate) fn of(&self, slot: u32) -> u32 {
        match of(&self.light, slot, 1) {
            HEAVY => self.heavy.get(&slot).copied().unwrap_or(u32::from(HEAVY)),
            light => u32::from(light),
        }
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, slot: u32, weight: u32, room: usize) {
        if !self.heavy.is_empty() {
            self.heavy.remove(&slot);
        }
        match u16::try_from(weight) {
            Ok(light) if light != HEAVY => put(&mut self.light, slot, light, 1, room),
            _ => {
                put(&mut self.light, slot, HEAVY, 1, room);
                self.heavy.insert(slot, weight);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn forget(&mut self, slot: u32) {
        if !self.heavy.is_empty() {
            self.heavy.remove(&slot);
        }
        clear(&mut self.light, slot, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_all_sizes_are_kept_exactly() {
        let mut weights = Weights::default();
        let sizes = [0, 1, 2, 65_534, 65_535, 65_536, u32::MAX];
        for shift in 0..sizes.len() {
            for (slot, weight) in sizes.iter().cycle().skip(shift).take(sizes.len()).enumerate() {
                weights.set(slot as u32, *weight, sizes.len());
                assert_eq!(weights.of(slot as u32), *weight);
            }
        }
        assert_eq!(weights.heavy.len(), 3);
        (0..7).for_each(|slot| weights.forget(slot));
        assert!(weights.heavy.is_empty() && (0..9).all(|slot| weights.of(slot) == 1));
    }
}
