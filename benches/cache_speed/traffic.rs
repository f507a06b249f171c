//! Which keys are asked for, in which order, and what is done with them. The same in every run.

/// How many calls there are before they repeat.
const CALLS: usize = 1 << 20;

/// What is done with each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Asked for.
    Read,
    /// Asked for, but each tenth time put in.
    Mixed,
    /// Asked for, and put in if it is not there.
    Load,
}

/// One kind of traffic.
pub(crate) struct Traffic {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) capacity: u64,
    pub(crate) keys: u32,
    /// The keys by number, Zipf distributed.
    pub(crate) order: Vec<u32>,
}

impl Traffic {
    /// Returns all kinds.
    pub(crate) fn all(is_test: bool) -> Vec<Traffic> {
        let size = if is_test { 100 } else { 100_000 };
        vec![
            // Twice the room, because peers split it: all keys are to be there.
            Traffic::of("hits", Work::Read, 2 * u64::from(size), size),
            Traffic::of("90/10", Work::Mixed, u64::from(size), 2 * size),
            Traffic::of("loads", Work::Load, u64::from(size), 10 * size),
        ]
    }

    fn of(name: &'static str, work: Work, capacity: u64, keys: u32) -> Traffic {
        let mut sums = Vec::with_capacity(keys as usize);
        let mut sum = 0.0;
        for rank in 1..=keys {
            sum += 1.0 / f64::from(rank);
            sums.push(sum);
        }
        let mut state = 7;
        let pick = |_| {
            let point = random(&mut state) as f64 / u64::MAX as f64 * sum;
            sums.partition_point(|&below| below < point).min(keys as usize - 1) as u32
        };
        Traffic { name, work, capacity, keys, order: (0..CALLS).map(pick).collect() }
    }

    /// Returns the keys as numbers that say nothing of their rank.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        (0..u64::from(self.keys)).map(|key| random(&mut { key })).collect()
    }

    /// Returns the keys as texts of about thirty bytes.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.numbers().into_iter().map(|number| format!("session:{number:020}")).collect()
    }
}

/// SplitMix64.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
