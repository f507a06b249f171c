//! The adaptive limit: the bulkhead's seats and queue, as many as past calls say that the other side can
//! bear. Leaves how the limit moves to `adaption`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::adaption::{Adaption, Sample};
use crate::bulkhead::{Seat, Seats};
use crate::clock::Moment;
use crate::rest::{self, Rest};
use crate::{Classify, Clock, Priority, Rejection, Rejector, Verdict};

const REJECTION: Rejection = Rejection { by: Rejector::Concurrency, retry_after: None };

/// A limit to how many calls run at a time that finds itself.
///
/// A call that takes part says how it went: see [`Lease::record`]. The queue before the limit is that of a
/// [`Bulkhead`](crate::Bulkhead). Cloning shares it.
///
/// ```
/// use segno_resilience::{Concurrency, Verdict};
///
/// let concurrency = Concurrency::aimd().initial(10).max(100).build()?;
/// let lease = concurrency.try_acquire()?;
/// lease.record(Verdict::Throttled(None));
/// assert_eq!(concurrency.limit(), 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Concurrency(Arc<Flow>);

#[derive(Debug)]
struct Flow {
    seats: Seats,
    adaption: Mutex<Adaption>,
    max_wait: Option<Duration>,
    clock: Clock,
}

/// A call that takes part in a [`Concurrency`]: its place, and how long it has run.
///
/// Dropped without a verdict it gives its place back and says nothing about the limit, in a panic too.
#[must_use = "a lease is given back when it is dropped"]
#[derive(Debug)]
pub struct Lease<'a> {
    flow: &'a Flow,
    begun: Moment,
    in_flight: u32,
    _seat: Seat<'a>,
}

/// What a [`Concurrency`] looks like at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConcurrencySnapshot {
    /// How many calls may run at a time now.
    pub limit: u32,
    /// How many run.
    pub in_use: u32,
    /// How many may wait.
    pub queue: u32,
    /// How many wait.
    pub waiting: u32,
    /// How many were rejected since it was built.
    pub rejected: u64,
}

impl Concurrency {
    pub(super) fn of(adaption: Adaption, queue: u32, max_wait: Option<Duration>, clock: Clock) -> Concurrency {
        let seats = Seats::new(adaption.limit(), queue);
        Concurrency(Arc::new(Flow { seats, adaption: Mutex::new(adaption), max_wait, clock }))
    }

    /// Takes a place if one is free and nobody waits.
    ///
    /// # Errors
    ///
    /// A rejection if the limit is reached.
    pub fn try_acquire(&self) -> Result<Lease<'_>, Rejection> {
        match self.0.seats.try_take() {
            Some(seat) => Ok(self.0.lease(seat)),
            None => {
                self.0.seats.reject();
                Err(REJECTION)
            }
        }
    }

    /// Takes a place if one is free and nobody waits; whoever finds none is not rejected yet.
    #[inline]
    pub(crate) fn take_free(&self) -> Option<Lease<'_>> {
        self.0.seats.try_take().map(|seat| self.0.lease(seat))
    }

    /// Takes a place, after a wait in the queue if need be. Dropping the future leaves the queue.
    ///
    /// # Errors
    ///
    /// A rejection if the queue is full, if somebody who matters more took the place in it, or if the
    /// longest wait is over.
    ///
    /// # Panics
    ///
    /// If it has to wait, has a longest wait, and there is no tokio runtime with its timer enabled.
    #[cfg(feature = "tokio")]
    pub async fn acquire(&self, priority: Priority) -> Result<Lease<'_>, Rejection> {
        self.acquire_on(rest::Task, priority, None).await
    }

    /// Takes a place like `acquire`, blocking the thread meanwhile.
    ///
    /// # Errors
    ///
    /// Like `acquire`.
    pub fn acquire_blocking(&self, priority: Priority) -> Result<Lease<'_>, Rejection> {
        let next = rest::no_moment();
        rest::block_on(&self.0.clock, &next, |rest| self.acquire_on(rest, priority, None))
    }

    /// Takes a place in this way of waiting, for at most so long.
    pub(crate) async fn acquire_on<R: Rest>(
        &self,
        rest: R,
        priority: Priority,
        at_most: Option<Duration>,
    ) -> Result<Lease<'_>, Rejection> {
        let flow = &*self.0;
        let at_most = at_most.into_iter().chain(flow.max_wait).min();
        let seat = flow.seats.take(rest, &flow.clock, priority, at_most).await;
        seat.map(|seat| flow.lease(seat)).map_err(|_| REJECTION)
    }

    /// Runs a future in a place of its own and learns from how it went.
    ///
    /// # Errors
    ///
    /// Like [`Concurrency::acquire`]; the future's own result is inside.
    ///
    /// # Panics
    ///
    /// Like [`Concurrency::acquire`].
    #[cfg(feature = "tokio")]
    pub async fn run<T, E>(
        &self,
        priority: Priority,
        classify: impl Classify<T, E>,
        body: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, Rejection> {
        let lease = self.acquire(priority).await?;
        let result = body.await;
        lease.record(classify.verdict(&result));
        Ok(result)
    }

    /// Runs a closure in a place of its own and learns from how it went, blocking the thread until there is
    /// a place.
    ///
    /// # Errors
    ///
    /// Like [`Concurrency::acquire_blocking`]; the closure's own result is inside.
    pub fn run_blocking<T, E>(
        &self,
        priority: Priority,
        classify: impl Classify<T, E>,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, Rejection> {
        let lease = self.acquire_blocking(priority)?;
        let result = body();
        lease.record(classify.verdict(&result));
        Ok(result)
    }

    /// Returns how many calls may run at a time now.
    pub fn limit(&self) -> u32 {
        self.0.seats.max()
    }

    /// Returns how many places are taken.
    pub fn in_use(&self) -> u32 {
        self.0.seats.in_use()
    }

    /// Returns how many wait in the queue.
    pub fn waiting(&self) -> u32 {
        self.0.seats.waiting()
    }

    /// Returns what the limit looks like now. The numbers are read one after the other.
    pub fn snapshot(&self) -> ConcurrencySnapshot {
        let seats = &self.0.seats;
        ConcurrencySnapshot {
            limit: seats.max(),
            in_use: seats.in_use(),
            queue: seats.queue(),
            waiting: seats.waiting(),
            rejected: seats.rejected(),
        }
    }
}

impl Flow {
    fn lease<'a>(&'a self, seat: Seat<'a>) -> Lease<'a> {
        Lease { flow: self, begun: self.clock.now(), in_flight: self.seats.in_use(), _seat: seat }
    }
}

impl Lease<'_> {
    /// Says how the call went, which ends it and moves the limit.
    ///
    /// [`Verdict::Transient`] and [`Verdict::Throttled`] mean that the other side cannot keep up;
    /// [`Verdict::Permanent`] and [`Verdict::Ignore`] say nothing, as an error often takes less time than
    /// the work would have.
    pub fn record(self, verdict: Verdict) {
        let is_overload = match verdict {
            Verdict::Ok => false,
            Verdict::Transient | Verdict::Throttled(_) => true,
            Verdict::Permanent | Verdict::Ignore => return,
        };
        let Flow { seats, adaption, clock, .. } = self.flow;
        let in_flight = self.in_flight.max(seats.in_use());
        let sample = Sample { begun: self.begun, ended: clock.now(), in_flight, is_overload };
        let mut adaption = adaption.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = adaption.adapt(sample);
        let is_moved = limit != seats.max();
        if is_moved {
            // Under the lock, so that of two limits the later one holds; waking runs user code and is not.
            seats.set_max(limit);
        }
        drop(adaption);
        if is_moved {
            seats.seat_waiting();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConcurrencyBuilder, EveryError, ManualClock};

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A service that does so much at a time and takes longer when it is asked for more; with more than
    /// twice as much it refuses.
    struct Service {
        hands: ManualClock,
        concurrency: Concurrency,
    }

    impl Service {
        fn new(builder: ConcurrencyBuilder) -> Service {
            let hands = ManualClock::new();
            let concurrency = builder.clock(hands.clock()).build().unwrap();
            Service { hands, concurrency }
        }

        /// Sends as much as it may, again and again; returns the limit at the end.
        fn serve(&self, capacity: u32, rounds: u32) -> u32 {
            for _ in 0..rounds {
                let leases: Vec<_> = std::iter::from_fn(|| self.concurrency.try_acquire().ok()).collect();
                let sent = leases.len() as u32;
                self.hands.advance(MILLISECOND * (100 * sent / capacity).max(100));
                let refused = sent.saturating_sub(2 * capacity) as usize;
                for (index, lease) in leases.into_iter().enumerate() {
                    lease.record(if index < refused { Verdict::Transient } else { Verdict::Ok });
                }
                assert_eq!(self.concurrency.in_use(), 0);
            }
            self.concurrency.limit()
        }
    }

    /// Checks that a limit comes to lie in a range, and in another one when the service gets worse.
    fn check(builder: ConcurrencyBuilder, fine: std::ops::Range<u32>, worse: std::ops::Range<u32>) {
        let service = Service::new(builder);
        let limit = service.serve(50, 1_000);
        assert!(fine.contains(&limit), "fine: {limit}");
        let limit = service.serve(10, 1_000);
        assert!(worse.contains(&limit), "worse: {limit}");
        let limit = service.serve(50, 3_000);
        assert!(fine.contains(&limit), "fine again: {limit}");
    }

    #[test]
    fn a_limit_finds_what_the_service_can_bear() {
        check(Concurrency::aimd(), 85..105, 17..25);
        check(Concurrency::gradient2(), 50..105, 10..25);
    }

    #[test]
    fn a_limit_stays_within_its_ends() {
        check(Concurrency::aimd().max(30), 30..31, 17..25);
        check(Concurrency::gradient2().min(15).max(40), 40..41, 15..25);
        let service = Service::new(Concurrency::aimd().min(1).max(u32::MAX).initial(1));
        assert_eq!(service.serve(1_000_000, 20), 21);
        let huge = Concurrency::gradient2().min(u32::MAX).max(u32::MAX).build().unwrap();
        huge.try_acquire().unwrap().record(Verdict::Transient);
        assert_eq!(huge.limit(), u32::MAX);
    }

    #[test]
    fn calls_that_fail_together_are_one_step_back() {
        let hands = ManualClock::new();
        let concurrency = Concurrency::aimd().initial(100).clock(hands.clock()).build().unwrap();
        let leases: Vec<_> = std::iter::from_fn(|| concurrency.try_acquire().ok()).collect();
        hands.advance(MILLISECOND);
        leases.into_iter().for_each(|lease| lease.record(Verdict::Transient));
        assert_eq!(concurrency.limit(), 90);
        concurrency.try_acquire().unwrap().record(Verdict::Throttled(None));
        assert_eq!(concurrency.limit(), 81);
    }

    #[test]
    fn a_limit_of_which_little_is_used_does_not_grow() {
        for builder in [Concurrency::aimd(), Concurrency::gradient2()] {
            let concurrency = builder.build().unwrap();
            for _ in 0..1_000 {
                concurrency.try_acquire().unwrap().record(Verdict::Ok);
            }
            assert_eq!(concurrency.limit(), 20);
        }
    }

    #[test]
    fn what_says_nothing_about_load_moves_nothing() {
        let concurrency = Concurrency::aimd().initial(1).build().unwrap();
        for verdict in [Verdict::Permanent, Verdict::Ignore] {
            concurrency.try_acquire().unwrap().record(verdict);
        }
        drop(concurrency.try_acquire());
        let panics =
            || concurrency.run_blocking(Priority::Low, EveryError, || -> Result<(), ()> { panic!("in the body") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        assert_eq!((concurrency.limit(), concurrency.in_use()), (1, 0));
    }

    #[tokio::test]
    async fn threads_and_tasks_are_limited_and_learnt_from_alike() {
        let concurrency = Concurrency::aimd().initial(4).queue(1).build().unwrap();
        let failed = concurrency.run_blocking(Priority::Low, EveryError, || Err::<(), _>(7));
        assert_eq!((failed, concurrency.limit()), (Ok(Err(7)), 3));
        let failed = concurrency.run(Priority::Low, EveryError, async { Err::<(), _>(7) }).await;
        assert_eq!((failed, concurrency.limit()), (Ok(Err(7)), 2));
        let _leases = [concurrency.try_acquire().unwrap(), concurrency.try_acquire().unwrap()];
        let waits = async { concurrency.acquire(Priority::Normal).await.map(|_| ()) };
        let displaces = async { tokio::time::timeout(MILLISECOND, concurrency.acquire(Priority::High)).await.is_err() };
        assert_eq!(tokio::join!(waits, displaces), (Err(REJECTION), true));
        assert_eq!(concurrency.snapshot().rejected, 1);
    }

    #[test]
    fn every_bad_number_is_an_error() {
        let aimd = Concurrency::aimd;
        let bad =
            [aimd().min(0), aimd().min(9).max(8), aimd().initial(0), aimd().initial(201), aimd().tolerance(f64::NAN)];
        for builder in bad.into_iter().chain([0.9, f64::INFINITY].map(|factor| aimd().tolerance(factor))) {
            assert!(builder.clone().build().is_err(), "{builder:?}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_breaks_nothing() {
        let hands = ManualClock::new();
        let concurrency = Concurrency::gradient2().clock(hands.clock()).build().unwrap();
        for _ in 0..1_000 {
            let leases: Vec<_> = std::iter::from_fn(|| concurrency.try_acquire().ok()).collect();
            hands.set_back(MILLISECOND);
            leases.into_iter().for_each(|lease| lease.record(Verdict::Ok));
        }
        assert!(concurrency.limit() >= 20);
    }

    #[test]
    fn a_limit_steps_back_also_after_its_clock_was_set_back() {
        let hands = ManualClock::new();
        let concurrency = Concurrency::aimd().initial(100).clock(hands.clock()).build().unwrap();
        concurrency.try_acquire().unwrap().record(Verdict::Transient);
        hands.set_back(MILLISECOND * 600_000);
        for _ in 0..50 {
            hands.advance(MILLISECOND);
            concurrency.try_acquire().unwrap().record(Verdict::Transient);
        }
        assert!(concurrency.limit() < 10, "{}", concurrency.limit());
    }
}
