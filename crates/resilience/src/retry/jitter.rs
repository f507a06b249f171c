//! Spreading waits, so that callers that failed together do not come back together. Leaves drawing
//! random numbers to the shells and the length of the wait to `backoff`.

use std::time::Duration;

/// How a wait is spread below its ceiling; never above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Jitter {
    /// Anywhere from nothing to the ceiling: the best spread, and the default.
    #[default]
    Full,
    /// From half the ceiling to the ceiling, where a minimum wait matters.
    Equal,
    /// From the schedule's start up to three times the wait before, capped: waits wander instead of
    /// growing in step. Brooker, "Exponential Backoff And Jitter" (AWS, 2015), as Polly v8 has it too.
    Decorrelated,
    /// Exactly the ceiling, where a single caller needs a schedule that is known.
    None,
}

impl Jitter {
    /// Returns a wait of at most `ceiling`, for a random `unit` in `0..1`.
    pub(crate) fn spread(self, ceiling: Duration, unit: f64) -> Duration {
        match self {
            // Without the wait before, what is known of it is the ceiling.
            Jitter::Full | Jitter::Decorrelated => share(ceiling, unit),
            Jitter::Equal => {
                let half = ceiling / 2;
                half + share(ceiling - half, unit)
            }
            Jitter::None => ceiling,
        }
    }
}

/// The whole, in the fixed-point numbers that waits are multiplied with: the longest duration has 94
/// bits of nanoseconds, so 32 more still fit, and unlike floats they never round above the ceiling.
const ONE: u64 = 1 << 32;

/// Returns `unit` times the duration. A unit outside `0..=1` counts as the nearer end, NaN as 0.
fn share(duration: Duration, unit: f64) -> Duration {
    // A cast from float to integer saturates and turns NaN into 0.
    let parts = ((unit * ONE as f64) as u64).min(ONE);
    Duration::from_nanos_u128((duration.as_nanos() * u128::from(parts)) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the wait in milliseconds for a ceiling of one second.
    fn check(jitter: Jitter, unit: f64, expected: u64) {
        let wait = jitter.spread(Duration::from_secs(1), unit);
        assert_eq!(wait, Duration::from_millis(expected), "{jitter:?} {unit}");
    }

    #[test]
    fn a_wait_is_a_share_of_its_ceiling() {
        check(Jitter::Full, 0.0, 0);
        check(Jitter::Full, 0.25, 250);
        check(Jitter::Equal, 0.0, 500);
        check(Jitter::Equal, 0.5, 750);
        check(Jitter::None, 0.0, 1_000);
    }

    #[test]
    fn a_unit_that_is_no_share_counts_as_the_nearer_end() {
        check(Jitter::Full, -1.0, 0);
        check(Jitter::Full, f64::NAN, 0);
        check(Jitter::Full, f64::NEG_INFINITY, 0);
        check(Jitter::Full, 1.0, 1_000);
        check(Jitter::Full, f64::INFINITY, 1_000);
    }

    #[test]
    fn odd_nanoseconds_are_not_lost() {
        let ceiling = Duration::from_nanos(3);
        assert_eq!(Jitter::Equal.spread(ceiling, 1.0), ceiling);
    }

    /// Makes a call that fails up to its last attempt; returns what it waited between attempts.
    fn waits(retry: &crate::Retry, hands: &crate::ManualClock) -> Vec<Duration> {
        let (clock, mut begun) = (hands.clock(), Vec::new());
        let failure = retry.run_blocking(crate::EveryError, |_| {
            begun.push(clock.now());
            Err::<(), _>(())
        });
        assert_eq!(failure.unwrap_err().attempts as usize, begun.len());
        begun.windows(2).map(|pair| pair[1].since(pair[0])).collect()
    }

    fn retry(attempts: u32, hands: &crate::ManualClock) -> crate::Retry {
        crate::Retry::attempts(attempts).constant(Duration::from_secs(1)).clock(hands.clock()).build().unwrap()
    }

    #[test]
    fn full_jitter_is_even() {
        const CALLS: usize = 100_000;
        let hands = crate::ManualClock::new();
        let retry = retry(2, &hands);
        let mut waits: Vec<f64> = (0..CALLS).map(|_| waits(&retry, &hands)[0].as_secs_f64()).collect();
        waits.sort_by(f64::total_cmp);
        // Kolmogorov and Smirnov: an even spread is further off than this once in a hundred million tests.
        let distance = |(index, wait): (usize, &f64)| {
            let (below, up_to) = (index as f64 / CALLS as f64, (index + 1) as f64 / CALLS as f64);
            (wait - below).abs().max((wait - up_to).abs())
        };
        let furthest = waits.iter().enumerate().map(distance).fold(0.0, f64::max);
        assert!(furthest < 0.01, "{furthest}");
    }

    #[test]
    fn no_two_calls_share_a_sequence_of_waits() {
        let hands = crate::ManualClock::new();
        let retry = retry(4, &hands);
        let sequences: std::collections::HashSet<_> = (0..10_000).map(|_| waits(&retry, &hands)).collect();
        assert_eq!(sequences.len(), 10_000);
    }
}
