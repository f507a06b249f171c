//! The shell for tasks: awaits a closure's future, sleeps on tokio's clock, draws random numbers.
//! Leaves every decision to the core in `retry`.

use crate::retry::Call;
use crate::{Attempt, Failure, Retry, Verdict};

impl Retry {
    /// Runs the body until it succeeds, its error says stop or the attempts are used up.
    ///
    /// `classify` judges each error. Nothing of a failed attempt is held while waiting, so the error
    /// need not be `Send`; dropping the future stops the call, in an attempt or between two.
    ///
    /// # Errors
    ///
    /// The last error of the body, with the number of attempts and the time waited.
    ///
    /// # Panics
    ///
    /// If an attempt failed and there is no tokio runtime with its timer enabled to wait on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), segno_resilience::Error> {
    /// use segno_resilience::{Backoff, Retry, Verdict};
    ///
    /// let retry = Retry::attempts(3).backoff(Backoff::none()).build()?;
    /// let page = retry
    ///     .run(|_: &String| Verdict::Transient, |attempt| async move {
    ///         match attempt.number {
    ///             1 => Err("the line was busy".to_owned()),
    ///             number => Ok(number),
    ///         }
    ///     })
    ///     .await;
    /// assert_eq!(page, Ok(2));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<T, E, F, Fut>(&self, mut classify: impl FnMut(&E) -> Verdict, mut body: F) -> Result<T, Failure<E>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut call = Call::of(self);
        loop {
            // The error lives in this block only: kept across the sleep, it would have to be `Send`.
            let wait = {
                let cause = match body(call.attempt()).await {
                    Ok(value) => return Ok(value),
                    Err(cause) => cause,
                };
                let verdict = classify(&cause);
                call.failed(cause, verdict, rand::random())?
            };
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::time::{Instant, sleep, timeout};

    use super::*;
    use crate::Jitter;

    const SECOND: Duration = Duration::from_secs(1);

    fn retry(attempts: u32, jitter: Jitter) -> Retry {
        let builder = Retry::attempts(attempts).exponential(SECOND..=5 * SECOND).jitter(jitter);
        builder.throttle_limit(30 * SECOND).build().unwrap()
    }

    /// Runs a body that always fails; checks how often it ran and how many seconds it took.
    async fn check(attempts: u32, verdict: Verdict, runs: u32, seconds: u64) {
        let start = Instant::now();
        let body = |attempt: Attempt| async move { Err::<(), _>(attempt.number) };
        let failure = retry(attempts, Jitter::None).run(|_| verdict, body).await.unwrap_err();
        let waited = Duration::from_secs(seconds);
        assert_eq!(failure, Failure { cause: runs, attempts: runs, waited });
        assert_eq!(start.elapsed(), waited);
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_the_schedule_says() {
        check(1, Verdict::Transient, 1, 0).await;
        check(2, Verdict::Transient, 2, 1).await;
        check(6, Verdict::Transient, 6, 1 + 2 + 4 + 5 + 5).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_the_other_side_asks_up_to_the_limit() {
        check(3, Verdict::Throttled(Some(20 * SECOND)), 3, 40).await;
        check(3, Verdict::Throttled(Some(Duration::MAX)), 3, 60).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_stops_at_once_at_an_error_that_will_not_pass() {
        check(9, Verdict::Permanent, 1, 0).await;
        check(9, Verdict::Ignore, 1, 0).await;
    }

    #[tokio::test(start_paused = true)]
    async fn two_calls_do_not_wait_alike() {
        let body = |_| async { Err::<(), _>(()) };
        let policy = retry(9, Jitter::Full);
        let first = policy.run(|_| Verdict::Transient, body).await.unwrap_err();
        let second = policy.run(|_| Verdict::Transient, body).await.unwrap_err();
        assert_ne!(first.waited, second.waited);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_makes_no_further_attempt() {
        let runs = Cell::new(0);
        let policy = retry(9, Jitter::None);
        let body = |_| {
            runs.set(runs.get() + 1);
            async { Err::<(), _>(()) }
        };
        let call = policy.run(|_| Verdict::Transient, body);
        assert!(timeout(SECOND * 2, call).await.is_err());
        sleep(SECOND * 60).await;
        assert_eq!(runs.get(), 2);
    }

    #[test]
    fn a_call_can_be_spawned_although_its_error_cannot_be_sent() {
        fn sendable<T: Send>(_: &T) {}
        let policy = retry(2, Jitter::Full);
        let body = |_| async { Err::<(), Rc<str>>(Rc::from("stays on its thread")) };
        sendable(&policy.run(|_| Verdict::Transient, body));
    }
}
