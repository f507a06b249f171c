//! One attempt through all parts, written once for tasks and threads. Leaves the leave of the parts to
//! `guards`, the loop over attempts to `shells` and what is counted to `tally`.

use std::time::Duration;

use super::Policy;
use super::guards::Guards;
use crate::rest::Rest;
use crate::retry::Made;
use crate::timeout::timed;
use crate::{Attempt, Classify, Limit, Moment, Verdict};

impl<C> Policy<C> {
    /// Makes one attempt: asks every part for its leave, runs the body, tells every part what came of it.
    ///
    /// What a part gave is a guard: when this future is dropped or the body panics, it is given back.
    pub(super) async fn attempt<R: Rest, T, E, Fut>(
        &self,
        rest: R,
        attempt: Attempt,
        body: impl FnOnce(Attempt) -> Fut,
    ) -> Made<T, E>
    where
        C: Classify<T, E>,
        Fut: Future<Output = Result<T, E>>,
    {
        let parts = &*self.parts;
        let mut guards = Guards::of(parts);
        let asked = guards.ask(self.priority, self.cost);
        let is_fresh = attempt.number == 1 && matches!(asked, Ok(None));
        let admitted = match asked {
            Ok(None) => Ok(()),
            // On the heap, so that a call that waits for nobody does not carry the room for a queue.
            Ok(Some(wait)) => Box::pin(guards.wait(rest, wait, (self.priority, self.cost), &attempt)).await,
            Err(rejection) => Err(rejection),
        };
        if let Err(rejection) = admitted {
            return Made::Rejected(rejection);
        }
        let (left, own) = (self.left(&attempt), parts.attempt_timeout);
        // What queues and attempts before this one used up of the deadline is not the service's doing.
        let had_all = is_fresh || left.is_none_or(|left| own.is_none_or(|own| left >= own));
        let until = attempt.until;
        let attempt = attempt.within(own, rest.is_blocking().then_some(&parts.clock));
        let body = guards.body(|| body(attempt));
        let made = match timed(rest, &parts.clock, (own, until), body).await {
            Some(result) => Made::of(&self.classify, result),
            None => self.timed_out(until),
        };
        guards.record(match &made {
            Made::Judged(_, verdict) => *verdict,
            // A service that was given the last moment of a call is not to blame for what is due to its attempts.
            Made::TimedOut(Limit::Deadline, _) if !had_all => Verdict::Ignore,
            Made::TimedOut(..) | Made::Rejected(_) => Verdict::Transient,
        });
        made
    }

    /// Returns how much of the deadline is left; the clock is read only where that matters.
    #[inline]
    fn left(&self, attempt: &Attempt) -> Option<Duration> {
        self.parts.attempt_timeout.and_then(|_| attempt.remaining())
    }

    /// Says whose time ran out.
    #[cold]
    fn timed_out<T, E>(&self, until: Moment) -> Made<T, E> {
        let is_late = until != Moment::MAX && self.parts.clock.now() >= until;
        let limit = match is_late || self.parts.attempt_timeout.is_none() {
            true => Limit::Deadline,
            false => Limit::Attempt,
        };
        Made::TimedOut(limit, self.allowed(limit))
    }

    fn allowed(&self, limit: Limit) -> Duration {
        let allowed = match limit {
            Limit::Attempt => self.parts.attempt_timeout,
            Limit::Deadline => self.parts.retry.deadline(),
        };
        allowed.unwrap_or_default()
    }
}
