//! Building a hedge piece by piece; every bad number is an error here and none a panic later. Leaves what
//! the numbers mean to `race`.

use std::sync::Arc;
use std::time::Duration;

use super::Hedge;
use super::latencies::Latencies;
use super::race::{Delay, Plan};
use crate::{Budget, Clock, Error, Part};

/// How many hedges a call makes at most unless set.
const DEFAULT_HEDGES: u32 = 1;

/// How many hedges a success pays for unless set, and how many may be saved up.
const DEFAULT_RATIO: f64 = 0.1;

/// The pieces of a [`Hedge`], begun with [`Hedge::after`] or [`Hedge::after_percentile`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct HedgeBuilder {
    wait: Wait,
    at_least: Duration,
    at_most: u32,
    budget: Option<Result<Budget, Error>>,
    clock: Option<Clock>,
}

#[derive(Clone, Copy, Debug)]
enum Wait {
    Fixed(Duration),
    Percentile(f64),
}

impl Hedge {
    /// Starts a hedge that is made when a call has not answered after so long, longer than nothing.
    pub fn after(wait: Duration) -> HedgeBuilder {
        HedgeBuilder::of(Wait::Fixed(wait))
    }

    /// Starts a hedge that is made when a call takes longer than this share of the last 256 calls, 0.95 for
    /// one call in twenty; between 0 and 1. The first 32 calls are not hedged.
    ///
    /// Idea: Dean and Barroso, "The Tail at Scale" (2013).
    pub fn after_percentile(percentile: f64) -> HedgeBuilder {
        HedgeBuilder::of(Wait::Percentile(percentile))
    }
}

impl HedgeBuilder {
    fn of(wait: Wait) -> HedgeBuilder {
        HedgeBuilder { wait, at_least: Duration::ZERO, at_most: DEFAULT_HEDGES, budget: None, clock: None }
    }

    /// Sets how many hedges a call makes at most beside itself; 1 unless set. Each waits as long as the
    /// first.
    pub fn at_most(self, hedges: u32) -> HedgeBuilder {
        HedgeBuilder { at_most: hedges, ..self }
    }

    /// Sets how long is waited even if calls are quicker, for a percentile.
    pub fn at_least(self, wait: Duration) -> HedgeBuilder {
        HedgeBuilder { at_least: wait, ..self }
    }

    /// Sets what hedges are paid from; unless set, a tenth of a hedge for each call that went well, and at
    /// most ten at a time.
    pub fn budget(self, budget: impl Part<Budget>) -> HedgeBuilder {
        HedgeBuilder { budget: Some(budget.build_on(&Clock::system())), ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> HedgeBuilder {
        HedgeBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the hedge.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a wait of nothing, which would double every call, for a percentile that is not
    /// between 0 and 1, for no hedges at all, and for a budget's bad numbers.
    pub fn build(self) -> Result<Hedge, Error> {
        self.build_on(&Clock::system())
    }
}

impl Part<Hedge> for HedgeBuilder {
    fn build_on(self, clock: &Clock) -> Result<Hedge, Error> {
        let HedgeBuilder { wait, at_least, at_most, budget, .. } = self;
        if at_most == 0 {
            return Err(Error::number("the number of hedges", "at least 1", at_most));
        }
        let delay = match wait {
            Wait::Fixed(Duration::ZERO) => {
                return Err(Error::number("the time before a hedge", "longer than nothing", Duration::ZERO));
            }
            Wait::Fixed(wait) => Delay::Fixed(wait.max(at_least)),
            Wait::Percentile(percentile) if percentile > 0.0 && percentile < 1.0 => {
                Delay::Percentile { latencies: Latencies::new(percentile), at_least }
            }
            Wait::Percentile(percentile) => {
                return Err(Error::number("a hedge's percentile", "between 0 and 1", percentile));
            }
        };
        let budget = budget.unwrap_or_else(|| Budget::ratio(DEFAULT_RATIO).build())?;
        let clock = self.clock.unwrap_or_else(|| clock.clone());
        Ok(Hedge(Arc::new(Plan { delay, at_most, budget, clock })))
    }
}

impl Part<Hedge> for Hedge {
    fn build_on(self, _: &Clock) -> Result<Hedge, Error> {
        Ok(self)
    }
}
