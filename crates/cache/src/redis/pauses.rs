//! How long it is waited before a lost connection is tried again.

use std::time::Duration;

use super::names::random;

/// The first pause after a connection that did not last.
const FIRST: Duration = Duration::from_millis(50);

/// No pause is longer. A connection that lived so long makes the next pauses short again.
pub(super) const LONGEST: Duration = Duration::from_secs(2);

/// Pauses that double up to the longest.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    failures: u32,
}

impl Pauses {
    /// Returns the next pause after a connection that lived so long, or none after an attempt that failed.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= LONGEST {
            self.failures = 0;
            return Duration::ZERO;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

/// Takes up to a quarter away, so that many processes do not come back at the same moment.
pub(super) fn spread(pause: Duration) -> Duration {
    pause - pause.mul_f64((random() % 1_000) as f64 / 4_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_again_after_a_good_while() {
        let mut pauses = Pauses::default();
        let mut after = |millis| pauses.after(Duration::from_millis(millis)).as_millis();
        let failed: Vec<u128> = (0..8).map(|_| after(0)).collect();
        assert_eq!(failed, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!([after(1_999), after(2_000), after(0), after(10)], [2000, 0, 50, 100]);
    }

    #[test]
    fn a_pause_keeps_three_quarters_of_itself() {
        for _ in 0..1_000 {
            let pause = spread(LONGEST);
            assert!(pause <= LONGEST && pause >= LONGEST.mul_f64(0.75), "{pause:?}");
        }
        assert_eq!(spread(Duration::ZERO), Duration::ZERO);
    }
}
