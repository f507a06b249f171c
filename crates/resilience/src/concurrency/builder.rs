//! Building an adaptive limit piece by piece; every bad number is an error here and none a panic later.
//! Leaves what the numbers mean to `limiter` and `adaption`.

use std::time::Duration;

use super::Concurrency;
use super::adaption::{Adaption, Way};
use super::aimd::Aimd;
use super::gradient::Gradient2;
use crate::{Clock, Error, Part};

/// The limit at the start unless set, as in Netflix's concurrency-limits.
const DEFAULT_INITIAL: u32 = 20;

/// The highest limit unless set.
const DEFAULT_MAX: u32 = 200;

/// How much longer calls may take unless set, as in Netflix's concurrency-limits.
const DEFAULT_TOLERANCE: f64 = 1.5;

/// The pieces of a [`Concurrency`], begun with [`Concurrency::aimd`] or [`Concurrency::gradient2`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct ConcurrencyBuilder {
    is_aimd: bool,
    initial: Option<u32>,
    min: u32,
    max: u32,
    tolerance: f64,
    queue: u32,
    max_wait: Option<Duration>,
    clock: Option<Clock>,
}

impl Concurrency {
    /// Starts a limit that grows by one for each round of calls that went well, and loses a tenth when the
    /// other side cannot keep up. It learns from failures only.
    pub fn aimd() -> ConcurrencyBuilder {
        ConcurrencyBuilder {
            is_aimd: true,
            initial: None,
            min: 1,
            max: DEFAULT_MAX,
            tolerance: DEFAULT_TOLERANCE,
            queue: 0,
            max_wait: None,
            clock: None,
        }
    }

    /// Starts a limit that follows latency: it shrinks when calls take longer than they used to, before
    /// anything fails, and loses a tenth too when something does.
    ///
    /// Source: Netflix concurrency-limits, `Gradient2Limit` (2018).
    pub fn gradient2() -> ConcurrencyBuilder {
        ConcurrencyBuilder { is_aimd: false, ..Concurrency::aimd() }
    }
}

impl ConcurrencyBuilder {
    /// Sets the limit at the start; 20 unless set, or what is nearest to it within the ends.
    pub fn initial(self, initial: u32) -> ConcurrencyBuilder {
        ConcurrencyBuilder { initial: Some(initial), ..self }
    }

    /// Sets the lowest limit; 1 unless set.
    pub fn min(self, min: u32) -> ConcurrencyBuilder {
        ConcurrencyBuilder { min, ..self }
    }

    /// Sets the highest limit; 200 unless set.
    pub fn max(self, max: u32) -> ConcurrencyBuilder {
        ConcurrencyBuilder { max, ..self }
    }

    /// Sets how much longer than usual calls may take before the limit shrinks, as a factor; 1.5 unless
    /// set, and of no use to [`Concurrency::aimd`].
    pub fn tolerance(self, factor: f64) -> ConcurrencyBuilder {
        ConcurrencyBuilder { tolerance: factor, ..self }
    }

    /// Sets how many may wait; 0 unless set, which rejects at once.
    pub fn queue(self, queue: u32) -> ConcurrencyBuilder {
        ConcurrencyBuilder { queue, ..self }
    }

    /// Sets how long a call may wait; as long as it takes unless set.
    pub fn max_wait(self, wait: Duration) -> ConcurrencyBuilder {
        ConcurrencyBuilder { max_wait: Some(wait), ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> ConcurrencyBuilder {
        ConcurrencyBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the limit.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a lowest limit of 0, for a highest below the lowest, for a limit at the start
    /// that lies outside both, and for a tolerance that is below 1 or no number.
    pub fn build(self) -> Result<Concurrency, Error> {
        self.build_on(&Clock::system())
    }

    fn adaption(&self) -> Result<Adaption, Error> {
        let ConcurrencyBuilder { is_aimd, initial, min, max, tolerance, .. } = *self;
        if min == 0 {
            return Err(Error::number("the lowest limit of concurrency", "at least 1", min));
        }
        if max < min {
            return Err(Error::number("the highest limit of concurrency", "at least the lowest", max));
        }
        let initial = initial.unwrap_or(DEFAULT_INITIAL.clamp(min, max));
        if !(min..=max).contains(&initial) {
            return Err(Error::number("the limit of concurrency at the start", "between both ends", initial));
        }
        if !(1.0..=f64::MAX).contains(&tolerance) {
            return Err(Error::number("the tolerance of a concurrency limit", "at least 1", tolerance));
        }
        let way = match is_aimd {
            true => Way::Aimd(Aimd::default()),
            false => Way::Gradient2(Gradient2::new(tolerance)),
        };
        Ok(Adaption::new(way, initial, min, max))
    }
}

impl Part<Concurrency> for ConcurrencyBuilder {
    fn build_on(self, clock: &Clock) -> Result<Concurrency, Error> {
        let adaption = self.adaption()?;
        let ConcurrencyBuilder { queue, max_wait, .. } = self;
        let clock = self.clock.unwrap_or_else(|| clock.clone());
        Ok(Concurrency::of(adaption, queue, max_wait, clock))
    }
}

impl Part<Concurrency> for Concurrency {
    fn build_on(self, _: &Clock) -> Result<Concurrency, Error> {
        Ok(self)
    }
}
