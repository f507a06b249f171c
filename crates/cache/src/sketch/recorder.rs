//! The side of a sketch that is written to, from many threads at once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Distribution;
use super::buckets::{BUCKETS, bucket};

/// Records how long something takes, from many threads, in 11 KB whatever happens.
///
/// ```
/// use segno_cache::Sketch;
/// use std::time::Duration;
///
/// let sketch = Sketch::default();
/// (1..=100).for_each(|millis| sketch.record(Duration::from_millis(millis)));
/// let median = sketch.read().quantile(0.5).unwrap();
/// assert!(median.abs_diff(Duration::from_millis(50)) < Duration::from_millis(1));
/// ```
pub struct Sketch {
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

impl Sketch {
    /// Records one duration; two atomic additions and a maximum.
    pub fn record(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)].fetch_add(1, Ordering::Relaxed);
        // Held at the top: a sum that wraps round would be a lie, and 584 years are enough.
        let add = |sum: u64| Some(sum.saturating_add(nanos));
        let _ = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        self.max.fetch_max(nanos, Ordering::Relaxed);
    }

    /// Returns what was recorded up to now.
    pub fn read(&self) -> Distribution {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let (sum, max) = (self.sum.load(Ordering::Relaxed), self.max.load(Ordering::Relaxed));
        Distribution::of(counts, Duration::from_nanos(sum), Duration::from_nanos(max))
    }
}

impl Default for Sketch {
    /// Returns a sketch with nothing in it.
    fn default() -> Sketch {
        let counts = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Sketch { counts, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_lose_no_count() {
        let sketch = Sketch::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|nanos| sketch.record(Duration::from_nanos(nanos))));
            }
        });
        let read = sketch.read();
        assert_eq!((read.count(), read.max()), (4_000, Duration::from_nanos(999)));
        assert_eq!(read.sum(), Duration::from_nanos(4 * 499_500));
    }

    #[test]
    fn what_is_longer_than_all_buckets_is_the_longest() {
        let sketch = Sketch::default();
        sketch.record(Duration::MAX);
        sketch.record(Duration::MAX);
        let longest = Duration::from_nanos(u64::MAX);
        let read = sketch.read();
        assert_eq!((read.sum(), read.quantile(1.0)), (longest, Some(longest)));
    }
}
