//! Who runs a load: it tells everybody how that ended, also if it panics or is dropped on the way.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::flight::Flight;
use super::flights::{End, Flights, Ticket};
use super::trail::{self, Wait};
use super::{LoadError, Loading};
use crate::Cache;

/// The duty to load one key into a cache, which is borrowed by a thread and owned by a task.
pub(super) struct Leader<K, V, S, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    C: Borrow<Cache<K, V, S>>,
{
    cache: C,
    ticket: Ticket<K>,
    begun: Duration,
    purpose: Purpose,
    has_landed: bool,
    of: PhantomData<fn() -> (V, S)>,
}

/// What a load is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody has no value.
    Load,
    /// Everybody has a value that is good enough: nobody is told of an error but whoever reads events.
    Refresh,
}

impl<K, V, S, C> Leader<K, V, S, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    C: Borrow<Cache<K, V, S>>,
{
    pub(super) fn new(cache: C, ticket: Ticket<K>, purpose: Purpose) -> Self {
        let begun = Duration::ZERO;
        let mut leader = Leader { cache, ticket, begun, purpose, has_landed: false, of: PhantomData };
        // Now that somebody ends the load if a key or the ticker panics.
        leader.cache.borrow().pass(&leader.ticket.key);
        if leader.ticket.is_measured {
            leader.begun = leader.flights().now();
        }
        leader
    }

    pub(super) fn key(&self) -> &K {
        &self.ticket.key
    }

    #[cfg(feature = "tokio")]
    pub(super) fn purpose(&self) -> Purpose {
        self.purpose
    }

    #[cfg(feature = "tokio")]
    pub(super) fn flight(&self) -> Arc<Flight<V>> {
        self.flights().flight(&self.ticket).expect("a load is under way until its leader ends it")
    }

    /// The load's number on the trail.
    pub(super) fn number(&self) -> u64 {
        self.ticket.number
    }

    /// Runs the load on this thread and tells everybody what came of it.
    pub(super) fn run<E: Into<super::error::Source>>(
        self,
        loading: &Loading,
        load: impl FnOnce(&K) -> Result<V, E>,
    ) -> Result<V, LoadError> {
        let number = self.number();
        let Some(_wait) = trail::wait(number) else {
            // Nothing waits for anything before it runs.
            return self.land(Err(LoadError::recursive()), loading);
        };
        let outcome = guarded(|| trail::working_for(number, || load(self.key())));
        self.land(outcome, loading)
    }

    /// Keeps what was loaded, unless that was invalidated meanwhile, and tells everybody.
    pub(super) fn land(self, outcome: Result<V, LoadError>, loading: &Loading) -> Result<V, LoadError> {
        let took = self.took();
        self.land_after(took, outcome, loading)
    }

    /// Returns how long it has been under way, if that is measured.
    pub(super) fn took(&self) -> Option<Duration> {
        self.ticket.is_measured.then(|| self.flights().now().saturating_sub(self.begun))
    }

    /// The same for a load that took so long.
    pub(super) fn land_after(
        mut self,
        took: Option<Duration>,
        outcome: Result<V, LoadError>,
        loading: &Loading,
    ) -> Result<V, LoadError> {
        let flight = match &outcome {
            Ok(value) => self.keep(value, took, loading),
            Err(error) => {
                let end = End::Failed { error, negative: loading.negative };
                let closed = self.flights().close(&self.ticket, end, took);
                if self.purpose == Purpose::Refresh {
                    tracing::warn!(error = error as &dyn std::error::Error, "a value could not be refreshed");
                }
                closed.flight
            }
        };
        self.has_landed = true;
        if let Some(flight) = flight {
            flight.land(outcome.clone());
        }
        outcome
    }

    /// Keeps a value if it is still wanted, and returns where others wait for it.
    fn keep(&self, value: &V, took: Option<Duration>, loading: &Loading) -> Option<Arc<Flight<V>>> {
        let terms = (took.is_some() || !loading.is_usual()).then(|| loading.terms(took));
        let mut flight = None;
        // Asked under the lock of the cache: an invalidation that ended before is seen, a later one finds the value.
        let is_wanted = || {
            let closed = self.flights().close(&self.ticket, End::Loaded, took);
            flight = closed.flight;
            !closed.is_outdated
        };
        self.cache.borrow().insert_loaded(self.key().clone(), value.clone(), terms, is_wanted);
        flight
    }

    fn flights(&self) -> &Flights<K, V> {
        self.cache.borrow().flights()
    }
}

impl<K, V, S, C> Drop for Leader<K, V, S, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    C: Borrow<Cache<K, V, S>>,
{
    /// Given up: its task was dropped, or what the caller brought panicked outside of the loader.
    fn drop(&mut self) {
        if self.has_landed {
            return;
        }
        let error = match std::thread::panicking() {
            true => LoadError::panicked(&"outside of the loader"),
            false => LoadError::cancelled(),
        };
        let end = End::Failed { error: &error, negative: None };
        if let Some(flight) = self.flights().close(&self.ticket, end, None).flight {
            flight.land(Err(error));
        }
    }
}

/// Waits on this thread for a load that somebody else runs.
pub(super) fn wait<V: Clone>(flight: &Arc<Flight<V>>, limit: Option<Duration>) -> Result<V, LoadError> {
    let Some(_wait): Option<Wait> = trail::wait(flight.number) else {
        return Err(LoadError::recursive());
    };
    flight.wait(limit)
}

/// Turns an error and a panic of a loader into ours.
pub(super) fn guarded<V, E: Into<super::error::Source>>(load: impl FnOnce() -> Result<V, E>) -> Result<V, LoadError> {
    // Nothing of ours is touched by the loader, and what is the caller's he sees only through the loader.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(load)) {
        Ok(outcome) => outcome.map_err(LoadError::failed),
        Err(payload) => Err(LoadError::panicked(&*payload)),
    }
}
