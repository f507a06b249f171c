//! The loads that are under way in one cache, by key, and the errors that are remembered. Who runs a load and what is
//! kept of it is `leader`'s.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hashbrown::DefaultHashBuilder;

use super::berths::{Berth, Berths};
use super::counts::Counts;
use super::early;
use super::failures::{Failure, Failures};
use super::flight::Flight;
use super::pace::Pace;
use super::sync::{AtomicU64, Mutex, MutexGuard, fence};
use super::{LoadError, Loading, trail};
use crate::{Statistics, Ticker};

/// More loads than this seldom begin or end in the same moment. A model has one: which lock a key has is left to chance.
const SHARDS: usize = if cfg!(segno_loom) { 1 } else { 8 };

/// How many of its last landings a shard knows.
const RECENT: usize = 8;

/// Which loads are under way, by key.
pub(crate) struct Flights<K, V> {
    /// Of each shard how many loads were kept, in the upper half, and how many loads are under way and errors remembered.
    /// Written under its lock: one count for all would be two more steps that only one thread can do at a time.
    tallies: [AtomicU64; SHARDS],
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: DefaultHashBuilder,
    ticker: Ticker,
    throws: AtomicU64,
    stale_hits: AtomicU64,
}

struct Shard<K, V> {
    berths: Berths<K, V>,
    failures: Failures<K>,
    counts: Counts,
    pace: Pace,
    /// The hashes of what was loaded and kept last, in turn.
    recent: [u64; RECENT],
    /// How many were kept.
    landed: usize,
}

/// What comes of asking for a load.
pub(super) enum Boarding<K, V> {
    /// Nobody loads this key: the caller does.
    Lead(Ticket<K>),
    /// Somebody loads it.
    Join(Arc<Flight<V>>),
    /// Its load failed a while ago, and that is remembered.
    Failed(LoadError),
    /// It may have been loaded since the caller looked: he has to look again.
    Look,
}

/// The right and the duty to load one key.
pub(super) struct Ticket<K> {
    pub(super) key: K,
    /// The load's number, also on the trail.
    pub(super) number: u64,
    pub(super) is_measured: bool,
    hash: u64,
}

/// What is left to do when a load has ended.
pub(super) struct Closed<V> {
    /// The key was invalidated meanwhile.
    pub(super) is_outdated: bool,
    /// Where others wait, if any do.
    pub(super) flight: Option<Arc<Flight<V>>>,
}

/// How a load ended.
pub(super) enum End<'a> {
    Loaded,
    Failed {
        error: &'a LoadError,
        /// How long that is remembered.
        negative: Option<Duration>,
    },
}

impl<K, V> Flights<K, V> {
    /// Makes a table without loads, whose time is this ticker's.
    pub(crate) fn new(ticker: Ticker) -> Flights<K, V> {
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect();
        let hasher = DefaultHashBuilder::default();
        let throws = AtomicU64::new(hasher.hash_one(0));
        let stale_hits = AtomicU64::new(0);
        Flights { tallies: [(); SHARDS].map(|()| AtomicU64::new(0)), shards, hasher, ticker, throws, stale_hits }
    }

    /// Returns whether no load is under way and no error remembered; costs a look at one or two lines of memory.
    pub(crate) fn is_idle(&self) -> bool {
        // With the fence where a load begins: either the load is seen here, or it sees what the caller has changed before.
        fence(Ordering::SeqCst);
        self.tallies.iter().all(|tally| tally.load(Ordering::SeqCst) as u32 == 0)
    }

    /// Returns the same to who has locked the shard of a key and asks about that key: its loads took the lock when they had
    /// their places, and whoever takes it later sees them.
    #[inline(always)]
    pub(crate) fn are_none(&self) -> bool {
        self.tallies.iter().all(|tally| tally.load(Ordering::Relaxed) as u32 == 0)
    }

    /// Is told by the cache of every removal, insertion and invalidation, before the call that makes it returns: the
    /// result of a load of such a key is given to who waits for it, but not kept. `is_meant` sees the key and the tags.
    ///
    /// It must be told before the entry is touched: a load that ends in between would be kept.
    pub(crate) fn outdate(&self, is_meant: &dyn Fn(&K, &[Arc<str>]) -> bool) {
        for (shard, tally) in self.shards.iter().zip(&self.tallies) {
            let mut shard = lock(shard);
            for berth in shard.berths.iter_mut().filter(|berth| !berth.is_outdated) {
                berth.is_outdated = is_meant(&berth.key, &berth.tags);
            }
            shard.failures.outdate(is_meant);
            shard.failures.forget_due(|| self.now());
            shard.tell(tally);
        }
    }

    /// Adds what loads did to what the cache did.
    pub(crate) fn count(&self, statistics: &mut Statistics) {
        statistics.stale_hits += self.stale_hits.load(Ordering::Relaxed);
        for shard in &self.shards {
            lock(shard).counts.add_to(statistics);
        }
    }

    pub(super) fn count_stale_hit(&self) {
        self.stale_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Duration {
        self.ticker.elapsed()
    }

    /// Returns the next number of the cache's own dice.
    pub(super) fn throw(&self) -> f64 {
        early::spread(self.throws.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns how many loads were kept so far, to be asked before the cache is looked at.
    #[inline]
    pub(super) fn landings(&self) -> u32 {
        self.tallies.iter().fold(0, |sum, tally| sum.wrapping_add((tally.load(Ordering::Acquire) >> 32) as u32))
    }

    /// Returns what a caller waits for, if the load is under way.
    #[cfg(feature = "tokio")]
    pub(super) fn flight(&self, ticket: &Ticket<K>) -> Option<Arc<Flight<V>>> {
        let mut shard = self.shard(ticket.hash);
        shard.berths.find(ticket.hash, |berth| berth.number == ticket.number).map(Berth::flight)
    }

    /// Ends a load: from now on nobody joins it.
    pub(super) fn close(&self, ticket: &Ticket<K>, end: End<'_>, took: Option<Duration>) -> Closed<V> {
        let mut shard = self.shard(ticket.hash);
        // While the load still has its place, so that a ticker that panics leaves nobody waiting; not where it is given up.
        if took.is_some() {
            shard.failures.forget_due(|| self.now());
        }
        let Some(berth) = shard.berths.remove(ticket.hash, ticket.number) else {
            shard.tell(self.tally(ticket.hash));
            return Closed { is_outdated: true, flight: None };
        };
        shard.counts.end(&end, took.unwrap_or_default());
        if let Some(took) = took {
            shard.pace.note(took);
        }
        match end {
            _ if berth.is_outdated => {}
            End::Loaded => shard.remember_landing(ticket.hash),
            End::Failed { error, negative } => {
                if let Some(negative) = negative.filter(|time| !time.is_zero() && error.is_answer()) {
                    let until = self.now().saturating_add(negative);
                    let (key, tags, error) = (berth.key, berth.tags, error.clone());
                    let failure = Failure { hash: ticket.hash, key, tags, error, until, is_outdated: false };
                    let max = Loading::MAX_FAILURES / SHARDS;
                    shard.failures.insert(failure, max);
                }
            }
        }
        shard.tell(self.tally(ticket.hash));
        Closed { is_outdated: berth.is_outdated, flight: berth.flight }
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<K, V>> {
        lock(&self.shards[number(hash)])
    }

    fn tally(&self, hash: u64) -> &AtomicU64 {
        &self.tallies[number(hash)]
    }
}

impl<K: Hash + Eq, V> Flights<K, V> {
    /// Is told of a change of one key, as [`outdate`](Flights::outdate) is of many.
    pub(crate) fn outdate_key<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash);
        let is_key = |own: &K| own.borrow() == key;
        // There may be older ones, all outdated.
        if let Some(berth) = shard.berths.find(hash, |berth| !berth.is_outdated && is_key(&berth.key)) {
            berth.is_outdated = true;
        }
        shard.failures.find(hash, is_key, || Duration::MAX);
        shard.failures.forget_due(|| self.now());
        shard.tell(self.tally(hash));
    }

    /// Asks to load a key that was not in the cache when so many loads had been kept, or whenever that was.
    pub(super) fn board<Q>(&self, key: &Q, looked: Option<u32>, loading: &Loading) -> Boarding<K, V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash);
        let is_key = |own: &K| own.borrow() == key;
        if let Some(berth) = shard.berths.find(hash, |berth| !berth.is_outdated && is_key(&berth.key)) {
            let flight = berth.flight();
            shard.counts.joined += 1;
            return Boarding::Join(flight);
        }
        if shard.failures.len() > 0 {
            let failure = shard.failures.find(hash, is_key, || self.now());
            shard.tell(self.tally(hash));
            if let Some(error) = failure {
                return Boarding::Failed(error);
            }
        }
        if looked.is_some_and(|looked| shard.has_landed(hash, self.landings().wrapping_sub(looked))) {
            return Boarding::Look;
        }
        let number = trail::number();
        // Before the load has its place: cloning may panic, and then nobody would end it.
        let is_measured = shard.pace.measures() || loading.refresh_ahead.is_some();
        let ticket = Ticket { key: key.to_owned(), number, is_measured, hash };
        let (key, tags) = (key.to_owned(), loading.terms.tags.clone());
        shard.berths.insert(Berth { hash, key, number, tags, flight: None, is_outdated: false });
        shard.tell(self.tally(hash));
        fence(Ordering::SeqCst);
        Boarding::Lead(ticket)
    }
}

impl<K, V> Shard<K, V> {
    fn new() -> Shard<K, V> {
        let (counts, recent) = (Counts::default(), [0; RECENT]);
        Shard { berths: Berths::new(), failures: Failures::new(), counts, pace: Pace::default(), recent, landed: 0 }
    }

    fn remember_landing(&mut self, hash: u64) {
        self.recent[self.landed % RECENT] = hash;
        self.landed += 1;
    }

    /// Returns whether a load of this hash may be among so many that were kept last, in all shards together.
    fn has_landed(&self, hash: u64, last: u32) -> bool {
        let last = (last as usize).min(self.landed);
        last > RECENT || (self.landed - last..self.landed).any(|index| self.recent[index % RECENT] == hash)
    }

    /// Tells those who do not take the lock how many loads and remembered errors there are.
    fn tell(&self, tally: &AtomicU64) {
        let busy = self.berths.len() + self.failures.len();
        tally.store((self.landed as u64) << 32 | busy as u64, Ordering::Release);
    }
}

/// Returns which shard a hash has. Mixed once more: where keys are numbers in a row, their hashes go round in steps, and with
/// some seeds hundreds of them never come to some bits.
fn number(hash: u64) -> usize {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as usize % SHARDS
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Flights::new(Ticker::default())
    }
}

impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flights").field("is_idle", &self.is_idle()).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::Cache;

    const SECOND: Duration = Duration::from_secs(1);

    /// Remembers errors of many keys for five seconds, and does something when their time is over.
    fn check(step: impl Fn(&Cache<u32, u32>, u32)) {
        let seconds = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&seconds);
        let ticker = Ticker::from_fn(move || told.load(Ordering::Relaxed) * SECOND);
        let cache: Cache<u32, u32> = Cache::builder().capacity(1_000).ticker(ticker).build();
        let loading = Loading { negative: Some(5 * SECOND), ..Loading::default() };
        let fails = |key: u32| cache.get_or_load_with(&key, &loading, || Err("no")).is_err();
        assert!((0..100).all(fails) && !cache.flights().is_idle());
        seconds.store(5, Ordering::Relaxed);
        (1_000..1_200).for_each(|key| step(&cache, key));
        assert!(cache.flights().is_idle());
    }

    #[test]
    fn errors_whose_time_is_over_are_forgotten_by_whatever_comes_next() {
        check(|cache, key| cache.insert(key, 1));
        check(|cache, key| _ = cache.remove(&key));
        check(|cache, _| _ = cache.invalidate_tag("none"));
        check(|cache, key| _ = cache.get_or_load(&key, || Ok::<_, String>(1)));
    }
}
