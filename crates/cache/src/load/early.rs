//! When a value is refreshed before its time: XFetch. No clock and no dice of its own.

use std::time::Duration;

/// No throw of the dice asks for a refresh longer before the end than so many times cost and beta: -ln(2^-53).
const FARTHEST: f64 = 36.8;

/// Returns whether a value with so much time `left`, which took `cost` to load, is refreshed now: whether
/// `cost * beta * -ln(chance)` is at least what is left (Vattani et al., 2015).
///
/// `chance` is only asked for if it can matter, so that a value with much time left costs no throw.
pub(super) fn is_due(left: Duration, cost: Duration, beta: f64, chance: impl FnOnce() -> f64) -> bool {
    // Neither a number below nothing nor one that is none asks for anything.
    if beta.is_nan() || beta <= 0.0 {
        return false;
    }
    let (left, reach) = (left.as_secs_f64(), cost.as_secs_f64() * beta);
    if reach.is_nan() || reach <= 0.0 || left > reach * FARTHEST {
        return false;
    }
    // 1 - chance lies above 0, whose logarithm is infinite.
    let chance = chance().clamp(0.0, 1.0 - f64::EPSILON);
    left <= reach * -(1.0 - chance).ln()
}

/// Returns the next number of a sequence that is evenly spread from 0 to below 1 (SplitMix64: Steele et al., 2014).
pub(super) fn spread(step: u64) -> f64 {
    let mut bits = step.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The share of 10,000 throws that refresh.
    fn check(left: Duration, cost: Duration, beta: f64, expected: f64) {
        let due = (0..10_000).filter(|step| is_due(left, cost, beta, || spread(*step))).count();
        let share = due as f64 / 10_000.0;
        assert!((share - expected).abs() < 0.015, "{share} of the throws, not {expected}");
    }

    #[test]
    fn the_share_of_early_refreshes_falls_with_the_time_left() {
        // P(-ln(u) >= left / (cost * beta)) is e^-(left / (cost * beta)).
        check(Duration::ZERO, SECOND, 1.0, 1.0);
        check(SECOND, SECOND, 1.0, 0.368);
        check(2 * SECOND, SECOND, 1.0, 0.135);
        check(2 * SECOND, SECOND, 2.0, 0.368);
        check(40 * SECOND, SECOND, 1.0, 0.0);
    }

    #[test]
    fn what_is_no_beta_and_what_cost_nothing_is_never_refreshed_early() {
        for beta in [f64::NAN, 0.0, -0.0, -1.0, f64::NEG_INFINITY] {
            check(Duration::ZERO, SECOND, beta, 0.0);
        }
        check(SECOND, Duration::ZERO, 1.0, 0.0);
        check(SECOND, Duration::ZERO, f64::INFINITY, 0.0);
    }

    #[test]
    fn extremes_are_answered() {
        check(SECOND, Duration::MAX, 1.0, 1.0);
        check(Duration::MAX, Duration::MAX, 1.0, 0.368);
        check(SECOND, SECOND, f64::INFINITY, 1.0);
        for bad in [f64::NAN, -1.0, 1.0, 2.0, f64::INFINITY] {
            // A NaN stays one through the clamp and refreshes nothing.
            assert_eq!(is_due(SECOND, SECOND, 1.0, || bad), bad >= 1.0, "{bad}");
        }
    }
}
