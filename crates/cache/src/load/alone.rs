//! Loads in a future that nothing drives but its caller: where there is no runtime, nothing goes on by itself.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::approach::Approach;
use super::error::Source;
use super::flight::Flight;
use super::flights::Ticket;
use super::leader::{Leader, Purpose};
use super::tasks::Guarded;
use super::trail;
use super::{LoadError, Loading};
use crate::Cache;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns the value, or loads it in this future. Who asks meanwhile in a future of his own loads too, and what that
    /// gives is not kept: the first load may not be driven any more.
    pub(crate) async fn load_alone<Q, E, F>(
        &self,
        key: &Q,
        loading: &Loading,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        E: Into<Source>,
        F: Future<Output = Result<V, E>>,
    {
        match self.approach(key, loading) {
            Approach::Done(outcome) => outcome,
            Approach::Wait { flight, fallback } => self.or_stale(beside(&flight, load).await, fallback),
            Approach::Load { ticket, fallback } => {
                let outcome = self.lead_alone(ticket, Purpose::Load, loading, load).await;
                self.or_stale(outcome, fallback)
            }
            Approach::Refresh { ticket, value } => {
                Ok(self.lead_alone(ticket, Purpose::Refresh, loading, load).await.unwrap_or(value))
            }
        }
    }

    async fn lead_alone<E: Into<Source>, F: Future<Output = Result<V, E>>>(
        &self,
        ticket: Ticket<K>,
        purpose: Purpose,
        loading: &Loading,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError> {
        let leader = Leader::new(self, ticket, purpose);
        let work = async { load().await.map_err(LoadError::failed) };
        let outcome = Guarded::new(leader.number(), work).await;
        leader.land(outcome, loading)
    }
}

/// Loads beside a load that is under way, unless that waits for this one.
async fn beside<V, E: Into<Source>, F: Future<Output = Result<V, E>>>(
    flight: &Arc<Flight<V>>,
    load: impl FnOnce() -> F,
) -> Result<V, LoadError> {
    if trail::wait(flight.number).is_none() {
        return Err(LoadError::recursive());
    }
    Guarded::new(trail::number(), async { load().await.map_err(LoadError::failed) }).await
}
