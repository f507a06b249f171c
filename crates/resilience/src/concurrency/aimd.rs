//! Growing by one, as TCP does: additive increase; the multiplicative decrease is `adaption`'s.

use super::adaption::Sample;

/// Additive increase: one more for each window, that is for as many calls that went well as run at a time.
///
/// Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance"
/// (1989); a limit of which less than half is used does not grow, as in Netflix's `AIMDLimit`.
#[derive(Clone, Debug, Default)]
pub(super) struct Aimd {
    went_well: f64,
}

impl Aimd {
    pub(super) fn grow(&mut self, limit: f64, sample: Sample) -> f64 {
        if !sample.is_busy(limit) {
            return limit;
        }
        self.went_well += 1.0;
        if self.went_well < limit {
            return limit;
        }
        self.went_well = 0.0;
        limit + 1.0
    }

    pub(super) fn start_again(&mut self) {
        self.went_well = 0.0;
    }
}
