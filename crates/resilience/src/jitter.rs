//! Spreading waits, so that callers that failed together do not come back together. Leaves drawing
//! random numbers to the shells and the length of the wait to `backoff`.

use std::time::Duration;

/// How a wait is spread below its ceiling; never above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Jitter {
    /// Anywhere from nothing to the ceiling: the best spread, and the default.
    #[default]
    Full,
    /// From half the ceiling to the ceiling, where a minimum wait matters.
    Equal,
    /// Exactly the ceiling, where a single caller needs a schedule that is known.
    None,
}

impl Jitter {
    /// Returns a wait of at most `ceiling`, for a random `unit` in `0..1`.
    pub(crate) fn spread(self, ceiling: Duration, unit: f64) -> Duration {
        match self {
            Jitter::Full => share(ceiling, unit),
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
}
