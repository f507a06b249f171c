//! Building a rate piece by piece; every bad number is an error here and none a panic later. Leaves what
//! the numbers mean to `gcra` and `limiter`.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Rate;
use super::gcra::{LONGEST, Limits};
use crate::{Clock, Error, Part};

/// How many wait at most unless set.
const DEFAULT_QUEUE: u32 = 1_024;

const MINUTE: Duration = Duration::from_secs(60);

/// How often something passes, and how much of it at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) interval: Duration,
    pub(super) burst: NonZeroU32,
    pub(super) is_per_call: bool,
}

/// The numbers of a limit before they are checked.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    per: Duration,
    number: u32,
    burst: u32,
    is_per_call: bool,
}

/// The pieces of a [`Rate`], begun with [`Rate::per_second`] and its like.
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct RateBuilder {
    limits: Vec<Numbers>,
    max_wait: Option<Duration>,
    queue: u32,
    clock: Option<Clock>,
}

impl Rate {
    /// Starts a rate of so many a second, all of them at once if nothing passed before.
    ///
    /// The time of one is a whole number of nanoseconds, rounded so that the rate is never higher than
    /// asked for.
    pub fn per_second(number: u32) -> RateBuilder {
        RateBuilder::of(Duration::from_secs(1), number)
    }

    /// Starts a rate of so many in such a time, all of them at once if nothing passed before.
    pub fn of(number: u32, per: Duration) -> RateBuilder {
        RateBuilder::of(per, number)
    }

    /// Starts a rate of so many a minute, all of them at once if nothing passed before.
    pub fn per_minute(number: u32) -> RateBuilder {
        RateBuilder::of(MINUTE, number)
    }

    /// Starts a rate of one in such a time.
    pub fn every(interval: Duration) -> RateBuilder {
        RateBuilder::of(interval, 1)
    }

    /// Starts a rate of several limits: something passes if all of them allow it, and is charged to all of
    /// them or to none.
    ///
    /// What applies to the whole, such as the longest wait, is set on what this returns.
    ///
    /// ```
    /// use segno_resilience::Rate;
    ///
    /// let calls = Rate::per_minute(60).per_call();
    /// let tokens = Rate::per_minute(90_000);
    /// let rate = Rate::all([calls, tokens]).build()?;
    /// rate.check(60_000)?;
    /// assert!(rate.check(60_000).is_err(), "half of these tokens are missing");
    /// rate.check(30_000)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn all(rates: impl IntoIterator<Item = RateBuilder>) -> RateBuilder {
        let limits = rates.into_iter().flat_map(|rate| rate.limits).collect();
        RateBuilder { limits, max_wait: None, queue: DEFAULT_QUEUE, clock: None }
    }
}

impl RateBuilder {
    fn of(per: Duration, number: u32) -> RateBuilder {
        let numbers = Numbers { per, number, burst: number, is_per_call: false };
        RateBuilder { limits: vec![numbers], max_wait: None, queue: DEFAULT_QUEUE, clock: None }
    }

    /// Sets how much passes at once when nothing passed before, and so the highest cost of a call.
    pub fn burst(mut self, burst: u32) -> RateBuilder {
        self.limits.iter_mut().for_each(|limit| limit.burst = burst);
        self
    }

    /// Counts calls: each is 1 here, whatever it costs.
    pub fn per_call(mut self) -> RateBuilder {
        self.limits.iter_mut().for_each(|limit| limit.is_per_call = true);
        self
    }

    /// Sets how long a call may wait; as long as it takes unless set.
    pub fn max_wait(self, wait: Duration) -> RateBuilder {
        RateBuilder { max_wait: Some(wait), ..self }
    }

    /// Sets how many calls may wait; 1,024 unless set.
    pub fn queue(self, queue: u32) -> RateBuilder {
        RateBuilder { queue, ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> RateBuilder {
        RateBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the rate.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for no limit at all, for a rate or a burst of 0, for an interval of nothing, and
    /// for a burst that takes more than 73 years to come back.
    pub fn build(self) -> Result<Rate, Error> {
        self.build_on(&Clock::system())
    }
}

impl Numbers {
    fn checked(self) -> Result<Allowance, Error> {
        let Numbers { per, number, burst, is_per_call } = self;
        if number == 0 {
            return Err(Error::number("a rate", "at least 1", number));
        }
        if per.is_zero() {
            return Err(Error::number("the time of a rate", "longer than nothing", per));
        }
        let burst = NonZeroU32::new(burst).ok_or_else(|| Error::number("a rate's burst", "at least 1", burst))?;
        let interval = per.as_nanos().div_ceil(u128::from(number));
        if interval * u128::from(burst.get()) > u128::from(LONGEST) {
            return Err(Error::number("the time of a rate's burst", "at most 73 years", per));
        }
        Ok(Allowance { interval: Duration::from_nanos_u128(interval), burst, is_per_call })
    }
}

impl Part<Rate> for RateBuilder {
    fn build_on(self, clock: &Clock) -> Result<Rate, Error> {
        let RateBuilder { limits, max_wait, queue, .. } = self;
        let allowances = limits.into_iter().map(Numbers::checked).collect::<Result<Vec<_>, _>>()?;
        let Some((first, others)) = allowances.split_first() else {
            return Err(Error::number("the number of a rate's limits", "at least 1", 0));
        };
        let clock = self.clock.unwrap_or_else(|| clock.clone());
        Ok(Rate::with(Limits::new(*first, others, &clock), max_wait, queue, clock))
    }
}

impl Part<Rate> for Rate {
    fn build_on(self, _: &Clock) -> Result<Rate, Error> {
        Ok(self)
    }
}
