//! The leave of every part, in the order of the policy, and what came of the attempt told to each. Leaves
//! running the body to `attempt`.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::whole::Parts;
use crate::rest::Rest;
use crate::{Attempt, Breaker, Lease, Permit, Priority, Rejection, Slot, Ticket, Verdict};

/// What the parts gave along; each takes itself back when it is dropped.
///
/// Only a panic of the body itself is a failure: whatever else drops this, a judge or a neighbour in the same
/// task that panics for example, says nothing about the other side.
pub(super) struct Guards<'a> {
    parts: &'a Parts,
    /// Whether the body is what runs now. Atomic only so that a call can be sent.
    is_in_body: AtomicBool,
    ticket: Option<Ticket<'a>>,
    permit: Option<Permit<'a>>,
    slot: Option<Slot<'a>>,
    lease: Option<Lease<'a>>,
}

/// The first part that has to be waited for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    Rate,
    Bulkhead,
    Concurrency,
}

impl<'a> Guards<'a> {
    /// Makes guards that hold nothing yet.
    #[inline]
    pub(super) fn of(parts: &'a Parts) -> Guards<'a> {
        let is_in_body = AtomicBool::new(false);
        Guards { parts, is_in_body, ticket: None, permit: None, slot: None, lease: None }
    }

    /// Asks every part for its leave, as far as none has to be waited for; says which one has to be.
    #[inline]
    pub(super) fn ask(&mut self, priority: Priority, cost: u32) -> Result<Option<Wait>, Rejection> {
        let parts = self.parts;
        if let Some(shedding) = &parts.shedding {
            self.ticket = Some(shedding.admit(priority)?);
        }
        if let Some(breaker) = &parts.breaker {
            self.permit = Some(breaker.try_acquire()?);
        }
        if !parts.passes_rate(cost) {
            return Ok(Some(Wait::Rate));
        }
        if let Some(bulkhead) = &parts.bulkhead {
            self.slot = bulkhead.take_free();
            if self.slot.is_none() {
                return Ok(Some(Wait::Bulkhead));
            }
        }
        if let Some(concurrency) = &parts.concurrency {
            self.lease = concurrency.take_free();
            if self.lease.is_none() {
                return Ok(Some(Wait::Concurrency));
            }
        }
        if let Some(shedding) = &parts.shedding {
            shedding.waited(Duration::ZERO);
        }
        Ok(None)
    }

    /// Waits for the leave of the part that has to be waited for, and of those after it.
    pub(super) async fn wait<R: Rest>(
        &mut self,
        rest: R,
        wait: Wait,
        (priority, cost): (Priority, u32),
        attempt: &Attempt,
    ) -> Result<(), Rejection> {
        let parts = self.parts;
        parts.wait_for_rate(rest, wait, cost, attempt).await?;
        let begun = parts.clock.now();
        if let Some(bulkhead) = parts.bulkhead.as_ref().filter(|_| wait <= Wait::Bulkhead) {
            self.slot = Some(bulkhead.acquire_on(rest, priority, attempt.remaining()).await?);
        }
        if let Some(concurrency) = &parts.concurrency {
            self.lease = Some(concurrency.acquire_on(rest, priority, attempt.remaining()).await?);
        }
        if let Some(shedding) = &parts.shedding {
            shedding.waited(parts.clock.now().since(begun));
        }
        // While this call stood in a queue, others may have found out that the service is down.
        if self.permit.as_ref().is_some_and(|permit| !permit.is_current()) {
            self.permit = None;
            self.permit = parts.breaker.as_ref().map(Breaker::try_acquire).transpose()?;
        } else if let Some(permit) = &mut self.permit {
            permit.restart();
        }
        Ok(())
    }

    /// Makes the body, of which a panic counts from now on.
    #[inline]
    pub(super) fn body<F: Future>(&self, make: impl FnOnce() -> F) -> Body<'_, F> {
        self.is_in_body.store(true, Relaxed);
        let body = make();
        self.is_in_body.store(false, Relaxed);
        Body { body, is_running: &self.is_in_body }
    }

    /// Tells every part what came of the attempt, and gives back what they gave.
    #[inline]
    pub(super) fn record(&mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            permit.record(verdict);
        }
        if let Some(lease) = self.lease.take() {
            lease.record(verdict);
        }
        if let Some(ticket) = self.ticket.take() {
            ticket.record(verdict);
        }
        self.slot = None;
        if let Verdict::Throttled(Some(pause)) = verdict {
            self.parts.pause(pause);
        }
    }
}

impl Drop for Guards<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            match *self.is_in_body.get_mut() {
                true => permit.failure(),
                false => permit.ignore(),
            }
        }
    }
}

pin_project! {
    /// A body that says when it runs; one that panics goes on saying so.
    pub(super) struct Body<'g, F> {
        #[pin]
        body: F,
        is_running: &'g AtomicBool,
    }
}

impl<F: Future> Future for Body<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.is_running.store(true, Relaxed);
        let poll = this.body.poll(context);
        this.is_running.store(false, Relaxed);
        poll
    }
}

impl Parts {
    /// Holds back all calls, because the other side asked one of them for a pause.
    #[cfg(feature = "rate")]
    fn pause(&self, pause: Duration) {
        if let Some(rate) = &self.rate {
            rate.pause(pause.min(self.retry.throttle_limit()));
        }
    }

    /// Without rates there is nobody to tell: a retry waits by itself.
    #[cfg(not(feature = "rate"))]
    fn pause(&self, _: Duration) {}

    /// Waits for the rate, if that is what has to be waited for.
    #[cfg(feature = "rate")]
    async fn wait_for_rate<R: Rest>(&self, rest: R, wait: Wait, cost: u32, attempt: &Attempt) -> Result<(), Rejection> {
        match self.rate.as_ref().filter(|_| wait == Wait::Rate) {
            Some(rate) => rate.acquire_on(rest, cost, attempt.remaining()).await,
            None => Ok(()),
        }
    }

    #[cfg(not(feature = "rate"))]
    async fn wait_for_rate<R: Rest>(&self, _: R, _: Wait, _: u32, _: &Attempt) -> Result<(), Rejection> {
        Ok(())
    }

    #[cfg(feature = "rate")]
    #[inline]
    fn passes_rate(&self, cost: u32) -> bool {
        self.rate.as_ref().is_none_or(|rate| rate.check(cost).is_ok())
    }

    #[cfg(not(feature = "rate"))]
    fn passes_rate(&self, _: u32) -> bool {
        true
    }
}
