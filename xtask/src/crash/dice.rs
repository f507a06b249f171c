//! Random numbers that a seed repeats (SplitMix64), so that a red round can be thrown again.

use std::time::Duration;

/// A source of random numbers.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Makes the dice of a seed.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// Returns an instant between now and `limit`.
    pub fn within(&mut self, limit: Duration) -> Duration {
        limit.mul_f64(self.unit())
    }

    /// Returns whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Returns one of several things; `None` when there are none.
    pub fn one_of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        things.get((self.unit() * things.len() as f64) as usize)
    }

    /// Returns a number in [0, 1).
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // 53 bits are what a double holds exactly.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers_and_they_spread_evenly() {
        let throws = |seed| -> Vec<f64> {
            let mut dice = Dice::new(seed);
            (0..1_000).map(|_| dice.unit()).collect()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        let mean = throws(7).iter().sum::<f64>() / 1_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert_eq!(Dice::new(1).one_of::<u8>(&[]), None);
        assert!((0..100).all(|seed| Dice::new(seed).one_of(&[1, 2, 3]).is_some()));
        assert!(Dice::new(1).within(Duration::from_secs(2)) < Duration::from_secs(2));
    }
}
