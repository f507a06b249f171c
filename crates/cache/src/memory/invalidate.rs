//! Many entries at once: by tag, predicate or prefix, or all of them, and those that are over.

use std::hash::{BuildHasher, Hash};

use super::core::{Leaving, lock};
use super::{Cache, Cause};

/// How many entries are looked at, or taken out, under one lock.
const STRIDE: usize = 256;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Takes out every value with this tag, and returns how many there were. It looks at no others.
    pub fn invalidate_tag(&self, tag: &str) -> usize {
        self.outdate_where(&|_, tags| tags.iter().any(|own| &**own == tag));
        let mut count = 0;
        for shard in &self.core.shards {
            // A lock is not held for longer than a stride, and what leaves is told in between.
            while let Some(more) = self.one_stride(|leaving| {
                let mut shard = lock(shard);
                let mut more = 0;
                while more < STRIDE
                    && let Some(slot) = shard.side.as_ref().and_then(|side| side.slot_with(tag))
                {
                    leaving.take(&mut shard, slot, Cause::Invalidated);
                    more += 1;
                }
                (more > 0).then_some(more)
            }) {
                count += more;
            }
        }
        count
    }

    /// Takes out every value for which this holds, and returns how many there were. What is put in while this runs may stay.
    pub fn invalidate_if(&self, is_outdated: impl Fn(&K, &V) -> bool) -> usize {
        // A load that is under way has no value to ask about: what it brings was begun before, and is not kept.
        self.outdate_where(&|_, _| true);
        self.invalidate_where(&is_outdated)
    }

    /// Takes out every value for which this does not hold.
    pub fn retain(&self, is_kept: impl Fn(&K, &V) -> bool) {
        self.invalidate_if(|key, value| !is_kept(key, value));
    }

    /// Takes out every value whose key begins with these bytes, and returns how many there were.
    pub fn invalidate_prefix(&self, prefix: impl AsRef<[u8]>) -> usize
    where
        K: AsRef<[u8]>,
    {
        let prefix = prefix.as_ref();
        self.outdate_where(&|key, _| key.as_ref().starts_with(prefix));
        self.invalidate_where(&|key, _| key.as_ref().starts_with(prefix))
    }

    /// Takes out everything.
    pub fn clear(&self) {
        self.outdate_where(&|_, _| true);
        for shard in &self.core.shards {
            let mut leaving = self.core.leaving();
            let mut shard = lock(shard);
            let slots: Vec<u32> = shard.slab.taken_from(0).map(|(slot, ..)| slot).collect();
            for slot in slots {
                leaving.take(&mut shard, slot, Cause::Invalidated);
            }
        }
    }

    /// Takes out what is over, and returns how many there were. Without it that happens bit by bit with other calls.
    pub fn purge_expired(&self) -> usize {
        let now = self.core.exact_now();
        let mut count = 0;
        for shard in &self.core.shards {
            loop {
                let mut leaving = self.core.leaving();
                let mut shard = lock(shard);
                if !shard.is_due(now) {
                    break;
                }
                let before = shard.len();
                leaving.sweep(&mut shard, now);
                count += before - shard.len();
            }
        }
        count
    }

    fn outdate_where(&self, is_meant: &dyn Fn(&K, &[std::sync::Arc<str>]) -> bool) {
        if !self.core.flights.is_idle() {
            self.core.flights.outdate(is_meant);
        }
    }

    fn one_stride<T>(&self, work: impl FnOnce(&mut Leaving<'_, K, V, S>) -> T) -> T {
        let mut leaving = self.core.leaving();
        work(&mut leaving)
    }

    /// Asks about each entry without a lock, and takes it out if it is still what was asked about.
    fn invalidate_where(&self, is_outdated: &dyn Fn(&K, &V) -> bool) -> usize {
        let mut count = 0;
        for number in 0..self.core.shards.len() {
            let mut first = Some(0);
            while let Some(begin) = first {
                let (seen, next) = self.stride(number, begin);
                let outdated = seen.into_iter().filter(|seen| is_outdated(&seen.key, &seen.value));
                let slots: Vec<(u32, u32)> = outdated.map(|seen| (seen.slot, seen.stamp)).collect();
                count += self.take_unchanged(number, &slots);
                first = next;
            }
        }
        count
    }

    /// Returns some entries of a shard, and where to go on.
    fn stride(&self, number: usize, first: usize) -> (Vec<Seen<K, V>>, Option<usize>) {
        let mut guard = lock(&self.core.shards[number]);
        let shard = &mut *guard;
        let room = shard.slab.room();
        let side = shard.side.get_or_insert_default();
        let taken = shard.slab.taken_from(first).take_while(|&(slot, ..)| (slot as usize) < first + STRIDE);
        let seen = taken.map(|(slot, key, value)| {
            let stamp = side.stamp_of(slot, room);
            Seen { slot, stamp, key: key.clone(), value: value.clone() }
        });
        let seen = seen.collect();
        let next = first + STRIDE;
        (seen, (next < shard.slab.len()).then_some(next))
    }

    fn take_unchanged(&self, number: usize, slots: &[(u32, u32)]) -> usize {
        let mut leaving = self.core.leaving();
        let mut guard = lock(&self.core.shards[number]);
        let shard = &mut *guard;
        let mut count = 0;
        for &(slot, stamp) in slots {
            let room = shard.slab.room();
            let own = shard.side.get_or_insert_default().stamp_of(slot, room);
            if own == stamp && shard.slab.pair(slot).is_some() {
                leaving.take(shard, slot, Cause::Invalidated);
                count += 1;
            }
        }
        count
    }
}

/// An entry as it was at some moment.
struct Seen<K, V> {
    slot: u32,
    stamp: u32,
    key: K,
    value: V,
}
