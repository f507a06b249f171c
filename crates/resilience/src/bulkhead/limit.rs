//! The bulkhead: so many calls at a time, and a bounded queue before them. Leaves seats and queue to
//! `seats` and the numbers to `builder`.

use std::sync::Arc;
use std::time::Duration;

use super::builder::checked;
use super::{Priority, Seat, Seats};
use crate::rest::{self, Rest};
use crate::{Clock, Error, Rejection, Rejector};

const REJECTION: Rejection = Rejection { by: Rejector::Bulkhead, retry_after: None };

/// A limit to how many calls run at a time, with a bounded queue for those that have to wait.
///
/// A free place costs no lock. Of those that wait, who matters more goes first, and among equals who came
/// first. When the queue is full a newcomer takes the place of the newest of those that matter least, if
/// they matter less than itself: that one is rejected, else the newcomer is. Whoever leaves, in whatever
/// way, gives its place to the next. Nobody goes before somebody who matters more, so that a longest wait
/// is what bounds the wait of those who matter less. Cloning shares it.
///
/// ```
/// use segno_resilience::{Bulkhead, Priority};
///
/// let bulkhead = Bulkhead::max(1).queue(64).build()?;
/// let slot = bulkhead.try_acquire()?;
/// assert!(bulkhead.try_acquire().is_err(), "one at a time");
/// drop(slot);
/// assert_eq!(bulkhead.run_blocking(Priority::Normal, || 7), Ok(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bulkhead(Arc<Room>);

#[derive(Debug)]
struct Room {
    seats: Seats,
    max_wait: Option<Duration>,
    clock: Clock,
}

/// A place in a [`Bulkhead`]; it is free again when this is dropped, in a panic too.
#[must_use = "a slot is given back when it is dropped"]
#[derive(Debug)]
pub struct Slot<'a> {
    _seat: Seat<'a>,
}

/// What a [`Bulkhead`] looks like at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadSnapshot {
    /// How many calls may run at a time.
    pub max: u32,
    /// How many run.
    pub in_use: u32,
    /// How many may wait.
    pub queue: u32,
    /// How many wait.
    pub waiting: u32,
    /// How many were rejected since it was built.
    pub rejected: u64,
}

impl Bulkhead {
    pub(super) fn of(seats: Seats, max_wait: Option<Duration>, clock: Clock) -> Bulkhead {
        Bulkhead(Arc::new(Room { seats, max_wait, clock }))
    }

    /// Takes a place if one is free and nobody waits.
    ///
    /// # Errors
    ///
    /// A rejection if all places are taken.
    pub fn try_acquire(&self) -> Result<Slot<'_>, Rejection> {
        match self.0.seats.try_take() {
            Some(seat) => Ok(Slot { _seat: seat }),
            None => {
                self.0.seats.reject();
                Err(REJECTION)
            }
        }
    }

    /// Takes a place if one is free and nobody waits; whoever finds none is not rejected yet.
    #[inline]
    pub(crate) fn take_free(&self) -> Option<Slot<'_>> {
        self.0.seats.try_take().map(|seat| Slot { _seat: seat })
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
    pub async fn acquire(&self, priority: Priority) -> Result<Slot<'_>, Rejection> {
        self.acquire_on(rest::Task, priority, None).await
    }

    /// Takes a place like `acquire`, blocking the thread meanwhile.
    ///
    /// # Errors
    ///
    /// Like `acquire`.
    pub fn acquire_blocking(&self, priority: Priority) -> Result<Slot<'_>, Rejection> {
        if let Some(seat) = self.0.seats.try_take() {
            return Ok(Slot { _seat: seat });
        }
        let next = rest::no_moment();
        rest::block_on(&self.0.clock, &next, |rest| self.acquire_on(rest, priority, None))
    }

    /// Takes a place in this way of waiting, for at most so long.
    pub(crate) async fn acquire_on<R: Rest>(
        &self,
        rest: R,
        priority: Priority,
        at_most: Option<Duration>,
    ) -> Result<Slot<'_>, Rejection> {
        let Room { seats, max_wait, clock } = &*self.0;
        let at_most = at_most.into_iter().chain(*max_wait).min();
        seats.take(rest, clock, priority, at_most).await.map(|seat| Slot { _seat: seat }).map_err(|_| REJECTION)
    }

    /// Runs a future in a place of its own.
    ///
    /// # Errors
    ///
    /// Like [`Bulkhead::acquire`].
    ///
    /// # Panics
    ///
    /// Like [`Bulkhead::acquire`].
    #[cfg(feature = "tokio")]
    pub async fn run<T>(&self, priority: Priority, body: impl Future<Output = T>) -> Result<T, Rejection> {
        let _slot = self.acquire(priority).await?;
        Ok(body.await)
    }

    /// Runs a closure in a place of its own, blocking the thread until there is one.
    ///
    /// # Errors
    ///
    /// Like [`Bulkhead::acquire_blocking`].
    pub fn run_blocking<T>(&self, priority: Priority, body: impl FnOnce() -> T) -> Result<T, Rejection> {
        let _slot = self.acquire_blocking(priority)?;
        Ok(body())
    }

    /// Sets how many calls may run at a time. Those that run go on, even if there are more of them.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a bulkhead of 0.
    pub fn resize(&self, max: u32) -> Result<(), Error> {
        checked(max)?;
        self.0.seats.resize(max);
        Ok(())
    }

    /// Returns how many places are taken.
    pub fn in_use(&self) -> u32 {
        self.0.seats.in_use()
    }

    /// Returns how many wait in the queue.
    pub fn waiting(&self) -> u32 {
        self.0.seats.waiting()
    }

    /// Returns what the bulkhead looks like now. The numbers are read one after the other.
    pub fn snapshot(&self) -> BulkheadSnapshot {
        let seats = &self.0.seats;
        BulkheadSnapshot {
            max: seats.max(),
            in_use: seats.in_use(),
            queue: seats.queue(),
            waiting: seats.waiting(),
            rejected: seats.rejected(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::thread;

    use super::*;
    use crate::ManualClock;

    const SECOND: Duration = Duration::from_secs(1);

    fn priority(name: &str) -> Priority {
        let letter = |priority: &Priority| priority.name().starts_with(&name[..1].to_lowercase());
        Priority::ALL.into_iter().find(letter).unwrap()
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Lets calls arrive, one after the other, at a bulkhead of one place that is taken, and then frees it.
    /// Writes down who is rejected (`-`) or runs, in this order.
    async fn probe<R: Rest>(rest: R, bulkhead: &Bulkhead, arrivals: &str) -> String {
        let log = RefCell::new(Vec::new());
        let occupied = bulkhead.try_acquire().unwrap();
        let call = async |name: &str| {
            let slot = bulkhead.acquire_on(rest, priority(name), None).await;
            log.borrow_mut().push(format!("{}{name}", if slot.is_ok() { "" } else { "-" }));
        };
        let mut calls: Vec<_> = arrivals.split(' ').map(|name| Box::pin(call(name))).collect();
        let mut occupied = Some(occupied);
        std::future::poll_fn(|context| {
            calls.retain_mut(|call| call.as_mut().poll(context).is_pending());
            occupied = None;
            if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        log.take().join(" ")
    }

    /// Checks the order on a thread and in a task.
    fn check(queue: u32, arrivals: &str, expected: &str) {
        let bulkhead = Bulkhead::max(1).queue(queue).build().unwrap();
        let next = rest::no_moment();
        let blocking = rest::block_on(&bulkhead.0.clock, &next, |rest| probe(rest, &bulkhead, arrivals));
        assert_eq!(blocking, expected);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        assert_eq!(runtime.block_on(probe(rest::Task, &bulkhead, arrivals)), expected);
        let rejected = 2 * expected.matches('-').count() as u64;
        let expected = BulkheadSnapshot { max: 1, in_use: 0, queue, waiting: 0, rejected };
        assert_eq!(bulkhead.snapshot(), expected);
    }

    #[test]
    fn who_matters_more_goes_first_and_among_equals_who_came_first() {
        check(9, "N1 N2 N3", "N1 N2 N3");
        check(9, "L1 N1 H1 C1 L2 N2 H2 C2", "C1 C2 H1 H2 N1 N2 L1 L2");
    }

    #[test]
    fn a_full_queue_rejects_at_once_the_newest_of_those_that_matter_least() {
        check(0, "C1 N1", "-C1 -N1");
        check(2, "N1 N2 N3", "-N3 N1 N2");
        check(2, "L1 L2 N1 L3", "-L3 -L2 N1 L1");
        check(2, "N1 L1 C1 H1 H2", "-H2 -N1 -L1 C1 H1");
    }

    #[test]
    fn a_full_bulkhead_rejects_at_once() {
        let bulkhead = Bulkhead::max(2).build().unwrap();
        let slots = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
        assert_eq!(bulkhead.try_acquire().unwrap_err(), REJECTION);
        assert_eq!(bulkhead.acquire_blocking(Priority::Critical).unwrap_err(), REJECTION);
        drop(slots);
        assert!(bulkhead.try_acquire().is_ok());
        assert!(Bulkhead::max(0).build().is_err());
    }

    /// Waits in vain, and says how long.
    async fn wait_in_vain<R: Rest>(rest: R, bulkhead: &Bulkhead, at_most: Option<Duration>) -> Duration {
        let _slot = bulkhead.try_acquire().unwrap();
        let start = bulkhead.0.clock.now();
        bulkhead.acquire_on(rest, Priority::High, at_most).await.unwrap_err();
        bulkhead.0.clock.now().since(start)
    }

    /// Checks how long a wait lasts that may last so long and no longer than the call has.
    fn check_wait(max_wait: Duration, at_most: Option<Duration>, expected: Duration) {
        let builder = Bulkhead::max(1).queue(1).max_wait(max_wait);
        let manual = builder.clone().clock(ManualClock::new().clock()).build().unwrap();
        let next = rest::no_moment();
        let waited = rest::block_on(&manual.0.clock, &next, |rest| wait_in_vain(rest, &manual, at_most));
        assert_eq!(waited, expected);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let waited = runtime.block_on(async { wait_in_vain(rest::Task, &builder.build().unwrap(), at_most).await });
        assert_eq!(waited, expected);
    }

    #[test]
    fn a_wait_ends_at_the_shorter_of_both_limits() {
        check_wait(2 * SECOND, None, 2 * SECOND);
        check_wait(2 * SECOND, Some(SECOND), SECOND);
        check_wait(Duration::MAX, Some(SECOND), SECOND);
        check_wait(Duration::ZERO, Some(Duration::MAX), Duration::ZERO);
    }

    #[test]
    fn a_dropped_call_gives_its_place_to_the_next() {
        let bulkhead = Bulkhead::max(1).queue(3).build().unwrap();
        let slot = bulkhead.try_acquire().unwrap();
        let mut first = Box::pin(bulkhead.acquire(Priority::Normal));
        let mut second = Box::pin(bulkhead.acquire(Priority::Normal));
        let mut third = pin!(bulkhead.acquire(Priority::Normal));
        for call in [&mut first, &mut second] {
            assert!(poll(call.as_mut()).is_pending());
        }
        assert!(poll(third.as_mut()).is_pending());
        drop(first);
        assert_eq!(bulkhead.waiting(), 2);
        drop(slot);
        assert_eq!((bulkhead.waiting(), bulkhead.in_use()), (1, 1));
        // The place was given to the second already, which has not been polled since.
        drop(second);
        assert!(poll(third.as_mut()).is_ready());
        assert_eq!((bulkhead.waiting(), bulkhead.in_use()), (0, 0));
    }

    #[test]
    fn a_body_that_panics_gives_its_place_back() {
        let bulkhead = Bulkhead::max(1).build().unwrap();
        for _ in 0..3 {
            let run = AssertUnwindSafe(|| bulkhead.run_blocking(Priority::Normal, || panic!("in the body")));
            assert!(catch_unwind(run).is_err());
        }
        assert_eq!(bulkhead.snapshot().in_use, 0);
    }

    #[test]
    fn more_places_are_given_to_those_that_wait_and_fewer_are_reached_in_time() {
        let bulkhead = Bulkhead::max(1).queue(9).build().unwrap();
        let slot = bulkhead.try_acquire().unwrap();
        let mut calls: Vec<_> = (0..3).map(|_| Box::pin(bulkhead.acquire(Priority::Normal))).collect();
        calls.iter_mut().for_each(|call| assert!(poll(call.as_mut()).is_pending()));
        bulkhead.resize(3).unwrap();
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (3, 1));
        bulkhead.resize(1).unwrap();
        drop(slot);
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (2, 1));
        drop(calls);
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (0, 0));
        assert!(bulkhead.resize(0).is_err());
        assert!(bulkhead.try_acquire().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn no_size_is_too_large() {
        let bulkhead = Bulkhead::max(u32::MAX).queue(u32::MAX).max_wait(Duration::MAX).build().unwrap();
        let slots: Vec<_> = (0..1_000).map(|_| bulkhead.try_acquire().unwrap()).collect();
        assert_eq!(bulkhead.in_use(), 1_000);
        drop(slots);
        bulkhead.resize(1).unwrap();
        let _slot = bulkhead.try_acquire().unwrap();
        assert!(poll(pin!(bulkhead.acquire(Priority::Low))).is_pending());
    }

    #[test]
    fn threads_that_race_never_exceed_the_limit_and_all_get_through() {
        let bulkhead = Bulkhead::max(3).queue(64).build().unwrap();
        let (running, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for index in 0..64 {
                let (bulkhead, running, most, done) = (&bulkhead, &running, &most, &done);
                scope.spawn(move || {
                    for round in 0..200 {
                        let priority = Priority::ALL[(index + round) % 4];
                        let _slot = bulkhead.acquire_blocking(priority).unwrap();
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        if round % 16 == 0 {
                            thread::yield_now();
                        }
                        running.fetch_sub(1, Ordering::SeqCst);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 3);
        assert_eq!(done.into_inner(), 64 * 200);
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (0, 0));
    }

    #[test]
    fn threads_that_give_up_lose_no_place() {
        let bulkhead = Bulkhead::max(2).queue(5).max_wait(Duration::from_micros(20)).build().unwrap();
        thread::scope(|scope| {
            for index in 0..16 {
                let bulkhead = &bulkhead;
                scope.spawn(move || {
                    for round in 0..300 {
                        let slot = bulkhead.acquire_blocking(Priority::ALL[(index * 7 + round) % 4]);
                        thread::yield_now();
                        drop(slot);
                    }
                });
            }
        });
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (0, 0));
        assert!(bulkhead.try_acquire().is_ok());
    }
}
