//! What a cache is made of, piece by piece.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::Duration;

use hashbrown::DefaultHashBuilder;

use super::cache::Cache;
use super::{Cause, Policy, Ticker};

pub(crate) type Weigher<K, V> = Arc<dyn Fn(&K, &V) -> u32 + Send + Sync>;
pub(crate) type Listener<K, V> = Arc<dyn Fn(&K, &V, Cause) + Send + Sync>;
pub(crate) type Expiry<K, V> = Arc<dyn Fn(&K, &V) -> Option<Duration> + Send + Sync>;

/// Collects what a [`Cache`] is made of.
#[must_use]
pub struct Builder<K, V, S = DefaultHashBuilder> {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) capacity: u64,
    pub(crate) max_weight: u64,
    pub(crate) policy: Policy,
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) time_to_idle: Option<Duration>,
    pub(crate) jitter: f64,
    pub(crate) weigher: Option<Weigher<K, V>>,
    pub(crate) expiry: Option<Expiry<K, V>>,
    pub(crate) listener: Option<Listener<K, V>>,
    pub(crate) ticker: Ticker,
    pub(crate) shards: Option<usize>,
    /// Whether the hasher is somebody else's, of whom it is not known how well he mixes.
    pub(crate) is_hasher_foreign: bool,
    pub(crate) hasher: S,
}

impl<K, V> Default for Builder<K, V> {
    fn default() -> Builder<K, V> {
        Builder {
            name: None,
            capacity: u64::MAX,
            max_weight: u64::MAX,
            policy: Policy::default(),
            time_to_live: None,
            time_to_idle: None,
            jitter: 0.0,
            weigher: None,
            expiry: None,
            listener: None,
            ticker: Ticker::default(),
            shards: None,
            is_hasher_foreign: false,
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<K, V, S> Builder<K, V, S> {
    /// Gives the cache a name, by which it stands in statistics and events.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Keeps at most so many entries; 0 keeps none.
    pub fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = capacity;
        self
    }

    /// Keeps at most so much weight. An entry heavier than that is not kept.
    ///
    /// Where nothing bounds the count, the cache is split as if an entry weighed a kilobyte: if entries weigh much less, a
    /// [`capacity`](Builder::capacity) or [`shards`](Builder::shards) spares threads waiting for each other.
    pub fn max_weight(mut self, max_weight: u64) -> Self {
        self.max_weight = max_weight;
        self
    }

    /// Says what an entry weighs; without it, 1. A weight of 0 counts as none.
    pub fn weigher(mut self, weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Arc::new(weigher));
        self
    }

    /// Chooses the policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Gives every entry so long from when it was put in.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Gives every entry so long from when it was last used.
    pub fn time_to_idle(mut self, time: Duration) -> Self {
        self.time_to_idle = Some(time);
        self
    }

    /// Gives each entry a time to live of its own; `None` means the cache's.
    pub fn expiry(mut self, expiry: impl Fn(&K, &V) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.expiry = Some(Arc::new(expiry));
        self
    }

    /// Shortens each time to live by a random share of up to `share` (0 to 1), so that what was loaded together does
    /// not expire together.
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Is told of every entry that leaves, and why; never under a lock of the cache.
    pub fn listener(mut self, listener: impl Fn(&K, &V, Cause) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Takes the time from elsewhere.
    pub fn ticker(mut self, ticker: Ticker) -> Self {
        self.ticker = ticker;
        self
    }

    /// Splits the cache in so many parts, rounded up to a power of two, each with a lock of its own. Left out, they are as
    /// many as processors and capacity make sensible. Capacity and weight are the whole cache's in any case.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Hashes keys in another way.
    pub fn hasher<T>(self, hasher: T) -> Builder<K, V, T> {
        let Builder { name, capacity, max_weight, policy, time_to_live, time_to_idle, jitter, .. } = self;
        let Builder { weigher, expiry, listener, ticker, shards, .. } = self;
        #[rustfmt::skip]
        let built = Builder { name, capacity, max_weight, policy, time_to_live, time_to_idle, jitter, weigher, expiry, listener, ticker, shards, is_hasher_foreign: true, hasher };
        built
    }
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Builder<K, V, S> {
    /// Makes the cache.
    pub fn build(self) -> Cache<K, V, S> {
        Cache::of(self)
    }
}
