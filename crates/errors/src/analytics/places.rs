//! In how many different places something was seen, in 32 bytes: linear counting (Whang and others 1990). Leaves what a place
//! is to others.

use serde::{Deserialize, Serialize};

/// The bits of the sketch.
const BITS: u64 = 256;

/// A set of places that can only say about how many there are; up to a dozen it is nearly exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Places([u64; 4]);

impl Places {
    /// Adds a place by its hash, and says whether it was new.
    pub(super) fn add(&mut self, hash: u64) -> bool {
        let bit = hash % BITS;
        let word = &mut self.0[(bit / 64) as usize];
        let mask = 1 << (bit % 64);
        let is_new = *word & mask == 0;
        *word |= mask;
        is_new
    }

    /// Returns about how many there are: of m bits of which v are empty, -m ln(v / m).
    pub(super) fn count(&self) -> u64 {
        let set: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        let bits = BITS as f64;
        let empty = (bits - f64::from(set)).max(1.0);
        (-bits * (empty / bits).ln()).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::stable::mixed;

    #[test]
    fn a_few_places_are_counted_exactly_and_many_about() {
        let counted = |places: u64| {
            let mut sketch = Places::default();
            (0..places).for_each(|place| _ = sketch.add(mixed(place)));
            sketch.count()
        };
        assert_eq!([0, 1, 2, 5].map(counted), [0, 1, 2, 5]);
        assert!((180..=220).contains(&counted(200)), "{}", counted(200));
        assert!(counted(1_000_000) > 1_000);
    }
}
