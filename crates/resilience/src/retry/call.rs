//! One call that is being retried: attempts counted, waits added up, the deadline and the budget asked.
//! Leaves running and waiting to the shells.

use std::time::Duration;

use super::Retry;
use super::nested::{self, Ears};
use crate::clock::Moment;
use crate::{Attempt, Cause, Classify, Clock, Failure, Limit, Rejection, Verdict};

/// What came of one attempt.
pub(crate) enum Made<T, E> {
    /// The body ended, and its result was judged. A result that counts as fine may be an error, and one
    /// to be repeated a value.
    Judged(Result<T, E>, Verdict),
    /// It took longer than this.
    TimedOut(Limit, Duration),
    /// It was not let through.
    Rejected(Rejection),
}

impl<T, E> Made<T, E> {
    /// Judges a result of the body.
    pub(crate) fn of(classify: &impl Classify<T, E>, result: Result<T, E>) -> Made<T, E> {
        let verdict = classify.verdict(&result);
        Made::Judged(result, verdict)
    }
}

/// What to do after the first attempt.
pub(crate) enum Then<'a, T, E> {
    /// The call has ended.
    Return(Result<T, Failure<E>>),
    /// Wait so long, then make the next attempt.
    Wait(Call<'a, E>, Duration),
}

/// What to do after an attempt.
pub(crate) enum Next<T, E> {
    /// The call has ended.
    Return(Result<T, Failure<E>>),
    /// Wait so long, then make the next attempt.
    Wait(Duration),
}

impl Retry {
    /// Returns when a call that begins now has to end. The clock is read only for a deadline.
    #[inline]
    pub(crate) fn until(&self) -> Moment {
        self.deadline.map_or(Moment::MAX, |deadline| self.clock.now().after(deadline))
    }

    /// Returns the attempt of this number.
    #[inline]
    pub(crate) fn attempt(&self, number: u32, until: Moment) -> Attempt {
        Attempt { number, of: self.attempts, until, limit: u64::MAX, clock: self.clock.clone() }
    }

    /// Says what comes after a first attempt that did not just succeed. Before that there is no bookkeeping.
    #[cold]
    pub(crate) fn after_first<T, E>(&self, until: Moment, made: Made<T, E>, ears: &Ears) -> Then<'_, T, E> {
        let mut call = Call::of(self, until);
        match call.next(made, ears) {
            Next::Return(result) => Then::Return(result),
            Next::Wait(wait) => Then::Wait(call, wait),
        }
    }

    /// Takes note of a success.
    #[inline]
    pub(crate) fn pay_in(&self) {
        if let Some(budget) = &self.budget {
            budget.deposit();
        }
    }
}

/// The bookkeeping of one call.
pub(crate) struct Call<'a, E> {
    retry: &'a Retry,
    number: u32,
    waited: Duration,
    /// The last wait, for jitter that looks at it.
    previous: Option<Duration>,
    until: Moment,
    /// The error of the last attempt that ended with one.
    last: Option<E>,
}

impl<'a, E> Call<'a, E> {
    /// Starts a call that stands before its first attempt.
    #[cfg(feature = "tokio")]
    pub(crate) fn begin(retry: &'a Retry) -> Call<'a, E> {
        Call::of(retry, retry.until())
    }

    /// Takes up a call of which the first attempt is over.
    fn of(retry: &'a Retry, until: Moment) -> Call<'a, E> {
        Call { retry, number: 1, waited: Duration::ZERO, previous: None, until, last: None }
    }

    /// Returns the clock that waits are waited on.
    pub(crate) fn clock(&self) -> &'a Clock {
        &self.retry.clock
    }

    /// Returns the attempt to be made now.
    pub(crate) fn attempt(&self) -> Attempt {
        self.retry.attempt(self.number, self.until)
    }

    /// Returns how many attempts were begun.
    pub(crate) fn attempts(&self) -> u32 {
        self.number
    }

    /// Says what comes after an attempt, of which it was heard what calls inside it told.
    pub(crate) fn next<T>(&mut self, made: Made<T, E>, ears: &Ears) -> Next<T, E> {
        if let Made::Judged(_, Verdict::Ok) = made {
            self.retry.pay_in();
        }
        match made {
            Made::Judged(Ok(value), Verdict::Ok) => Next::Return(Ok(value)),
            made => self.after(made, ears),
        }
    }

    /// Says what comes after an attempt that did not just succeed.
    fn after<T>(&mut self, made: Made<T, E>, ears: &Ears) -> Next<T, E> {
        let is_rejected = matches!(made, Made::Rejected(_));
        let is_late = matches!(made, Made::TimedOut(Limit::Deadline, _));
        let (ending, verdict) = self.ending(made);
        let (made, waited, has_heard) = (self.number, self.waited, ears.have_heard());
        let ran_out = verdict.is_retryable() || is_late;
        match self.wait(if has_heard { Verdict::Permanent } else { verdict }) {
            Some(wait) => {
                self.last = ending.err().and_then(Cause::into_last);
                Next::Wait(wait)
            }
            None => {
                // What a call inside told stands, and once is enough.
                if made > 1 && ran_out && !has_heard {
                    nested::tell();
                }
                let attempts = if is_rejected { made - 1 } else { made };
                Next::Return(ending.map_err(|cause| Failure { cause, attempts, waited }))
            }
        }
    }

    /// Returns how a call ends that makes no further attempt, and what the attempt says about one.
    fn ending<T>(&mut self, made: Made<T, E>) -> (Result<T, Cause<E>>, Verdict) {
        match made {
            Made::Judged(result, verdict) => (result.map_err(Cause::Failed), verdict),
            Made::TimedOut(limit, allowed) => {
                let verdict = if limit == Limit::Attempt { Verdict::Transient } else { Verdict::Ignore };
                (Err(Cause::TimedOut { limit, allowed, last: self.last.take() }), verdict)
            }
            Made::Rejected(rejection) => (Err(Cause::Rejected { rejection, last: self.last.take() }), Verdict::Ignore),
        }
    }

    /// Returns the wait before the next attempt, or `None` when the present one was the last.
    ///
    /// The order matters: a retry that there is no time for is not paid for.
    fn wait(&mut self, verdict: Verdict) -> Option<Duration> {
        let wait = self.retry.next_after(self.previous, self.number, verdict, rand::random())?;
        if self.until != Moment::MAX && wait >= self.until.since(self.retry.clock.now()) {
            return None;
        }
        if self.retry.budget.as_ref().is_some_and(|budget| !budget.try_spend(verdict)) {
            return None;
        }
        self.number += 1;
        self.waited = self.waited.saturating_add(wait);
        self.previous = Some(wait);
        Some(wait)
    }
}
