//! A call through the whole policy: the loop over attempts, for tasks and for threads. Leaves an attempt
//! to `attempt` and what comes after it to `retry`.

use std::future::ready;
use std::pin::pin;
#[cfg(feature = "tokio")]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Policy;
#[cfg(feature = "tokio")]
use crate::hedge::{Hedge, Worth};
use crate::rest::{self, Rest};
use crate::retry::{Call, Ears, Made, Next, Then};
use crate::{Attempt, Classify, Failure, Verdict};

impl<C> Policy<C> {
    /// Runs a call: the body, as often as the retry says, each attempt through all parts.
    ///
    /// The body gets the [`Attempt`] that it makes and is asked for a new future each time. Dropping the
    /// returned future stops the call wherever it is and gives back what it held. There are no bounds on
    /// the value and the error.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, with the last error of the body as it was.
    ///
    /// # Panics
    ///
    /// If there is something to wait for and no tokio runtime with its timer enabled, or if the body
    /// panics; that counts as a failure.
    #[cfg(feature = "tokio")]
    pub async fn run<T, E, F, Fut>(&self, mut body: F) -> Result<T, Failure<E>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        match &self.parts.hedge {
            None => self.run_on(rest::Task, &mut body).await,
            Some(hedge) => Box::pin(self.run_hedged(hedge, body)).await,
        }
    }

    /// Runs a call like [`Policy::run`] on this thread, which sleeps where there is something to wait for.
    ///
    /// Blocking code cannot be dropped: a time-out is told to the body by [`Attempt::remaining`], and
    /// there is no hedge. What returns too late is taken as it is.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says why the call was given up, with the last error of the body as it was.
    ///
    /// # Panics
    ///
    /// If the body panics; that counts as a failure.
    pub fn run_blocking<T, E>(&self, mut body: impl FnMut(Attempt) -> Result<T, E>) -> Result<T, Failure<E>>
    where
        C: Classify<T, E>,
    {
        let next = rest::no_moment();
        let mut body = |attempt| ready(body(attempt));
        rest::block_on(&self.parts.clock, &next, |rest| self.run_on(rest, &mut body))
    }

    /// Runs a call of which each attempt gets company when it takes long.
    #[cfg(feature = "tokio")]
    async fn run_hedged<T, E, F, Fut>(&self, hedge: &Hedge, body: F) -> Result<T, Failure<E>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // Attempts that run side by side ask for their futures one after the other.
        let body = Mutex::new(body);
        let mut call = Call::begin(&self.parts.retry);
        loop {
            let attempt = call.attempt();
            let make = |_| {
                let body = |attempt| (body.lock().unwrap_or_else(PoisonError::into_inner))(attempt);
                self.attempt(rest::Task, attempt.clone(), body)
            };
            let worth = |made: &Made<T, E>| match made {
                Made::Rejected(_) => Worth::Nothing,
                Made::TimedOut(..) => Worth::Bad,
                Made::Judged(_, verdict) if verdict.is_retryable() => Worth::Bad,
                Made::Judged(_, Verdict::Ok) => Worth::Good,
                Made::Judged(..) => Worth::Final,
            };
            let (attempts, mut ears) = (call.attempts(), Ears::open());
            let made = ears.listen(pin!(hedge.hedged(rest::Task, make, worth))).await;
            match call.next(made, &ears) {
                Next::Return(result) => return self.counted(result, attempts),
                Next::Wait(wait) => rest::Task.sleep(&self.parts.clock, wait).await,
            }
        }
    }

    async fn run_on<R: Rest, T, E, F, Fut>(&self, rest: R, body: &mut F) -> Result<T, Failure<E>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let retry = &self.parts.retry;
        let (until, mut ears) = (retry.until(), Ears::open());
        let made = match ears.listen(pin!(self.attempt(rest, retry.attempt(1, until), &mut *body))).await {
            // Said here and not by way of `after_first`: each move of a result costs as much as a whole part.
            Made::Judged(Ok(value), Verdict::Ok) => {
                retry.pay_in();
                self.parts.counts.succeeded();
                return Ok(value);
            }
            made => made,
        };
        match retry.after_first(until, made, &ears) {
            Then::Return(result) => self.counted(result, 1),
            // On the heap, so that a call that succeeds at once does not carry the room for all this.
            Then::Wait(call, wait) => Box::pin(self.go_on(rest, call, wait, body)).await,
        }
    }

    /// Makes the attempts after the first.
    async fn go_on<R: Rest, T, E, F, Fut>(
        &self,
        rest: R,
        mut call: Call<'_, E>,
        mut wait: Duration,
        body: &mut F,
    ) -> Result<T, Failure<E>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        loop {
            rest.sleep(&self.parts.clock, wait).await;
            let (attempts, mut ears) = (call.attempts(), Ears::open());
            let made = ears.listen(pin!(self.attempt(rest, call.attempt(), &mut *body))).await;
            match call.next(made, &ears) {
                Next::Return(result) => return self.counted(result, attempts),
                Next::Wait(again) => wait = again,
            }
        }
    }

    fn counted<T, E>(&self, result: Result<T, Failure<E>>, attempts: u32) -> Result<T, Failure<E>> {
        self.parts.counts.count(&result, attempts);
        result
    }
}
