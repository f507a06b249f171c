//! What a query cache is made of, piece by piece.

use std::sync::Arc;
use std::time::Duration;

use super::cache::QueryCache;
use super::functions::Nature;
use super::repeats::Limits;
use super::{Dialect, Functions};
use crate::{Builder, Digest, Policy, Ticker};

pub(super) type Weigher<R> = Arc<dyn Fn(&R) -> u32 + Send + Sync>;

/// Collects what a [`QueryCache`] is made of.
#[must_use]
pub struct QueryCacheBuilder<R> {
    pub(super) dialect: Dialect,
    /// The cache of the results.
    pub(super) results: Builder<Digest, R>,
    /// Not the cache's own: a caller's code is asked before the ledger is locked.
    pub(super) weigher: Option<Weigher<R>>,
    pub(super) functions: Functions,
    pub(super) slow: Duration,
    pub(super) slow_kept: usize,
    pub(super) limits: Limits,
}

impl<R> QueryCacheBuilder<R> {
    pub(super) fn new(dialect: Dialect) -> QueryCacheBuilder<R> {
        QueryCacheBuilder {
            dialect,
            results: Builder::default().name("queries").capacity(10_000),
            weigher: None,
            functions: Functions::default(),
            slow: Duration::from_millis(200),
            slow_kept: 32,
            limits: Limits { repeats: 10, window: Duration::from_secs(1) },
        }
    }

    /// Gives the cache a name, by which it stands in events; without one, `queries`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.results = self.results.name(name);
        self
    }

    /// Keeps at most so many results; without a word, 10,000.
    pub fn capacity(mut self, capacity: u64) -> Self {
        self.results = self.results.capacity(capacity);
        self
    }

    /// Keeps at most so much weight, as `weigher` says of a result.
    pub fn max_weight(mut self, max_weight: u64, weigher: impl Fn(&R) -> u32 + Send + Sync + 'static) -> Self {
        self.results = self.results.max_weight(max_weight);
        self.weigher = Some(Arc::new(weigher));
        self
    }

    /// Chooses what goes when the cache is full.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.results = self.results.policy(policy);
        self
    }

    /// Keeps a result at most so long. This bounds how old a result can be if somebody else writes to the database.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.results = self.results.time_to_live(time);
        self
    }

    /// Takes the time from elsewhere.
    pub fn ticker(mut self, ticker: Ticker) -> Self {
        self.results = self.results.ticker(ticker);
        self
    }

    /// Declares functions whose value depends on their arguments and on the tables of the statement only. What they
    /// read beyond that is not seen.
    pub fn pure_functions<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().for_each(|name| self.functions.declare(name, Nature::Pure));
        self
    }

    /// Declares functions whose value changes by itself, but which change nothing: results are not remembered, and
    /// what is remembered stays.
    pub fn volatile_functions<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().for_each(|name| self.functions.declare(name, Nature::Volatile));
        self
    }

    /// Logs statements that take at least so long, and keeps the `kept` slowest; without a word, 200 ms and 32.
    pub fn slow_log(mut self, threshold: Duration, kept: usize) -> Self {
        (self.slow, self.slow_kept) = (threshold, kept);
        self
    }

    /// Reports a query that is run with so many different values in one scope, or outside of scopes in one window of
    /// time; without a word, 10 in a second. 0 reports none.
    pub fn repeated(mut self, values: u64, window: Duration) -> Self {
        self.limits = Limits { repeats: values, window };
        self
    }
}

impl<R: Clone> QueryCacheBuilder<R> {
    /// Makes the cache.
    pub fn build(self) -> QueryCache<R> {
        QueryCache::of(self)
    }
}
