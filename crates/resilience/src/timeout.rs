//! A limit to how long one call may take. The body is polled before the timer is made: a body that is
//! ready at once pays nothing. Leaves the deadline of a call with retries to `retry`.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::Moment;
use crate::rest::Rest;
use crate::{Attempt, Clock, Error};

/// A limit to how long one call may take.
///
/// The time counts from the first moment at which the body has to wait. A future is dropped when it is
/// over. Blocking code cannot be interrupted: there the body is told, by [`Attempt::remaining`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), segno_resilience::Error> {
/// use std::time::Duration;
/// use segno_resilience::Timeout;
///
/// let timeout = Timeout::after(Duration::from_millis(10))?;
/// assert_eq!(timeout.run(async { 7 }).await, Some(7));
/// assert_eq!(timeout.run(std::future::pending::<()>()).await, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Timeout {
    limit: Duration,
    clock: Clock,
}

impl Timeout {
    /// Creates a limit.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a limit of nothing.
    pub fn after(limit: Duration) -> Result<Timeout, Error> {
        match limit {
            Duration::ZERO => Err(Error::number("a time-out", "longer than nothing", limit)),
            _ => Ok(Timeout { limit, clock: Clock::system() }),
        }
    }

    /// Sets the clock, which is the system's unless set.
    #[must_use]
    pub fn on(self, clock: Clock) -> Timeout {
        Timeout { clock, ..self }
    }

    /// Returns the limit.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Runs a closure, which is told how much time it has left: nobody can interrupt it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use segno_resilience::Timeout;
    ///
    /// let timeout = Timeout::after(Duration::from_secs(5))?;
    /// let limit = timeout.run_blocking(|at| at.remaining());
    /// assert!(limit.is_some_and(|left| left <= Duration::from_secs(5)));
    /// # Ok::<(), segno_resilience::Error>(())
    /// ```
    pub fn run_blocking<T>(&self, body: impl FnOnce(Attempt) -> T) -> T {
        let until = self.clock.now().after(self.limit);
        body(Attempt { number: 1, of: 1, until, limit: u64::MAX, clock: self.clock.clone() })
    }

    /// Runs a future; `None` when it was dropped because it took too long.
    ///
    /// # Panics
    ///
    /// If the body has to wait and there is no tokio runtime with its timer enabled.
    #[cfg(feature = "tokio")]
    pub async fn run<T>(&self, body: impl Future<Output = T>) -> Option<T> {
        timed(crate::rest::Task, &self.clock, (Some(self.limit), Moment::MAX), body).await
    }
}

/// Runs a future within a limit, if there is one, and until a moment, if there is one; `None` when it took
/// too long.
///
/// The limit counts from the first moment at which the body has to wait; the moment stands, however long the
/// body held the thread before that.
#[inline]
pub(crate) fn timed<R: Rest, F: Future>(
    rest: R,
    clock: &Clock,
    (limit, until): (Option<Duration>, Moment),
    body: F,
) -> Timed<'_, R, F> {
    Timed { body, rest, clock, limit, until, over: None }
}

pin_project! {
    /// A future within a limit. By hand, because a body that is ready at once is the usual case and should
    /// cost next to nothing.
    pub(crate) struct Timed<'a, R: Rest, F> {
        #[pin]
        body: F,
        rest: R,
        clock: &'a Clock,
        limit: Option<Duration>,
        until: Moment,
        // On the heap and made late: a call that is ready at once does not carry the room of a timer.
        over: Option<R::Nap>,
    }
}

impl<R: Rest, F: Future> Future for Timed<'_, R, F> {
    type Output = Option<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if let Poll::Ready(output) = this.body.poll(context) {
            return Poll::Ready(Some(output));
        }
        let (rest, clock, until) = (*this.rest, *this.clock, *this.until);
        if this.over.is_none() {
            let left = (until != Moment::MAX).then(|| until.since(clock.now()));
            let Some(limit) = (*this.limit).into_iter().chain(left).min() else {
                return Poll::Pending;
            };
            *this.over = Some(rest.nap(clock.clone(), limit));
        }
        let Some(over) = this.over else {
            return Poll::Pending;
        };
        Pin::new(over).poll(context).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Checks whether a body that sleeps so long is done within two seconds.
    async fn check(takes: Duration, is_done: bool) {
        let start = Instant::now();
        let timeout = Timeout::after(2 * SECOND).unwrap();
        assert_eq!(timeout.run(sleep(takes)).await.is_some(), is_done);
        assert_eq!(start.elapsed(), takes.min(2 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_dropped_at_the_limit() {
        check(Duration::ZERO, true).await;
        check(SECOND, true).await;
        check(3 * SECOND, false).await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_too_long() {
        let timeout = Timeout::after(Duration::MAX).unwrap();
        assert_eq!(timeout.run(sleep(SECOND)).await, Some(()));
        assert!(Timeout::after(Duration::ZERO).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_yields_to_others_is_ended_too() {
        let greedy = async {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            sender.send(()).unwrap();
            // Each message is ready at once, so tokio's budget is used up again and again.
            while receiver.recv().await.is_some() {
                tokio::time::advance(SECOND / 50).await;
                sender.send(()).unwrap();
            }
        };
        assert_eq!(Timeout::after(SECOND).unwrap().run(greedy).await, None);
    }

    #[tokio::test]
    async fn a_clock_that_is_moved_by_hand_decides() {
        let hands = crate::ManualClock::new();
        let timeout = Timeout::after(SECOND).unwrap().on(hands.clock());
        let call = timeout.run(std::future::pending::<()>());
        let move_on = async {
            tokio::task::yield_now().await;
            hands.advance(SECOND);
        };
        assert_eq!(tokio::join!(call, move_on).0, None);
    }
}
