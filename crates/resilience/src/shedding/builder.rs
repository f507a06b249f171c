//! Building a shedding piece by piece; every bad number is an error here and none a panic later. Leaves what
//! the numbers mean to `shed` and its sources.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Shedding;
use super::answers::Answers;
use super::delay::Delay;
use super::shed::{Number, Source};
use crate::{Bulkhead, Clock, Concurrency, Error, Part, Priority};

/// The load from which each priority is shed unless set; the highest never is.
const DEFAULT_THRESHOLDS: [f64; Priority::ALL.len()] = [0.7, 0.85, 0.95, f64::INFINITY];

/// How long a queue may stand before it sheds, as in CoDel.
const DEFAULT_INTERVAL: Duration = Duration::from_millis(100);

/// How long refusals are remembered unless set: long enough to count some, short enough to forget an outage.
const DEFAULT_WINDOW: Duration = Duration::from_secs(10);

/// The pieces of a [`Shedding`], begun with [`Shedding::by_load`] and its like.
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone)]
pub struct SheddingBuilder {
    by: By,
    thresholds: [f64; Priority::ALL.len()],
    interval: Duration,
    window: Duration,
    random: Number,
    clock: Option<Clock>,
}

#[derive(Clone)]
enum By {
    Load(Number),
    Delay(Duration),
    Answers(f64),
}

impl Shedding {
    /// Starts a shedding by a load that a closure tells, from 0 to 1: of a processor, of a pool, of memory.
    /// What is no number is no load.
    pub fn by_load(load: impl Fn() -> f64 + Send + Sync + 'static) -> SheddingBuilder {
        SheddingBuilder::of(By::Load(Arc::new(load)))
    }

    /// Starts a shedding by how full a bulkhead is, its queue included.
    pub fn of_bulkhead(bulkhead: &Bulkhead) -> SheddingBuilder {
        let bulkhead = bulkhead.clone();
        Shedding::by_load(move || {
            let now = bulkhead.snapshot();
            share(now.in_use, now.waiting, now.max, now.queue)
        })
    }

    /// Starts a shedding by how full an adaptive limit is, its queue included.
    pub fn of_concurrency(concurrency: &Concurrency) -> SheddingBuilder {
        let concurrency = concurrency.clone();
        Shedding::by_load(move || {
            let now = concurrency.snapshot();
            share(now.in_use, now.waiting, now.limit, now.queue)
        })
    }

    /// Starts a shedding by how long calls wait in a queue: when all of them wait this long or longer for a
    /// whole [interval](SheddingBuilder::interval), one priority more is shed, and one less when they do
    /// not. [`Shedding::waited`] has to be told.
    ///
    /// Source: CoDel, Nichols and Jacobson, "Controlling Queue Delay" (2012), RFC 8289.
    pub fn by_delay(target: Duration) -> SheddingBuilder {
        SheddingBuilder::of(By::Delay(target))
    }

    /// Starts a shedding by how much the other side refuses: calls are turned away at random when it accepts
    /// fewer than one in `k`, whatever their priority; 2 is usual. [`Ticket::record`](super::Ticket::record)
    /// has to be told.
    ///
    /// Source: Beyer et al., "Site Reliability Engineering" (2016), chapter 21.
    pub fn by_refusals(k: f64) -> SheddingBuilder {
        SheddingBuilder::of(By::Answers(k))
    }
}

fn share(in_use: u32, waiting: u32, max: u32, queue: u32) -> f64 {
    (f64::from(in_use) + f64::from(waiting)) / (f64::from(max) + f64::from(queue))
}

impl SheddingBuilder {
    fn of(by: By) -> SheddingBuilder {
        SheddingBuilder {
            by,
            thresholds: DEFAULT_THRESHOLDS,
            interval: DEFAULT_INTERVAL,
            window: DEFAULT_WINDOW,
            random: Arc::new(rand::random),
            clock: None,
        }
    }

    /// Sets the load from which calls of a priority are shed, infinity for never; 0.7 for low, 0.85 for
    /// normal, 0.95 for high ones and never for critical ones unless set.
    pub fn threshold(mut self, priority: Priority, load: f64) -> SheddingBuilder {
        self.thresholds[priority as usize] = load;
        self
    }

    /// Sets for how long calls must wait too long before a priority more is shed; 100 ms unless set.
    pub fn interval(self, interval: Duration) -> SheddingBuilder {
        SheddingBuilder { interval, ..self }
    }

    /// Sets for how long refusals are remembered; 10 s unless set.
    pub fn window(self, window: Duration) -> SheddingBuilder {
        SheddingBuilder { window, ..self }
    }

    /// Sets where random numbers from 0 to 1 come from, so that a test knows them.
    pub fn random(self, random: impl Fn() -> f64 + Send + Sync + 'static) -> SheddingBuilder {
        SheddingBuilder { random: Arc::new(random), ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> SheddingBuilder {
        SheddingBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the shedding.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a threshold that is negative, no number or below that of a lower priority, for
    /// a target, an interval or a window of nothing, and for a `k` that is not at least 1.
    pub fn build(self) -> Result<Shedding, Error> {
        self.build_on(&Clock::system())
    }
}

impl Part<Shedding> for SheddingBuilder {
    fn build_on(self, clock: &Clock) -> Result<Shedding, Error> {
        let SheddingBuilder { by, thresholds, interval, window, random, .. } = self;
        let source = match by {
            By::Load(load) => Source::Load(load, checked(thresholds)?),
            By::Delay(target) => {
                longer_than_nothing("the target of a queue's delay", target)?;
                longer_than_nothing("the interval of a shedding", interval)?;
                Source::Delay(Delay::new(target, interval))
            }
            By::Answers(k) if (1.0..=f64::MAX).contains(&k) => {
                longer_than_nothing("the window of a shedding", window)?;
                Source::Answers(Box::new(Answers::new(k, window)), random)
            }
            By::Answers(k) => return Err(Error::number("the factor of a shedding", "at least 1", k)),
        };
        Ok(Shedding::of(source, self.clock.unwrap_or_else(|| clock.clone())))
    }
}

impl Part<Shedding> for Shedding {
    fn build_on(self, _: &Clock) -> Result<Shedding, Error> {
        Ok(self)
    }
}

fn checked(thresholds: [f64; Priority::ALL.len()]) -> Result<[f64; Priority::ALL.len()], Error> {
    let mut least = 0.0;
    for threshold in thresholds {
        if !(least..=f64::INFINITY).contains(&threshold) {
            let must = "at least 0 and that of the priority below";
            return Err(Error::number("the threshold of a shedding", must, threshold));
        }
        least = threshold;
    }
    Ok(thresholds)
}

fn longer_than_nothing(what: &'static str, duration: Duration) -> Result<(), Error> {
    match duration {
        Duration::ZERO => Err(Error::number(what, "longer than nothing", duration)),
        _ => Ok(()),
    }
}

impl fmt::Debug for SheddingBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SheddingBuilder { by, thresholds, interval, window, .. } = self;
        let mut text = formatter.debug_struct("SheddingBuilder");
        match by {
            By::Load(_) => text.field("thresholds", thresholds),
            By::Delay(target) => text.field("target", target).field("interval", interval),
            By::Answers(k) => text.field("k", k).field("window", window),
        };
        text.finish_non_exhaustive()
    }
}
