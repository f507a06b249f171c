//! How often a key was asked for lately, estimated: counters of four bits that are halved now and then.

/// The largest count.
const MAX_COUNT: u64 = 15;
/// The counts of a block that one key uses, each in a word of its own.
const ROWS: usize = 4;
/// Halving keeps the upper three bits of each counter.
const HALVES: u64 = 0x7777_7777_7777_7777;
/// Everything is halved after so many counts for each key the sketch is made for.
const COUNTS_A_KEY: usize = 10;

/// A block serves so many keys: eight counters a key, four bytes.
const KEYS_A_BLOCK: usize = 8;
/// A small cache sees many more keys than it keeps, and must not take them for one another.
pub(super) const MIN_KEYS: usize = 1_024;

/// A count-min sketch: all counters of a key lie in one block, so that it costs one miss of the processor's cache.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Sketch {
    counted: usize,
    blocks: Vec<[u64; ROWS]>,
    min_keys: usize,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch::for_at_least(MIN_KEYS)
    }
}

impl Sketch {
    /// Makes one without room; when it gets some, it is for so many keys at least.
    pub(super) fn for_at_least(min_keys: usize) -> Sketch {
        Sketch { blocks: Vec::new(), counted: 0, min_keys }
    }

    /// Makes room for so many keys. What was counted stays: a table of twice the size begins as two copies.
    #[inline]
    pub(super) fn fit(&mut self, keys: usize) {
        let (keys, blocks) = (keys.max(self.min_keys), self.blocks.len());
        if keys > blocks * KEYS_A_BLOCK || keys <= blocks {
            self.refit(keys);
        }
    }

    #[cold]
    fn refit(&mut self, keys: usize) {
        let wanted = keys.div_ceil(KEYS_A_BLOCK).next_power_of_two();
        if self.blocks.is_empty() {
            self.blocks = vec![[0; ROWS]; wanted];
        }
        while self.blocks.len() < wanted {
            self.blocks.reserve_exact(self.blocks.len());
            self.blocks.extend_from_within(..);
        }
        if wanted < self.blocks.len() / 4 {
            self.blocks.truncate(wanted);
            self.blocks.shrink_to_fit();
        }
    }

    /// Counts a key so many times.
    pub(super) fn add(&mut self, hash: u64, times: u8) {
        if self.blocks.is_empty() || times == 0 {
            return;
        }
        let (place, shifts) = self.place(hash);
        let block = &mut self.blocks[place];
        let least = least(block, shifts);
        let wanted = (least + u64::from(times)).min(MAX_COUNT);
        if wanted == least {
            return;
        }
        for (word, shift) in block.iter_mut().zip(shifts) {
            let count = *word >> shift & MAX_COUNT;
            *word += wanted.saturating_sub(count) << shift;
        }
        self.counted += (wanted - least) as usize;
        if self.counted >= COUNTS_A_KEY * KEYS_A_BLOCK * self.blocks.len() {
            self.halve();
        }
    }

    /// Returns how often the key was counted, or somewhat more.
    pub(super) fn count(&self, hash: u64) -> u64 {
        if self.blocks.is_empty() {
            return 0;
        }
        let (place, shifts) = self.place(hash);
        least(&self.blocks[place], shifts)
    }

    fn halve(&mut self) {
        for word in self.blocks.iter_mut().flatten() {
            *word = *word >> 1 & HALVES;
        }
        self.counted /= 2;
    }

    /// The block and, for each of its words, the bit at which the key's counter begins.
    fn place(&self, hash: u64) -> (usize, [u32; ROWS]) {
        let mixed = hash.wrapping_mul(0xa076_1d64_78bd_642f);
        let mixed = mixed ^ (mixed >> 32);
        let block = (mixed >> 16) as usize & (self.blocks.len() - 1);
        let shift = |row: u32| (mixed >> (4 * row) & 15) as u32 * 4;
        (block, [shift(0), shift(1), shift(2), shift(3)])
    }
}

fn least(block: &[u64; ROWS], shifts: [u32; ROWS]) -> u64 {
    let counts = block.iter().zip(shifts).map(|(word, shift)| word >> shift & MAX_COUNT);
    counts.min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{MIN_KEYS, Sketch};

    fn spread(key: u64) -> u64 {
        (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Counts some keys five times and others once, and returns the means of what is told of both.
    fn check(keys: usize, often: u64, once: u64) -> [f64; 2] {
        let mut sketch = Sketch::default();
        sketch.fit(keys);
        (0..often).for_each(|key| sketch.add(spread(key), 5));
        (often..often + once).for_each(|key| sketch.add(spread(key), 1));
        let mean = |keys: std::ops::Range<u64>| {
            let len = (keys.end - keys.start) as f64;
            keys.map(|key| sketch.count(spread(key)) as f64).sum::<f64>() / len
        };
        [mean(0..often), mean(often..often + once)]
    }

    #[test]
    fn what_was_counted_often_is_told_from_what_was_counted_once() {
        let [often, once] = check(10_000, 2_000, 8_000);
        assert!((5.0..5.5).contains(&often) && (1.0..1.5).contains(&once), "{often} {once}");
    }

    #[test]
    fn counts_are_never_too_small_until_they_are_halved() {
        let mut sketch = Sketch::default();
        sketch.fit(1);
        for times in 1..=20 {
            sketch.add(spread(7), 1);
            assert!(sketch.count(spread(7)) >= times.min(15));
        }
        sketch.halve();
        assert_eq!(sketch.count(spread(7)), 7);
    }

    #[test]
    fn a_larger_table_still_knows_what_the_smaller_one_knew() {
        let mut sketch = Sketch::default();
        sketch.add(spread(3), 9);
        assert_eq!(sketch.count(spread(3)), 0, "without room nothing is counted");
        sketch.fit(10);
        sketch.add(spread(3), 9);
        for keys in [100_000, 10, 1_000_000, MIN_KEYS] {
            sketch.fit(keys);
            assert_eq!(sketch.count(spread(3)), 9);
        }
    }
}
