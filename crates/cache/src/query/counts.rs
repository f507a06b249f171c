//! What a query cache did, as numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one query cache did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QueryStatistics {
    /// Statements that were answered from memory.
    pub hits: u64,
    /// Statements that could have been, but were not there.
    pub misses: u64,
    /// Statements that are not remembered.
    pub refused: u64,
    /// Results that were kept.
    pub kept: u64,
    /// Results that were not kept, because one of their tables was written while they were read.
    pub outdated: u64,
    /// Writes that were seen.
    pub writes: u64,
    /// Results that a write made go.
    pub invalidated: u64,
    /// Statements that took longer than the threshold.
    pub slow: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) kept: AtomicU64,
    pub(super) outdated: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) invalidated: AtomicU64,
    pub(super) slow: AtomicU64,
}

impl Counts {
    pub(super) fn read(&self) -> QueryStatistics {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        QueryStatistics {
            hits: read(&self.hits),
            misses: read(&self.misses),
            refused: read(&self.refused),
            kept: read(&self.kept),
            outdated: read(&self.outdated),
            writes: read(&self.writes),
            invalidated: read(&self.invalidated),
            slow: read(&self.slow),
        }
    }
}

pub(super) fn add(count: &AtomicU64, number: u64) {
    count.fetch_add(number, Ordering::Relaxed);
}
