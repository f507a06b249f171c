//! The checked numbers of a breaker, and whether what a window shows is too much. Leaves counting to
//! `window` and checking to `builder`.

use super::Why;
use super::window::Sums;

/// When a breaker opens and for how long. Times are in nanoseconds, and a limit that was not asked for
/// is one that nothing reaches: options would not fit into the memory that a breaker may take.
#[derive(Debug)]
pub(super) struct Rule {
    /// The share of failures that opens; infinite for none.
    pub(super) rate: f64,
    /// The share of slow calls that opens; infinite for none.
    pub(super) slow_rate: f64,
    /// What is longer is slow; the longest time there is for none.
    pub(super) slow_after: u64,
    /// How long it stays open.
    pub(super) open_for: u64,
    /// How long probes have to come back.
    pub(super) half_open_for: u64,
    /// How many calls must have been counted before a share says anything.
    pub(super) min_calls: u32,
    /// So many failures one after another open; the largest number for none.
    pub(super) in_a_row: u32,
    /// How many probes are let through, and must succeed.
    pub(super) probes: u16,
}

impl Rule {
    /// Says whether calls have to be timed.
    #[inline]
    pub(super) fn measures(&self) -> bool {
        self.slow_after != u64::MAX
    }

    /// Returns why a breaker has to open that counted this, if it has to.
    pub(super) fn broken_by(&self, sums: Sums, in_a_row: u32) -> Option<Why> {
        let says_something = sums.calls >= u64::from(self.min_calls);
        match () {
            () if in_a_row >= self.in_a_row => Some(Why::InARow),
            () if says_something && share(sums.failures, sums.calls) >= self.rate => Some(Why::FailureRate),
            () if says_something && self.is_too_slow(sums.slow, sums.calls) => Some(Why::SlowRate),
            () => None,
        }
    }

    /// Says whether too many of these calls were slow.
    pub(super) fn is_too_slow(&self, slow: u64, calls: u64) -> bool {
        // Where nothing is timed a division is saved.
        slow > 0 && share(slow, calls) >= self.slow_rate
    }
}

/// Returns a share as a number from 0 to 1.
///
/// A quotient is rounded like a literal: 3 of 30 is exactly `0.1`. The product `0.1 * 30.0` is more
/// than 3, and a breaker that compared with it would let one failure too many through.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_reached_exactly_is_reached() {
        for percent in 1..=100_u64 {
            let rate: f64 = format!("{}.{:02}", percent / 100, percent % 100).parse().unwrap();
            for hundreds in 1..=655 {
                assert!(share(percent * hundreds, 100 * hundreds) >= rate, "{percent} {hundreds}");
                assert!(share(percent * hundreds - 1, 100 * hundreds) < rate, "{percent} {hundreds}");
            }
        }
    }
}
