//! Which slot a key is in, by the key's hash.
//!
//! A bucket lies on one cache line, with a byte of the hash of each slot in it, so that a look waits for memory once before it
//! comes to the entry. A bucket counts who found it full and went on to the next one: a look ends where nobody did, and what is
//! removed leaves nothing behind. The layout is that of F14 (Bronson and Shi, "Open-sourcing F14 for faster, more
//! memory-efficient hash tables", 2019), with buckets so small that one number holds all their tags.

/// The slots of a bucket.
const WAYS: usize = 6;
/// Where it is known how many slots there will be, there is a bucket for so many.
const WANTED: usize = 4;

/// Slots by hash. Whoever has the entries has the hashes.
#[derive(Debug, Default)]
pub(super) struct Index {
    buckets: Vec<Bucket>,
    len: usize,
    /// Some bucket was passed so often that it is not counted any more.
    is_uncounted: bool,
}

/// Half a cache line.
#[derive(Clone, Debug, Default)]
#[repr(C, align(32))]
struct Bucket {
    /// A byte for each way, from the lowest on: 0 if it is free, else a bit that is set and seven of the slot's hash. Above them,
    /// how many slots found all ways taken and are in a later bucket.
    head: u64,
    slots: [u32; WAYS],
}

impl Index {
    /// Returns how many slots there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the slot with this hash for which `is_it` holds. It may be asked about slots with other hashes.
    #[inline(always)]
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            if let Some(way) = bucket.way(hash, &mut is_it) {
                return Some(bucket.slots[way]);
            }
            if bucket.passed() == 0 {
                break;
            }
            at = self.after(at);
        }
        None
    }

    /// Puts a slot in that is not there. `expected` says how many there will probably be, and `hash_of` the hashes of the others.
    #[inline(always)]
    pub(super) fn insert(&mut self, hash: u32, slot: u32, expected: usize, hash_of: impl Fn(u32) -> u32) {
        if self.len == room(self.buckets.len()) {
            self.grow(expected, hash_of);
        }
        self.place(hash, slot);
        self.len += 1;
    }

    /// Takes a slot out, if it is there with this hash.
    #[inline(always)]
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let home = self.home(hash);
        let mut at = home;
        for _ in 0..self.buckets.len() {
            let bucket = &mut self.buckets[at];
            if let Some(way) = bucket.way(hash, |own| own == slot) {
                bucket.clear(way);
                self.len -= 1;
                if at != home {
                    self.forget_passed(home, at);
                }
                if self.len == 0 && self.is_uncounted {
                    self.buckets.fill(Bucket::default());
                    self.is_uncounted = false;
                }
                return;
            }
            if bucket.passed() == 0 {
                return;
            }
            at = self.after(at);
        }
    }

    /// Somebody is gone who passed the buckets from one to before another.
    #[cold]
    #[inline(never)]
    fn forget_passed(&mut self, mut at: usize, end: usize) {
        while at != end {
            self.buckets[at].forget_passed();
            at = self.after(at);
        }
    }

    /// Puts a slot into the first bucket with a free way, from its own on. There is one.
    #[inline(always)]
    fn place(&mut self, hash: u32, slot: u32) {
        let mut at = self.home(hash);
        while !self.buckets[at].take(hash, slot) {
            self.is_uncounted |= !self.buckets[at].pass();
            at = self.after(at);
        }
    }

    /// Makes more buckets: half as many again until there are as many as are expected, and then few more.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, expected: usize, hash_of: impl Fn(u32) -> u32) {
        let (now, wanted) = (self.buckets.len(), expected.div_ceil(WANTED));
        let more = if now < wanted { (now + now / 2 + 1).min(wanted) } else { now + now / 8 + 1 };
        let old = std::mem::replace(&mut self.buckets, vec![Bucket::default(); more]);
        self.is_uncounted = false;
        for slot in old.iter().flat_map(Bucket::taken) {
            self.place(hash_of(slot), slot);
        }
    }

    /// Returns the bucket that a hash belongs to: its upper bits say which, and its lower ones are the tag.
    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.buckets.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        if at + 1 < self.buckets.len() { at + 1 } else { 0 }
    }
}

/// Returns how many slots so many buckets have before there must be more of them: with four and a half in a bucket, one in
/// fifteen is not in its first one.
#[inline(always)]
fn room(buckets: usize) -> usize {
    buckets * 9 / 2
}

/// The lowest bit of each way's byte, and the highest.
const LOWEST: u64 = 0x0101_0101_0101;
const HIGHEST: u64 = LOWEST << 7;
/// One that passed.
const PASSED: u64 = 1 << (8 * WAYS);
/// So many may have passed that they are not counted any more. Then there are always some, until the index is empty.
const MOST_PASSED: u64 = u16::MAX as u64;

impl Bucket {
    /// Returns the way with this hash for whose slot `is_it` holds.
    #[inline(always)]
    fn way(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<usize> {
        let mut ways = self.ways_with(tag(hash));
        while ways != 0 {
            let way = lowest(ways);
            if is_it(self.slots[way]) {
                return Some(way);
            }
            ways &= ways - 1;
        }
        None
    }

    /// Returns the ways with a tag, each as the highest bit of its byte. A taken way with another tag may be among them, above
    /// one that has it; a free one never.
    #[inline(always)]
    fn ways_with(&self, tag: u64) -> u64 {
        // A byte is 0 where it is the tag, and borrows. Where the way is free its highest bit is the tag's, which is set.
        let other = self.head ^ (tag * LOWEST);
        other.wrapping_sub(LOWEST) & !other & HIGHEST
    }

    /// Puts a slot in, if a way is free.
    #[inline(always)]
    fn take(&mut self, hash: u32, slot: u32) -> bool {
        let free = !self.head & HIGHEST;
        if free == 0 {
            return false;
        }
        let way = lowest(free);
        self.head |= tag(hash) << (8 * way);
        self.slots[way] = slot;
        true
    }

    #[inline(always)]
    fn clear(&mut self, way: usize) {
        self.head &= !(0xff << (8 * way));
    }

    /// Returns how many passed.
    #[inline(always)]
    fn passed(&self) -> u64 {
        self.head / PASSED
    }

    /// Counts one that passes, and returns whether it is still counted.
    #[inline(always)]
    fn pass(&mut self) -> bool {
        if self.passed() < MOST_PASSED {
            self.head += PASSED;
        }
        self.passed() < MOST_PASSED
    }

    fn forget_passed(&mut self) {
        if self.passed() < MOST_PASSED {
            self.head -= PASSED;
        }
    }

    fn taken(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().enumerate().filter(|(way, _)| (self.head >> (8 * way)) & 0x80 != 0).map(|(_, slot)| *slot)
    }
}

/// Returns the lowest of some ways, each the highest bit of its byte.
#[inline(always)]
fn lowest(ways: u64) -> usize {
    ways.trailing_zeros() as usize / 8
}

/// Returns seven bits of a hash, and one that is set.
#[inline(always)]
fn tag(hash: u32) -> u64 {
    u64::from(hash & 0x7f | 0x80)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Few hashes, so that many are the same and buckets overflow; slots come and go.
        #[test]
        fn an_index_agrees_with_a_map(
            steps in prop::collection::vec((0_u32..120, 0_u32..12), 1..400),
            expected in prop_oneof![Just(0), Just(40), Just(usize::MAX)],
            spread in prop_oneof![Just(0), Just(1), Just(0x2000_0001), Just(0x9e37_79b9)],
        ) {
            let (mut index, mut hashes) = (Index::default(), BTreeMap::new());
            for (slot, kind) in steps {
                let hash = kind.wrapping_mul(spread);
                match hashes.remove(&slot) {
                    Some(before) => index.remove(before, slot),
                    None => {
                        index.insert(hash, slot, expected, |slot| hashes[&slot]);
                        hashes.insert(slot, hash);
                    }
                }
                index.remove(hash, 1_000);
                prop_assert_eq!(index.len(), hashes.len());
                for slot in 0..120 {
                    let own = hashes.get(&slot).copied();
                    prop_assert_eq!(index.find(own.unwrap_or(hash), |found| found == slot), own.map(|_| slot));
                }
            }
            let passed: u64 = index.buckets.iter().map(Bucket::passed).sum();
            hashes.iter().for_each(|(&slot, &hash)| index.remove(hash, slot));
            prop_assert!(index.buckets.iter().all(|bucket| bucket.head == 0), "{passed} had passed");
        }
    }

    #[test]
    fn a_bucket_that_more_passed_than_it_counts_is_always_passed() {
        let mut bucket = Bucket { head: ((MOST_PASSED - 1) * PASSED) | 0x80, ..Bucket::default() };
        bucket.forget_passed();
        assert_eq!(bucket.passed(), MOST_PASSED - 2);
        assert!(bucket.pass());
        assert!((0..5).all(|_| !bucket.pass()));
        (0..5).for_each(|_| bucket.forget_passed());
        assert_eq!(bucket.head, (MOST_PASSED * PASSED) | 0x80);
    }

    #[test]
    fn a_look_ends_also_where_every_bucket_was_passed() {
        let mut index = Index::default();
        (0..9).for_each(|slot| index.insert(0, slot, 8, |_| 0));
        assert_eq!(index.buckets.len(), 2);
        index.buckets.iter_mut().for_each(|bucket| bucket.head |= PASSED * MOST_PASSED);
        index.is_uncounted = true;
        assert_eq!(index.find(0, |_| false), None);
        index.remove(0, 9);
        assert_eq!(index.len(), 9);
        // Where nothing is left, nobody has passed.
        (0..9).for_each(|slot| index.remove(0, slot));
        assert!(index.buckets.iter().all(|bucket| bucket.head == 0));
    }

    #[test]
    fn most_are_in_their_first_bucket_and_memory_is_what_is_expected() {
        let mut index = Index::default();
        let hash = |slot: u32| slot.wrapping_mul(0x9e37_79b9) ^ slot >> 3;
        (0..100_000).for_each(|slot| index.insert(hash(slot), slot, 100_000, hash));
        assert_eq!(index.buckets.len(), 25_000);
        assert_eq!(size_of::<Bucket>(), 32);
        let passed: u64 = index.buckets.iter().map(Bucket::passed).sum();
        assert!(passed < 5_000, "{passed}");
    }
}
