//! A hash that is the same in every release and on every machine, unlike that of the standard library: FNV-1a with 64
//! bits, its bits mixed at the end. Leaves what is hashed to others.

/// The offset and the prime of FNV-1a (Fowler, Noll, Vo: RFC 9923, section 2).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A hash in the making.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stable(u64);

impl Stable {
    pub(super) fn new() -> Stable {
        Stable(OFFSET)
    }

    /// Takes a text in.
    pub(super) fn text(&mut self, text: &[u8]) {
        for byte in text {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// Takes a text in whose end counts: `ab`, `c` is not `a`, `bc`.
    pub(super) fn part(&mut self, text: &str) {
        self.text(text.as_bytes());
        self.text(&[0xff]);
    }

    /// Takes a number in, in one step; good for numbers that are hashes themselves.
    pub(super) fn number(&mut self, number: u64) {
        self.0 = mixed(self.0 ^ number);
    }

    pub(super) fn finish(self) -> u64 {
        mixed(self.0)
    }

    /// Returns the hash of a text.
    pub(super) fn of(text: &str) -> u64 {
        Stable::of_bytes(text.as_bytes())
    }

    /// Returns the hash of bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
        let mut stable = Stable::new();
        stable.text(bytes);
        stable.finish()
    }
}

/// Spreads each bit over all (the finish of SplitMix64, Steele and others 2014): FNV's low bits know little of its high ones.
pub(super) fn mixed(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        // The first is FNV-1a's own test vector for "foobar" before the mixing.
        let mut stable = Stable::new();
        stable.text(b"foobar");
        assert_eq!(stable.0, 0x8594_4171_f739_67e8);
        assert_eq!(mixed(0), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn where_a_part_ends_counts() {
        let hash = |parts: &[&str]| {
            let mut stable = Stable::new();
            parts.iter().for_each(|part| stable.part(part));
            stable.finish()
        };
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }
}
