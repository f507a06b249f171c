//! The cache itself, without its handle: shards, the room that they share, and who is told what.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use super::builder::Listener;
use super::gone::Gone;
use super::ledger::{Ledger, Room};
use super::policy::AnyOrder;
use super::shard::{Found, Shard};
use super::shares::Shares;
use super::worth::{Habits, Worth};
use super::{Builder, Cause, Ticker};
use crate::load::Flights;
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// How many entries one operation looks at because their time may be over.
const SWEEP: usize = 16;

/// What the clones of a cache share.
pub(crate) struct Core<K, V, S> {
    pub(super) shards: Box<[Locked<K, V>]>,
    pub(super) ledger: Ledger,
    pub(super) habits: Habits<K, V>,
    listener: Option<Listener<K, V>>,
    ticker: Ticker,
    slack: u64,
    /// Whether any entry ever ended by time: only then the clock is read.
    is_timed: AtomicBool,
    hasher: S,
    is_hasher_foreign: bool,
    pub(super) name: Option<Arc<str>>,
    pub(super) flights: Flights<K, V>,
}

/// A shard under its lock.
type Locked<K, V> = Line<Mutex<Shard<K, V>>>;

/// Keeps neighbours off the same cache lines.
#[repr(align(128))]
pub(crate) struct Line<T>(T);

/// What one call took out: settled and told when the call is over, also when it ends by a panic. It must outlive every
/// lock of the call.
pub(super) struct Leaving<'c, K, V, S> {
    core: &'c Core<K, V, S>,
    pub(super) gone: Gone<K, V>,
    /// Room that is still to be paid, or, if negative, to be given back.
    pub(super) owed: Room,
}

impl<K, V, S> Core<K, V, S> {
    pub(crate) fn of(built: Builder<K, V, S>) -> Core<K, V, S> {
        let shares = Shares::of(&built);
        let shard = || Line(Mutex::new(Shard::new(AnyOrder::of(built.policy, shares.each.of_capacity), shares.each)));
        let habits = Habits::of(&built);
        Core {
            shards: (0..shares.count).map(|_| shard()).collect(),
            ledger: Ledger::new(built.capacity, built.max_weight),
            is_timed: AtomicBool::new(habits.has_times()),
            habits,
            listener: built.listener,
            flights: Flights::new(built.ticker.clone()),
            slack: built.ticker.slack(),
            ticker: built.ticker,
            hasher: built.hasher,
            is_hasher_foreign: built.is_hasher_foreign,
            name: built.name,
        }
    }

    /// Returns the coarse time if any entry may ever be over; otherwise it does not matter.
    #[inline(always)]
    pub(super) fn now(&self) -> u64 {
        if self.is_timed.load(Relaxed) { self.ticker.coarse() } else { 0 }
    }

    /// Returns a time that is not before the exact one, if any entry may ever be over.
    #[inline(always)]
    fn latest(&self) -> u64 {
        if self.is_timed.load(Relaxed) { self.ticker.coarse() + self.slack } else { self.slack }
    }

    /// Returns the exact time if any entry may ever be over.
    pub(super) fn exact_now(&self) -> u64 {
        if self.is_timed.load(Relaxed) { self.ticker.exact() } else { 0 }
    }

    /// Returns the time for an entry that may end by it: coarse unless it ends so soon that a tick counts. It is never late,
    /// so that no entry lives too long.
    pub(super) fn begin_time(&self, is_brief: bool) -> u64 {
        if !self.is_timed.load(Relaxed) {
            self.is_timed.store(true, Relaxed);
        }
        if is_brief { self.ticker.exact() } else { self.ticker.coarse() }
    }

    /// Returns the time for a new entry without terms.
    #[inline(always)]
    pub(super) fn put_time(&self) -> u64 {
        match self.habits.has_times() {
            true => self.begin_time(self.habits.is_brief),
            false => self.now(),
        }
    }

    #[inline(always)]
    pub(super) fn leaving(&self) -> Leaving<'_, K, V, S> {
        Leaving { core: self, gone: Gone::new(), owed: Room::default() }
    }

    /// Locks the shard of a hash.
    #[inline(always)]
    pub(super) fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<K, V>> {
        lock(&self.shards[self.number(hash)])
    }

    #[inline(always)]
    pub(super) fn number(&self, hash: u64) -> usize {
        (hash >> 40) as usize & (self.shards.len() - 1)
    }

    /// Locks each shard in turn.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<K, V>>> {
        self.shards.iter().map(|shard| lock(shard))
    }
}

impl<K, V, S: BuildHasher> Core<K, V, S> {
    /// Returns the hash, well mixed also if a foreign hasher does not mix: shards and indexes look at different bits of it.
    #[inline(always)]
    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        let hash = self.hasher.hash_one(key);
        if self.is_hasher_foreign { mix(hash) } else { hash }
    }
}

/// Mixes a hash. Apart from its only caller: in its place it would be done for every hash and then thrown away.
#[cold]
#[inline(never)]
fn mix(hash: u64) -> u64 {
    let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 32
}

impl<K: Hash + Eq, V, S: BuildHasher> Core<K, V, S> {
    #[inline(always)]
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        let (hash, now) = (self.hash(key), self.latest());
        let mut shard = self.shard(hash);
        match shard.is_calm(now, hash) {
            true => shard.read(hash, key).cloned(),
            false => self.look_closely(shard, hash, key, now - self.slack),
        }
    }

    /// Does what `get` does where there may be more to look at or to note than the entry.
    #[inline(never)]
    fn look_closely<Q: Eq + ?Sized>(
        &self,
        mut shard: MutexGuard<'_, Shard<K, V>>,
        hash: u64,
        key: &Q,
        now: u64,
    ) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        if shard.is_due(now) {
            return self.late(shard, hash, key);
        }
        match shard.seek(hash, key, now + self.slack) {
            Found::Fresh(slot) => shard.hit(slot, hash, now).cloned(),
            Found::Absent => {
                shard.counts.misses_absent += 1;
                None
            }
            Found::Stale(_) | Found::Over(_) => self.late(shard, hash, key),
        }
    }

    /// Does what `get` does where something may be over.
    #[cold]
    #[inline(never)]
    fn late<Q: Eq + ?Sized>(&self, shard: MutexGuard<'_, Shard<K, V>>, hash: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        let now = self.exact_now();
        let mut leaving = self.leaving();
        // Bound anew, so that the lock is given back before anything is told.
        let mut shard = shard;
        match shard.seek(hash, key, now) {
            Found::Fresh(slot) => {
                let value = shard.hit(slot, hash, now).cloned();
                leaving.sweep(&mut shard, now);
                return value;
            }
            Found::Stale(_) => shard.counts.misses_expired += 1,
            Found::Over(slot) => {
                shard.counts.misses_expired += 1;
                leaving.take(&mut shard, slot, Cause::Expired);
            }
            Found::Absent => shard.counts.misses_absent += 1,
        }
        leaving.sweep(&mut shard, now);
        None
    }

    /// Returns where the key is and how old its value is. The exact time is only asked for where it counts.
    pub(super) fn seek<Q: Eq + ?Sized>(&self, shard: &Shard<K, V>, hash: u64, key: &Q, now: u64) -> Found
    where
        K: Borrow<Q>,
    {
        match shard.seek(hash, key, now + self.slack) {
            Found::Stale(_) | Found::Over(_) if self.slack > 0 => shard.seek(hash, key, self.exact_now()),
            found => found,
        }
    }

    /// Puts a value in. With `ONLY_NEW` a value that is there and fresh stays, and is returned.
    #[inline(always)]
    pub(super) fn put<const ONLY_NEW: bool>(&self, key: K, value: V, worth: &Worth, now: u64) -> Option<V>
    where
        V: Clone,
    {
        self.put_if::<ONLY_NEW, false>(key, value, worth, now, || true)
    }

    /// Puts a value in, and tells loads of its key that they are outdated.
    #[inline(always)]
    pub(super) fn change(&self, key: K, value: V, worth: &Worth, now: u64)
    where
        V: Clone,
    {
        self.put_if::<false, true>(key, value, worth, now, || true);
    }

    /// Does one or the other if, under the lock of the key's shard, it is still wanted.
    #[inline(always)]
    pub(super) fn put_if<const ONLY_NEW: bool, const TELLS: bool>(
        &self,
        key: K,
        value: V,
        worth: &Worth,
        now: u64,
        is_wanted: impl FnOnce() -> bool,
    ) -> Option<V>
    where
        V: Clone,
    {
        let hash = self.hash(&key);
        let mut leaving = self.leaving();
        let mut shard = if TELLS { self.shard_to_change(hash, &key) } else { self.shard(hash) };
        leaving.sweep(&mut shard, now);
        let need = Room::of_one(worth.weight);
        let is_keepable = self.ledger.could_hold(worth.weight) && !shard.is_over(&worth.life, now);
        let is_poor = self.shards.len() > 1 && shard.is_poor(worth.weight);
        if is_poor && is_keepable && !self.ledger.has(need) {
            shard = self.collect(shard, hash, &key, need, &mut leaving);
        }
        let found = shard.find(hash, &key);
        if ONLY_NEW && let Found::Fresh(slot) = self.seek(&shard, hash, &key, now) {
            return shard.hit(slot, hash, now).cloned();
        }
        if !is_wanted() {
            return None;
        }
        // Asked anew: while room was made elsewhere, the shard was not locked.
        let is_over = shard.is_over(&worth.life, now);
        if is_over || !is_keepable || shard.slab.is_full() {
            refuse(&mut shard, found, key, value, is_over, &mut leaving);
            return None;
        }
        let slot = match found {
            Some(slot) => {
                let (old, cause, more) = shard.replace(slot, hash, value, worth, now);
                leaving.owed.weight += more;
                if let Some(old) = old {
                    leaving.gone.push(key, old, cause);
                }
                slot
            }
            None => {
                leaving.owed += need;
                shard.add(hash, key, value, worth, now)
            }
        };
        shard.settle(&self.ledger, slot, &mut leaving.owed, &mut leaving.gone);
        None
    }

    /// Locks the shard of a key that is to be changed, after loads of it are told that they are outdated.
    ///
    /// That there are none is seen under the lock, without a fence. Each load takes the lock too, between having its place
    /// and beginning: so either its place is seen here, or it sees whatever the caller has done before.
    #[inline(always)]
    fn shard_to_change<Q: Hash + Eq + ?Sized>(&self, hash: u64, key: &Q) -> MutexGuard<'_, Shard<K, V>>
    where
        K: Borrow<Q>,
    {
        let shard = self.shard(hash);
        if self.flights.are_none() { shard } else { self.shard_after_telling(shard, hash, key) }
    }

    #[cold]
    #[inline(never)]
    fn shard_after_telling<'c, Q: Hash + Eq + ?Sized>(
        &'c self,
        shard: MutexGuard<'c, Shard<K, V>>,
        hash: u64,
        key: &Q,
    ) -> MutexGuard<'c, Shard<K, V>>
    where
        K: Borrow<Q>,
    {
        drop(shard);
        self.flights.outdate_key(key);
        self.shard(hash)
    }

    /// Waits for those who change the key now: a load begins after them, or they see it.
    pub(super) fn pass<Q: Hash + ?Sized>(&self, key: &Q) {
        drop(self.shard(self.hash(key)));
    }

    /// Makes room for an entry of a shard in the others. The shard is not locked meanwhile: two locks are never held.
    #[cold]
    #[inline(never)]
    fn collect<'c>(
        &'c self,
        shard: MutexGuard<'c, Shard<K, V>>,
        hash: u64,
        key: &K,
        mut need: Room,
        leaving: &mut Leaving<'_, K, V, S>,
    ) -> MutexGuard<'c, Shard<K, V>> {
        if let Some(slot) = shard.find(hash, key) {
            need -= Room::of_one(shard.weight_of(slot));
        }
        drop(shard);
        self.collect_from_others(hash, need, leaving);
        self.shard(hash)
    }

    /// Takes entries out of other shards until there is room: first where there is more than a share, at last anywhere.
    fn collect_from_others(&self, hash: u64, need: Room, leaving: &mut Leaving<'_, K, V, S>) {
        let (own, count) = (self.number(hash), self.shards.len());
        let turn = hash as usize % count;
        for share in [8, 6, 0] {
            for other in (0..count).map(|step| (turn + step) % count).filter(|&other| other != own) {
                let mut shard = lock(&self.shards[other]);
                let enough = shard.share.of_capacity / 8 * share;
                loop {
                    let mut lacking = need;
                    lacking += leaving.owed;
                    if self.ledger.has(lacking) {
                        return;
                    }
                    if shard.used() <= enough || !leaving.evict(&mut shard) {
                        break;
                    }
                }
            }
        }
    }

    /// Takes a value out.
    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        let (hash, now) = (self.hash(key), self.now());
        let mut leaving = self.leaving();
        let mut shard = self.shard_to_change(hash, key);
        let value_in = |slot| shard.slab.pair(slot).map(|(_, value): (&K, &V)| value.clone());
        let (slot, cause, value) = match self.seek(&shard, hash, key, now) {
            Found::Fresh(slot) => (slot, Cause::Removed, value_in(slot)),
            Found::Stale(slot) => (slot, Cause::Removed, None),
            Found::Over(slot) => (slot, Cause::Expired, None),
            Found::Absent => return None,
        };
        leaving.take(&mut shard, slot, cause);
        leaving.sweep(&mut shard, now);
        value
    }
}

/// Does not let a value in that could not stay; what was under its key goes too.
#[cold]
#[inline(never)]
pub(super) fn refuse<K, V, S>(
    shard: &mut Shard<K, V>,
    found: Option<u32>,
    key: K,
    value: V,
    is_over: bool,
    leaving: &mut Leaving<'_, K, V, S>,
) {
    if let Some(slot) = found {
        leaving.take(shard, slot, Cause::Replaced);
    }
    let cause = if is_over { Cause::Expired } else { Cause::Evicted };
    shard.counts.inserts += 1;
    shard.counts.leave(cause);
    leaving.gone.push(key, value, cause);
}

impl<K, V, S> Leaving<'_, K, V, S> {
    /// Takes out what is over in the shard, as much as one call may.
    #[inline(always)]
    pub(super) fn sweep(&mut self, shard: &mut Shard<K, V>, now: u64) {
        if shard.is_due(now) {
            self.owed -= shard.sweep(now, SWEEP, &mut self.gone);
        }
    }

    /// Takes out one entry.
    pub(super) fn take(&mut self, shard: &mut Shard<K, V>, slot: u32, cause: Cause) {
        self.owed -= shard.leave(slot, cause, &mut self.gone);
    }

    /// Takes out whoever the policy names, and returns whether there was somebody.
    pub(super) fn evict(&mut self, shard: &mut Shard<K, V>) -> bool {
        let freed = shard.evict(&mut self.gone);
        self.owed -= freed.unwrap_or_default();
        freed.is_some()
    }
}

impl<K, V, S> Drop for Leaving<'_, K, V, S> {
    #[inline(always)]
    fn drop(&mut self) {
        // Only less can be owed here: what was to be paid was settled under the lock.
        self.core.ledger.settle(self.owed);
        if let Some(listener) = &self.core.listener {
            std::mem::replace(&mut self.gone, Gone::new()).tell(listener);
        }
    }
}

/// Locks a shard. A panic under the lock came from a key or a value, before anything was changed.
#[inline(always)]
pub(super) fn lock<T>(shard: &Line<Mutex<T>>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Deref for Line<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
