//! A memory of keys that were evicted: fingerprints with the time of leaving, in buckets, four bytes each.
//!
//! It forgets the oldest, and may take one key for another once in some ten thousand times; both only cost a hit.

/// The fingerprints in a bucket.
const WAYS: usize = 8;
/// How finely a full memory's age is measured.
const STEPS: u64 = 1 << 12;

/// A fingerprint that was remembered at some time. A fingerprint of 0 stands for nobody.
#[derive(Clone, Copy, Debug, Default)]
struct Trace {
    print: u16,
    time: u16,
}

/// Remembers the last so many keys that left.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Ghost {
    /// How many keys were remembered so far.
    noted: u64,
    /// How many keys are to be remembered.
    size: u64,
    buckets: Vec<[Trace; WAYS]>,
    /// For how many keys the buckets were made.
    made_for: u64,
    /// The time goes on by one for so many keys, as a power of two.
    tick: u32,
}

impl Ghost {
    /// Remembers a key, and no more than about `size` of them. Grows by starting anew: sizes change seldom, and what is
    /// forgotten then is soon learnt.
    pub(super) fn note(&mut self, hash: u64, size: usize) {
        self.size = size.max(1) as u64;
        if self.size > self.made_for || self.size < self.made_for / 8 {
            self.make();
        }
        self.noted += 1;
        let now = self.now();
        let (bucket, print) = self.place(hash);
        let bucket = &mut self.buckets[bucket];
        // In one pass without branches: a free place, else the oldest.
        let (mut chosen, mut most) = (0, 0);
        for (way, trace) in bucket.iter().enumerate() {
            let is_free = trace.print == print || trace.print == 0;
            let claim = 1 + u32::from(now.wrapping_sub(trace.time)) + (u32::from(is_free) << 17);
            chosen = if claim > most { way } else { chosen };
            most = most.max(claim);
        }
        bucket[chosen] = Trace { print, time: now };
    }

    /// Forgets a key, and returns whether it was remembered.
    pub(super) fn recall(&mut self, hash: u64) -> bool {
        if self.buckets.is_empty() {
            return false;
        }
        let (now, span) = (self.now(), self.span());
        let (bucket, print) = self.place(hash);
        for trace in &mut self.buckets[bucket] {
            if trace.print == print {
                let is_young = now.wrapping_sub(trace.time) <= span;
                *trace = Trace::default();
                return is_young;
            }
        }
        false
    }

    /// Makes empty buckets, with room for some growth unless these are the first.
    #[cold]
    fn make(&mut self) {
        let growth = if self.buckets.is_empty() { 0 } else { self.size / 4 };
        self.made_for = self.size + growth;
        // A quarter more than needed: buckets fill unevenly.
        let buckets = (self.made_for + self.made_for / 4).div_ceil(WAYS as u64) as usize;
        self.buckets = vec![Default::default(); buckets];
        self.tick = (self.made_for / STEPS).max(1).ilog2();
        self.noted = 0;
    }

    fn now(&self) -> u16 {
        (self.noted >> self.tick) as u16
    }

    fn span(&self) -> u16 {
        (self.size >> self.tick).min(u64::from(u16::MAX / 2)) as u16
    }

    fn place(&self, hash: u64) -> (usize, u16) {
        let mixed = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mixed = mixed ^ (mixed >> 32);
        let bucket = ((mixed & 0xffff_ffff) * self.buckets.len() as u64) >> 32;
        (bucket as usize, ((mixed >> 48) as u16).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Ghost;

    fn check(size: usize, noted: u64, asked: u64, is_known: bool) {
        let mut ghost = Ghost::default();
        for key in 0..noted {
            ghost.note(spread(key), size);
        }
        assert_eq!(ghost.recall(spread(asked)), is_known, "{size} {noted} {asked}");
        assert!(!ghost.recall(spread(asked)), "what is recalled is forgotten");
    }

    fn spread(key: u64) -> u64 {
        (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn the_last_keys_are_known_and_older_ones_are_not() {
        check(100, 100, 99, true);
        check(100, 1_000, 995, true);
        check(100, 1_000, 10, false);
        check(1, 2, 1, true);
        check(1, 3, 0, false);
        check(0, 1, 0, true);
    }

    #[test]
    fn a_memory_that_grows_bit_by_bit_is_made_larger() {
        let mut ghost = Ghost::default();
        (0..20_000).for_each(|key| ghost.note(spread(key), 100 + key as usize / 10));
        let known = (18_500..20_000).filter(|&key| ghost.recall(spread(key))).count();
        assert!(known > 1_000, "{known}");
    }

    #[test]
    fn most_of_what_it_should_know_is_known() {
        let mut ghost = Ghost::default();
        for key in 0..50_000 {
            ghost.note(spread(key), 10_000);
        }
        let known = (40_000..50_000).filter(|&key| ghost.recall(spread(key))).count();
        assert!(known > 9_000, "{known}");
        let strange = (100_000..200_000).filter(|&key| ghost.recall(spread(key))).count();
        assert!(strange < 100, "{strange}");
    }
}
