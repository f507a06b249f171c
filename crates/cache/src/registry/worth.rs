//! What a hit is worth in money, where somebody knows.

use std::time::Duration;

use crate::Statistics;

/// What is paid when a cache has nothing: a price for each load, a price for the time that loads take, or both; in one
/// currency for all caches of a registry. A price that is no number, or below zero, counts as none.
///
/// ```
/// use segno_cache::{Statistics, Worth};
///
/// let mut statistics = Statistics::default();
/// statistics.hits = 1_000;
/// let worth = Worth { per_load: 0.002, ..Worth::default() };
/// assert_eq!(worth.saved(&statistics), Some(2.0));
/// assert_eq!(Worth::default().saved(&statistics), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Worth {
    /// What one load costs, such as a call that is billed.
    pub per_load: f64,
    /// What an hour of loading costs, such as that of the machine.
    pub per_hour: f64,
}

impl Worth {
    /// Returns what hits have saved, or nothing if no price is known. A hit counts as one load, and as the time that it
    /// says it saved.
    pub fn saved(&self, statistics: &Statistics) -> Option<f64> {
        self.of(statistics.hits, statistics.saved_time)
    }

    /// Returns what loads have cost, or nothing if no price is known. A load that failed is paid for, too.
    pub fn spent(&self, statistics: &Statistics) -> Option<f64> {
        self.of(statistics.loads.saturating_add(statistics.load_failures), statistics.load_time)
    }

    fn of(&self, loads: u64, time: Duration) -> Option<f64> {
        let known = |price: f64| if price.is_finite() && price > 0.0 { price } else { 0.0 };
        let (per_load, per_hour) = (known(self.per_load), known(self.per_hour));
        if per_load + per_hour == 0.0 {
            return None;
        }
        let sum = per_load * loads as f64 + per_hour * (time.as_secs_f64() / 3_600.0);
        Some(sum.min(f64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(per_load: f64, per_hour: f64, expected: Option<f64>) {
        let statistics = Statistics { hits: 10, saved_time: Duration::from_secs(1_800), ..Statistics::default() };
        assert_eq!(Worth { per_load, per_hour }.saved(&statistics), expected);
    }

    #[test]
    fn both_prices_add_up() {
        check(0.5, 0.0, Some(5.0));
        check(0.0, 3.0, Some(1.5));
        check(0.5, 3.0, Some(6.5));
    }

    #[test]
    fn a_price_that_is_none_is_unknown() {
        check(0.0, 0.0, None);
        check(f64::NAN, -1.0, None);
        check(f64::INFINITY, 3.0, Some(1.5));
        check(f64::MAX, 0.0, Some(f64::MAX));
    }
}
