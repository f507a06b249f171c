//! What a layer should have been told and was not: digests whose entries there are out of date. They are not read until the
//! layer has forgotten them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Digest;

/// With more than these nothing is believed that was written before now: memory must not grow with an outage.
const MAX_DIGESTS: usize = 10_000;

/// So many debts are remembered after they were settled.
const MAX_SETTLED: usize = 256;

#[derive(Debug)]
pub(super) struct Debts {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Each with a number, so that a debt made anew is not taken for the one that was just paid.
    digests: HashMap<Digest, u64>,
    next: u64,
    /// The debts that were settled last, and the number up to which such debts are not remembered any more.
    settled: VecDeque<(Digest, u64)>,
    lost: u64,
    /// The digests that are being written just now, each by so many.
    writing: HashMap<Digest, usize>,
    everything: bool,
    since: i64,
}

impl Default for Debts {
    fn default() -> Debts {
        let state = State {
            digests: HashMap::new(),
            next: 0,
            settled: VecDeque::new(),
            lost: 0,
            writing: HashMap::new(),
            everything: false,
            since: i64::MIN,
        };
        Debts { state: Mutex::new(state) }
    }
}

impl Debts {
    /// Notes that the entries under these digests are out of date.
    pub(super) fn owe(&self, keys: &[Digest], now: i64) {
        let mut state = self.state();
        for key in keys {
            if state.digests.len() >= MAX_DIGESTS && !state.digests.contains_key(key) {
                state.since = state.since.max(now);
                continue;
            }
            state.next += 1;
            let number = state.next;
            state.digests.insert(*key, number);
        }
    }

    /// Notes that all entries are to be forgotten.
    pub(super) fn owe_everything(&self, now: i64) {
        let mut state = self.state();
        state.everything = true;
        state.since = state.since.max(now);
    }

    /// Believes nothing any more that was written before now.
    pub(super) fn distrust(&self, now: i64) {
        let mut state = self.state();
        state.since = state.since.max(now);
    }

    /// Returns the number of the last debt, to which [`pay`](Debts::pay) pays.
    pub(super) fn last(&self) -> u64 {
        self.state().next
    }

    /// Begins to write what was known of this digest when `last` was the last debt; nothing if something later is known by
    /// now. While it is written its debt is not settled: an older entry could be written after that.
    pub(super) fn begin(&self, key: &Digest, last: u64) -> Option<Writing<'_>> {
        let mut state = self.state();
        let is_latest = match state.digests.get(key) {
            Some(number) => *number <= last,
            None => state.lost <= last && !state.settled.iter().any(|(own, number)| own == key && *number > last),
        };
        if is_latest {
            *state.writing.entry(*key).or_default() += 1;
        }
        drop(state);
        is_latest.then(|| Writing { debts: self, key: *key, last })
    }

    /// Notes that nothing is left of these digests, as far as they were owed when `last` was the last debt.
    pub(super) fn pay(&self, keys: &[Digest], last: u64) {
        let mut state = self.state();
        for key in keys {
            state.pay(key, last);
        }
    }

    pub(super) fn owes(&self, key: &Digest) -> bool {
        self.state().digests.contains_key(key)
    }

    /// Returns the moment before which nothing is believed.
    pub(super) fn since(&self) -> i64 {
        self.state().since
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.digests.is_empty() && !state.everything
    }

    pub(super) fn len(&self) -> usize {
        self.state().digests.len()
    }

    /// Returns some of the debts, to be [`settled`](Debts::settled).
    pub(super) fn some(&self, most: usize) -> Vec<(Digest, u64)> {
        let state = self.state();
        let idle = state.digests.iter().filter(|(key, _)| !state.writing.contains_key(*key));
        idle.take(most).map(|(key, number)| (*key, *number)).collect()
    }

    pub(super) fn settled(&self, paid: &[(Digest, u64)]) {
        let mut state = self.state();
        for (key, number) in paid {
            if state.digests.get(key) == Some(number) {
                state.settle(key);
            }
        }
    }

    /// Returns whether everything is to be forgotten, which is then the caller's matter.
    pub(super) fn take_everything(&self) -> bool {
        std::mem::take(&mut self.state().everything)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry that is being written.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    debts: &'a Debts,
    key: Digest,
    last: u64,
}

impl Writing<'_> {
    /// Notes that the layer has it. A debt that was made meanwhile stays, for what came later.
    pub(super) fn done(self) {
        let (debts, key, last) = (self.debts, self.key, self.last);
        drop(self);
        debts.state().pay(&key, last);
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut state = self.debts.state();
        match state.writing.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = state.writing.remove(&self.key),
        }
    }
}

impl State {
    /// Settles a debt that is not newer, unless somebody is still writing what may be older.
    fn pay(&mut self, key: &Digest, last: u64) {
        if !self.writing.contains_key(key) && self.digests.get(key).is_some_and(|number| *number <= last) {
            self.settle(key);
        }
    }

    fn settle(&mut self, key: &Digest) {
        let Some(debt) = self.digests.remove_entry(key) else { return };
        self.settled.push_back(debt);
        if self.settled.len() > MAX_SETTLED {
            // Not always the least number, and then more is thought lost than is.
            self.lost = self.settled.pop_front().map_or(self.lost, |(_, number)| number.max(self.lost));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Digest {
        Digest::of(&number.to_le_bytes())
    }

    #[test]
    fn a_debt_made_anew_is_not_paid_with_the_old_one() {
        let debts = Debts::default();
        debts.owe(&[key(1), key(2)], 0);
        let some = debts.some(9);
        debts.owe(&[key(1)], 0);
        debts.settled(&some);
        assert_eq!((debts.owes(&key(1)), debts.owes(&key(2))), (true, false));
        debts.pay(&[key(1)], debts.last());
        assert!(debts.is_empty());
    }

    #[test]
    fn what_was_owed_after_an_entry_was_read_is_not_paid_with_it() {
        let debts = Debts::default();
        let last = debts.last();
        let (early, late) = (debts.begin(&key(1), last).unwrap(), debts.begin(&key(1), last).unwrap());
        debts.owe(&[key(1)], 0);
        let newer = debts.begin(&key(1), debts.last()).unwrap();
        early.done();
        newer.done();
        // One still writes what is older: neither the newer entry nor the nurse settles it.
        assert!(debts.owes(&key(1)) && debts.some(9).is_empty());
        late.done();
        assert_eq!((debts.owes(&key(1)), debts.some(9).len()), (true, 1));
        debts.settled(&debts.some(9));
        assert!(debts.begin(&key(1), last).is_none() && debts.begin(&key(2), last).is_some());
        assert!(debts.begin(&key(1), debts.last()).is_some() && debts.is_empty());
    }

    #[test]
    fn debts_that_were_settled_long_ago_make_nothing_believable_that_is_older() {
        let debts = Debts::default();
        let last = debts.last();
        for _ in 0..=MAX_SETTLED {
            debts.owe(&[key(9)], 0);
            debts.begin(&key(9), debts.last()).unwrap().done();
        }
        assert!(debts.is_empty() && debts.begin(&key(2), last).is_none());
    }

    #[test]
    fn more_debts_than_can_be_held_make_all_that_is_older_unbelievable() {
        let debts = Debts::default();
        for number in 0..MAX_DIGESTS {
            debts.owe(&[key(number)], 5);
        }
        assert_eq!(debts.since(), i64::MIN);
        debts.owe(&[key(0)], 6);
        assert_eq!(debts.since(), i64::MIN);
        debts.owe(&[key(MAX_DIGESTS)], 7);
        assert_eq!((debts.since(), debts.len()), (7, MAX_DIGESTS));
    }
}
