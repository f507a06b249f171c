//! The race between a call and its hedges, all in the task of the caller: the first good answer wins and
//! the others are dropped. Leaves how long to wait to `latencies` and the numbers to `builder`.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::latencies::Latencies;
use crate::clock::Moment;
use crate::rest::{self, Rest};
use crate::{Budget, Clock, Verdict};

/// A second call when the first takes too long: whichever gives a good answer first wins.
///
/// Only for calls that may be made twice. Each hedge is paid from a budget that calls fill that go well, so
/// that a service that is slow for everybody does not get twice the load; a budget that is used up makes no
/// new hedges and leaves alone those that run. A call that is ready at once costs nothing. Only for
/// futures: a thread cannot be dropped. Cloning shares it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), segno_resilience::Error> {
/// use std::time::Duration;
/// use segno_resilience::Hedge;
///
/// let hedge = Hedge::after(Duration::from_millis(5)).build()?;
/// let ask = |number| async move {
///     if number == 1 {
///         std::future::pending::<()>().await;
///     }
///     Ok::<u32, ()>(number)
/// };
/// assert_eq!(hedge.run(ask, Result::is_ok).await, Ok(2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Hedge(pub(super) Arc<Plan>);

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) delay: Delay,
    pub(super) at_most: u32,
    pub(super) budget: Budget,
    pub(super) clock: Clock,
}

/// After how long a hedge is made.
#[derive(Debug)]
pub(super) enum Delay {
    Fixed(Duration),
    Percentile { latencies: Latencies, at_least: Duration },
}

impl Hedge {
    /// Makes a call, and hedges when it takes too long; returns the first answer that is good, or the last
    /// one when none is.
    ///
    /// `make` is given the number of the call, 1 for the first; the calls that have lost are dropped. A bad
    /// answer is returned at once when no other call runs: trying again is what a retry is for.
    ///
    /// # Panics
    ///
    /// If the call has to wait and there is no tokio runtime with its timer enabled.
    pub async fn run<T, Fut>(&self, make: impl FnMut(u32) -> Fut, is_good: impl Fn(&T) -> bool) -> T
    where
        Fut: Future<Output = T>,
    {
        let worth = |answer: &T| if is_good(answer) { Worth::Good } else { Worth::Bad };
        self.hedged(rest::Task, make, worth).await
    }

    /// Makes a call and its hedges in this way of waiting.
    pub(crate) async fn hedged<R: Rest, T, Fut>(
        &self,
        rest: R,
        mut make: impl FnMut(u32) -> Fut,
        worth: impl Fn(&T) -> Worth,
    ) -> T
    where
        Fut: Future<Output = T>,
    {
        let plan = &*self.0;
        let begun = plan.begin();
        let first = pin!(make(1));
        let mut race = Race { first: Some(first), hedges: Vec::new(), bad: None, worth };
        // Polled before the timer is made: a call that is ready at once pays nothing.
        let answer = match poll_fn(|context| Poll::Ready(race.poll(context))).await {
            Poll::Ready(answer) => answer,
            // A timer is large, and would make the future of every call as large.
            Poll::Pending => Box::pin(plan.hedged(rest, &mut race, make)).await,
        };
        if (race.worth)(&answer) == Worth::Good {
            plan.succeeded(begun);
        }
        answer
    }

    /// Returns what hedges are paid from.
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// Returns after how long a hedge would be made now; `None` while too few calls are known.
    pub fn delay(&self) -> Option<Duration> {
        self.0.delay()
    }
}

impl Plan {
    /// Reads the clock if latencies are wanted.
    fn begin(&self) -> Option<(Moment, &Latencies)> {
        match &self.delay {
            Delay::Fixed(_) => None,
            Delay::Percentile { latencies, .. } => Some((self.clock.now(), latencies)),
        }
    }

    /// Adds hedges to a race until one of its calls has answered.
    async fn hedged<R: Rest, T, Fut: Future<Output = T>>(
        &self,
        rest: R,
        race: &mut Race<'_, T, Fut, impl Fn(&T) -> Worth>,
        mut make: impl FnMut(u32) -> Fut,
    ) -> T {
        for number in 0..self.at_most {
            let Some(delay) = self.delay() else {
                break;
            };
            let mut over = pin!(rest.sleep(&self.clock, delay));
            let polled = poll_fn(|context| match race.poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => over.as_mut().poll(context).map(|()| None),
            });
            if let Some(answer) = polled.await {
                return answer;
            }
            // A hedge that is not paid for counts too, so that the number of waits is bounded.
            if self.budget.try_spend(Verdict::Transient) {
                race.hedges.push(Box::pin(make(number.saturating_add(2))));
            }
        }
        poll_fn(|context| race.poll(context)).await
    }

    fn delay(&self) -> Option<Duration> {
        match &self.delay {
            Delay::Fixed(delay) => Some(*delay),
            Delay::Percentile { latencies, at_least } => latencies.known().map(|known| known.max(*at_least)),
        }
    }

    /// Takes note of a good answer. What is measured is the whole call: one that a hedge won took longer
    /// than most all the same, so that the percentile does not sink.
    fn succeeded(&self, begun: Option<(Moment, &Latencies)>) {
        self.budget.deposit();
        if let Some((begun, latencies)) = begun {
            latencies.record(self.clock.now().since(begun));
        }
    }
}

/// What an answer is worth to a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// There is none: the call was not let through.
    Nothing,
    /// It is bad, and another one may be better.
    Bad,
    /// It is bad, and another one would be no better.
    Final,
    /// It is good.
    Good,
}

/// The calls that run.
struct Race<'a, T, Fut, Weigh> {
    first: Option<Pin<&'a mut Fut>>,
    hedges: Vec<Pin<Box<Fut>>>,
    /// The last answer that does not end the race, of those that are worth most.
    bad: Option<(Worth, T)>,
    worth: Weigh,
}

impl<T, Fut: Future<Output = T>, Weigh: Fn(&T) -> Worth> Race<'_, T, Fut, Weigh> {
    /// Polls all that run: an answer that ends the race, or the best one when nothing runs any more.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        let first = self.first.as_mut().map(|call| call.as_mut().poll(context));
        if let Some(Poll::Ready(answer)) = first {
            self.first = None;
            if let Some(answer) = self.weigh(answer) {
                return Poll::Ready(answer);
            }
        }
        let mut index = 0;
        while let Some(hedge) = self.hedges.get_mut(index) {
            match hedge.as_mut().poll(context) {
                Poll::Pending => index += 1,
                Poll::Ready(answer) => {
                    drop(self.hedges.swap_remove(index));
                    if let Some(answer) = self.weigh(answer) {
                        return Poll::Ready(answer);
                    }
                }
            }
        }
        match self.first.is_none() && self.hedges.is_empty() {
            true => self.bad.take().map_or(Poll::Pending, |(_, answer)| Poll::Ready(answer)),
            false => Poll::Pending,
        }
    }

    /// Returns an answer that ends the race; keeps one that does not unless there is a better one.
    fn weigh(&mut self, answer: T) -> Option<T> {
        let worth = (self.worth)(&answer);
        if worth >= Worth::Final {
            return Some(answer);
        }
        if self.bad.as_ref().is_none_or(|(known, _)| *known <= worth) {
            self.bad = Some((worth, answer));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use tokio::time::{Instant, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A call that is written down when it is dropped before it answers.
    struct Told<'a>(&'a RefCell<Vec<u32>>, Option<u32>);

    impl Told<'_> {
        fn answered(mut self) {
            self.1 = None;
        }
    }

    impl Drop for Told<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().extend(self.1);
        }
    }

    /// Makes a call whose n-th answer comes after the n-th number of seconds, and is bad when that is
    /// negative. Checks the seconds, the number of the call that won and which ones were dropped.
    async fn check(hedge: &Hedge, answers: &[i64], seconds: u64, won: u32, lost: &[u32]) {
        let dropped = RefCell::new(Vec::new());
        let start = Instant::now();
        let make = |number: u32| {
            let takes = answers[number as usize - 1];
            let told = Told(&dropped, Some(number));
            async move {
                sleep(SECOND * takes.unsigned_abs() as u32).await;
                told.answered();
                if takes < 0 { Err(number) } else { Ok(number) }
            }
        };
        let answer = hedge.run(make, Result::is_ok).await;
        assert_eq!(answer.unwrap_or_else(|number| number), won, "{answers:?}");
        assert_eq!(start.elapsed(), SECOND * seconds as u32, "{answers:?}");
        let mut dropped = dropped.take();
        dropped.sort_unstable();
        assert_eq!(dropped, lost, "{answers:?}");
    }

    fn hedge(at_most: u32) -> Hedge {
        Hedge::after(2 * SECOND).at_most(at_most).build().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_good_answer_wins_and_the_others_are_dropped() {
        check(&hedge(1), &[1], 1, 1, &[]).await;
        check(&hedge(1), &[9, 1], 3, 2, &[1]).await;
        check(&hedge(1), &[3, 9], 3, 1, &[2]).await;
        check(&hedge(2), &[9, 9, 1], 5, 3, &[1, 2]).await;
        check(&hedge(2), &[99, 97, 96], 99, 1, &[2, 3]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_answer_waits_for_those_that_run_and_for_no_other() {
        check(&hedge(2), &[-1, 9], 1, 1, &[]).await;
        check(&hedge(1), &[-3, 4], 6, 2, &[]).await;
        check(&hedge(1), &[9, -1], 9, 1, &[]).await;
        check(&hedge(1), &[-9, -1], 9, 1, &[]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_that_is_used_up_makes_no_hedge_and_leaves_those_alone_that_run() {
        let budget = Budget::ratio(0.5).capacity(1).build().unwrap();
        let hedge = Hedge::after(SECOND).at_most(2).budget(budget.clone()).build().unwrap();
        // The second hedge is not paid for; the first runs on and wins.
        check(&hedge, &[20, 5, 1], 6, 2, &[1]).await;
        check(&hedge, &[3], 3, 1, &[]).await;
        assert_eq!(budget.available(), 1.0);
        check(&hedge, &[20, 5], 6, 2, &[1]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_percentile_of_past_calls_says_when() {
        let hedge = Hedge::after_percentile(0.9).at_least(SECOND).build().unwrap();
        assert_eq!(hedge.delay(), None);
        for call in 1..=32 {
            hedge.run(|_| sleep(SECOND * call), |()| true).await;
        }
        assert_eq!(hedge.delay(), Some(29 * SECOND));
        let made = Cell::new(0);
        hedge
            .run(
                |number| {
                    made.set(number);
                    sleep(60 * SECOND)
                },
                |()| true,
            )
            .await;
        assert_eq!(made.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_drops_all_it_made() {
        let dropped = RefCell::new(Vec::new());
        let make = |number| {
            let told = Told(&dropped, Some(number));
            async move {
                std::future::pending::<()>().await;
                drop(told);
            }
        };
        let hedge = hedge(5);
        let run = hedge.run(make, |()| true);
        assert!(tokio::time::timeout(5 * SECOND, run).await.is_err());
        let mut dropped = dropped.take();
        dropped.sort_unstable();
        assert_eq!(dropped, [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_is_too_short_or_too_long() {
        let never = Hedge::after(Duration::MAX).at_most(u32::MAX).build().unwrap();
        check(&never, &[50], 50, 1, &[]).await;
        assert!(Hedge::after(Duration::ZERO).build().is_err());
        assert!(Hedge::after(SECOND).at_most(0).build().is_err());
        for percentile in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(Hedge::after_percentile(percentile).build().is_err());
        }
        assert!(Hedge::after(SECOND).budget(Budget::ratio(7.0)).build().is_err());
    }

    #[tokio::test]
    async fn a_clock_that_is_moved_by_hand_decides() {
        let hands = crate::ManualClock::new();
        let hedge = Hedge::after(SECOND).clock(hands.clock()).build().unwrap();
        let make = |number| async move {
            if number == 1 {
                std::future::pending::<()>().await;
            }
            number
        };
        let move_on = async {
            tokio::task::yield_now().await;
            hands.advance(SECOND);
        };
        assert_eq!(tokio::join!(hedge.run(make, |_| true), move_on).0, 2);
    }
}
