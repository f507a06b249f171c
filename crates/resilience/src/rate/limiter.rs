//! A rate that calls keep: at once, or after a wait in a line of which only the first looks at the clock.
//! Leaves the decision to `gcra` and the line to the bulkhead's seats.
//!
//! Nothing is reserved: a call that is dropped while it waits has not used up what others wait for, and a
//! dear call is not overtaken for ever by cheap ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::gcra::{Limits, Pass};
use crate::bulkhead::Seats;
use crate::clock::Moment;
use crate::rest::{self, Rest};
use crate::{Clock, Priority, Rejection, Rejector};

/// A limit to how much passes in a time.
///
/// It is exact whatever the window that one looks at (GCRA, by the crate `governor`): never more than the
/// burst and what the rate gives meanwhile. A call may cost more than 1, such as the tokens of a prompt;
/// one that costs more than the burst can never pass and is rejected. Calls that wait pass in the order in
/// which they came, and newcomers do not overtake them. Cloning shares it.
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::{ManualClock, Rate};
///
/// let hands = ManualClock::new();
/// let rate = Rate::per_second(20).burst(2).clock(hands.clock()).build()?;
/// rate.check(2)?;
/// let rejection = rate.check(1).unwrap_err();
/// assert_eq!(rejection.retry_after, Some(Duration::from_millis(50)));
/// hands.advance(Duration::from_millis(50));
/// rate.check(1)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rate(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    limits: Limits,
    /// The one who waits for the limits; the others wait for its seat.
    first: Seats,
    /// What those who wait cost together.
    waiting_cost: AtomicU64,
    max_wait: Option<Duration>,
    clock: Clock,
}

impl Rate {
    pub(super) fn with(limits: Limits, max_wait: Option<Duration>, queue: u32, clock: Clock) -> Rate {
        // The first of those who wait has the seat, so that it is not in the queue.
        let first = Seats::new(1, queue.saturating_sub(1));
        let max_wait = if queue == 0 { Some(Duration::ZERO) } else { max_wait };
        Rate(Arc::new(Gate { limits, first, waiting_cost: AtomicU64::new(0), max_wait, clock }))
    }

    /// Lets a cost pass now, or says after how long it may.
    ///
    /// # Errors
    ///
    /// A rejection if the rate is used up, or others wait already; it says for how long, unless the cost is
    /// above the burst and can never pass.
    #[inline]
    pub fn check(&self, cost: u32) -> Result<(), Rejection> {
        match self.0.pass(cost) {
            Pass::Now => Ok(()),
            Pass::Never => Err(rejection(None)),
            Pass::At(moment) => Err(rejection(Some(moment.since(self.0.clock.now())))),
        }
    }

    /// Lets a cost pass, after a wait if need be. Dropping the future leaves the line.
    ///
    /// # Errors
    ///
    /// A rejection if the wait would be too long, if too many wait, and at once if the cost is above the
    /// burst.
    ///
    /// # Panics
    ///
    /// If it has to wait and there is no tokio runtime with its timer enabled.
    #[cfg(feature = "tokio")]
    pub async fn wait(&self, cost: u32) -> Result<(), Rejection> {
        self.acquire_on(rest::Task, cost, None).await
    }

    /// Lets a cost pass, blocking the thread as long as need be.
    ///
    /// # Errors
    ///
    /// Like `wait`.
    pub fn wait_blocking(&self, cost: u32) -> Result<(), Rejection> {
        let next = rest::no_moment();
        rest::block_on(&self.0.clock, &next, |rest| self.acquire_on(rest, cost, None))
    }

    /// Lets a cost pass in this way of waiting, after at most so long.
    pub(crate) async fn acquire_on<R: Rest>(
        &self,
        rest: R,
        cost: u32,
        at_most: Option<Duration>,
    ) -> Result<(), Rejection> {
        match self.0.pass(cost) {
            Pass::Now => Ok(()),
            Pass::Never => Err(rejection(None)),
            Pass::At(moment) => {
                let at_most = at_most.into_iter().chain(self.0.max_wait).min();
                // A timer is large, and would make the future of every call as large that waits for nothing.
                Box::pin(self.0.wait(rest, cost, moment, at_most)).await
            }
        }
    }

    /// Lets nothing pass for so long, because the other side asked for a pause; after that the burst is
    /// used up. Of several pauses that overlap the one that ends last holds.
    pub fn pause(&self, pause: Duration) {
        self.0.limits.pause(pause);
    }

    /// Returns how much could pass now at once.
    pub fn available(&self) -> u32 {
        self.0.limits.available()
    }

    /// Returns how many calls wait.
    pub fn waiting(&self) -> u32 {
        self.0.first.in_use() + self.0.first.waiting()
    }
}

impl Gate {
    /// Lets a cost pass unless others wait; then it says when it will be its turn as far as is known.
    #[inline]
    fn pass(&self, cost: u32) -> Pass {
        if self.first.is_idle() {
            return self.limits.check(cost);
        }
        let (ahead, calls) = (self.waiting_cost.load(Ordering::Relaxed), self.first.waiting());
        self.limits.check_behind(cost, ahead, u64::from(calls) + 1)
    }

    async fn wait<R: Rest>(
        &self,
        rest: R,
        cost: u32,
        expected: Moment,
        at_most: Option<Duration>,
    ) -> Result<(), Rejection> {
        let now = self.clock.now();
        let until = at_most.map_or(Moment::MAX, |at_most| now.after(at_most));
        if expected > until {
            return Err(rejection(Some(expected.since(now))));
        }
        let _waits = Waits::of(&self.waiting_cost, cost);
        let seat = self.first.take(rest, &self.clock, Priority::Normal, at_most).await;
        let _seat = seat.map_err(|_| rejection(Some(expected.since(now))))?;
        loop {
            let moment = match self.limits.check(cost) {
                Pass::Now => return Ok(()),
                Pass::Never => return Err(rejection(None)),
                Pass::At(moment) => moment,
            };
            let wait = moment.since(self.clock.now());
            if moment > until {
                return Err(rejection(Some(wait)));
            }
            rest.sleep(&self.clock, wait).await;
            // On a thread that waited the clock stands still if tokio has paused it: it would be for ever.
            if rest.is_blocking() && self.clock.now() < moment && self.clock.now_on_thread() >= moment {
                return Err(rejection(Some(wait)));
            }
        }
    }
}

/// What somebody costs while it waits.
struct Waits<'a> {
    sum: &'a AtomicU64,
    cost: u32,
}

impl<'a> Waits<'a> {
    fn of(sum: &'a AtomicU64, cost: u32) -> Waits<'a> {
        sum.fetch_add(u64::from(cost), Ordering::Relaxed);
        Waits { sum, cost }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.sum.fetch_sub(u64::from(self.cost), Ordering::Relaxed);
    }
}

fn rejection(retry_after: Option<Duration>) -> Rejection {
    Rejection { by: Rejector::Rate, retry_after }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{Error, ManualClock, RateBuilder};

    const SECOND: Duration = Duration::from_secs(1);

    fn tenths(tenths: u32) -> Duration {
        SECOND / 10 * tenths
    }

    /// Lets calls of these costs wait together; writes down after how many tenths of a second each passed
    /// or was rejected (`-`).
    async fn probe<R: Rest>(rest: R, rate: &Rate, costs: &[u32]) -> String {
        let log = RefCell::new(Vec::new());
        let start = rate.0.clock.now();
        let call = async |cost| {
            let passed = rate.acquire_on(rest, cost, None).await.is_ok();
            let after = rate.0.clock.now().since(start).as_nanos() as f64 / 1e8;
            log.borrow_mut().push(format!("{}{}", if passed { "" } else { "-" }, after.round()));
        };
        let mut calls: Vec<_> = costs.iter().map(|cost| Box::pin(call(*cost))).collect();
        std::future::poll_fn(|context| {
            calls.retain_mut(|call| call.as_mut().poll(context).is_pending());
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        log.take().join(" ")
    }

    /// Checks when calls pass, on a thread and in a task.
    fn check(builder: &RateBuilder, costs: &[u32], expected: &str) {
        let rate = builder.clone().clock(ManualClock::new().clock()).build().unwrap();
        let next = rest::no_moment();
        assert_eq!(rest::block_on(&rate.0.clock, &next, |rest| probe(rest, &rate, costs)), expected);
        assert_eq!(rate.waiting(), 0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let waited = runtime.block_on(async { probe(rest::Task, &builder.clone().build().unwrap(), costs).await });
        assert_eq!(waited, expected);
    }

    #[test]
    fn calls_pass_in_the_order_in_which_they_came() {
        check(&Rate::per_second(10).burst(2), &[1; 6], "0 0 1 2 3 4");
        check(&Rate::per_second(10).burst(5), &[5, 5, 1, 1], "0 5 6 7");
        check(&Rate::every(tenths(3)), &[1; 3], "0 3 6");
    }

    #[test]
    fn who_would_wait_too_long_is_rejected_at_once() {
        let rate = Rate::per_second(10).burst(1);
        check(&rate.clone().max_wait(tenths(2)), &[1; 5], "0 -0 -0 1 2");
        check(&rate.clone().max_wait(Duration::ZERO), &[1; 2], "0 -0");
        check(&rate.clone().queue(1), &[1; 3], "0 -0 1");
        check(&rate.queue(0), &[1; 2], "0 -0");
    }

    #[test]
    fn a_cost_above_the_burst_is_rejected_and_does_not_wait() {
        check(&Rate::per_second(10).burst(5), &[6, u32::MAX, 5, 6, 1], "-0 -0 0 -0 1");
        let rate = Rate::per_second(10).burst(5).build().unwrap();
        assert_eq!(rate.check(6), Err(rejection(None)));
        assert_eq!(rate.check(0), Ok(()));
    }

    #[test]
    fn several_limits_are_all_charged_or_none() {
        let calls = Rate::per_second(10).burst(3).per_call();
        let tokens = Rate::per_second(1_000);
        check(&Rate::all([calls.clone(), tokens.clone()]), &[400, 400, 400, 1, 1], "0 0 2 2 2");
        let hands = ManualClock::new();
        let rate = Rate::all([calls, tokens]).clock(hands.clock()).build().unwrap();
        rate.check(900).unwrap();
        (0..99).for_each(|_| _ = rate.check(900).unwrap_err());
        // Had a rejected call been charged as a call, these would not pass.
        rate.check(50).unwrap();
        rate.check(50).unwrap();
        assert_eq!(rate.check(1).unwrap_err().retry_after, Some(tenths(1)));
        assert_eq!(rate.available(), 0);
    }

    #[test]
    fn nobody_passes_in_a_pause_and_nothing_is_saved_up_in_it() {
        let hands = ManualClock::new();
        let rate = Rate::per_second(10).burst(5).clock(hands.clock()).build().unwrap();
        rate.pause(SECOND * 3);
        rate.pause(SECOND);
        assert_eq!(rate.check(1), Err(rejection(Some(SECOND * 3))));
        hands.advance(SECOND * 3);
        rate.check(1).unwrap();
        assert_eq!(rate.check(1), Err(rejection(Some(tenths(1)))));
        rate.pause(Duration::MAX);
        rate.pause(Duration::MAX);
        assert!(rate.check(5).unwrap_err().retry_after > Some(SECOND * 1_000_000_000));
        assert!(rate.wait_blocking(1).is_ok(), "even that ends on a clock that is moved by hand");
    }

    #[test]
    fn a_pause_holds_for_those_that_wait_already() {
        let hands = ManualClock::new();
        let rate = Rate::per_second(10).burst(1).clock(hands.clock()).build().unwrap();
        rate.check(1).unwrap();
        let mut wait = pin!(rate.wait(1));
        let mut poll = || wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending());
        rate.pause(SECOND);
        hands.advance(tenths(1));
        assert!(poll().is_pending());
        hands.advance(tenths(9));
        assert_eq!(poll(), Poll::Ready(Ok(())));
    }

    #[test]
    fn a_call_that_is_dropped_while_it_waits_uses_nothing_up() {
        let hands = ManualClock::new();
        let rate = Rate::per_second(10).burst(1).clock(hands.clock()).build().unwrap();
        rate.check(1).unwrap();
        {
            let mut calls: Vec<_> = (0..50).map(|_| Box::pin(rate.wait(1))).collect();
            let mut context = Context::from_waker(Waker::noop());
            calls.iter_mut().for_each(|call| assert!(call.as_mut().poll(&mut context).is_pending()));
            assert_eq!((rate.waiting(), rate.check(1)), (50, Err(rejection(Some(tenths(51))))));
        }
        assert_eq!((rate.waiting(), rate.check(1)), (0, Err(rejection(Some(tenths(1))))));
        hands.advance(tenths(1));
        assert_eq!(rate.check(1), Ok(()));
    }

    #[test]
    fn a_window_never_sees_more_than_the_burst_and_the_rate() {
        let hands = ManualClock::new();
        let rate = Rate::per_second(20).burst(5).clock(hands.clock()).build().unwrap();
        let passed: Vec<_> = (0..5_000)
            .map(|_| {
                hands.advance(Duration::from_millis(1));
                rate.check(1).is_ok()
            })
            .collect();
        let most = passed.windows(501).map(|window| window.iter().filter(|passed| **passed).count()).max();
        assert_eq!(most, Some(5 + 10));
        assert_eq!(passed.iter().filter(|passed| **passed).count(), 4 + 100);
    }

    #[test]
    fn every_bad_number_is_an_error_and_no_other_number_panics() {
        let bad = [
            Rate::per_second(0),
            Rate::per_minute(9).burst(0),
            Rate::every(Duration::ZERO),
            Rate::every(Duration::MAX),
            Rate::every(SECOND).burst(u32::MAX),
            Rate::all([]),
        ];
        for builder in bad {
            assert!(matches!(builder.clone().build(), Err(Error::Number { .. })), "{builder:?}");
        }
        let hands = ManualClock::new();
        let good = [
            Rate::per_second(u32::MAX),
            Rate::per_minute(1).burst(30_000_000),
            Rate::every(SECOND * 2_000_000_000),
            Rate::all(vec![Rate::per_minute(1); 100]),
        ];
        for builder in good {
            let rate = builder.max_wait(Duration::MAX).clock(hands.clock()).build().unwrap();
            for cost in [0, 1, 2, u32::MAX] {
                _ = rate.check(cost);
            }
            hands.set_back(SECOND * 7_200);
            _ = rate.check(1);
            hands.advance(Duration::MAX);
            _ = (rate.check(u32::MAX), rate.available());
            rate.pause(Duration::MAX);
            _ = (rate.check(1), rate.check(30_000_000));
            hands.set_back(Duration::from_nanos(u64::MAX - 1_000));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_up_for_longer_than_the_rate_does() {
        let (hands, calls) = (ManualClock::new(), Rate::per_second(10).burst(2));
        for builder in [calls.clone(), Rate::all([calls.clone(), Rate::per_minute(1_000).burst(2)])] {
            let rate = builder.clock(hands.clock()).build().unwrap();
            rate.check(2).unwrap();
            hands.set_back(SECOND * 1_800);
            // One passes at once and nothing has been saved up.
            assert_eq!((rate.check(1), rate.check(1)), (Ok(()), Err(rejection(Some(tenths(1))))), "{rate:?}");
            hands.advance(tenths(1));
            assert_eq!(rate.check(1), Ok(()));
        }
    }

    #[test]
    fn a_pause_is_not_taken_for_a_clock_that_was_set_back() {
        let hands = ManualClock::new();
        let rate = Rate::per_second(10).burst(2).clock(hands.clock()).build().unwrap();
        rate.pause(SECOND * 60);
        for _ in 0..59 {
            hands.advance(SECOND);
            assert!(rate.check(1).is_err());
        }
        hands.set_back(SECOND * 1_800);
        assert!(rate.check(1).is_ok());
    }
}
