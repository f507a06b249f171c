//! Finds a share by climbing: goes on as long as the hits rise, turns round when they fall, in ever smaller steps.

/// The share that the search begins with.
const FIRST_SHARE: f64 = 0.01;
/// The first step.
const FIRST_STEP: f64 = 0.0625;
/// Each step is so much of the one before.
const DECAY: f64 = 0.98;
/// A change of the hit ratio that starts the search anew.
const SURPRISE: f64 = 0.05;
/// A step is taken after so many requests for each entry.
const REQUESTS_AN_ENTRY: u64 = 10;
/// The share stays below this.
const LARGEST_SHARE: f64 = 0.8;

/// A share of the capacity, and how the search for it goes.
#[derive(Debug)]
pub(super) struct Climb {
    share: f64,
    step: f64,
    ratio: f64,
    hits: u64,
    asked: u64,
}

impl Default for Climb {
    fn default() -> Climb {
        Climb { share: FIRST_SHARE, step: FIRST_STEP, ratio: 0.0, hits: 0, asked: 0 }
    }
}

impl Climb {
    /// Returns the window's part of a capacity: at least 1, unless there is nothing.
    pub(super) fn window(&self, capacity: u64) -> u64 {
        ((capacity as f64 * self.share) as u64).clamp(1, capacity.max(1)).min(capacity)
    }

    /// Counts a request, and takes a step if it is time.
    pub(super) fn ask(&mut self, is_hit: bool, entries: usize) {
        self.asked += 1;
        self.hits += u64::from(is_hit);
        if self.asked >= REQUESTS_AN_ENTRY * (entries as u64).max(1) {
            self.take_step();
        }
    }

    fn take_step(&mut self) {
        let ratio = self.hits as f64 / self.asked as f64;
        let change = ratio - self.ratio;
        let step = if change < 0.0 { -self.step } else { self.step };
        self.share = (self.share + step).clamp(FIRST_SHARE, LARGEST_SHARE);
        self.step = if change.abs() >= SURPRISE { FIRST_STEP.copysign(step) } else { step * DECAY };
        (self.ratio, self.hits, self.asked) = (ratio, 0, 0);
    }
}
