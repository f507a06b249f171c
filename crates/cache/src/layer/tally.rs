//! What a layer did, counted: how often it helped, how often not and why, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use super::envelope::Rejection;
use crate::{Distribution, Sketch};

/// What one layer did since the layers were joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct LayerStatistics {
    /// The layer's name.
    pub layer: String,
    /// Asked for and there.
    pub hits: u64,
    /// Asked for and not there.
    pub misses: u64,
    /// Entries that were there and whose time was over.
    pub expired: u64,
    /// Entries that could not be used: newer, out of date, unreadable.
    pub unusable: u64,
    /// Entries that were foreign, poisoned or of a writer who is not accepted.
    pub security_events: u64,
    /// Calls that failed; those that took too long are among them.
    pub failures: u64,
    /// Calls that took longer than the limit.
    pub slow: u64,
    /// Calls that were not made since the layer is degraded.
    pub skipped: u64,
    /// Values written.
    pub writes: u64,
    /// Among them those that a layer further down had.
    pub fills: u64,
    /// Bytes that were read, as the layer keeps them.
    pub bytes_read: u64,
    /// Bytes that were written, as the layer keeps them.
    pub bytes_written: u64,
    /// Digests whose entries are out of date and not read until the layer has forgotten them.
    pub owed: u64,
    /// How long calls took, also those that failed.
    pub times: Distribution,
    /// Why the layer is skipped, if it is.
    pub degraded: Option<Degraded>,
}

/// What memory and the layers did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct LayeredStatistics {
    /// Asked for and there in memory.
    pub memory_hits: u64,
    /// Asked for and nowhere.
    pub misses: u64,
    /// Values that wait to be written behind.
    pub waiting: u64,
    /// Values that were not written since too many waited.
    pub dropped: u64,
    /// The layers, nearest first.
    pub layers: Vec<LayerStatistics>,
}

/// A layer that is skipped.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Degraded {
    /// The layer's name.
    pub layer: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: SystemTime,
    /// Whether it is still read: a full layer is.
    pub is_read: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    expired: AtomicU64,
    unusable: AtomicU64,
    security_events: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) skipped: AtomicU64,
    writes: AtomicU64,
    pub(super) fills: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    times: Sketch,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Tally {
    pub(super) fn reject(&self, rejection: &Rejection) {
        match rejection {
            Rejection::Expired => count(&self.expired),
            rejection if rejection.is_security_event() => count(&self.security_events),
            _ => count(&self.unusable),
        }
    }

    pub(super) fn read_some(&self, bytes: &[u8]) {
        self.bytes_read.fetch_add(bytes.len() as u64, Relaxed);
    }

    pub(super) fn wrote(&self, bytes: &[u8]) {
        count(&self.writes);
        self.bytes_written.fetch_add(bytes.len() as u64, Relaxed);
    }

    pub(super) fn took(&self, time: Duration) {
        self.times.record(time);
    }

    pub(super) fn read(&self, layer: &str, owed: usize, degraded: Option<Degraded>) -> LayerStatistics {
        LayerStatistics {
            layer: layer.to_owned(),
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            expired: self.expired.load(Relaxed),
            unusable: self.unusable.load(Relaxed),
            security_events: self.security_events.load(Relaxed),
            failures: self.failures.load(Relaxed),
            slow: self.slow.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            writes: self.writes.load(Relaxed),
            fills: self.fills.load(Relaxed),
            bytes_read: self.bytes_read.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            owed: owed as u64,
            times: self.times.read(),
            degraded,
        }
    }
}
