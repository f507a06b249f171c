//! Which loads are measured: a clock may cost more than a quick load.

use std::time::Duration;

/// Quicker than this, and the clock is a good part of it.
const QUICK: Duration = Duration::from_micros(1);

/// After so many quick loads in a row, not every one is measured.
const ROW: u32 = 16;

/// Then one of so many is. If that one is not quick, all are measured again.
const ONE_OF: u32 = 8;

/// How quick the loads of one shard were lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    quick: u32,
    skipped: u32,
}

impl Pace {
    /// Returns whether the next load is measured.
    pub(super) fn measures(&mut self) -> bool {
        if self.quick < ROW {
            return true;
        }
        self.skipped = (self.skipped + 1) % ONE_OF;
        self.skipped == 0
    }

    /// A load was measured.
    pub(super) fn note(&mut self, took: Duration) {
        self.quick = if took < QUICK { (self.quick + 1).min(ROW) } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs loads of so many microseconds, and says of how many of the last eight the time was taken.
    fn check(loads: &[u64], expected: usize) {
        let mut pace = Pace::default();
        let mut measured = Vec::new();
        for micros in loads {
            measured.push(pace.measures());
            if measured.last() == Some(&true) {
                pace.note(Duration::from_micros(*micros));
            }
        }
        let last = measured.iter().rev().take(8);
        assert_eq!(last.filter(|is_measured| **is_measured).count(), expected);
    }

    #[test]
    fn slow_loads_are_all_measured() {
        check(&[1; 100], 8);
    }

    #[test]
    fn of_quick_ones_one_in_eight_is() {
        check(&[0; 16], 8);
        check(&[0; 112], 1);
    }

    #[test]
    fn a_slow_one_that_was_measured_has_all_measured_again() {
        // The 24th is the first of the eight that is.
        let mut loads = vec![0; 34];
        loads[23] = 5;
        check(&loads, 8);
    }
}
