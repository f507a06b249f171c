//! Where the loads of one shard stand. Mostly there is one at a time, and that one has a place that needs no table.

use std::sync::Arc;

use hashbrown::HashTable;

use super::flight::Flight;

/// The loads of one shard.
pub(super) struct Berths<K, V> {
    one: Option<Berth<K, V>>,
    more: HashTable<Berth<K, V>>,
}

/// A load that is under way.
pub(super) struct Berth<K, V> {
    pub(super) hash: u64,
    pub(super) key: K,
    /// No other load has this number.
    pub(super) number: u64,
    /// Tags that its value will have, by which it may be invalidated before there is one.
    pub(super) tags: Vec<Arc<str>>,
    /// Made for the first who waits.
    pub(super) flight: Option<Arc<Flight<V>>>,
    /// The key was invalidated since: who waits gets the value, nobody else does.
    pub(super) is_outdated: bool,
}

impl<K, V> Berth<K, V> {
    /// Returns what a caller waits for.
    pub(super) fn flight(&mut self) -> Arc<Flight<V>> {
        let number = self.number;
        Arc::clone(self.flight.get_or_insert_with(|| Arc::new(Flight::new(number))))
    }
}

impl<K, V> Berths<K, V> {
    pub(super) fn new() -> Berths<K, V> {
        Berths { one: None, more: HashTable::new() }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.one.is_some()) + self.more.len()
    }

    pub(super) fn find(&mut self, hash: u64, is_it: impl Fn(&Berth<K, V>) -> bool) -> Option<&mut Berth<K, V>> {
        let is_it = |berth: &Berth<K, V>| berth.hash == hash && is_it(berth);
        match &mut self.one {
            Some(one) if is_it(one) => Some(one),
            _ if self.more.is_empty() => None,
            _ => self.more.find_mut(hash, is_it),
        }
    }

    pub(super) fn insert(&mut self, berth: Berth<K, V>) {
        match &self.one {
            None => self.one = Some(berth),
            Some(_) => drop(self.more.insert_unique(berth.hash, berth, |berth| berth.hash)),
        }
    }

    /// Takes a load out by its number.
    pub(super) fn remove(&mut self, hash: u64, number: u64) -> Option<Berth<K, V>> {
        if self.one.as_ref().is_some_and(|one| one.number == number) {
            return self.one.take();
        }
        let found = self.more.find_entry(hash, |berth| berth.number == number);
        found.ok().map(|found| found.remove().0)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Berth<K, V>> {
        self.one.iter_mut().chain(self.more.iter_mut())
    }
}
