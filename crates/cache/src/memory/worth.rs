//! What is known of a value that is put in, made out of the caller's terms and the cache's before any lock is taken: a
//! weigher or an expiry that panics leaves everything as it was.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::times::{Life, NEVER};
use super::{Builder, Terms, cost};
use crate::sync::AtomicU64;

/// What a shard must know of a new value.
pub(crate) struct Worth {
    pub(crate) weight: u32,
    /// What it took to make, packed.
    pub(crate) cost: u32,
    pub(crate) is_pinned: bool,
    pub(crate) life: Life,
    pub(crate) tags: Vec<Arc<str>>,
}

impl Worth {
    pub(crate) const PLAIN: Worth =
        Worth { weight: 1, cost: 0, is_pinned: false, life: Life::ENDLESS, tags: Vec::new() };

    /// Returns whether nothing of it must be noted.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.life.is_endless() && !self.has_more()
    }

    /// Returns whether more than its times must be noted.
    #[inline(always)]
    pub(crate) fn has_more(&self) -> bool {
        self.weight != 1 || self.has_more_than_weight()
    }

    #[inline(always)]
    pub(crate) fn has_more_than_weight(&self) -> bool {
        self.cost != 0 || self.is_pinned || !self.tags.is_empty()
    }
}

/// The shares by which times to live are shortened. Not secret, only spread: a counter that is well mixed.
#[derive(Debug)]
pub(crate) struct Jitter {
    share: f64,
    state: AtomicU64,
}

impl Jitter {
    /// A share that is no number or negative is none, and no time can be shortened by more than itself.
    pub(crate) fn new(share: f64) -> Jitter {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        Jitter { share, state: AtomicU64::new(RandomState::new().hash_one(0_u8)) }
    }

    fn shorten(&self, time: Duration) -> Duration {
        if self.share <= 0.0 || time.is_zero() {
            return time;
        }
        let count = self.state.fetch_add(0x9E37_79B9_7F4A_7C15, Relaxed);
        let mut mixed = (count ^ (count >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let random = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        let nanos = time.as_nanos() as f64 * (1.0 - self.share * random);
        Duration::try_from_secs_f64(nanos / 1e9).map_or(time, |shorter| shorter.min(time))
    }
}

/// What a cache says of its values as long as their terms do not.
pub(crate) struct Habits<K, V> {
    weigher: Option<super::builder::Weigher<K, V>>,
    expiry: Option<super::builder::Expiry<K, V>>,
    time_to_live: Option<Duration>,
    time_to_idle: Option<Duration>,
    jitter: Jitter,
    /// How long every entry lives whose terms say nothing, in nanoseconds, if that is all that is said of times.
    only_live: Option<u64>,
    /// Whether entries may end so soon that a tick of the clock counts.
    pub(crate) is_brief: bool,
}

impl<K, V> Habits<K, V> {
    pub(crate) fn of<S>(built: &Builder<K, V, S>) -> Habits<K, V> {
        let is_fixed = built.expiry.is_none() && built.time_to_idle.is_none() && built.jitter <= 0.0;
        Habits {
            only_live: built.time_to_live.filter(|_| is_fixed).map(nanos),
            weigher: built.weigher.clone(),
            expiry: built.expiry.clone(),
            time_to_live: built.time_to_live,
            time_to_idle: built.time_to_idle,
            jitter: Jitter::new(built.jitter),
            is_brief: built.expiry.is_some()
                || built.time_to_live.is_some_and(is_brief)
                || built.time_to_idle.is_some_and(is_brief),
        }
    }

    /// Returns whether entries end although their terms say nothing.
    #[inline(always)]
    pub(crate) fn has_times(&self) -> bool {
        self.time_to_live.is_some() || self.time_to_idle.is_some() || self.expiry.is_some()
    }

    #[inline(always)]
    fn weigh(&self, key: &K, value: &V) -> u32 {
        match &self.weigher {
            Some(weigher) => weigher(key, value),
            None => 1,
        }
    }

    /// Returns what a changed value weighs, if that does not stay as it was.
    pub(crate) fn reweigh(&self, key: &K, value: &V) -> Option<u32> {
        self.weigher.as_ref().map(|weigher| weigher(key, value))
    }

    /// Returns what is known of a value without terms.
    #[inline(always)]
    pub(crate) fn plain(&self, key: &K, value: &V, now: u64) -> Worth {
        let weight = self.weigh(key, value);
        let life = match self.only_live {
            Some(live) => Life { until: now.saturating_add(live), ..Life::ENDLESS },
            None if self.has_times() => self.life(key, value, &Terms::default(), now),
            None => Life::ENDLESS,
        };
        Worth { weight, life, ..Worth::PLAIN }
    }

    /// Returns what is known of a value with terms.
    pub(crate) fn with(&self, key: &K, value: &V, terms: Terms, now: u64) -> Worth {
        let weight = terms.weight.unwrap_or_else(|| self.weigh(key, value));
        let life = self.life(key, value, &terms, now);
        let cost = terms.cost.map_or(0, cost::pack);
        Worth { weight, cost, is_pinned: terms.pinned, life, tags: terms.tags }
    }

    fn life(&self, key: &K, value: &V, terms: &Terms, now: u64) -> Life {
        let of_its_own = || self.expiry.as_ref().and_then(|expiry| expiry(key, value));
        let live = terms.time_to_live.or_else(of_its_own).or(self.time_to_live);
        let idle = terms.time_to_idle.or(self.time_to_idle).map_or(NEVER, nanos);
        let until = live.map_or(NEVER, |live| now.saturating_add(nanos(self.jitter.shorten(live))));
        Life { until, stale: terms.stale.map_or(0, nanos), idle }
    }
}

/// Returns whether a tick of the clock counts beside so short a time.
pub(crate) fn is_brief(time: Duration) -> bool {
    time < Duration::from_secs(1)
}

/// Returns nanoseconds; the longest times are for ever.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(share: f64, shortest: f64) {
        let (jitter, time) = (Jitter::new(share), Duration::from_secs(100));
        let times: Vec<f64> = (0..1_000).map(|_| jitter.shorten(time).as_secs_f64()).collect();
        assert!(times.iter().all(|seconds| (shortest..=100.0).contains(seconds)), "{share}");
        let mean = times.iter().sum::<f64>() / 1_000.0;
        assert!((mean - (shortest + 100.0) / 2.0).abs() < 5.0, "{share}: {mean}");
    }

    #[test]
    fn times_are_shortened_by_up_to_the_share() {
        check(0.2, 80.0);
        check(1.0, 0.0);
    }

    #[test]
    fn a_share_that_makes_no_sense_is_the_nearest_that_does() {
        check(2.0, 0.0);
        check(f64::INFINITY, 0.0);
        check(f64::NAN, 100.0);
        check(-1.0, 100.0);
    }

    #[test]
    fn the_longest_time_stays() {
        assert_eq!(Jitter::new(0.0).shorten(Duration::MAX), Duration::MAX);
        assert!(Jitter::new(0.5).shorten(Duration::MAX) <= Duration::MAX);
        assert_eq!(nanos(Duration::MAX), NEVER);
    }
}
