//! The policy itself: a name, the parts, and how the calls of one handle differ from those of another.
//! Leaves the order of the parts to `attempt` and the running to `shells`.

use std::sync::Arc;
use std::time::Duration;

use super::PolicyBuilder;
use super::tally::Counts;
use crate::breaker::Breaker;
use crate::bulkhead::{Bulkhead, Priority};
use crate::concurrency::Concurrency;
#[cfg(feature = "tokio")]
use crate::hedge::Hedge;
#[cfg(feature = "rate")]
use crate::rate::Rate;
use crate::shedding::Shedding;
use crate::{Clock, EveryError, Retry, Tally, Verdict};

/// All that stands between a caller and a service, built once and shared by clones.
///
/// The order is fixed. Outermost is the deadline, then retries; each attempt passes, in this order, load
/// shedding, the breaker, the rate limit, the bulkhead, the adaptive limit of concurrency, and runs
/// within its own time-out, hedged if there is a hedge. So a place in a bulkhead is never held while a
/// retry waits, a wait for the rate counts for the deadline and not for the attempt's time-out, and the
/// breaker sees every attempt.
///
/// A policy works on any closure and any error. What a result means is said by the handle's judge,
/// which is [`EveryError`] unless [`judged_by`](Policy::judged_by) or [`retry_if`](Policy::retry_if)
/// sets another.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), segno_resilience::Error> {
/// use std::time::Duration;
/// use segno_resilience::{Breaker, Budget, Bulkhead, Policy, Rate, Retry};
///
/// let (ms, secs) = (Duration::from_millis, Duration::from_secs);
/// let github = Policy::named("github")
///     .deadline(secs(30))
///     .retry(Retry::attempts(3).exponential(ms(1)..=ms(5)).budget(Budget::ratio(0.1)))
///     .breaker(Breaker::failures(0.5).of_last(100).min_calls(20).or_in_a_row(5).open_for(secs(10)))
///     .rate(Rate::per_second(20).burst(5))
///     .bulkhead(Bulkhead::max(16).queue(64))
///     .attempt_timeout(secs(5))
///     .build()?;
///
/// let page = github.run(|at| async move { if at.number < 3 { Err("busy") } else { Ok("page") } }).await;
/// assert_eq!(page, Ok("page"));
/// let number = github.run_blocking(|_| "42".parse::<u8>());
/// assert_eq!(number, Ok(42));
/// assert_eq!((github.tally().succeeded, github.tally().retries), (2, 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Policy<C = EveryError> {
    pub(super) parts: Arc<Parts>,
    pub(super) classify: C,
    pub(super) priority: Priority,
    pub(super) cost: u32,
}

/// The parts of a policy; what is not there costs a look at a discriminant.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) name: Arc<str>,
    pub(super) clock: Clock,
    pub(super) retry: Retry,
    pub(super) shedding: Option<Shedding>,
    pub(super) breaker: Option<Breaker>,
    #[cfg(feature = "rate")]
    pub(super) rate: Option<Rate>,
    pub(super) bulkhead: Option<Bulkhead>,
    pub(super) concurrency: Option<Concurrency>,
    pub(super) attempt_timeout: Option<Duration>,
    #[cfg(feature = "tokio")]
    pub(super) hedge: Option<Hedge>,
    pub(super) counts: Counts,
}

/// How a policy stands now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PolicyState {
    /// Its name.
    pub name: Arc<str>,
    /// What came of its calls so far.
    pub tally: Tally,
    /// What its breaker is and has counted.
    pub breaker: Option<crate::BreakerSnapshot>,
    /// How many calls are in its bulkhead, and how many wait for it.
    pub bulkhead: Option<(u32, u32)>,
    /// The limit that its adaptive concurrency has come to.
    pub concurrency_limit: Option<u32>,
    /// How many retries its budget holds.
    pub budget: Option<f64>,
}

impl Policy {
    /// Starts a policy; the name is its key in a registry and its label in events and metrics.
    pub fn named(name: impl Into<Arc<str>>) -> PolicyBuilder {
        PolicyBuilder::new(name.into())
    }
}

impl<C> Policy<C> {
    /// Returns a handle whose results are judged by this closure or judge.
    pub fn judged_by<D>(&self, classify: D) -> Policy<D> {
        Policy { parts: Arc::clone(&self.parts), classify, priority: self.priority, cost: self.cost }
    }

    /// Returns a handle that repeats what fails with an error for which this holds.
    ///
    /// All errors count as failures for the breaker.
    pub fn retry_if<E, F: Fn(&E) -> bool>(
        &self,
        may_pass: F,
    ) -> Policy<crate::OnError<impl Fn(&E) -> Verdict + use<E, F, C>>> {
        self.judged_by(crate::on_error(move |error: &E| match may_pass(error) {
            true => Verdict::Transient,
            false => Verdict::Permanent,
        }))
    }

    /// Returns a handle whose calls have this priority in queues and when load is shed.
    #[must_use]
    pub fn at_priority(&self, priority: Priority) -> Policy<C>
    where
        C: Clone,
    {
        Policy { priority, ..self.clone() }
    }

    /// Returns a handle whose calls cost so much of the rate, such as the tokens of a prompt; 1 unless
    /// set.
    #[must_use]
    pub fn costing(&self, cost: u32) -> Policy<C>
    where
        C: Clone,
    {
        Policy { cost, ..self.clone() }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Returns the retry, which makes one attempt where none was set.
    pub fn retry(&self) -> &Retry {
        &self.parts.retry
    }

    /// Returns the breaker, to trip or reset it by hand for example.
    pub fn breaker(&self) -> Option<&Breaker> {
        self.parts.breaker.as_ref()
    }

    /// Returns the rate limit, to pause it for example.
    #[cfg(feature = "rate")]
    pub fn rate(&self) -> Option<&Rate> {
        self.parts.rate.as_ref()
    }

    /// Returns the bulkhead, to resize it for example.
    pub fn bulkhead(&self) -> Option<&Bulkhead> {
        self.parts.bulkhead.as_ref()
    }

    /// Returns what came of the calls so far.
    pub fn tally(&self) -> Tally {
        self.parts.counts.tally()
    }

    /// Returns how the policy stands now.
    pub fn state(&self) -> PolicyState {
        let Parts { name, breaker, bulkhead, concurrency, retry, .. } = &*self.parts;
        PolicyState {
            name: Arc::clone(name),
            tally: self.tally(),
            breaker: breaker.as_ref().map(Breaker::snapshot),
            bulkhead: bulkhead.as_ref().map(|bulkhead| (bulkhead.in_use(), bulkhead.waiting())),
            concurrency_limit: concurrency.as_ref().map(Concurrency::limit),
            budget: retry.budget().map(crate::Budget::available),
        }
    }
}
