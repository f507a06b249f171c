//! What both ways of adapting share: the limit between its ends, and stepping back once for calls that
//! failed together. Leaves when to grow to `aimd` and `gradient`.

use std::time::Duration;

use super::aimd::Aimd;
use super::gradient::Gradient2;
use crate::clock::Moment;

/// What is left of the limit when the other side cannot keep up.
const STEP_BACK: f64 = 0.9;

/// What a call that was judged says about the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) begun: Moment,
    pub(super) ended: Moment,
    /// How many ran when it began or ended, itself counted; the larger number.
    pub(super) in_flight: u32,
    /// The other side could not keep up.
    pub(super) is_overload: bool,
}

impl Sample {
    /// Returns how long it took; at least something, because latencies are divided by each other.
    pub(super) fn latency(&self) -> Duration {
        self.ended.since(self.begun).max(Duration::from_nanos(1))
    }

    /// Says whether so many ran that a higher limit would make a difference.
    pub(super) fn is_busy(&self, limit: f64) -> bool {
        f64::from(self.in_flight) * 2.0 >= limit.floor()
    }
}

/// A way to adapt.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Aimd(Aimd),
    Gradient2(Gradient2),
}

/// The limit and the way in which it moves.
#[derive(Clone, Debug)]
pub(super) struct Adaption {
    limit: f64,
    min: f64,
    max: f64,
    stepped_back: Moment,
    way: Way,
}

impl Adaption {
    pub(super) fn new(way: Way, initial: u32, min: u32, max: u32) -> Adaption {
        let (limit, min, max) = (f64::from(initial), f64::from(min), f64::from(max));
        Adaption { limit, min, max, stepped_back: Moment::default(), way }
    }

    /// Returns the limit that holds now.
    pub(super) fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Takes a sample in and returns the limit that holds from now on.
    pub(super) fn adapt(&mut self, sample: Sample) -> u32 {
        let wanted = match &mut self.way {
            _ if sample.is_overload => self.step_back(sample),
            Way::Aimd(aimd) => aimd.grow(self.limit, sample),
            Way::Gradient2(gradient) => gradient.follow(self.limit, sample),
        };
        self.limit = wanted.clamp(self.min, self.max);
        self.limit()
    }

    /// A call that began before the last step back was admitted by the limit of then: it says nothing about
    /// the present one, and a hundred of them that fail together are one step back.
    fn step_back(&mut self, sample: Sample) -> f64 {
        // A step back that is still to come was made before the clock was set back.
        if self.stepped_back > sample.ended {
            self.stepped_back = Moment::default();
        }
        if sample.begun < self.stepped_back {
            return self.limit;
        }
        self.stepped_back = sample.ended;
        if let Way::Aimd(aimd) = &mut self.way {
            aimd.start_again();
        }
        (self.limit * STEP_BACK).floor()
    }
}
