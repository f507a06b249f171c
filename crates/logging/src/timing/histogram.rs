//! Counts durations in buckets that are a sixteenth wide, as HdrHistogram does it; any thread may count at any time.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::Outcome;

/// Buckets for each doubling.
const PARTS: u64 = 16;
/// Nanoseconds from which on all is one bucket: nearly five hours.
const LONGEST: u64 = 1 << 44;
const BUCKETS: usize = index(LONGEST) + 1;

/// What is known of the durations of one operation.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    outcomes: [AtomicU64; 4],
    /// Nanoseconds; five centuries fit.
    total: AtomicU64,
    longest: AtomicU64,
}

impl Histogram {
    pub(super) fn new() -> Histogram {
        Histogram {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            outcomes: [const { AtomicU64::new(0) }; 4],
            total: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }

    pub(super) fn count(&self, took: Duration, outcome: Outcome) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[index(nanos.min(LONGEST))].fetch_add(1, Relaxed);
        self.outcomes[outcome as usize].fetch_add(1, Relaxed);
        self.total.fetch_add(nanos, Relaxed);
        if nanos > self.longest.load(Relaxed) {
            self.longest.fetch_max(nanos, Relaxed);
        }
    }

    pub(super) fn ended(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Relaxed)
    }

    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.total.load(Relaxed))
    }

    pub(super) fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest.load(Relaxed))
    }

    /// Returns the durations that these shares of the work, in rising order, did not exceed: the upper ends of their buckets,
    /// so at most a sixteenth too long. Zero if nothing was counted.
    pub(super) fn quantiles<const N: usize>(&self, shares: [f64; N]) -> [Duration; N] {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        shares.map(|share| {
            let rank = ((all as f64 * share).ceil() as u64).max(1);
            let mut seen = 0;
            let bucket = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            bucket.map_or(Duration::ZERO, |bucket| Duration::from_nanos(end(bucket)).min(self.longest()))
        })
    }
}

/// Returns the bucket of so many nanoseconds.
const fn index(nanos: u64) -> usize {
    if nanos < PARTS {
        return nanos as usize;
    }
    let doubling = (nanos.ilog2() - PARTS.ilog2()) as u64;
    (doubling * PARTS + (nanos >> doubling)) as usize
}

/// Returns the last nanosecond of a bucket.
fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return bucket;
    }
    let doubling = bucket / PARTS - 1;
    ((bucket % PARTS + PARTS + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks medians and the 99th percentiles of durations in nanoseconds.
    fn check(nanos: impl IntoIterator<Item = u64>, expected: [u64; 2]) {
        let histogram = Histogram::new();
        nanos.into_iter().for_each(|nanos| histogram.count(Duration::from_nanos(nanos), Outcome::Succeeded));
        assert_eq!(histogram.quantiles([0.5, 0.99]), expected.map(Duration::from_nanos));
    }

    #[test]
    fn quantiles_are_the_ends_of_their_buckets_and_never_beyond_the_longest() {
        check([], [0, 0]);
        check([0], [0, 0]);
        check([5, 5, 9], [5, 9]);
        check(1..=100, [51, 99]);
        check([u64::MAX], [(1 << 44) + (1 << 40) - 1; 2]);
    }

    proptest! {
        #[test]
        fn every_duration_is_within_its_bucket(nanos in 0..=LONGEST) {
            let bucket = index(nanos);
            prop_assert!(nanos <= end(bucket) && end(bucket) - nanos <= nanos / PARTS);
            prop_assert!(bucket == 0 || end(bucket - 1) < nanos);
        }
    }
}
