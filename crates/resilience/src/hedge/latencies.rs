//! How long calls take: the last of them, and a percentile that is worked out now and then. Leaves what is
//! done with it to `race`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::nanos;

/// How many latencies are kept.
const KEPT: usize = 256;

/// After how many new ones the percentile is worked out again, and how many there must be at first.
const FRESH: usize = 32;

/// The last latencies and their percentile: a fixed 2 KB.
#[derive(Debug)]
pub(super) struct Latencies {
    percentile: f64,
    /// In nanoseconds; `u64::MAX` while it is not known.
    known: AtomicU64,
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Ring {
    nanos: Box<[u64]>,
    /// How many were ever recorded.
    seen: usize,
}

impl Latencies {
    /// Creates an empty ring for a percentile between 0 and 1.
    pub(super) fn new(percentile: f64) -> Latencies {
        let ring = Ring { nanos: vec![0; KEPT].into(), seen: 0 };
        Latencies { percentile, known: AtomicU64::new(u64::MAX), ring: Mutex::new(ring) }
    }

    /// Returns the percentile, once enough calls are known.
    pub(super) fn known(&self) -> Option<Duration> {
        match self.known.load(Ordering::Relaxed) {
            u64::MAX => None,
            known => Some(Duration::from_nanos(known)),
        }
    }

    /// Takes note of how long a call took.
    pub(super) fn record(&self, latency: Duration) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let place = ring.seen % KEPT;
        ring.nanos[place] = nanos(latency).min(u64::MAX - 1);
        ring.seen = ring.seen.wrapping_add(1);
        if ring.seen.is_multiple_of(FRESH) {
            self.known.store(ring.percentile(self.percentile), Ordering::Relaxed);
        }
    }
}

impl Ring {
    fn percentile(&self, percentile: f64) -> u64 {
        let mut copy = [0; KEPT];
        let kept = self.seen.min(KEPT);
        copy[..kept].copy_from_slice(&self.nanos[..kept]);
        let rank = ((kept as f64 * percentile) as usize).min(kept - 1);
        *copy[..kept].select_nth_unstable(rank).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the percentile after calls of 1, 2, 3, .. milliseconds.
    fn check(percentile: f64, calls: u64, expected: Option<u64>) {
        let latencies = Latencies::new(percentile);
        (1..=calls).for_each(|call| latencies.record(Duration::from_millis(call)));
        assert_eq!(latencies.known(), expected.map(Duration::from_millis), "{percentile} {calls}");
    }

    #[test]
    fn a_percentile_is_known_after_enough_calls_and_forgets_old_ones() {
        check(0.5, 31, None);
        check(0.5, 32, Some(17));
        check(0.95, 32, Some(31));
        check(0.95, 256, Some(244));
        check(0.95, 1_024, Some(768 + 244));
    }

    #[test]
    fn no_latency_is_too_long() {
        let latencies = Latencies::new(0.99);
        (0..FRESH).for_each(|_| latencies.record(Duration::MAX));
        assert!(latencies.known().is_some());
    }
}
