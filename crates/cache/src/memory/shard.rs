//! One part of a cache, under one lock: which keys are there, where, and who goes next.
//!
//! No code of a user runs in here but `Hash`, `Eq`, `Borrow` and `Clone`, and those only before something is changed: if they
//! panic, the shard is as it was. What leaves is handed out, so that it is told and dropped without the lock.

use std::borrow::Borrow;

use super::counts::Counts;
use super::gone::Gone;
use super::index::Index;
use super::ledger::{Ledger, Room};
use super::policy::{AnyOrder, Marks, used};
use super::side::Side;
use super::slab::Slab;
use super::times::{Age, Life, NEVER, Times};
use super::wheel::LATENESS;
use super::worth::Worth;
use super::{Cause, cost};

/// One part of a cache. The order is that of the fields in memory: what a hit writes lies on one line with the lock, what
/// it reads comes next, and then what an insertion writes.
#[repr(C)]
pub(crate) struct Shard<K, V> {
    pub(super) counts: Counts,
    pub(super) weight: u64,
    index: Index,
    pub(super) slab: Slab<K, V>,
    /// Until then nothing is over, and a hit notes nothing but itself.
    calm: u64,
    /// When an entry is to be looked at because its time may be over.
    due: u64,
    pub(super) order: AnyOrder,
    pub(super) times: Times,
    /// Only there if something more must be known of an entry.
    pub(super) side: Option<Box<Side>>,
    pub(super) share: Share,
}

/// A shard's part of the capacity: what a policy is told, never a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) of_capacity: u64,
    /// Whether that is weight; otherwise it is entries.
    pub(crate) is_weight: bool,
    /// How many entries there will probably be, if that can be said.
    pub(crate) expected: usize,
}

/// What a look for a key finds.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    Fresh(u32),
    Stale(u32),
    Over(u32),
    Absent,
}

impl<K, V> Shard<K, V> {
    pub(crate) fn new(order: AnyOrder, share: Share) -> Shard<K, V> {
        Shard {
            index: Index::default(),
            slab: Slab::default(),
            order,
            calm: NEVER,
            due: NEVER,
            times: Times::default(),
            side: None,
            weight: 0,
            counts: Counts::default(),
            share,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns how much of its share is used.
    #[inline(always)]
    pub(crate) fn used(&self) -> u64 {
        if self.share.is_weight { self.weight } else { self.index.len() as u64 }
    }

    /// Returns whether room for an entry must come from other shards: there is little here, or the entry is heavy beside it.
    #[inline(always)]
    pub(crate) fn is_poor(&self, weight: u32) -> bool {
        let enough = self.share.of_capacity - self.share.of_capacity / 8;
        self.used() < enough || (weight > 1 && u64::from(weight) > self.weight / 4)
    }

    /// Returns where the key is.
    #[inline(always)]
    pub(crate) fn find<Q: Eq + ?Sized>(&self, hash: u64, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        let (slab, hash) = (&self.slab, hash as u32);
        self.index.find(hash, |slot| slab.is_at(slot, hash, |own| own.borrow() == key))
    }

    /// Returns where the key is and how old its value is, without counting anything.
    #[inline(always)]
    pub(crate) fn seek<Q: Eq + ?Sized>(&self, hash: u64, key: &Q, now: u64) -> Found
    where
        K: Borrow<Q>,
    {
        match self.find(hash, key) {
            None => Found::Absent,
            Some(slot) => match self.times.age(slot, now) {
                Age::Fresh => Found::Fresh(slot),
                Age::Stale => Found::Stale(slot),
                Age::Over => Found::Over(slot),
            },
        }
    }

    /// Counts a use of the entry and returns its value.
    #[inline(always)]
    pub(crate) fn hit(&mut self, slot: u32, hash: u64, now: u64) -> Option<&V> {
        if self.times.has_rare() {
            self.times.touch(slot, now);
        }
        if let Some(side) = &self.side
            && side.has_costs()
        {
            self.counts.saved_nanos = self.counts.saved_nanos.saturating_add(side.saved(slot));
        }
        self.counts.hits += 1;
        self.order.hit(&mut self.slab, slot, hash);
        self.slab.used(slot, self.counts.hits)
    }

    /// Returns whether until then nothing is over, and a hit of this hash has nothing to note but itself.
    #[inline(always)]
    pub(crate) fn is_calm(&self, until: u64, hash: u64) -> bool {
        until < self.calm && !self.order.listens_to(hash)
    }

    /// Looks for a key where it is calm: counts and returns what is there.
    #[inline(always)]
    pub(crate) fn read<Q: Eq + ?Sized>(&mut self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (slab, mut found) = (&self.slab, None);
        self.index.find(hash as u32, |slot| {
            found = slab.value_at(slot, |own| own.borrow() == key);
            found.is_some()
        });
        match found {
            Some((value, uses)) => {
                self.counts.hits += 1;
                uses.count(self.counts.hits);
                Some(value)
            }
            None => {
                self.counts.misses_absent += 1;
                None
            }
        }
    }

    /// Notes a use of the entry for the policy alone.
    #[inline(always)]
    fn touch(&mut self, slot: u32, hash: u64) {
        if let Some(mark) = used(self.slab.mark(slot)) {
            self.slab.set_mark(slot, mark);
        }
        self.order.hit(&mut self.slab, slot, hash);
    }

    /// Notes when the wheel is to be looked at next, and until when it is calm.
    #[inline(always)]
    fn set_due(&mut self, due: u64) {
        self.due = due;
        let is_use_noted = self.times.has_rare() || self.side.as_ref().is_some_and(|side| side.has_costs());
        self.calm = match due {
            _ if is_use_noted => 0,
            NEVER => NEVER,
            due => due.saturating_sub(LATENESS),
        };
    }

    /// Returns whether what would live so long is over at once. The shard may know of a later time than the caller.
    #[inline(always)]
    pub(crate) fn is_over(&self, life: &Life, now: u64) -> bool {
        !life.is_endless() && life.is_over(self.times.latest(now))
    }

    /// Returns whether there is something to sweep.
    #[inline(always)]
    pub(crate) fn is_due(&self, now: u64) -> bool {
        now >= self.due
    }

    /// Takes out entries that are over, and looks at no more than `steps`. Returns the room that they had. Slots that are
    /// free by now are passed over.
    #[cold]
    pub(crate) fn sweep(&mut self, now: u64, mut steps: usize, gone: &mut Gone<K, V>) -> Room {
        let mut freed = Room::default();
        while let Some(slot) = self.times.next_over(now, &mut steps) {
            freed += self.leave(slot, Cause::Expired, gone);
        }
        self.set_due(self.times.due());
        freed
    }

    /// Puts a new entry in. Whether it may stay is [`settle`](Shard::settle)'s business, under the same lock.
    #[inline(always)]
    pub(crate) fn add(&mut self, hash: u64, key: K, value: V, worth: &Worth, now: u64) -> u32 {
        let slot = self.slab.put(hash as u32, key, value, self.share.expected);
        let slab = &self.slab;
        self.index.insert(hash as u32, slot, self.share.expected, |slot| slab.hash(slot));
        self.weight += u64::from(worth.weight);
        self.forget_end(slot, worth);
        if !worth.is_plain() {
            self.note(slot, worth, now);
        }
        let measure = self.measure(worth.weight);
        self.order.insert(&mut self.slab, slot, hash, measure, cost::scale(worth.cost));
        self.counts.inserts += 1;
        slot
    }

    /// Puts another value in the place of an entry, and returns the one before, why it left, and what more it weighs.
    #[inline(always)]
    pub(crate) fn replace(
        &mut self,
        slot: u32,
        hash: u64,
        value: V,
        worth: &Worth,
        now: u64,
    ) -> (Option<V>, Cause, i64) {
        let (before, mut cause) = (self.weight_of(slot), Cause::Replaced);
        if self.times.age(slot, now) == Age::Over {
            cause = Cause::Expired;
        }
        self.forget_end(slot, worth);
        match &mut self.side {
            Some(side) if cause == Cause::Expired => side.forget(slot),
            Some(side) => side.forget_value(slot),
            None => {}
        }
        if !worth.is_plain() {
            self.note(slot, worth, now);
        }
        self.weight = self.weight - u64::from(before) + u64::from(worth.weight);
        if before != worth.weight {
            self.order.reweigh(&self.slab, slot, self.measure(worth.weight));
        }
        self.order.recost(slot, cost::scale(worth.cost));
        self.touch(slot, hash);
        self.counts.inserts += 1;
        self.counts.leave(cause);
        (self.slab.swap(slot, value), cause, i64::from(worth.weight) - i64::from(before))
    }

    /// Changes the value of an entry and leaves its terms. Returns the one before, and what more it weighs.
    pub(crate) fn alter(&mut self, slot: u32, hash: u64, value: V, weight: u32) -> (Option<V>, i64) {
        let before = self.weight_of(slot);
        if before != weight {
            let room = self.slab.room();
            self.side.get_or_insert_default().reweigh(slot, weight, room);
            self.weight = self.weight - u64::from(before) + u64::from(weight);
            self.order.reweigh(&self.slab, slot, self.measure(weight));
        }
        if let Some(side) = &mut self.side {
            side.stamp(slot);
        }
        self.touch(slot, hash);
        self.counts.inserts += 1;
        self.counts.leave(Cause::Replaced);
        (self.slab.swap(slot, value), i64::from(weight) - i64::from(before))
    }

    /// Pays for the newest entry: with room that nobody has, else with entries of this shard, at last with itself.
    #[inline(always)]
    pub(crate) fn settle(&mut self, ledger: &Ledger, newest: u32, owed: &mut Room, gone: &mut Gone<K, V>) {
        while !ledger.settle(*owed) {
            match self.evict(gone) {
                Some(freed) => *owed -= freed,
                None => *owed -= self.leave(newest, Cause::Evicted, gone),
            }
        }
        *owed = Room::default();
        debug_assert_eq!(
            self.order.len(),
            self.index.len(),
            "what is there has a place in the order, and nothing else"
        );
    }

    /// Takes out whoever the policy names. Returns the room that it had, or nothing if all are pinned or none is there.
    #[inline(always)]
    pub(crate) fn evict(&mut self, gone: &mut Gone<K, V>) -> Option<Room> {
        let side = self.side.as_deref();
        let slot = self.order.victim(&mut self.slab, &|slot| side.is_some_and(|side| side.is_pinned(slot)))?;
        Some(self.take_out(slot, Cause::Evicted, gone))
    }

    /// Takes out whoever the policy names, pinned or not.
    pub(crate) fn evict_any(&mut self, gone: &mut Gone<K, V>) -> Option<Room> {
        let slot = self.order.victim(&mut self.slab, &|_| false)?;
        Some(self.take_out(slot, Cause::Evicted, gone))
    }

    /// Takes out an entry and returns the room that it had.
    pub(crate) fn leave(&mut self, slot: u32, cause: Cause, gone: &mut Gone<K, V>) -> Room {
        self.order.remove(&self.slab, slot);
        self.take_out(slot, cause, gone)
    }

    /// Takes out an entry that is no longer in the order.
    #[inline(always)]
    fn take_out(&mut self, slot: u32, cause: Cause, gone: &mut Gone<K, V>) -> Room {
        let weight = self.weight_of(slot);
        let Some(left) = self.slab.take(slot) else { return Room::default() };
        self.index.remove(left.hash, slot);
        if let Some(side) = &mut self.side {
            side.forget(slot);
        }
        self.weight -= u64::from(weight);
        self.counts.leave(cause);
        gone.push(left.key, left.value, cause);
        Room::of_one(weight)
    }

    /// Tells the policy of another share. If the unit is another one too, it is told anew what everything weighs.
    pub(crate) fn reshare(&mut self, share: Share) {
        let is_other_unit = self.share.is_weight != share.is_weight;
        self.share = share;
        self.order.resize(&mut self.slab, share.of_capacity);
        if is_other_unit {
            for (slot, ..) in self.slab.taken_from(0) {
                let weight = self.side.as_ref().map_or(1, |side| side.weight(slot));
                self.order.reweigh(&self.slab, slot, if share.is_weight { weight } else { 1 });
            }
        }
    }

    #[inline(always)]
    pub(crate) fn weight_of(&self, slot: u32) -> u32 {
        self.side.as_ref().map_or(1, |side| side.weight(slot))
    }

    /// Returns the weight in the unit of the shard's share.
    #[inline(always)]
    fn measure(&self, weight: u32) -> u32 {
        if self.share.is_weight { weight } else { 1 }
    }

    /// What was in the slot before may have had an end.
    #[inline(always)]
    fn forget_end(&mut self, slot: u32, worth: &Worth) {
        if self.times.has_any() && worth.life.is_endless() {
            self.times.forget(slot);
        }
    }

    #[inline(always)]
    fn note(&mut self, slot: u32, worth: &Worth, now: u64) {
        let room = self.slab.room();
        let mut due = self.due;
        if !worth.life.is_endless() {
            due = due.min(self.times.set(slot, worth.life, now, room));
        }
        if worth.has_more() {
            self.side.get_or_insert_default().set(slot, worth, room);
        }
        self.set_due(due);
    }
}
