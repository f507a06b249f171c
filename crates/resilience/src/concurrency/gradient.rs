//! Following latency: the limit shrinks when calls take longer than they used to, before anything fails.
//!
//! Source: Netflix concurrency-limits, `Gradient2Limit` (2018), with its numbers: new limit = limit x
//! gradient + room for a queue, smoothed, where the gradient is tolerance x long / short latency, from 0.5
//! to 1. The room is the square root of the limit, as in Netflix's first `GradientLimit`.

use super::adaption::Sample;

/// How many windows the long average looks back.
const LONG: f64 = 600.0;

/// How many windows are averaged plainly at first.
const WARM_UP: u32 = 10;

/// How much of the limit that is worked out is believed at once.
const SMOOTHING: f64 = 0.2;

/// A window has as many calls as run at a time, within these ends: one call is no measure, and a large limit
/// must not move slowly.
const WINDOW: (f64, f64) = (10.0, 100.0);

/// Above this ratio of long to short latency the long one is of a time that is over.
const OVER: f64 = 2.0;

/// What of the long latency remains then, from window to window.
const DECAY: f64 = 0.9;

/// The averages that the limit follows, in seconds.
#[derive(Clone, Debug)]
pub(super) struct Gradient2 {
    tolerance: f64,
    long: f64,
    windows: u32,
    sum: f64,
    calls: u32,
    is_busy: bool,
}

impl Gradient2 {
    /// Creates averages of nothing. Latency may rise by the factor `tolerance` before the limit shrinks.
    pub(super) fn new(tolerance: f64) -> Gradient2 {
        Gradient2 { tolerance, long: 0.0, windows: 0, sum: 0.0, calls: 0, is_busy: false }
    }

    pub(super) fn follow(&mut self, limit: f64, sample: Sample) -> f64 {
        self.sum += sample.latency().as_secs_f64();
        self.calls += 1;
        self.is_busy |= sample.is_busy(limit);
        if f64::from(self.calls) < limit.clamp(WINDOW.0, WINDOW.1) {
            return limit;
        }
        let short = self.sum / f64::from(self.calls);
        let is_busy = std::mem::take(&mut self.is_busy);
        (self.sum, self.calls) = (0.0, 0);
        self.average(short);
        if !is_busy {
            return limit;
        }
        let gradient = (self.tolerance * self.long / short).clamp(0.5, 1.0);
        let wanted = limit * gradient + limit.sqrt();
        limit * (1.0 - SMOOTHING) + wanted * SMOOTHING
    }

    /// Takes the latency of a window into the long average.
    fn average(&mut self, short: f64) {
        let share = match self.windows {
            windows if windows < WARM_UP => 1.0 / f64::from(windows + 1),
            _ => 2.0 / (LONG + 1.0),
        };
        self.windows = self.windows.saturating_add(1);
        self.long += (short - self.long) * share;
        if self.long / short > OVER {
            self.long *= DECAY;
        }
    }
}
