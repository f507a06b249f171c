//! Doubly linked lists over slots: constant time for everything, eight bytes a slot whatever the number of lists.

use super::Slot;

/// Ends a list.
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

/// One list's ends, and how much is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    oldest: Slot,
    newest: Slot,
    len: usize,
}

impl Default for List {
    fn default() -> List {
        List { oldest: NONE, newest: NONE, len: 0 }
    }
}

impl List {
    /// Returns how many slots are in the list.
    pub(super) fn len(&self) -> usize {
        self.len
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

    /// Returns the neighbour on the newer side.
    pub(super) fn newer(&self, slot: Slot) -> Option<Slot> {
        self.0.get(slot as usize).map(|link| link.newer).filter(|&newer| newer < OUT)
    }

    /// Puts a slot that is in no list at the newest end.
    #[inline]
    pub(super) fn push(&mut self, list: &mut List, slot: Slot) {
        reach(&mut self.0, slot, Link { older: OUT, newer: OUT });
        self.0[slot as usize] = Link { older: list.newest, newer: NONE };
        match list.newest {
            NONE => list.oldest = slot,
            newest => self.0[newest as usize].newer = slot,
        }
        list.newest = slot;
        list.len += 1;
    }

    /// Takes a slot out of the list that it is in.
    #[inline]
    pub(super) fn take(&mut self, list: &mut List, slot: Slot) {
        let Link { older, newer } = self.0[slot as usize];
        match older {
            NONE => list.oldest = newer,
            older => self.0[older as usize].newer = newer,
        }
        match newer {
            NONE => list.newest = older,
            newer => self.0[newer as usize].older = older,
        }
        self.0[slot as usize] = Link { older: OUT, newer: OUT };
        list.len -= 1;
    }

    /// Takes out what is in the list for longest.
    pub(super) fn pop(&mut self, list: &mut List) -> Option<Slot> {
        let oldest = list.oldest()?;
        self.take(list, oldest);
        Some(oldest)
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
        fn two_lists_over_one_set_of_slots_agree_with_two_deques(steps in prop::collection::vec((0u8..4, 0u32..20), 1..200)) {
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
                    (step, _) => {
                        let which = step as usize - 2;
                        prop_assert_eq!(links.pop(&mut lists[which]), deques[which].pop_front());
                    }
                }
                for (list, deque) in lists.iter().zip(&deques) {
                    prop_assert_eq!(list.len(), deque.len());
                    let walked: Vec<Slot> = std::iter::successors(list.oldest(), |&slot| links.newer(slot)).collect();
                    prop_assert_eq!(VecDeque::from(walked), deque.clone());
                }
            }
        }
    }
}
