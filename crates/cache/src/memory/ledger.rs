//! How much room is taken in the whole cache: taken before an entry can be read, given back after it no longer can.

use std::ops::{AddAssign, SubAssign};
use std::sync::atomic::Ordering::Relaxed;

use crate::sync::AtomicU64;

/// An amount of room, or a difference of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) entries: i64,
    pub(crate) weight: i64,
}

impl Room {
    #[inline(always)]
    pub(crate) fn of_one(weight: u32) -> Room {
        Room { entries: 1, weight: i64::from(weight) }
    }
}

impl AddAssign for Room {
    #[inline(always)]
    fn add_assign(&mut self, more: Room) {
        self.entries += more.entries;
        self.weight += more.weight;
    }
}

impl SubAssign for Room {
    #[inline(always)]
    fn sub_assign(&mut self, less: Room) {
        self.entries -= less.entries;
        self.weight -= less.weight;
    }
}

/// What is taken of one bound, and the bound.
#[derive(Debug)]
struct Account {
    taken: AtomicU64,
    most: AtomicU64,
}

impl Account {
    fn new(most: u64) -> Account {
        Account { taken: AtomicU64::new(0), most: AtomicU64::new(most) }
    }

    #[inline(always)]
    fn has(&self, amount: i64) -> bool {
        let taken = self.taken.load(Relaxed);
        amount <= 0 || taken.saturating_add(amount as u64) <= self.most.load(Relaxed)
    }

    /// Takes the amount if it is there. What is taken guards no other memory: entries are under the locks of their shards.
    ///
    /// Only called under the lock of the shard that has the entry. Who lowers the bound takes each of these locks after
    /// that and before it looks at what is taken (`fit` in `size`). So an older bound read here means that what is taken
    /// is seen there and taken out, and the bound need not be read twice.
    #[inline(always)]
    fn take(&self, amount: u64) -> bool {
        let most = self.most.load(Relaxed);
        let mut taken = self.taken.load(Relaxed);
        loop {
            let then = taken.saturating_add(amount);
            if then > most {
                return false;
            }
            match self.taken.compare_exchange_weak(taken, then, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) => taken = now,
            }
        }
    }

    fn give(&self, amount: u64) {
        self.taken.fetch_sub(amount, Relaxed);
    }

    fn over(&self) -> u64 {
        self.taken.load(Relaxed).saturating_sub(self.most.load(Relaxed))
    }
}

/// The room of one cache. The two accounts are on lines of their own only together: they change together.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Ledger {
    entries: Account,
    weight: Account,
}

impl Ledger {
    pub(crate) fn new(capacity: u64, max_weight: u64) -> Ledger {
        Ledger { entries: Account::new(capacity), weight: Account::new(max_weight) }
    }

    /// Takes what is owed, or gives back what is owed to others. Touches nothing if that is nothing.
    #[inline(always)]
    pub(crate) fn settle(&self, owed: Room) -> bool {
        if owed == Room::default() {
            return true;
        }
        if owed.entries > 0 && !self.entries.take(owed.entries as u64) {
            return false;
        }
        if owed.weight > 0 && !self.weight.take(owed.weight as u64) {
            if owed.entries > 0 {
                self.entries.give(owed.entries as u64);
            }
            return false;
        }
        if owed.entries < 0 {
            self.entries.give(owed.entries.unsigned_abs());
        }
        if owed.weight < 0 {
            self.weight.give(owed.weight.unsigned_abs());
        }
        true
    }

    /// Returns whether so much room is there at the moment.
    #[inline(always)]
    pub(crate) fn has(&self, room: Room) -> bool {
        self.entries.has(room.entries) && self.weight.has(room.weight)
    }

    /// Returns whether an entry of this weight could be kept if nothing else were there.
    #[inline(always)]
    pub(crate) fn could_hold(&self, weight: u32) -> bool {
        self.capacity() > 0 && u64::from(weight) <= self.max_weight()
    }

    /// Returns by how much more is taken than there is, after the bounds were lowered.
    pub(crate) fn over(&self) -> Room {
        Room { entries: clamp(self.entries.over()), weight: clamp(self.weight.over()) }
    }

    #[inline(always)]
    pub(crate) fn capacity(&self) -> u64 {
        self.entries.most.load(Relaxed)
    }

    #[inline(always)]
    pub(crate) fn max_weight(&self) -> u64 {
        self.weight.most.load(Relaxed)
    }

    pub(crate) fn set_capacity(&self, capacity: u64) {
        self.entries.most.store(capacity, Relaxed);
    }

    pub(crate) fn set_max_weight(&self, max_weight: u64) {
        self.weight.most.store(max_weight, Relaxed);
    }
}

fn clamp(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(i64, i64)], answers: &str) {
        let ledger = Ledger::new(2, 10);
        let told = steps.iter().map(|&(entries, weight)| ledger.settle(Room { entries, weight }));
        let told: Vec<&str> = told.map(|is_settled| if is_settled { "yes" } else { "no" }).collect();
        assert_eq!(told.join(" "), answers);
    }

    #[test]
    fn room_is_taken_up_to_both_bounds_and_given_back() {
        check(&[(1, 4), (1, 6), (1, 0), (0, 1), (0, 0), (-1, -6), (1, 6)], "yes yes no no yes yes yes");
    }

    #[test]
    fn what_is_refused_takes_nothing() {
        check(&[(1, 11), (2, 10), (-2, -10), (2, 10)], "no yes yes yes");
    }

    #[test]
    fn more_of_one_and_less_of_the_other_go_together() {
        check(&[(2, 4), (-1, 6), (1, 0), (-1, 1), (-1, -9)], "yes yes yes no yes");
    }
}
