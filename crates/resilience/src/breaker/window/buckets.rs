//! The calls of the last so many seconds, counted by bucket: nothing is kept of a single call. Leaves
//! what they mean to `rule`.

use std::time::Duration;

use super::{Outcome, Sums};
use crate::clock::{Moment, nanos};

/// The shortest time window: below it a bucket would hold no call or one.
pub(in crate::breaker) const MIN_TIME: Duration = Duration::from_millis(1);

/// The longest time window.
pub(in crate::breaker) const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The fewest buckets, so that a window is at worst a tenth shorter than it was asked to be.
const MIN_BUCKETS: u64 = 10;

/// The most buckets, so that a step over a whole window is still short.
const MAX_BUCKETS: u64 = 60;

/// The calls of the last so many seconds. The present bucket counts as far as it has come, so what is
/// seen is between the whole window and the window less one bucket.
#[derive(Debug)]
pub(in crate::breaker) struct Buckets {
    /// How long a bucket is, in nanoseconds.
    width: u64,
    /// The number of the present bucket since the clock's origin.
    number: u64,
    /// Where it lies.
    at: usize,
    sums: Sums,
    ring: Box<[Sums]>,
}

impl Buckets {
    /// Creates empty buckets: of a second each, where that makes from 10 to 60 of them.
    pub(in crate::breaker) fn of(time: Duration) -> Buckets {
        let count = time.as_secs().clamp(MIN_BUCKETS, MAX_BUCKETS);
        let width = nanos(time).div_ceil(count).max(1);
        let ring = vec![Sums::default(); count as usize].into();
        Buckets { width, number: 0, at: 0, sums: Sums::default(), ring }
    }

    pub(super) fn push(&mut self, outcome: Outcome, now: Moment) {
        self.advance(now);
        self.ring[self.at].add(outcome);
        self.sums.add(outcome);
    }

    pub(super) fn sums(&self) -> Sums {
        self.sums
    }

    /// Steps on to the bucket of this moment.
    pub(super) fn advance(&mut self, now: Moment) {
        let number = now.as_nanos() / self.width;
        // A clock that was set back moves nothing: what was counted grows old from the new time on.
        let steps = number.saturating_sub(self.number).min(self.ring.len() as u64);
        for _ in 0..steps {
            self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
            self.sums.remove(std::mem::take(&mut self.ring[self.at]));
        }
        self.number = number;
    }

    pub(super) fn clear(&mut self) {
        self.ring.fill(Sums::default());
        self.sums = Sums::default();
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Checks buckets on every call against the same calls kept one by one: with the same bucketing
    /// they agree, and with exact times they lie between the window and the window less one bucket.
    fn check(time: Duration, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut buckets = Buckets::of(time);
        let (width, count) = (buckets.width, buckets.ring.len() as u64);
        let mut calls: Vec<(u64, Outcome)> = Vec::new();
        let mut now = random.random_range(0..width * count);
        for _ in 0..500 {
            let pause = if random.random_bool(0.02) { width * count } else { width / 4 };
            now += random.random_range(0..=pause);
            let outcome = Outcome { is_failed: random.random_bool(0.4), is_slow: random.random_bool(0.1) };
            calls.push((now, outcome));
            buckets.push(outcome, Moment::from_nanos(now));
            let since = |is_in: &dyn Fn(u64) -> bool| {
                let mut sums = Sums::default();
                calls.iter().filter(|(at, _)| is_in(*at)).for_each(|(_, outcome)| sums.add(*outcome));
                sums
            };
            assert_eq!(buckets.sums(), since(&|at| at / width + count > now / width));
            let (most, least) = (since(&|at| now - at < width * count), since(&|at| now - at <= width * (count - 1)));
            assert!((least.failures..=most.failures).contains(&buckets.sums().failures));
            assert!((least.calls..=most.calls).contains(&buckets.sums().calls));
        }
    }

    #[test]
    fn buckets_agree_with_the_calls_one_by_one() {
        for seed in 0..200 {
            let times = [MIN_TIME, Duration::from_secs(1), Duration::from_secs(37), Duration::from_secs(60), MAX_TIME];
            check(times[seed as usize % times.len()], seed);
        }
    }

    #[test]
    fn there_are_from_ten_to_sixty_buckets_of_a_second_where_that_fits() {
        let found = [1, 10, 37, 60, 3_600].map(|time| {
            let buckets = Buckets::of(Duration::from_secs(time));
            (buckets.ring.len(), buckets.width / 1_000_000)
        });
        assert_eq!(found, [(10, 100), (10, 1_000), (37, 1_000), (60, 1_000), (60, 60_000)]);
    }

    #[test]
    fn a_clock_that_was_set_back_changes_nothing_and_does_not_stop_the_window() {
        let mut buckets = Buckets::of(Duration::from_secs(10));
        let failed = Outcome { is_failed: true, is_slow: false };
        let at = |second: u64| Moment::default().after(Duration::from_secs(second));
        buckets.push(failed, at(7_200));
        buckets.push(failed, at(3_600));
        assert_eq!(buckets.sums().calls, 2);
        buckets.advance(at(3_609));
        assert_eq!(buckets.sums().calls, 2);
        buckets.advance(at(3_610));
        assert_eq!(buckets.sums().calls, 0);
    }

    #[test]
    fn the_last_moment_overflows_nothing() {
        let mut buckets = Buckets::of(MIN_TIME);
        let failed = Outcome { is_failed: true, is_slow: false };
        buckets.push(failed, Moment::MAX);
        buckets.push(failed, Moment::default());
        buckets.push(failed, Moment::MAX);
        assert_eq!(buckets.sums().calls, 1);
    }
}
