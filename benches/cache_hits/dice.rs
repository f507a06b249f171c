//! Random numbers that are the same in every run.

/// SplitMix64 from a fixed seed.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Starts at a seed.
    pub(crate) fn of(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Throws all 64 bits.
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Throws a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.throw()) * u128::from(end)) >> 64) as u64
    }

    /// Throws a number from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.throw() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Spreads a number over all bits.
pub(crate) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Numbers of which the n-th is thrown in proportion to `1 / n^s`.
#[derive(Debug)]
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    /// Makes the distribution over `0..keys`.
    pub(crate) fn of(keys: u64, s: f64) -> Zipf {
        let mut sum = 0.0;
        let sums = (1..=keys).map(|rank| {
            sum += (rank as f64).powf(-s);
            sum
        });
        Zipf(sums.collect())
    }

    /// Throws a rank; 0 is the most frequent.
    pub(crate) fn throw(&self, dice: &mut Dice) -> u64 {
        let total = self.0.last().copied().unwrap_or_default();
        let point = dice.share() * total;
        self.0.partition_point(|&sum| sum < point) as u64
    }
}
