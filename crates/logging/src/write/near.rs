//! A small table in front of what is shared: a thread finds there, without a lock, what belongs to a call site.
//! Leaves to its users what that is, and to make it when it is not there.

use tracing::Metadata;

/// Found by an owner (a layer) and a place (a call site's address). Of fixed size: a newcomer takes the place of another.
#[derive(Debug)]
pub(crate) struct Near<T> {
    entries: Vec<Option<Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    owner: usize,
    place: usize,
    value: T,
}

/// Each place has two entries, so that two busy call sites with one hash do not drive each other out.
const WAYS: usize = 2;

/// A power of two. With both ways as many call sites as a large program keeps busy.
const SETS: usize = 256;

impl<T> Default for Near<T> {
    fn default() -> Self {
        Near { entries: Vec::new() }
    }
}

impl<T> Near<T> {
    /// Returns what belongs to the place, made anew if it is not there or no longer `valid`.
    #[inline]
    pub(crate) fn find(
        &mut self,
        owner: usize,
        place: usize,
        valid: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> &T {
        if self.entries.is_empty() {
            self.entries.resize_with(SETS * WAYS, || None);
        }
        let first = set_of(owner, place) * WAYS;
        let is_it = |entry: &Option<Entry<T>>| {
            entry.as_ref().is_some_and(|entry| entry.place == place && entry.owner == owner && valid(&entry.value))
        };
        let at = match self.entries[first..first + WAYS].iter().position(is_it) {
            Some(way) => first + way,
            None => {
                self.entries.swap(first, first + 1);
                self.entries[first] = Some(Entry { owner, place, value: make() });
                first
            }
        };
        self.entries[at].as_ref().map(|entry| &entry.value).expect("it was there or was made above")
    }
}

/// Returns where metadata lie. Those of a call site stay there for as long as the program runs.
pub(crate) fn address(metadata: &Metadata<'_>) -> usize {
    std::ptr::from_ref(metadata).cast::<()>().addr()
}

fn set_of(owner: usize, place: usize) -> usize {
    let mixed = (place as u64 ^ ((owner as u64) << 48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SETS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_value_is_made_once_while_it_is_there() {
        let (mut near, made) = (Near::default(), Cell::new(0));
        let mut find = |owner, place| {
            let make = || {
                made.set(made.get() + 1);
                owner * 1_000 + place
            };
            assert_eq!(*near.find(owner, place, |_| true, make), owner * 1_000 + place);
            made.get()
        };
        assert_eq!(find(1, 10), 1);
        assert_eq!(find(1, 10), 1);
        assert_eq!(find(2, 10), 2);
        assert_eq!(find(1, 11), 3);
        assert_eq!(find(1, 10), 3);
    }

    #[test]
    fn what_is_no_longer_valid_is_made_anew() {
        let mut near = Near::default();
        assert_eq!(*near.find(0, 8, |_| true, || 1), 1);
        assert_eq!(*near.find(0, 8, |value| *value > 1, || 2), 2);
        assert_eq!(*near.find(0, 8, |value| *value > 1, || 3), 2);
    }

    #[test]
    fn any_number_of_places_is_served_right_in_the_same_memory() {
        let mut near = Near::default();
        for place in (0..100_000_usize).chain(0..1_000) {
            assert_eq!(*near.find(7, place, |_| true, || place), place);
        }
        assert_eq!(near.entries.len(), SETS * WAYS);
    }
}
