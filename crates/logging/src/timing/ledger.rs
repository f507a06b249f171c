//! The histograms of all operations of the process, by name.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::Outcome;
use super::histogram::Histogram;

/// So many operations have histograms of their own; those that come later are counted together as [`OTHERS`].
pub const MAX_OPERATIONS: usize = 500;
/// The name under which the operations beyond [`MAX_OPERATIONS`] are counted.
pub const OTHERS: &str = "(others)";

/// What is known of the durations of one operation since the process began.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// The operation's name.
    pub operation: &'static str,
    /// How often it succeeded.
    pub succeeded: u64,
    /// How often it said that it failed.
    pub failed: u64,
    /// How often its future was dropped before its end.
    pub cancelled: u64,
    /// How often it panicked.
    pub panicked: u64,
    /// What all of it took together.
    pub total: Duration,
    /// The longest that it took.
    pub longest: Duration,
    /// What half of it did not exceed, at most a sixteenth too long like the other two.
    pub p50: Duration,
    /// What 95 of 100 did not exceed.
    pub p95: Duration,
    /// What 99 of 100 did not exceed.
    pub p99: Duration,
}

/// They are never taken out, so what a caller holds stays: their number is bounded, and a name lives for ever anyway.
static HISTOGRAMS: RwLock<BTreeMap<&'static str, &'static Histogram>> = RwLock::new(BTreeMap::new());

/// Returns the histogram of an operation.
pub(super) fn histogram(name: &'static str) -> &'static Histogram {
    if let Some(known) = HISTOGRAMS.read().unwrap_or_else(PoisonError::into_inner).get(name) {
        return known;
    }
    let mut histograms = HISTOGRAMS.write().unwrap_or_else(PoisonError::into_inner);
    let name = if histograms.len() < MAX_OPERATIONS || histograms.contains_key(name) { name } else { OTHERS };
    histograms.entry(name).or_insert_with(|| Box::leak(Box::new(Histogram::new())))
}

/// Returns what is known of all operations, by name.
pub fn timings() -> Vec<Timing> {
    let histograms = HISTOGRAMS.read().unwrap_or_else(PoisonError::into_inner);
    histograms.iter().map(|(name, histogram)| timing(name, histogram)).collect()
}

/// Returns what is known of one operation; `None` if it was never timed.
pub fn of(operation: &str) -> Option<Timing> {
    let histograms = HISTOGRAMS.read().unwrap_or_else(PoisonError::into_inner);
    histograms.get_key_value(operation).map(|(name, histogram)| timing(name, histogram))
}

fn timing(operation: &'static str, histogram: &Histogram) -> Timing {
    let [p50, p95, p99] = histogram.quantiles([0.5, 0.95, 0.99]);
    Timing {
        operation,
        succeeded: histogram.ended(Outcome::Succeeded),
        failed: histogram.ended(Outcome::Failed),
        cancelled: histogram.ended(Outcome::Cancelled),
        panicked: histogram.ended(Outcome::Panicked),
        total: histogram.total(),
        longest: histogram.longest(),
        p50,
        p95,
        p99,
    }
}
