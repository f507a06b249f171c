//! How much is there and may be there, and what the cache did so far.

use std::hash::{BuildHasher, Hash};

use super::core::lock;
use super::shares;
use super::{Cache, ledger::Room};
use crate::Statistics;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns how many entries there are; some may be over and not taken out yet.
    pub fn len(&self) -> usize {
        self.core.each().map(|shard| shard.len()).sum()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what the entries weigh.
    pub fn weight(&self) -> u64 {
        self.core.each().map(|shard| shard.weight).sum()
    }

    /// Returns how many entries there may be.
    pub fn capacity(&self) -> u64 {
        self.core.ledger.capacity()
    }

    /// Returns what the entries may weigh.
    pub fn max_weight(&self) -> u64 {
        self.core.ledger.max_weight()
    }

    /// Returns the name that the cache was given.
    pub fn name(&self) -> Option<&str> {
        self.core.name.as_deref()
    }

    /// Keeps at most so many entries from now on. What is too much leaves before this returns, at last also what is pinned.
    pub fn resize(&self, capacity: u64) {
        self.core.ledger.set_capacity(capacity);
        self.fit();
    }

    /// Keeps at most so much weight from now on. What is too much leaves before this returns, at last also what is pinned.
    pub fn set_max_weight(&self, max_weight: u64) {
        self.core.ledger.set_max_weight(max_weight);
        self.fit();
    }

    /// Returns what the cache did so far.
    pub fn statistics(&self) -> Statistics {
        let mut all = Statistics::default();
        for shard in self.core.each() {
            shard.counts.add_to(&mut all);
            all.entries += shard.len() as u64;
            all.weight += shard.weight;
        }
        self.core.flights.count(&mut all);
        all
    }

    /// Tells the shards what is theirs now, and takes out what is too much: what exceeds a shard's share, then more.
    fn fit(&self) {
        let ledger = &self.core.ledger;
        let share = shares::each(ledger.capacity(), ledger.max_weight(), self.core.shards.len());
        for shard in &self.core.shards {
            lock(shard).reshare(share);
        }
        for (enough, with_pinned) in [(share.of_capacity, false), (0, false), (0, true)] {
            for shard in &self.core.shards {
                let mut leaving = self.core.leaving();
                let mut shard = lock(shard);
                while !is_paid(ledger.over(), leaving.owed) && shard.used() > enough {
                    let gone = &mut leaving.gone;
                    let freed = if with_pinned { shard.evict_any(gone) } else { shard.evict(gone) };
                    let Some(freed) = freed else { break };
                    leaving.owed -= freed;
                }
            }
        }
    }
}

/// Returns whether what leaves is as much as what is too much.
fn is_paid(over: Room, owed: Room) -> bool {
    over.entries + owed.entries <= 0 && over.weight + owed.weight <= 0
}
