//! What caches told at one moment, as values that can be added up, kept and sent.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Level;
use crate::{Distribution, Statistics};

/// What one cache told, or all of them together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Reading {
    /// The name under which the cache is registered.
    pub name: Arc<str>,
    /// How many caches this is of.
    pub caches: u64,
    /// What it did.
    pub statistics: Statistics,
    /// Hits and misses by layer, the nearest first.
    pub levels: Vec<Level>,
    /// How long its operations take, where that is sampled.
    pub latencies: Latencies,
    /// What hits have saved in money; nothing where no price is known.
    pub saved_money: Option<f64>,
    /// What loads have cost in money; nothing where no price is known.
    pub spent_money: Option<f64>,
}

/// How long operations take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Latencies {
    /// Asking, whether something was there or not.
    pub get: Distribution,
    /// Putting in.
    pub insert: Distribution,
    /// Loading.
    pub load: Distribution,
}

impl Reading {
    /// Adds what another reading tells; the name stays.
    pub fn merge(&mut self, other: &Reading) {
        self.caches = self.caches.saturating_add(other.caches);
        self.statistics.merge(&other.statistics);
        for level in &other.levels {
            match self.levels.iter_mut().find(|own| own.layer == level.layer) {
                Some(own) => own.merge(level),
                None => self.levels.push(level.clone()),
            }
        }
        self.latencies.merge(&other.latencies);
        self.saved_money = sum(self.saved_money, other.saved_money);
        self.spent_money = sum(self.spent_money, other.spent_money);
    }
}

impl Latencies {
    /// Adds what others tell.
    pub fn merge(&mut self, other: &Latencies) {
        self.get.merge(&other.get);
        self.insert.merge(&other.insert);
        self.load.merge(&other.load);
    }
}

/// What is not known adds nothing to what is.
fn sum(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    match (left, right) {
        (None, None) => None,
        (left, right) => Some((left.unwrap_or(0.0) + right.unwrap_or(0.0)).min(f64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(layer: &str, hits: u64, saved_money: Option<f64>) -> Reading {
        let level = Level { hits, ..Level::of(layer) };
        let statistics = Statistics { hits, ..Statistics::default() };
        Reading { caches: 1, statistics, levels: vec![level], saved_money, ..Reading::default() }
    }

    #[test]
    fn layers_are_added_up_by_name() {
        let mut all = Reading::default();
        [reading("memory", 3, None), reading("disk", 2, None), reading("memory", u64::MAX, None)]
            .iter()
            .for_each(|one| all.merge(one));
        let hits: Vec<_> = all.levels.iter().map(|level| (level.layer.as_str(), level.hits)).collect();
        assert_eq!(hits, [("memory", u64::MAX), ("disk", 2)]);
        assert_eq!((all.caches, all.statistics.hits), (3, u64::MAX));
    }

    #[test]
    fn money_is_known_if_one_cache_knows_it() {
        let mut all = reading("memory", 1, None);
        all.merge(&reading("memory", 1, None));
        assert_eq!(all.saved_money, None);
        all.merge(&reading("memory", 1, Some(2.5)));
        all.merge(&reading("memory", 1, None));
        assert_eq!(all.saved_money, Some(2.5));
    }
}
