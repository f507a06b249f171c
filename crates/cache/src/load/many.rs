//! Many keys at once: what is there is taken, what others load is waited for, and the rest is one call of the loader.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::approach::Approach;
use super::flight::Flight;
use super::flights::Ticket;
use super::leader::{Leader, Purpose};
use super::trail::{self, Wait};
use super::{LoadError, LoadErrorKind, Loading};
use crate::Cache;

/// What came of asking for many keys. A key that stands in neither map is one that the loader said nothing of.
#[derive(Clone, Debug)]
pub struct Loaded<K, V> {
    /// The values.
    pub values: HashMap<K, V>,
    /// The keys that could not be loaded, and why.
    pub failures: HashMap<K, LoadError>,
}

/// What is to be done for who asks for many keys.
pub(super) struct Crowd<K, V, L> {
    pub(super) loaded: Loaded<K, V>,
    /// Loads of others.
    pub(super) waits: Vec<Awaited<K, V>>,
    /// Loads to be made, each with a value for the case that it fails.
    pub(super) loads: Vec<(L, Option<V>)>,
}

/// A load whose end is waited for.
pub(super) struct Awaited<K, V> {
    pub(super) key: K,
    pub(super) flight: Arc<Flight<V>>,
    pub(super) fallback: Option<V>,
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Decides for each key, once, what is to be done; `leader` takes each load that is to be made over at once.
    pub(super) fn approach_many<L>(
        &self,
        keys: impl IntoIterator<Item = K>,
        loading: &Loading,
        leader: impl Fn(Ticket<K>, Purpose) -> L,
    ) -> Crowd<K, V, L> {
        let loaded = Loaded { values: HashMap::new(), failures: HashMap::new() };
        let mut crowd = Crowd { loaded, waits: Vec::new(), loads: Vec::new() };
        let mut asked = HashSet::new();
        for key in keys {
            if !asked.insert(key.clone()) {
                continue;
            }
            match self.approach(&key, loading) {
                Approach::Done(outcome) => crowd.loaded.put(key, outcome),
                Approach::Wait { flight, fallback } => crowd.waits.push(Awaited { key, flight, fallback }),
                Approach::Load { ticket, fallback } => crowd.loads.push((leader(ticket, Purpose::Load), fallback)),
                Approach::Refresh { ticket, value } => {
                    let leader = leader(ticket, Purpose::Refresh);
                    crowd.loaded.put(key, Ok(value.clone()));
                    crowd.loads.push((leader, Some(value)));
                }
            }
        }
        crowd
    }

    /// Writes down what came of one key; a value past its time stands in for an error.
    pub(super) fn conclude(
        &self,
        loaded: &mut Loaded<K, V>,
        key: K,
        outcome: Result<V, LoadError>,
        fallback: Option<V>,
    ) {
        let is_absent = outcome.as_ref().is_err_and(|error| error.kind() == LoadErrorKind::Absent);
        // The loader knows nothing of the key any more: neither do we.
        let fallback = fallback.filter(|_| !is_absent);
        loaded.put(key, self.or_stale(outcome, fallback));
    }
}

impl<K: Hash + Eq, V> Loaded<K, V> {
    fn put(&mut self, key: K, outcome: Result<V, LoadError>) {
        match outcome {
            Ok(value) => drop(self.values.insert(key, value)),
            Err(error) if error.kind() == LoadErrorKind::Absent => drop(self.values.remove(&key)),
            Err(error) => drop(self.failures.insert(key, error)),
        }
    }
}

/// The loads that one call of a loader makes together.
pub(super) struct Together<K, V, S, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    C: Borrow<Cache<K, V, S>>,
{
    leaders: Vec<Leader<K, V, S, C>>,
    /// The others wait for the first, which stands for all.
    _waits: Vec<Wait>,
}

impl<K, V, S, C> Together<K, V, S, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
    C: Borrow<Cache<K, V, S>>,
{
    pub(super) fn of(leaders: Vec<Leader<K, V, S, C>>) -> Self {
        let first = leaders.first().map_or(0, Leader::number);
        let on_first = |leader: &Leader<K, V, S, C>| trail::working_for(leader.number(), || trail::wait(first));
        let waits = leaders.iter().skip(1).filter_map(on_first).collect();
        Together { leaders, _waits: waits }
    }

    /// Returns the number under which the loader works.
    pub(super) fn number(&self) -> u64 {
        self.leaders.first().map_or(0, Leader::number)
    }

    #[cfg(feature = "tokio")]
    pub(super) fn keys(&self) -> Vec<K> {
        self.leaders.iter().map(|leader| leader.key().clone()).collect()
    }

    /// Tells everybody what the loader said, and returns it key by key, in order. What it took is shared out evenly.
    pub(super) fn land(
        self,
        mut answer: Result<HashMap<K, V>, LoadError>,
        loading: &Loading,
    ) -> Vec<Result<V, LoadError>> {
        let count = u32::try_from(self.leaders.len()).unwrap_or(u32::MAX).max(1);
        let took = self.leaders.first().and_then(Leader::took).map(|took| took / count);
        let mut absent = None;
        let mut outcomes = Vec::with_capacity(self.leaders.len());
        for leader in self.leaders {
            let outcome = match &mut answer {
                Ok(values) => {
                    let value = values.remove(leader.key());
                    value.ok_or_else(|| absent.get_or_insert_with(LoadError::absent).clone())
                }
                Err(error) => Err(error.clone()),
            };
            outcomes.push(leader.land_after(took, outcome, loading));
        }
        outcomes
    }
}
