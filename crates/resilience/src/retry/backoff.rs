//! How long to wait after the n-th attempt: a pure schedule without clock or randomness. Leaves the
//! spreading to `jitter` and the decision to wait at all to `retry`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Jitter;
use crate::Error;

/// A schedule of waits.
///
/// The ceiling of a wait grows and is capped; jitter then spreads the wait below that ceiling, so no
/// wait is ever longer than the maximum. Jitter is [`Jitter::Full`] unless set.
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::Backoff;
///
/// let second = Duration::from_secs(1);
/// let backoff = Backoff::exponential(second..=5 * second);
/// let ceilings: Vec<_> = (1..=4).map(|attempt| backoff.ceiling(attempt).as_secs()).collect();
/// assert_eq!(ceilings, [1, 2, 4, 5]);
/// assert_eq!(backoff.delay(2, 0.5), second);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    factor: u32,
    jitter: Jitter,
}

impl Backoff {
    /// Creates a schedule that starts at the range's start and doubles up to its end.
    ///
    /// In a range that is empty the end wins; building a [`Retry`](crate::Retry) out of it fails, and so
    /// does one that starts at nothing: it would stay there.
    pub fn exponential(range: RangeInclusive<Duration>) -> Backoff {
        let (min, max) = range.into_inner();
        Backoff { min, max, factor: 2, jitter: Jitter::default() }
    }

    /// Creates a schedule with the same ceiling after each attempt.
    ///
    /// Jitter spreads these waits too; [`Jitter::None`] makes each exactly this long.
    pub fn constant(delay: Duration) -> Backoff {
        Backoff { factor: 1, ..Backoff::exponential(delay..=delay) }
    }

    /// Creates a schedule that never waits.
    pub fn none() -> Backoff {
        Backoff::constant(Duration::ZERO)
    }

    /// Sets by how much the ceiling is multiplied after each attempt; 2 unless set.
    ///
    /// It is a whole number so that the schedule is exact. 0 counts as 1, and building a
    /// [`Retry`](crate::Retry) out of it fails.
    pub fn factor(self, factor: u32) -> Backoff {
        Backoff { factor, ..self }
    }

    /// Sets how waits are spread.
    pub fn jitter(self, jitter: Jitter) -> Backoff {
        Backoff { jitter, ..self }
    }

    /// Returns the longest wait after so many attempts: capped, not yet spread.
    ///
    /// The first attempt is 1, and 0 counts as 1. No attempt and no duration overflows.
    pub fn ceiling(&self, attempt: u32) -> Duration {
        let growth = u128::from(self.factor.max(1)).checked_pow(attempt.saturating_sub(1));
        let grown = self.min.as_nanos().saturating_mul(growth.unwrap_or(u128::MAX));
        Duration::from_nanos_u128(grown.min(self.max.as_nanos()))
    }

    /// Returns the wait after so many attempts, for a random `unit` in `0..1`; never above the
    /// ceiling, whatever the unit.
    pub fn delay(&self, attempt: u32, unit: f64) -> Duration {
        self.jitter.spread(self.ceiling(attempt), unit)
    }

    /// Returns the wait like [`Backoff::delay`]; [`Jitter::Decorrelated`] draws it from the start of the
    /// schedule up to three times the wait before, the first from the start up to three times the start.
    pub fn delay_after(&self, previous: Option<Duration>, attempt: u32, unit: f64) -> Duration {
        match self.jitter {
            Jitter::Decorrelated => {
                let previous = previous.unwrap_or(self.min).clamp(self.min.min(self.max), self.max);
                let ceiling = previous.saturating_mul(3).min(self.max);
                let least = self.min.min(ceiling);
                least + Jitter::Full.spread(ceiling - least, unit)
            }
            _ => self.delay(attempt, unit),
        }
    }

    /// Returns what is wrong with the numbers, if something is.
    pub(crate) fn checked(self) -> Result<Backoff, Error> {
        let Backoff { min, max, factor, .. } = self;
        if min > max {
            return Err(Error::EmptyRange { min, max });
        }
        if min.is_zero() && !max.is_zero() {
            return Err(Error::number("the start of a back-off that grows", "longer than nothing", min));
        }
        if factor == 0 {
            return Err(Error::ZeroFactor);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Checks the ceilings of the first attempts, in milliseconds.
    fn check(backoff: Backoff, expected: &[u64]) {
        let ceilings = (1..).take(expected.len()).map(|attempt| backoff.ceiling(attempt));
        let expected = expected.iter().copied().map(Duration::from_millis);
        assert!(ceilings.eq(expected), "{backoff:?}");
    }

    fn range(min: u64, max: u64) -> RangeInclusive<Duration> {
        Duration::from_millis(min)..=Duration::from_millis(max)
    }

    fn duration() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            Just(Duration::from_nanos(1)),
            Just(Duration::MAX),
            (0..=u64::MAX, 0..1_000_000_000u32).prop_map(|(s, n)| Duration::new(s, n)),
            (0..100_000u64).prop_map(Duration::from_millis),
        ]
    }

    fn attempt() -> impl Strategy<Value = u32> {
        prop_oneof![Just(0), Just(u32::MAX), 0..200u32, any::<u32>()]
    }

    fn backoff() -> impl Strategy<Value = Backoff> {
        let jitter =
            prop_oneof![Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::None), Just(Jitter::Decorrelated)];
        let factor = prop_oneof![0..4u32, any::<u32>()];
        (duration(), duration(), factor, jitter)
            .prop_map(|(min, max, factor, jitter)| Backoff::exponential(min..=max).factor(factor).jitter(jitter))
    }

    #[test]
    fn a_ceiling_grows_up_to_its_cap() {
        check(Backoff::exponential(range(100, 1_000)), &[100, 200, 400, 800, 1_000, 1_000]);
        check(Backoff::exponential(range(100, 1_000)).factor(3), &[100, 300, 900, 1_000]);
        check(Backoff::constant(Duration::from_millis(70)), &[70, 70, 70]);
        check(Backoff::none(), &[0, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_its_ceiling_or_the_maximum(
            backoff in backoff(), attempt in attempt(), unit in any::<f64>(),
        ) {
            let wait = backoff.delay(attempt, unit);
            prop_assert!(wait <= backoff.ceiling(attempt));
            prop_assert!(wait <= backoff.max);
        }

        #[test]
        fn no_wait_after_another_is_longer_than_the_maximum(
            backoff in backoff(), previous in proptest::option::of(duration()), attempt in attempt(),
            unit in any::<f64>(),
        ) {
            prop_assert!(backoff.delay_after(previous, attempt, unit) <= backoff.max);
        }

        #[test]
        fn a_ceiling_never_shrinks(backoff in backoff(), one in attempt(), two in attempt()) {
            let (earlier, later) = (one.min(two), one.max(two));
            prop_assert!(backoff.ceiling(earlier) <= backoff.ceiling(later));
        }

        #[test]
        fn a_larger_unit_never_waits_less(
            backoff in backoff(), attempt in attempt(), one in 0.0..1.0f64, two in 0.0..1.0f64,
        ) {
            let (less, more) = (one.min(two), one.max(two));
            prop_assert!(backoff.delay(attempt, less) <= backoff.delay(attempt, more));
        }
    }

    /// Checks the mean wait as a share of a cap of one second, within one per cent.
    fn check_mean(jitter: Jitter, expected: f64) {
        let backoff = Backoff::exponential(range(100, 1_000)).jitter(jitter);
        let mut random = StdRng::seed_from_u64(7);
        let samples = 100_000;
        let total: f64 = (0..samples).map(|_| backoff.delay(6, random.random()).as_secs_f64()).sum();
        let mean = total / f64::from(samples);
        assert!((mean / expected - 1.0).abs() < 0.01, "{jitter:?}: {mean}");
    }

    #[test]
    fn the_mean_wait_lies_in_the_middle_of_its_spread() {
        check_mean(Jitter::Full, 0.5);
        check_mean(Jitter::Equal, 0.75);
        check_mean(Jitter::None, 1.0);
    }
}
