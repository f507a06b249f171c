//! The seats: one atomic word says how many are taken and whether somebody waits, so that a free seat
//! costs no lock; whoever waits stands in `line`. Leaves waiting itself to `turn`.
//!
//! While somebody waits, newcomers find no free seat: seats then change hands under the lock only, in the
//! order of the lines. Wakers run user code, so none is cloned, woken or dropped under the lock.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::Priority;
use super::line::{Lines, Place, Standing};
use super::turn::Turn;
use crate::Clock;
use crate::rest::Rest;
use crate::sync::{AtomicU64, Mutex, MutexGuard};
use crate::timeout::timed;

/// The bit of the word that says that somebody waits. It lies above every number of seats, so that one
/// comparison sees both.
const WAITED: u64 = 1 << 32;

/// Seats, of which each is taken or free, and the queue for them.
#[derive(Debug)]
pub(crate) struct Seats {
    /// How many are taken, and [`WAITED`].
    word: AtomicU64,
    max: AtomicU32,
    queue: u32,
    lines: Mutex<Lines>,
    rejected: AtomicU64,
}

/// A seat that is taken; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat<'a>(&'a Seats);

/// No seat: the queue is full, or the wait in it was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSeat;

/// What came of joining the queue.
pub(super) enum Joined {
    Seated,
    Waits(Place),
    Full,
}

impl Seats {
    /// Creates free seats and a queue of at most so many.
    pub(crate) fn new(max: u32, queue: u32) -> Seats {
        Seats {
            word: AtomicU64::new(0),
            max: AtomicU32::new(max),
            queue,
            lines: Mutex::new(Lines::new()),
            rejected: AtomicU64::new(0),
        }
    }

    /// Takes a seat if one is free and nobody waits for it.
    pub(crate) fn try_take(&self) -> Option<Seat<'_>> {
        let mut word = self.word.load(Ordering::Relaxed);
        while word < u64::from(self.max.load(Ordering::Relaxed)) {
            match self.word.compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Seat(self)),
                Err(changed) => word = changed,
            }
        }
        None
    }

    /// Takes a seat, after a wait if need be.
    pub(crate) async fn take<R: Rest>(
        &self,
        rest: R,
        clock: &Clock,
        priority: Priority,
        at_most: Option<Duration>,
    ) -> Result<Seat<'_>, NoSeat> {
        if let Some(seat) = self.try_take() {
            return Ok(seat);
        }
        if self.queue == 0 || at_most == Some(Duration::ZERO) {
            return Err(self.reject());
        }
        let turn = Turn::of(self, priority);
        let is_seated = match at_most {
            None => turn.await,
            // A timer is large, and would make the future of every call as large that waits for nothing.
            Some(limit) => Box::pin(timed(rest, clock, (Some(limit), crate::Moment::MAX), turn)).await == Some(true),
        };
        if is_seated { Ok(Seat(self)) } else { Err(self.reject()) }
    }

    /// Counts a call that got no seat.
    pub(crate) fn reject(&self) -> NoSeat {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        NoSeat
    }

    /// Sets how many seats there are. Those that are taken and too many are given back in their time.
    pub(crate) fn resize(&self, max: u32) {
        self.set_max(max);
        self.seat_waiting();
    }

    /// Sets how many seats there are; [`Seats::seat_waiting`] has to follow, which wakes.
    pub(crate) fn set_max(&self, max: u32) {
        // The lock that is taken next orders this before the look of whoever joins the queue then.
        self.max.store(max, Ordering::Relaxed);
    }

    pub(crate) fn max(&self) -> u32 {
        self.max.load(Ordering::Relaxed)
    }

    pub(crate) fn queue(&self) -> u32 {
        self.queue
    }

    /// Says whether no seat is taken and nobody waits for one.
    #[cfg(feature = "rate")]
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.word.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn in_use(&self) -> u32 {
        // Only the bits below the flag remain.
        (self.word.load(Ordering::Relaxed) & (WAITED - 1)) as u32
    }

    pub(crate) fn waiting(&self) -> u32 {
        match self.word.load(Ordering::Relaxed) & WAITED {
            0 => 0,
            _ => self.lock().waiting(),
        }
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Joins the queue, unless a seat has become free or the queue is full of those who matter as much.
    pub(super) fn join(&self, priority: Priority, waker: Waker) -> Joined {
        let mut displaced = None;
        let mut lines = self.lock();
        // From here on every seat that is given back is given to the queue, after this lock.
        self.word.fetch_or(WAITED, Ordering::Relaxed);
        let joined = if lines.waiting() == 0 && self.take_for_queue() {
            Joined::Seated
        } else {
            if lines.waiting() >= self.queue {
                displaced = lines.displace_below(priority);
            }
            match lines.waiting() < self.queue {
                true => lines.join(priority, waker).map_or(Joined::Full, Joined::Waits),
                false => Joined::Full,
            }
        };
        self.unlock(lines);
        if let Some(waker) = displaced {
            waker.wake();
        }
        joined
    }

    /// Says what became of who waits: seated or displaced, which ends its wait, or nothing yet.
    pub(super) fn look(&self, place: Place, waker: Waker) -> Option<bool> {
        let mut lines = self.lock();
        let (outcome, _old) = match lines.standing(place) {
            Standing::Waits(known) => (None, std::mem::replace(known, waker)),
            Standing::Seated => (Some(true), waker),
            Standing::Displaced | Standing::Empty => (Some(false), waker),
        };
        if outcome.is_some() {
            // What it held is known: nothing that has to be woken.
            lines.leave(place);
        }
        self.unlock(lines);
        outcome
    }

    /// Gives up waiting: the place in the queue, or the seat that had been given to it meanwhile.
    pub(super) fn give_up(&self, place: Place) {
        let mut lines = self.lock();
        let standing = lines.leave(place);
        self.unlock(lines);
        if matches!(standing, Standing::Seated) {
            self.give_back();
        }
    }

    fn give_back(&self) {
        if self.word.fetch_sub(1, Ordering::Release) > WAITED {
            self.seat_waiting();
        }
    }

    /// Gives free seats to those who wait, one after the other.
    #[cold]
    pub(crate) fn seat_waiting(&self) {
        let mut is_done = false;
        while !is_done {
            let mut lines = self.lock();
            let next = match lines.waiting() > 0 && self.take_for_queue() {
                true => lines.seat_next(),
                false => None,
            };
            is_done = lines.waiting() == 0 || u64::from(self.in_use()) >= u64::from(self.max());
            self.unlock(lines);
            if let Some(waker) = next {
                waker.wake();
            }
        }
    }

    /// Takes a seat under the lock and with [`WAITED`] set: nobody else can take one now.
    fn take_for_queue(&self) -> bool {
        let is_free = self.in_use() < self.max();
        if is_free {
            self.word.fetch_add(1, Ordering::Acquire);
        }
        is_free
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets newcomers take seats again if nobody waits.
    fn unlock(&self, lines: MutexGuard<'_, Lines>) {
        if lines.waiting() == 0 {
            self.word.fetch_and(!WAITED, Ordering::Relaxed);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Every order in which threads may take, wait, give up and give back; `cargo xtask ci models`.
#[cfg(all(test, segno_loom))]
mod models {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake};

    use loom::thread::{self, Thread};

    use super::*;

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Waits for a seat. A wake-up that is lost is a deadlock, which the model finds.
    fn wait(seats: &Seats, priority: Priority) -> Seat<'_> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut turn = pin!(Turn::of(seats, priority));
        loop {
            match turn.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(true) => return Seat(seats),
                Poll::Ready(false) => panic!("the queue is long enough"),
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Begins to wait, gives up and goes.
    fn give_up(seats: &Seats) {
        let mut turn = pin!(Turn::of(seats, Priority::High));
        let seated = turn.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if seated == Poll::Ready(true) {
            drop(Seat(seats));
        }
    }

    fn take_if_free(seats: &Seats) {
        drop(seats.try_take());
    }

    fn wait_and_go(seats: &Seats) {
        let seat = wait(seats, Priority::Normal);
        assert!(seats.in_use() <= 2);
        drop(seat);
    }

    /// Runs this on threads of their own, and one wait on the first; at the end every seat is free.
    fn check(max: u32, others: &'static [fn(&Seats)]) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let seats = Arc::new(Seats::new(max, 4));
            let start = |work: &fn(&Seats)| {
                let (seats, work) = (Arc::clone(&seats), *work);
                thread::spawn(move || work(&seats))
            };
            let threads: Vec<_> = others.iter().map(start).collect();
            wait_and_go(&seats);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(seats.word.load(Ordering::SeqCst), 0);
        });
    }

    #[test]
    fn nobody_who_waits_is_forgotten() {
        check(1, &[wait_and_go]);
        check(1, &[wait_and_go, take_if_free]);
        check(1, &[wait_and_go, wait_and_go]);
        check(2, &[wait_and_go, wait_and_go]);
    }

    #[test]
    fn who_gives_up_passes_its_seat_on() {
        check(1, &[give_up]);
        check(1, &[give_up, take_if_free]);
        check(1, &[give_up, wait_and_go]);
    }

    #[test]
    fn more_seats_are_given_to_those_who_wait() {
        check(1, &[wait_and_go, |seats| seats.resize(2)]);
    }
}

#[cfg(all(test, not(segno_loom)))]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::task::{Context, Poll, Wake};

    use proptest::prelude::*;

    use super::*;
    use crate::rest::Task;

    /// One thing that happens to the seats.
    #[derive(Clone, Debug)]
    enum Step {
        Arrive(Priority),
        /// A call is polled if it was woken: the one at this index.
        Poll(usize),
        /// A call is dropped, wherever it stands.
        Drop(usize),
        Free(usize),
        Resize(u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => proptest::sample::select(&Priority::ALL[..]).prop_map(Step::Arrive),
            3 => any::<usize>().prop_map(Step::Poll),
            2 => any::<usize>().prop_map(Step::Drop),
            3 => any::<usize>().prop_map(Step::Free),
            1 => (1..5u32).prop_map(Step::Resize),
        ]
    }

    #[derive(Debug, Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    struct Call<'a> {
        future: Pin<Box<dyn Future<Output = Result<Seat<'a>, NoSeat>> + 'a>>,
        woken: Arc<Woken>,
    }

    impl<'a> Call<'a> {
        fn poll(&mut self) -> Poll<Result<Seat<'a>, NoSeat>> {
            self.woken.0.store(false, Ordering::SeqCst);
            let waker = Waker::from(Arc::clone(&self.woken));
            self.future.as_mut().poll(&mut Context::from_waker(&waker))
        }
    }

    proptest! {
        /// Whatever is dropped whenever: nobody waits while a seat is free, and every seat comes back.
        #[test]
        fn no_seat_and_no_wake_up_is_lost(max in 1..4u32, queue in 0..5u32, steps in proptest::collection::vec(step(), 0..80)) {
            let clock = Clock::system();
            let seats = Seats::new(max, queue);
            let (mut calls, mut taken) = (Vec::<Call<'_>>::new(), Vec::new());
            for step in steps {
                let polled = match step {
                    Step::Arrive(priority) => {
                        let future = Box::pin(seats.take(Task, &clock, priority, None));
                        calls.push(Call { future, woken: Arc::default() });
                        Some(calls.len() - 1)
                    }
                    Step::Poll(index) => {
                        let woken = |(_, call): &(usize, &Call<'_>)| call.woken.0.load(Ordering::SeqCst);
                        let woken: Vec<_> = calls.iter().enumerate().filter(woken).map(|(at, _)| at).collect();
                        (!woken.is_empty()).then(|| woken[index % woken.len()])
                    }
                    Step::Drop(index) => {
                        (!calls.is_empty()).then(|| drop(calls.swap_remove(index % calls.len())));
                        None
                    }
                    Step::Free(index) => {
                        (!taken.is_empty()).then(|| drop(taken.swap_remove(index % taken.len())));
                        None
                    }
                    Step::Resize(max) => {
                        seats.resize(max);
                        None
                    }
                };
                if let Some(index) = polled && let Poll::Ready(outcome) = calls[index].poll() {
                    drop(calls.swap_remove(index));
                    taken.extend(outcome.ok());
                }
                let woken = calls.iter().filter(|call| call.woken.0.load(Ordering::SeqCst)).count();
                prop_assert!(seats.waiting() == 0 || seats.in_use() >= seats.max());
                prop_assert!(seats.waiting() <= queue);
                prop_assert_eq!(seats.waiting() as usize + woken, calls.len(), "who does not wait was woken");
                prop_assert!(seats.in_use() as usize >= taken.len());
            }
            drop((calls, taken));
            prop_assert_eq!(seats.word.load(Ordering::SeqCst), 0);
        }
    }
}
