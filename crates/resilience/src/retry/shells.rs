//! The loop over attempts, written once for tasks and threads, and the two forms of a retry alone.
//! Leaves every decision to `call` and what an attempt consists of to whoever calls the loop.

use std::future::ready;
use std::pin::pin;
use std::time::Duration;

use super::Retry;
use super::call::{Call, Made, Next, Then};
#[cfg(feature = "tokio")]
use super::first::Run;
use super::nested::Ears;
use crate::rest::{self, Rest};
use crate::{Attempt, Classify, Failure, Verdict};
#[cfg(feature = "tokio")]
use crate::{Limit, timeout::timed};

/// Makes the attempts after the first.
async fn go_on<R: Rest, T, E, Fut>(
    rest: R,
    mut call: Call<'_, E>,
    mut wait: Duration,
    mut attempt: impl FnMut(Attempt) -> Fut,
) -> Result<T, Failure<E>>
where
    Fut: Future<Output = Made<T, E>>,
{
    loop {
        rest.sleep(call.clock(), wait).await;
        let mut ears = Ears::open();
        // A body that is a closure runs when its future is made: that too belongs into the attempt.
        let attempt = attempt(call.attempt());
        let made = ears.listen(pin!(attempt)).await;
        match call.next(made, &ears) {
            Next::Return(result) => return result,
            Next::Wait(again) => wait = again,
        }
    }
}

impl Retry {
    /// Runs the body until it succeeds, its error says stop, or attempts, time or budget are used up.
    ///
    /// `classify` judges each result. Nothing but the last error is held while waiting; dropping the
    /// future stops the call, in an attempt or between two. At the deadline the attempt is dropped.
    ///
    /// # Errors
    ///
    /// The last error of the body, with the number of attempts and the time waited.
    ///
    /// # Panics
    ///
    /// If there is something to wait for and no tokio runtime with its timer enabled to wait on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), segno_resilience::Error> {
    /// use segno_resilience::{Backoff, EveryError, Retry};
    ///
    /// let retry = Retry::attempts(3).backoff(Backoff::none()).build()?;
    /// let page = retry
    ///     .run(EveryError, |attempt| async move {
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
    #[cfg(feature = "tokio")]
    pub fn run<T, E, F, Fut>(
        &self,
        classify: impl Classify<T, E>,
        body: F,
    ) -> impl Future<Output = Result<T, Failure<E>>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let go_on = move |call, wait, classify, mut body: F| async move {
            let attempt = |attempt: Attempt| {
                let timed = timed(rest::Task, &self.clock, (None, attempt.until), body(attempt));
                async { self.made(&classify, timed.await) }
            };
            go_on(rest::Task, call, wait, attempt).await
        };
        Run::new(self, classify, body, go_on)
    }

    /// Judges what came of an attempt, if it ended before the deadline.
    #[cfg(feature = "tokio")]
    fn made<T, E>(&self, classify: &impl Classify<T, E>, result: Option<Result<T, E>>) -> Made<T, E> {
        match result {
            Some(result) => Made::of(classify, result),
            None => Made::TimedOut(Limit::Deadline, self.deadline.unwrap_or_default()),
        }
    }

    /// Runs the body until it succeeds, its error says stop, or attempts, time or budget are used up.
    ///
    /// `classify` judges each result; the thread sleeps between attempts. A body that runs past the
    /// deadline is not interrupted; it is told by [`Attempt::remaining`].
    ///
    /// # Errors
    ///
    /// The last error of the body, with the number of attempts and the time waited.
    ///
    /// ```
    /// use segno_resilience::{Backoff, EveryError, Retry};
    ///
    /// let retry = Retry::attempts(3).backoff(Backoff::none()).build()?;
    /// let page = retry.run_blocking(EveryError, |attempt| match attempt.number {
    ///     1 => Err("the line was busy".to_owned()),
    ///     number => Ok(format!("got it at attempt {number} of {}", attempt.of)),
    /// });
    /// assert_eq!(page.as_deref(), Ok("got it at attempt 2 of 3"));
    /// # Ok::<(), segno_resilience::Error>(())
    /// ```
    pub fn run_blocking<T, E>(
        &self,
        classify: impl Classify<T, E>,
        mut body: impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<T, Failure<E>> {
        let (until, ears) = (self.until(), Ears::open());
        let made = match Made::of(&classify, body(self.attempt(1, until))) {
            Made::Judged(Ok(value), Verdict::Ok) => {
                self.pay_in();
                return Ok(value);
            }
            made => made,
        };
        match self.after_first(until, made, &ears) {
            Then::Return(result) => result,
            Then::Wait(call, wait) => {
                let (next, clock) = (rest::no_moment(), &self.clock);
                let attempt = |attempt| ready(Made::of(&classify, body(attempt)));
                rest::block_on(clock, &next, |rest| go_on(rest, call, wait, attempt))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{Backoff, Cause, EveryError, Fallback, Jitter, ManualClock, on_error};

    const SECOND: Duration = Duration::from_secs(1);

    fn builder(attempts: u32) -> crate::RetryBuilder {
        Retry::attempts(attempts).exponential(SECOND..=5 * SECOND).jitter(Jitter::None).throttle_limit(30 * SECOND)
    }

    /// Runs a body that always fails, on a thread and as a task; checks how often it ran and how many
    /// seconds were waited.
    fn check(builder: crate::RetryBuilder, verdict: Verdict, runs: u32, seconds: u64) {
        let expected = Failure { cause: Cause::Failed(runs), attempts: runs, waited: Duration::from_secs(seconds) };
        let clock = ManualClock::new().clock();
        let start = clock.now();
        let retry = builder.clone().clock(clock.clone()).build().unwrap();
        let failure = retry.run_blocking(on_error(|_| verdict), |at| Err::<(), u32>(at.number)).unwrap_err();
        assert_eq!((failure, clock.now().since(start)), (expected.clone(), expected.waited));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (retry, start) = (builder.build().unwrap(), tokio::time::Instant::now());
            let body = |at: Attempt| async move { Err::<(), u32>(at.number) };
            let failure = retry.run(on_error(|_| verdict), body).await.unwrap_err();
            assert_eq!((failure, start.elapsed()), (expected.clone(), expected.waited));
        });
    }

    #[test]
    fn it_waits_as_the_schedule_says() {
        check(builder(1), Verdict::Transient, 1, 0);
        check(builder(2), Verdict::Transient, 2, 1);
        check(builder(6), Verdict::Transient, 6, 1 + 2 + 4 + 5 + 5);
    }

    #[test]
    fn it_waits_as_the_other_side_asks_up_to_the_limit() {
        check(builder(3), Verdict::Throttled(Some(20 * SECOND)), 3, 40);
        check(builder(3), Verdict::Throttled(Some(Duration::MAX)), 3, 60);
    }

    #[test]
    fn it_stops_at_once_at_an_error_that_will_not_pass() {
        check(builder(9), Verdict::Permanent, 1, 0);
        check(builder(9), Verdict::Ignore, 1, 0);
        check(builder(9), Verdict::Ok, 1, 0);
    }

    #[test]
    fn a_wait_that_would_end_after_the_deadline_is_not_begun() {
        check(builder(9).deadline(8 * SECOND), Verdict::Transient, 4, 7);
        check(builder(9).deadline(7 * SECOND), Verdict::Transient, 3, 3);
        check(builder(9).deadline(Duration::MAX), Verdict::Permanent, 1, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_runs_past_the_deadline_is_dropped() {
        let retry = builder(9).deadline(3 * SECOND).build().unwrap();
        let body = |at: Attempt| async move {
            if at.number == 2 {
                assert_eq!(at.remaining(), Some(2 * SECOND));
                std::future::pending::<()>().await;
            }
            Err::<(), _>(at.number)
        };
        let start = tokio::time::Instant::now();
        let failure = retry.run(EveryError, body).await.unwrap_err();
        let cause = Cause::TimedOut { limit: Limit::Deadline, allowed: 3 * SECOND, last: Some(1) };
        assert_eq!(failure, Failure { cause, attempts: 2, waited: SECOND });
        assert_eq!(start.elapsed(), 3 * SECOND);
    }

    #[test]
    fn a_value_that_is_not_good_enough_is_tried_again_and_the_last_one_returned() {
        let retry = Retry::attempts(3).backoff(Backoff::none()).build().unwrap();
        let judge = |status: &Result<u32, ()>| match status {
            Ok(503) => Verdict::Transient,
            _ => Verdict::Ok,
        };
        let runs = RefCell::new(Vec::new());
        let body = |statuses: [u32; 3]| {
            let result = retry.run_blocking(judge, |at| Ok(statuses[at.number as usize - 1]));
            runs.borrow_mut().push(result.unwrap());
        };
        body([503, 200, 404]);
        body([503, 503, 503]);
        assert_eq!(runs.into_inner(), [200, 503]);
    }

    #[tokio::test(start_paused = true)]
    async fn two_calls_do_not_wait_alike() {
        let retry = builder(9).full_jitter().build().unwrap();
        let first = retry.run(EveryError, |_| async { Err::<(), _>(()) }).await.unwrap_err();
        let second = retry.run(EveryError, |_| async { Err::<(), _>(()) }).await.unwrap_err();
        assert_ne!(first.waited, second.waited);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_makes_no_further_attempt() {
        let runs = RefCell::new(0);
        let retry = builder(9).build().unwrap();
        let body = |_| {
            *runs.borrow_mut() += 1;
            async { Err::<(), _>(()) }
        };
        assert!(tokio::time::timeout(SECOND * 2, retry.run(EveryError, body)).await.is_err());
        tokio::time::sleep(SECOND * 60).await;
        assert_eq!(*runs.borrow(), 2);
    }

    #[test]
    fn retries_inside_retries_do_not_multiply() {
        let retry = Retry::attempts(4).backoff(Backoff::none()).build().unwrap();
        let mut runs = 0;
        let outer = retry.run_blocking(EveryError, |_| {
            retry.run_blocking(EveryError, |_| {
                runs += 1;
                Err::<(), _>("dead")
            })
        });
        assert_eq!((runs, outer.unwrap_err().attempts), (4, 1));
    }

    #[test]
    fn what_an_inner_call_recovered_from_does_not_stop_the_outer_one() {
        let retry = Retry::attempts(3).backoff(Backoff::none()).build().unwrap();
        let mut runs = 0;
        let outer = retry.run_blocking(EveryError, |_| {
            retry.run_blocking(EveryError, |at| if at.number < 3 { Err("busy") } else { Ok(()) }).unwrap();
            runs += 1;
            Err::<(), _>("something else")
        });
        assert_eq!((runs, outer.unwrap_err().attempts), (3, 3));
    }

    /// Runs an outer call of three attempts, on a thread and as a task, whose attempt makes inner calls and
    /// fails with something else up to the last; checks how often it ran.
    fn check_nested(on_thread: impl Fn(&Retry), as_task: impl AsyncFn(&Retry), runs: u32) {
        let retry = &Retry::attempts(3).backoff(Backoff::none()).build().unwrap();
        let ends = |number| if number < 3 { Err("something else") } else { Ok(number) };
        let ran = std::cell::Cell::new(0);
        let outer = retry.run_blocking(EveryError, |at| {
            ran.set(at.number);
            on_thread(retry);
            ends(at.number)
        });
        assert_eq!((outer.is_ok(), ran.replace(0)), (runs == 3, runs), "on a thread");
        let outer = async {
            let body = |at: Attempt| {
                ran.set(at.number);
                let inner = as_task(retry);
                async move {
                    inner.await;
                    ends(at.number)
                }
            };
            retry.run(EveryError, body).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outer = runtime.block_on(outer);
        assert_eq!((outer.is_ok(), ran.get()), (runs == 3, runs), "as a task");
    }

    fn down(retry: &Retry) -> Result<u32, Failure<&'static str>> {
        retry.run_blocking(EveryError, |_| Err("down"))
    }

    async fn down_async(retry: &Retry) -> Result<u32, Failure<&'static str>> {
        retry.run(EveryError, |_| async { Err("down") }).await
    }

    #[test]
    fn a_failure_with_an_answer_does_not_stop_the_outer_call() {
        let cached = |retry: &Retry| assert_eq!(down(retry).or_cached(|| Some(7)), Ok(7));
        let cached_async = async |retry: &Retry| {
            let waits = || async {
                tokio::time::sleep(SECOND).await;
                Some(7)
            };
            assert_eq!(down_async(retry).await.or_cached_async(waits).await, Ok(7));
            assert_eq!(down_async(retry).await.or_instead(|_| Some(8)), Ok(8));
        };
        check_nested(cached, cached_async, 3);
        let nothing = |retry: &Retry| assert!(down(retry).or_cached(|| None).is_err());
        let nothing_async = async |retry: &Retry| {
            assert!(down_async(retry).await.or_cached_async(|| async { None }).await.is_err());
        };
        check_nested(nothing, nothing_async, 1);
    }

    #[test]
    fn an_answer_to_one_failure_is_none_to_another() {
        let judge = on_error(|_: &&str| Verdict::Permanent);
        let on_thread = |retry: &Retry| {
            assert!(down(retry).is_err());
            assert_eq!(retry.run_blocking(judge, |_| Err("no such page")).or_cached(|| Some(7)), Ok(7));
        };
        let as_task = async |retry: &Retry| {
            assert!(down_async(retry).await.is_err());
            let page = retry.run(judge, |_| async { Err("no such page") }).await;
            assert_eq!(page.or_cached(|| Some(7)), Ok(7));
        };
        check_nested(on_thread, as_task, 1);
    }

    #[test]
    fn an_inner_call_that_ended_with_what_will_not_pass_used_nothing_up() {
        let judge = |number: &u32| if *number == 1 { Verdict::Transient } else { Verdict::Permanent };
        let on_thread = |retry: &Retry| {
            let inner = retry.run_blocking(on_error(judge), |at| Err::<(), _>(at.number));
            assert_eq!(inner.unwrap_err().attempts, 2);
        };
        let as_task = async |retry: &Retry| {
            let inner = retry.run(on_error(judge), |at| async move { Err::<(), _>(at.number) }).await;
            assert_eq!(inner.unwrap_err().attempts, 2);
        };
        check_nested(on_thread, as_task, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_or_a_budget_that_runs_out_is_told_too() {
        let late = Retry::attempts(9).constant(SECOND).jitter(Jitter::None).deadline(2 * SECOND).build().unwrap();
        let poor = crate::Budget::ratio(0.0).capacity(1).build().unwrap();
        let poor = Retry::attempts(9).backoff(Backoff::none()).budget(poor).build().unwrap();
        for inner in [late, poor] {
            let outer = Retry::attempts(3).backoff(Backoff::none()).build().unwrap();
            let body = |_| async { down_async(&inner).await.map_err(|_| "down") };
            assert_eq!(outer.run(EveryError, body).await.unwrap_err().attempts, 1);
        }
    }
}
