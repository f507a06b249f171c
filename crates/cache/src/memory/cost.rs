//! What an entry took to make, in 32 bits: 27 of the leading binary digits of its nanoseconds, and how many follow.

use std::time::Duration;

const FOLLOWING: u32 = 5;
const LEADING: u32 = u32::BITS - FOLLOWING;

/// Returns the cost in 32 bits; 0 is none, and nine years are the most.
pub(crate) fn pack(cost: Duration) -> u32 {
    let most = (1_u64 << (LEADING + (1 << FOLLOWING) - 1)) - 1;
    let nanos = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX).min(most);
    let following = (u64::BITS - nanos.leading_zeros()).saturating_sub(LEADING);
    ((nanos >> following) as u32) << FOLLOWING | following
}

/// Returns the nanoseconds.
pub(crate) fn nanos(packed: u32) -> u64 {
    u64::from(packed >> FOLLOWING) << (packed & ((1 << FOLLOWING) - 1))
}

/// Returns how often the nanoseconds can be halved: what a policy is told.
pub(crate) fn scale(packed: u32) -> u32 {
    u64::BITS - nanos(packed).leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cost: Duration, kept: u64, scale_of_it: u32) {
        let packed = pack(cost);
        assert_eq!((nanos(packed), scale(packed)), (kept, scale_of_it));
    }

    #[test]
    fn costs_are_kept_to_eight_digits() {
        check(Duration::ZERO, 0, 0);
        check(Duration::from_nanos(1), 1, 1);
        check(Duration::from_millis(50), 50_000_000, 26);
        check(Duration::from_secs(3_600), 3_599_999_991_808, 42);
        check(Duration::MAX, ((1 << 27) - 1) << 31, 58);
    }
}
