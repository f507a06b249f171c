//! What is to be done for a caller who asks for a key: the decisions that threads and tasks share. Nothing waits here.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::Duration;

use super::early;
use super::flight::Flight;
use super::flights::{Boarding, Ticket};
use super::{LoadError, Loading};
use crate::Cache;

/// How often a caller looks again because the key was loaded between his look and his question. Then he loads it: a
/// value that is gone again so often is worth a load.
const MAX_LOOKS: usize = 4;

/// What is to be done for a caller.
pub(super) enum Approach<K, V> {
    /// Nothing: here it is.
    Done(Result<V, LoadError>),
    /// Wait for somebody else's load.
    Wait { flight: Arc<Flight<V>>, fallback: Option<V> },
    /// Load it.
    Load { ticket: Ticket<K>, fallback: Option<V> },
    /// Give the value, and load a newer one.
    Refresh { ticket: Ticket<K>, value: V },
}

/// What a look at the cache says.
enum Look<V> {
    Fresh(V),
    /// Good enough, but somebody should load a newer one.
    Due(V),
    /// Nothing, or a value for the case that the load fails.
    Miss(Option<V>),
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Decides what is to be done for who asks for this key.
    #[inline]
    pub(super) fn approach<Q>(&self, key: &Q, loading: &Loading) -> Approach<K, V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let looked = self.flights().landings();
        match self.look_for(key, loading) {
            Look::Fresh(value) => Approach::Done(Ok(value)),
            look => self.approach_unready(key, loading, looked, look),
        }
    }

    /// The same when there is no value that is just given.
    #[inline(never)]
    fn approach_unready<Q>(&self, key: &Q, loading: &Loading, mut looked: u32, mut look: Look<V>) -> Approach<K, V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut looks = 0;
        loop {
            let since = (looks < MAX_LOOKS).then_some(looked);
            match (look, self.flights().board(key, since, loading)) {
                (Look::Fresh(value), _) => return Approach::Done(Ok(value)),
                (Look::Due(value), Boarding::Lead(ticket)) => return Approach::Refresh { ticket, value },
                (Look::Due(value), _) => return Approach::Done(Ok(value)),
                (Look::Miss(fallback), Boarding::Lead(ticket)) => return Approach::Load { ticket, fallback },
                (Look::Miss(fallback), Boarding::Join(flight)) => return Approach::Wait { flight, fallback },
                (Look::Miss(fallback), Boarding::Failed(error)) => {
                    return Approach::Done(self.or_stale(Err(error), fallback));
                }
                (miss, Boarding::Look) => look = miss,
            }
            looks += 1;
            looked = self.flights().landings();
            // Counted once already.
            if let Some(value) = self.peek(key) {
                return Approach::Done(Ok(value));
            }
        }
    }

    #[inline]
    fn look_for<Q>(&self, key: &Q, loading: &Loading) -> Look<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // Who wants neither early nor stale values pays for a plain look.
        match loading.is_plain() {
            true => self.get(key).map_or(Look::Miss(None), Look::Fresh),
            false => self.look_closely(key, loading),
        }
    }

    fn look_closely<Q>(&self, key: &Q, loading: &Loading) -> Look<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let Some(seen) = self.look(key) else { return Look::Miss(None) };
        if seen.is_fresh {
            return match self.is_early(seen.left, seen.cost, loading) {
                true => Look::Due(seen.value),
                false => Look::Fresh(seen.value),
            };
        }
        let is_within = |time: Option<Duration>| time.is_some_and(|time| seen.stale_for < time);
        if is_within(loading.stale_while_revalidate) {
            self.flights().count_stale_hit();
            return Look::Due(seen.value);
        }
        Look::Miss(is_within(loading.stale_if_error).then_some(seen.value))
    }

    /// Returns whether a fresh value is to be refreshed before its time.
    fn is_early(&self, left: Option<Duration>, cost: Duration, loading: &Loading) -> bool {
        match (loading.refresh_ahead, left) {
            (Some(beta), Some(left)) => {
                early::is_due(left, cost, beta, || loading.dice.throw(|| self.flights().throw()))
            }
            _ => false,
        }
    }

    /// Returns the stale value instead of an error, if there is one.
    pub(super) fn or_stale(&self, outcome: Result<V, LoadError>, fallback: Option<V>) -> Result<V, LoadError> {
        match (outcome, fallback) {
            (Err(_), Some(value)) => {
                self.flights().count_stale_hit();
                Ok(value)
            }
            (outcome, _) => outcome,
        }
    }
}
