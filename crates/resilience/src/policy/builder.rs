//! Building a policy out of parts; every bad number of every part is an error here. Leaves what the
//! parts do to themselves.

use std::sync::Arc;
use std::time::Duration;

use super::Policy;
use super::tally::Counts;
use super::whole::Parts;
use crate::breaker::Breaker;
use crate::bulkhead::{Bulkhead, Priority};
use crate::concurrency::Concurrency;
#[cfg(feature = "tokio")]
use crate::hedge::Hedge;
#[cfg(feature = "rate")]
use crate::rate::Rate;
use crate::shedding::Shedding;
use crate::{Clock, Error, EveryError, Part, Retry};

/// A part to be built on the policy's clock, once that is known.
type Later<P> = Option<Box<dyn FnOnce(&Clock) -> Result<P, Error>>>;

/// The pieces of a [`Policy`], begun with [`Policy::named`]. The order in which they are set does not
/// matter; a piece that is set twice is the second.
#[must_use = "a builder does nothing until `build` is called"]
pub struct PolicyBuilder {
    name: Arc<str>,
    clock: Clock,
    deadline: Option<Duration>,
    attempt_timeout: Option<Duration>,
    retry: Later<Retry>,
    shedding: Later<Shedding>,
    breaker: Later<Breaker>,
    #[cfg(feature = "rate")]
    rate: Later<Rate>,
    bulkhead: Later<Bulkhead>,
    concurrency: Later<Concurrency>,
    #[cfg(feature = "tokio")]
    hedge: Later<Hedge>,
}

impl std::fmt::Debug for PolicyBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PolicyBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PolicyBuilder {
    pub(super) fn new(name: Arc<str>) -> PolicyBuilder {
        PolicyBuilder {
            name,
            clock: Clock::system(),
            deadline: None,
            attempt_timeout: None,
            retry: None,
            shedding: None,
            breaker: None,
            #[cfg(feature = "rate")]
            rate: None,
            bulkhead: None,
            concurrency: None,
            #[cfg(feature = "tokio")]
            hedge: None,
        }
    }

    /// Sets the clock of all parts that are not built yet; the system's unless set.
    pub fn clock(self, clock: Clock) -> PolicyBuilder {
        PolicyBuilder { clock, ..self }
    }

    /// Sets how long a whole call may take, attempts, queues and waits included.
    pub fn deadline(self, deadline: Duration) -> PolicyBuilder {
        PolicyBuilder { deadline: Some(deadline), ..self }
    }

    /// Sets how long one attempt may take once it has passed all limits.
    pub fn attempt_timeout(self, limit: Duration) -> PolicyBuilder {
        PolicyBuilder { attempt_timeout: Some(limit), ..self }
    }

    /// Sets how often and after how long a call is tried again; once unless set. A retry that was built
    /// before runs on the policy's clock here.
    pub fn retry(self, retry: impl Part<Retry> + 'static) -> PolicyBuilder {
        PolicyBuilder { retry: later(retry), ..self }
    }

    /// Sets which calls are turned away when the load is high.
    pub fn shedding(self, shedding: impl Part<Shedding> + 'static) -> PolicyBuilder {
        PolicyBuilder { shedding: later(shedding), ..self }
    }

    /// Sets the circuit breaker.
    pub fn breaker(self, breaker: impl Part<Breaker> + 'static) -> PolicyBuilder {
        PolicyBuilder { breaker: later(breaker), ..self }
    }

    /// Sets the rate limit.
    #[cfg(feature = "rate")]
    pub fn rate(self, rate: impl Part<Rate> + 'static) -> PolicyBuilder {
        PolicyBuilder { rate: later(rate), ..self }
    }

    /// Sets how many calls run at once, and how many may wait for a place.
    pub fn bulkhead(self, bulkhead: impl Part<Bulkhead> + 'static) -> PolicyBuilder {
        PolicyBuilder { bulkhead: later(bulkhead), ..self }
    }

    /// Sets a limit of calls at once that finds its height by itself.
    pub fn concurrency(self, concurrency: impl Part<Concurrency> + 'static) -> PolicyBuilder {
        PolicyBuilder { concurrency: later(concurrency), ..self }
    }

    /// Sets after how long an attempt gets company; futures only, as blocking code cannot be dropped.
    ///
    /// The time counts from the attempt's begin, queues of the policy included: with a queue that is often
    /// longer than that, hedge the body itself with [`Hedge::run`]. A call with a hedge is on the heap.
    #[cfg(feature = "tokio")]
    pub fn hedge(self, hedge: impl Part<Hedge> + 'static) -> PolicyBuilder {
        PolicyBuilder { hedge: later(hedge), ..self }
    }

    /// Checks the numbers of all parts and returns the policy.
    ///
    /// # Errors
    ///
    /// The first number that no policy can be built with.
    pub fn build(self) -> Result<Policy, Error> {
        let clock = self.clock;
        if self.attempt_timeout == Some(Duration::ZERO) {
            return Err(Error::number("the time-out of an attempt", "longer than nothing", Duration::ZERO));
        }
        let retry = built(self.retry, &clock)?;
        let retry = match retry {
            Some(retry) => retry,
            None => Retry::attempts(1).build_on(&clock)?,
        };
        let parts = Parts {
            name: self.name,
            retry: retry.within(self.deadline, &clock)?,
            shedding: built(self.shedding, &clock)?,
            breaker: built(self.breaker, &clock)?,
            #[cfg(feature = "rate")]
            rate: built(self.rate, &clock)?,
            bulkhead: built(self.bulkhead, &clock)?,
            concurrency: built(self.concurrency, &clock)?,
            attempt_timeout: self.attempt_timeout,
            #[cfg(feature = "tokio")]
            hedge: built(self.hedge, &clock)?,
            counts: Counts::default(),
            clock,
        };
        Ok(Policy { parts: Arc::new(parts), classify: EveryError, priority: Priority::Normal, cost: 1 })
    }
}

fn later<P>(part: impl Part<P> + 'static) -> Later<P> {
    Some(Box::new(move |clock| part.build_on(clock)))
}

fn built<P>(part: Later<P>, clock: &Clock) -> Result<Option<P>, Error> {
    part.map(|build| build(clock)).transpose()
}
