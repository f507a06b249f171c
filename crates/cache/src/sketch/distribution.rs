//! The side of a sketch that is read, kept, sent and added up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::buckets::{BUCKETS, bounds, middle};

/// How long something took, all in all: quantiles within 1.6 %, count, sum and maximum exactly.
///
/// Two of them can be merged, in any order, and what comes out is what one sketch for both would have told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Buckets that are not empty, in their order, with their counts.
    counts: Vec<(u16, u64)>,
    sum: Duration,
    max: Duration,
}

impl Distribution {
    pub(super) fn of(counts: impl Iterator<Item = u64>, sum: Duration, max: Duration) -> Distribution {
        let counts = (0..).zip(counts).filter(|(_, count)| *count > 0).collect();
        Distribution { counts, sum, max }
    }

    /// Returns how many durations were recorded.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Returns their sum.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Returns the longest one, or zero.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// Returns the duration that the given share of all is not above: 0.5 is the median. Nothing if nothing was
    /// recorded or if the share is no number; below 0 and above 1 it counts as these.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 || share.is_nan() {
            return None;
        }
        let rank = ((share.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count);
        let mut below = 0_u64;
        let found = self.counts.iter().find(|(_, count)| {
            below = below.saturating_add(*count);
            below >= rank
        });
        let (bucket, _) = found?;
        // The last bucket is open above, and in every other no time is above the maximum either.
        let is_last = usize::from(*bucket) >= BUCKETS - 1;
        Some(if is_last { self.max } else { Duration::from_nanos(middle(usize::from(*bucket))).min(self.max) })
    }

    /// Returns how many durations were at most so long, within the bucket's width.
    pub fn within(&self, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let below = |bucket: u16| bounds(usize::from(bucket).min(BUCKETS - 1)).1 - 1 <= limit;
        let is_all = self.max.as_nanos() <= u128::from(limit);
        let counts = self.counts.iter().filter(|(bucket, _)| is_all || below(*bucket));
        counts.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Adds what another one holds.
    pub fn merge(&mut self, other: &Distribution) {
        let mut merged = Vec::with_capacity(self.counts.len().max(other.counts.len()));
        let (mut own, mut theirs) = (self.counts.iter().copied().peekable(), other.counts.iter().copied().peekable());
        loop {
            let next = match (own.peek(), theirs.peek()) {
                (Some((left, count)), Some((right, more))) if left == right => {
                    let both = (*left, count.saturating_add(*more));
                    own.next();
                    theirs.next();
                    both
                }
                (Some(left), Some(right)) if left.0 > right.0 => theirs.next().unwrap_or_default(),
                (Some(_), _) => own.next().unwrap_or_default(),
                (None, Some(_)) => theirs.next().unwrap_or_default(),
                (None, None) => break,
            };
            merged.push(next);
        }
        self.counts = merged;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Sketch;
    use super::*;

    fn recorded(nanos: &[u64]) -> Distribution {
        let sketch = Sketch::default();
        nanos.iter().for_each(|nanos| sketch.record(Duration::from_nanos(*nanos)));
        sketch.read()
    }

    fn times() -> impl Strategy<Value = Vec<u64>> {
        // Of all magnitudes, and many equal ones.
        prop::collection::vec((0u32..47, any::<u64>()).prop_map(|(bits, number)| number % (1 << bits).max(1)), 1..200)
    }

    proptest! {
        #[test]
        fn a_quantile_is_near_the_time_at_its_rank(mut nanos in times(), share in 0.0f64..=1.0) {
            let told = recorded(&nanos).quantile(share).unwrap().as_nanos() as f64;
            nanos.sort_unstable();
            let rank = ((share * nanos.len() as f64).ceil() as usize).clamp(1, nanos.len());
            let exact = nanos[rank - 1] as f64;
            prop_assert!((told - exact).abs() <= exact / 64.0, "{told} for {exact}");
        }

        #[test]
        fn two_merged_are_one_that_saw_both(one in times(), other in times()) {
            let mut merged = recorded(&one);
            merged.merge(&recorded(&other));
            prop_assert_eq!(merged, recorded(&[one, other].concat()));
        }

        #[test]
        fn how_many_are_within_a_limit_is_off_by_a_bucket_at_most(nanos in times(), limit in 1u64..1 << 46) {
            let told = recorded(&nanos).within(Duration::from_nanos(limit));
            let at_most = |limit: f64| nanos.iter().filter(|nanos| **nanos as f64 <= limit).count() as u64;
            prop_assert!(told <= at_most(limit as f64) && told >= at_most(limit as f64 * (1.0 - 1.0 / 32.0) - 1.0));
        }
    }

    #[test]
    fn a_share_that_is_no_share_does_no_harm() {
        assert_eq!(Distribution::default().quantile(0.5), None);
        let one = recorded(&[7]);
        assert_eq!(one.quantile(f64::NAN), None);
        for share in [-1.0, 0.0, 0.5, 1.0, 9.0, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(one.quantile(share), Some(Duration::from_nanos(7)));
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_read_without_a_panic() {
        let foreign = r#"{"counts":[[65535,1],[3,18446744073709551615]],"max":{"secs":1,"nanos":0}}"#;
        let read: Distribution = serde_json::from_str(foreign).unwrap();
        assert_eq!(read.count(), u64::MAX);
        assert!(read.quantile(1.0).is_some() && read.within(Duration::MAX) > 0);
    }
}
