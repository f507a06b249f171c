//! The newest failures, among which the root of another is looked for. Leaves what is done with a root to `ledger`.

use serde::{Deserialize, Serialize};

use super::occurrence::{Occurrence, millis};
use super::stable::Stable;

/// How many failures are looked back.
const KEPT: usize = 32;
/// How long after the failure of what it depends on a failure is taken for its consequence, in milliseconds.
const WINDOW: u64 = 5_000;
/// How long one correlation id ties failures together, in milliseconds.
const CORRELATED: u64 = 600_000;

/// A failure a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Past {
    at: u64,
    fingerprint: u64,
    /// The failure that explains it, itself when none does.
    root: u64,
    correlation: u64,
    names: [u64; 2],
}

/// The newest failures, the next to be overwritten at `next`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    next: usize,
    past: Vec<Past>,
}

impl Recent {
    /// Takes a failure in and returns the fingerprint of the one that explains it: one with the same correlation id, or one of
    /// what it depends on within five seconds before.
    pub(super) fn root(&mut self, fingerprint: u64, occurrence: &Occurrence<'_>) -> Option<u64> {
        let at = millis(occurrence.at);
        let hash = |name: Option<&str>| name.map_or(0, Stable::of);
        let correlation = hash(occurrence.fault.correlation_id());
        let root = self.explanation(fingerprint, correlation, at, occurrence.depends_on);
        let names = [hash(occurrence.agent), hash(occurrence.step)];
        let past = Past { at, fingerprint, root: root.unwrap_or(fingerprint), correlation, names };
        match self.past.get_mut(self.next) {
            Some(place) => *place = past,
            None => self.past.push(past),
        }
        self.next = (self.next + 1) % KEPT;
        root
    }

    fn explanation(&self, fingerprint: u64, correlation: u64, at: u64, depends_on: &[&str]) -> Option<u64> {
        if correlation == 0 && depends_on.is_empty() {
            return None;
        }
        let explains = |past: &&Past| {
            let Some(age) = at.checked_sub(past.at) else { return false };
            let is_correlated = correlation != 0 && past.correlation == correlation && age <= CORRELATED;
            let is_needed = || {
                let mut needed = depends_on.iter().map(|name| Stable::of(name));
                age <= WINDOW && needed.any(|name| past.names.contains(&name))
            };
            past.fingerprint != fingerprint && past.root != fingerprint && (is_correlated || is_needed())
        };
        // The newest wins; of equal ones the one that was told of last.
        let count = self.past.len();
        let backwards = (1..=count).map(|back| &self.past[(self.next + KEPT - back) % KEPT.min(count.max(1))]);
        backwards.filter(explains).max_by_key(|past| past.at).map(|past| past.root)
    }

    /// Moves what lies after `now` back to it.
    pub(super) fn clip(&mut self, now: u64) {
        self.past.iter_mut().for_each(|past| past.at = past.at.min(now));
    }

    /// Says what is wrong with what was stored, if anything.
    pub(super) fn flaw(&self) -> Option<String> {
        let is_whole =
            self.past.len() <= KEPT && self.next < KEPT && (self.past.len() == KEPT || self.next == self.past.len());
        (!is_whole).then(|| format!("{} recent failures, the next at {}", self.past.len(), self.next))
    }

    pub(super) fn bytes(&self) -> usize {
        self.past.capacity() * size_of::<Past>()
    }
}
