//! Least frequently used, in constant time: one list for each number of uses, and a chain of those lists.

use super::links::{Links, List, reach};
use super::{Marks, Order, Slot};

/// Ends the chain of lists.
const NONE: u32 = u32::MAX;

/// The slots with the same number of uses, by their last use.
#[derive(Debug)]
struct Equals {
    uses: u64,
    list: List,
    rarer: u32,
    likelier: u32,
}

/// The slots by their number of uses.
#[derive(Debug)]
pub(super) struct Lfu {
    links: Links,
    /// For each slot, in which list it is.
    homes: Vec<u32>,
    lists: Vec<Equals>,
    /// Places in `lists` that are in no chain.
    spare: Vec<u32>,
    rarest: u32,
    len: usize,
    /// Who came last: he is let in, or nobody new could ever be.
    newest: Option<Slot>,
}

impl Default for Lfu {
    fn default() -> Lfu {
        Lfu {
            links: Links::default(),
            homes: Vec::new(),
            lists: Vec::new(),
            spare: Vec::new(),
            rarest: NONE,
            len: 0,
            newest: None,
        }
    }
}

impl Lfu {
    /// Makes an empty list after `rarer` in the chain, or at its head.
    fn open(&mut self, uses: u64, rarer: u32) -> u32 {
        let likelier = self.after(rarer);
        let equals = Equals { uses, list: List::default(), rarer, likelier };
        let home = match self.spare.pop() {
            Some(home) => {
                self.lists[home as usize] = equals;
                home
            }
            None => {
                self.lists.push(equals);
                (self.lists.len() - 1) as u32
            }
        };
        self.chain(rarer, home);
        self.chain(home, likelier);
        home
    }

    /// Takes a list out of the chain if it is empty.
    fn close_if_empty(&mut self, home: u32) {
        let Equals { list, rarer, likelier, .. } = self.lists[home as usize];
        if list.len() == 0 {
            self.chain(rarer, likelier);
            self.spare.push(home);
        }
    }

    fn after(&self, rarer: u32) -> u32 {
        if rarer == NONE { self.rarest } else { self.lists[rarer as usize].likelier }
    }

    fn chain(&mut self, rarer: u32, likelier: u32) {
        match rarer {
            NONE => self.rarest = likelier,
            rarer => self.lists[rarer as usize].likelier = likelier,
        }
        if likelier != NONE {
            self.lists[likelier as usize].rarer = rarer;
        }
    }

    fn put(&mut self, slot: Slot, uses: u64, rarer: u32) {
        let next = self.after(rarer);
        let is_there = next != NONE && self.lists[next as usize].uses == uses;
        let home = if is_there { next } else { self.open(uses, rarer) };
        self.links.push(&mut self.lists[home as usize].list, slot);
        self.homes[slot as usize] = home;
    }

    fn take(&mut self, slot: Slot) {
        let home = self.homes[slot as usize];
        self.links.take(&mut self.lists[home as usize].list, slot);
        self.close_if_empty(home);
        self.len -= 1;
        if self.newest == Some(slot) {
            self.newest = None;
        }
    }

    /// The rarest and oldest, but for the newest.
    fn next(&self) -> Option<Slot> {
        let rarest = self.lists.get(self.rarest as usize)?;
        let oldest = rarest.list.oldest()?;
        if self.newest != Some(oldest) {
            return Some(oldest);
        }
        let other =
            self.links.newer(&rarest.list, oldest).or_else(|| self.lists.get(rarest.likelier as usize)?.list.oldest());
        other.or(Some(oldest))
    }
}

impl Order for Lfu {
    fn insert(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64, _weight: u32) {
        reach(&mut self.homes, slot, NONE);
        self.put(slot, 1, NONE);
        self.len += 1;
        self.newest = Some(slot);
    }

    fn listens(&self) -> u32 {
        0
    }

    fn hit(&mut self, _marks: &mut impl Marks, slot: Slot, _hash: u64) {
        if !self.links.holds(slot) {
            return;
        }
        let home = self.homes[slot as usize];
        let uses = self.lists[home as usize].uses + 1;
        self.links.take(&mut self.lists[home as usize].list, slot);
        self.put(slot, uses, home);
        self.close_if_empty(home);
    }

    fn reweigh(&mut self, _marks: &impl Marks, _slot: Slot, _weight: u32) {}

    fn remove(&mut self, _marks: &impl Marks, slot: Slot) {
        if self.links.holds(slot) {
            self.take(slot);
        }
    }

    fn victim(&mut self, _marks: &mut impl Marks) -> Option<Slot> {
        let slot = self.next()?;
        self.take(slot);
        Some(slot)
    }

    fn spare(&mut self, _marks: &mut impl Marks, slot: Slot) {
        // Above the rarest, so that another one goes first.
        let uses = self.lists.get(self.rarest as usize).map_or(1, |rarest| rarest.uses + 1);
        self.put(slot, uses, self.rarest);
        self.len += 1;
    }

    fn resize(&mut self, _marks: &mut impl Marks, _capacity: u64) {}

    fn len(&self) -> usize {
        self.len
    }
}
