//! Keys and values in numbered places, and what a use changes. Which key is where is the business of `index`.

use std::cell::Cell;

use super::policy::{Marks, used};

/// A place that nobody has, as the end of the list of free ones.
const NOWHERE: u32 = u32::MAX;
/// The places of a slab that was never used.
const FIRST: usize = 8;
/// Of the uses that the mark counts no more, one in so many is counted, for all of them.
const SAMPLED: u16 = 16;

/// Places, grown by a quarter at a time: doubling would leave half of a large cache's memory unused.
#[derive(Debug)]
pub(crate) struct Slab<K, V> {
    places: Vec<Place<K, V>>,
    free: u32,
}

#[derive(Debug)]
enum Place<K, V> {
    Free {
        next: u32,
    },
    /// `hash` is what the index and the policy need of the key's hash, so that no key is hashed twice; `mark` is the
    /// policy's, and lies here so that a use writes to one place only.
    Taken {
        mark: Cell<u8>,
        uses: Cell<u16>,
        hash: u32,
        key: K,
        value: V,
    },
}

/// What was in a place.
pub(crate) struct Left<K, V> {
    pub(crate) hash: u32,
    pub(crate) key: K,
    pub(crate) value: V,
}

/// How often a place was used.
pub(crate) struct Uses<'s> {
    mark: &'s Cell<u8>,
    uses: &'s Cell<u16>,
}

impl<K, V> Default for Slab<K, V> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: NOWHERE }
    }
}

impl<K, V> Slab<K, V> {
    /// Returns how many places there are, free ones too.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns for how many places memory is taken.
    pub(crate) fn room(&self) -> usize {
        self.places.capacity()
    }

    /// Returns whether no place can be numbered any more.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.free == NOWHERE && self.places.len() >= NOWHERE as usize
    }

    /// Puts a key and a value in a place; `expected` says how many places there will probably be.
    #[inline(always)]
    pub(crate) fn put(&mut self, hash: u32, key: K, value: V, expected: usize) -> u32 {
        let taken = Place::Taken { mark: Cell::new(0), uses: Cell::new(0), hash, key, value };
        let slot = self.free;
        match self.places.get_mut(slot as usize) {
            Some(place) => {
                if let Place::Free { next } = *place {
                    self.free = next;
                }
                *place = taken;
                slot
            }
            None => {
                if self.places.len() == self.places.capacity() {
                    self.grow(expected);
                }
                let slot = self.places.len() as u32;
                self.places.push(taken);
                slot
            }
        }
    }

    #[cold]
    fn grow(&mut self, expected: usize) {
        let len = self.places.len();
        let more = (len / 4).max(FIRST);
        let is_near = len < expected && len + more > expected - expected / 8;
        self.places.reserve_exact(if is_near { expected - len } else { more });
    }

    /// Empties a place. Only a taken place has a number that anybody knows.
    #[inline(always)]
    pub(crate) fn take(&mut self, slot: u32) -> Option<Left<K, V>> {
        let place = self.places.get_mut(slot as usize)?;
        match std::mem::replace(place, Place::Free { next: self.free }) {
            Place::Taken { hash, key, value, .. } => {
                self.free = slot;
                Some(Left { hash, key, value })
            }
            Place::Free { next } => {
                *place = Place::Free { next };
                None
            }
        }
    }

    /// Returns whether the place has a key with this hash for which `is_key` holds.
    #[inline(always)]
    pub(crate) fn is_at(&self, slot: u32, hash: u32, is_key: impl FnOnce(&K) -> bool) -> bool {
        match self.places.get(slot as usize) {
            Some(Place::Taken { hash: own, key, .. }) => *own == hash && is_key(key),
            _ => false,
        }
    }

    #[inline(always)]
    pub(crate) fn hash(&self, slot: u32) -> u32 {
        match self.places.get(slot as usize) {
            Some(Place::Taken { hash, .. }) => *hash,
            _ => 0,
        }
    }

    #[inline(always)]
    pub(crate) fn pair(&self, slot: u32) -> Option<(&K, &V)> {
        match self.places.get(slot as usize) {
            Some(Place::Taken { key, value, .. }) => Some((key, value)),
            _ => None,
        }
    }

    /// Returns the value in the place if `is_key` holds for its key, and how often it was used.
    #[inline(always)]
    pub(crate) fn value_at(&self, slot: u32, is_key: impl FnOnce(&K) -> bool) -> Option<(&V, Uses<'_>)> {
        match self.places.get(slot as usize) {
            Some(Place::Taken { mark, uses, key, value, .. }) if is_key(key) => Some((value, Uses { mark, uses })),
            _ => None,
        }
    }

    /// Counts a use of the place and returns its value. `turn` is another number for each use.
    #[inline(always)]
    pub(crate) fn used(&mut self, slot: u32, turn: u64) -> Option<&V> {
        match self.places.get(slot as usize) {
            Some(Place::Taken { mark, uses, value, .. }) => {
                Uses { mark, uses }.count(turn);
                Some(value)
            }
            _ => None,
        }
    }

    pub(crate) fn uses(&self, slot: u32) -> u16 {
        match self.places.get(slot as usize) {
            Some(Place::Taken { uses, .. }) => uses.get(),
            _ => 0,
        }
    }

    /// Puts another value in a taken place and returns the one before.
    #[inline(always)]
    pub(crate) fn swap(&mut self, slot: u32, new: V) -> Option<V> {
        match self.places.get_mut(slot as usize) {
            Some(Place::Taken { value, .. }) => Some(std::mem::replace(value, new)),
            _ => None,
        }
    }

    /// Returns the taken places with their numbers, from `first` on.
    pub(crate) fn taken_from(&self, first: usize) -> impl Iterator<Item = (u32, &K, &V)> {
        self.places.iter().enumerate().skip(first).filter_map(|(slot, place)| match place {
            Place::Taken { key, value, .. } => Some((slot as u32, key, value)),
            Place::Free { .. } => None,
        })
    }
}

impl Uses<'_> {
    /// Counts a use; `turn` is another number for each.
    ///
    /// What is used most is mostly only read: written at each use, its place would wander from processor to processor.
    #[inline(always)]
    pub(crate) fn count(self, turn: u64) {
        if let Some(mark) = used(self.mark.get()) {
            self.mark.set(mark);
            self.uses.set(self.uses.get().saturating_add(1));
        } else if is_sampled(turn) {
            self.uses.set(self.uses.get().saturating_add(SAMPLED));
        }
    }
}

impl<K, V> Marks for Slab<K, V> {
    #[inline(always)]
    fn mark(&self, slot: u32) -> u8 {
        match self.places.get(slot as usize) {
            Some(Place::Taken { mark, .. }) => mark.get(),
            _ => 0,
        }
    }

    #[inline(always)]
    fn set_mark(&mut self, slot: u32, new: u8) {
        if let Some(Place::Taken { mark, .. }) = self.places.get(slot as usize) {
            mark.set(new);
        }
    }

    #[inline(always)]
    fn print(&self, slot: u32) -> u32 {
        self.hash(slot)
    }
}

/// Returns whether the turn is one of those that are counted for others too: evenly spread, whatever the steps between the
/// turns of one place are.
#[inline(always)]
fn is_sampled(turn: u64) -> bool {
    (turn as u32).wrapping_mul(0x9E37_79B9) < u32::MAX / SAMPLED as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..3).map(|key| slab.put(key, key, "old", 3)).collect();
        assert_eq!(slab.take(slots[1]).map(|left| left.key), Some(1));
        assert!(slab.take(slots[1]).is_none());
        assert_eq!(slab.put(9, 9, "new", 3), slots[1]);
        assert_eq!(slab.pair(slots[1]), Some((&9, &"new")));
        assert_eq!(slab.put(10, 10, "more", 3), 3);
    }

    #[test]
    fn few_uses_are_counted_and_many_are_estimated() {
        let mut slab = Slab::default();
        let often = slab.put(1, 1, "value", 3);
        // One place has each turn, every third, and every sixty-fourth.
        for (step, few) in [(1, 3), (3, 3), (64, 3)] {
            let slot = slab.put(2, 2, "value", 3);
            (1..=few).for_each(|turn| _ = slab.used(slot, turn * step));
            assert_eq!(u64::from(slab.uses(slot)), few);
            (1..=10_000).for_each(|turn| _ = slab.used(slot, turn * step));
            assert!((9_000..=11_000).contains(&slab.uses(slot)), "{}", slab.uses(slot));
        }
        (0..100_000).for_each(|turn| _ = slab.used(often, turn));
        assert_eq!(slab.uses(often), u16::MAX);
    }

    #[test]
    fn a_pair_of_numbers_takes_24_bytes() {
        assert_eq!(size_of::<Place<u64, u64>>(), 24);
    }

    #[test]
    fn memory_grows_by_little_and_stops_at_what_is_expected() {
        let mut slab = Slab::default();
        for key in 0..10_000_u32 {
            slab.put(key, key, (), 10_000);
            assert!(slab.room() <= (slab.len() + slab.len() / 4).max(10_000 - 10_000 / 8).max(FIRST));
        }
        assert_eq!(slab.room(), 10_000);
    }
}
