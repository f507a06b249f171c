//! Loads ahead of any question: like others, but that nothing is counted as asked for.

use std::hash::{BuildHasher, Hash};

use super::LoadError;
use super::error::Source;
use super::flights::Boarding;
use super::leader::{self, Leader, Purpose};
use super::loading::USUAL;
use crate::Cache;

/// How often is looked again because the key was loaded in between.
const MAX_LOOKS: usize = 4;

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Loads a key that has no fresh value, or waits for the load
    /// that is under way. Returns whether it was this call that loaded.
    pub(crate) fn load_ahead<E: Into<Source>>(
        &self,
        key: &K,
        load: impl FnOnce(&K) -> Result<V, E>,
    ) -> Result<bool, LoadError> {
        let mut looks = 0;
        loop {
            let looked = self.flights().landings();
            if self.contains(key) {
                return Ok(false);
            }
            match self.flights().board(key, (looks < MAX_LOOKS).then_some(looked), &USUAL) {
                Boarding::Lead(mut ticket) => {
                    ticket.is_measured = true;
                    return Leader::new(self, ticket, Purpose::Load).run(&USUAL, load).map(|_| true);
                }
                Boarding::Join(flight) => return leader::wait(&flight, None).map(|_| false),
                Boarding::Failed(error) => return Err(error),
                Boarding::Look => looks += 1,
            }
        }
    }
}
