//! Rings of slots, each a list with an oldest slot: constant time for everything, eight bytes a slot whatever the number of
//! lists. After the newest comes the oldest again, so that who is oldest becomes the newest by a step of the ring.

use super::Slot;

/// The oldest of an empty list.
const NONE: Slot = Slot::MAX;
/// Stands in a slot that is in no list.
const OUT: Slot = Slot::MAX - 1;

#[derive(Clone, Copy, Debug)]
struct Link {
    older: Slot,
    newer: Slot,
}

/// The links of all lists over one set of slots. A slot is in one list at most.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

/// Where a list begins, and how much is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    oldest: Slot,
    len: u32,
}

impl Default for List {
    fn default() -> List {
        List { oldest: NONE, len: 0 }
    }
}

impl List {
    /// Returns how many slots are in the list.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Returns the slot that is in the list for longest.
    pub(super) fn oldest(&self) -> Option<Slot> {
        (self.oldest != NONE).then_some(self.oldest)
    }
}

impl Links {
    /// Returns whether the slot is in a list.
    #[inline]
    pub(super) fn holds(&self, slot: Slot) -> bool {
        self.0.get(slot as usize).is_some_and(|link| link.older != OUT)
    }

    /// Returns the neighbour on the newer side of a slot that is in the list.
    pub(super) fn newer(&self, list: &List, slot: Slot) -> Option<Slot> {
        Some(self.0[slot as usize].newer).filter(|&newer| newer != list.oldest)
    }

    /// Puts a slot that is in no list at the newest end.
    #[inline]
    pub(super) fn push(&mut self, list: &mut List, slot: Slot) {
        reach(&mut self.0, slot, Link { older: OUT, newer: OUT });
        if list.oldest == NONE {
            self.0[slot as usize] = Link { older: slot, newer: slot };
            list.oldest = slot;
        } else {
            let newest = std::mem::replace(&mut self.0[list.oldest as usize].older, slot);
            self.0[newest as usize].newer = slot;
            self.0[slot as usize] = Link { older: newest, newer: list.oldest };
        }
        list.len += 1;
    }

    /// Takes a slot out of the list that it is in.
    #[inline]
    pub(super) fn take(&mut self, list: &mut List, slot: Slot) {
        let Link { older, newer } = self.0[slot as usize];
        self.0[older as usize].newer = newer;
        self.0[newer as usize].older = older;
        self.0[slot as usize] = Link { older: OUT, newer: OUT };
        list.len -= 1;
        if list.len == 0 {
            list.oldest = NONE;
        } else if list.oldest == slot {
            list.oldest = newer;
        }
    }

    /// Takes out what is in the list for longest.
    pub(super) fn pop(&mut self, list: &mut List) -> Option<Slot> {
        let oldest = list.oldest()?;
        self.take(list, oldest);
        Some(oldest)
    }

    /// Makes the oldest the newest. No link changes.
    #[inline]
    pub(super) fn turn(&self, list: &mut List) {
        if let Some(oldest) = list.oldest() {
            list.oldest = self.0[oldest as usize].newer;
        }
    }
}

/// Makes room up to the slot. Grows by an eighth and not by doubling: what a policy keeps must not cost twice what it
/// is.
#[inline]
pub(super) fn reach<T: Clone>(places: &mut Vec<T>, slot: Slot, empty: T) {
    let wanted = slot as usize + 1;
    if places.len() < wanted {
        extend(places, wanted, empty);
    }
}

#[cold]
fn extend<T: Clone>(places: &mut Vec<T>, wanted: usize, empty: T) {
    let missing = wanted - places.len();
    if places.capacity() < wanted {
        places.reserve_exact(missing.max(places.len() / 8).max(16));
    }
    places.resize(wanted, empty);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::{Links, List, Slot};

    proptest! {
        #[test]
        fn two_lists_over_one_set_of_slots_agree_with_two_deques(steps in prop::collection::vec((0u8..6, 0u32..20), 1..200)) {
            let mut links = Links::default();
            let mut lists = [List::default(), List::default()];
            let mut deques: [VecDeque<Slot>; 2] = Default::default();
            for (step, slot) in steps {
                let home = deques.iter().position(|deque| deque.contains(&slot));
                prop_assert_eq!(links.holds(slot), home.is_some());
                match (step, home) {
                    (0 | 1, None) => {
                        links.push(&mut lists[step as usize], slot);
                        deques[step as usize].push_back(slot);
                    }
                    (0 | 1, Some(home)) => {
                        links.take(&mut lists[home], slot);
                        deques[home].retain(|&other| other != slot);
                    }
                    (2 | 3, _) => {
                        let which = step as usize - 2;
                        links.turn(&mut lists[which]);
                        if let Some(oldest) = deques[which].pop_front() {
                            deques[which].push_back(oldest);
                        }
                    }
                    (step, _) => {
                        let which = step as usize - 4;
                        prop_assert_eq!(links.pop(&mut lists[which]), deques[which].pop_front());
                    }
                }
                for (list, deque) in lists.iter().zip(&deques) {
                    prop_assert_eq!(list.len(), deque.len());
                    let walked: Vec<Slot> = std::iter::successors(list.oldest(), |&slot| links.newer(list, slot)).collect();
                    prop_assert_eq!(VecDeque::from(walked), deque.clone());
                }
            }
        }
    }
}
