//! A breaker alone round a future and round a closure. Leaves whether to let it through to `circuit`.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::{Breaker, Permit};
use crate::{Cause, Classify, Failure};

impl Breaker {
    /// Runs a future if the breaker lets it through.
    ///
    /// `classify` judges the result. A future that is dropped says nothing; one that panics failed.
    ///
    /// # Errors
    ///
    /// The error of the body, or the rejection, after which the body was not polled at all.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), segno_resilience::Error> {
    /// use segno_resilience::{Breaker, EveryError};
    ///
    /// let breaker = Breaker::in_a_row(1).build()?;
    /// assert!(!breaker.run(EveryError, async { Err::<(), _>("down") }).await.unwrap_err().is_rejected());
    /// assert!(breaker.run(EveryError, async { Err::<(), _>("down") }).await.unwrap_err().is_rejected());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn run<T, E>(
        &self,
        classify: impl Classify<T, E>,
        body: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, Failure<E>>> {
        Guarded { body, classify, breaker: self, held: Held(None) }
    }

    /// Runs a closure if the breaker lets it through, like [`Breaker::run`] for blocking code.
    ///
    /// # Errors
    ///
    /// The error of the body, or the rejection, after which the body did not run at all.
    #[inline]
    pub fn run_blocking<T, E>(
        &self,
        classify: impl Classify<T, E>,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Failure<E>> {
        match self.try_acquire() {
            Ok(permit) => settle(permit, &classify, body()),
            Err(rejection) => Err(Failure::rejected(rejection)),
        }
    }
}

pin_project! {
    /// A future with a breaker round it. Not an `async` block, which would move the body twice before
    /// it is polled: that took longer than all the rest.
    struct Guarded<'a, B, C> {
        #[pin]
        body: B,
        classify: C,
        breaker: &'a Breaker,
        held: Held<'a>,
    }
}

/// The permit between two polls. A future that is dropped then was cancelled, also if a panic of
/// somebody else did it.
struct Held<'a>(Option<Permit<'a>>);

impl<T, E, B: Future<Output = Result<T, E>>, C: Classify<T, E>> Future for Guarded<'_, B, C> {
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let guarded = self.project();
        let permit = match guarded.held.0.take() {
            Some(permit) => permit,
            None => match guarded.breaker.try_acquire() {
                Ok(permit) => permit,
                Err(rejection) => return Poll::Ready(Err(Failure::rejected(rejection))),
            },
        };
        // A body that panics drops the permit here.
        match guarded.body.poll(context) {
            Poll::Ready(result) => Poll::Ready(settle(permit, guarded.classify, result)),
            Poll::Pending => {
                guarded.held.0 = Some(permit);
                Poll::Pending
            }
        }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.ignore();
        }
    }
}

#[inline(always)]
fn settle<T, E>(permit: Permit<'_>, classify: &impl Classify<T, E>, result: Result<T, E>) -> Result<T, Failure<E>> {
    permit.record_with(|| classify.verdict(&result));
    match result {
        Ok(value) => Ok(value),
        Err(error) => Err(Failure { cause: Cause::Failed(error), attempts: 1, waited: Duration::ZERO }),
    }
}
