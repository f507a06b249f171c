//! Waiting, for a task and for a thread, so that everything above is written once: a task waits on
//! tokio's timer, a thread parks until the next moment that something in it waits for, in real time also
//! where tokio's clock is paused.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::Clock;
use crate::clock::Moment;

/// A way to wait.
pub(crate) trait Rest: Copy {
    /// Waits so long on this clock.
    fn sleep(self, clock: &Clock, wait: Duration) -> impl Future<Output = ()>;

    /// A wait on the heap; that of a task can be sent.
    type Nap: Future<Output = ()> + Unpin;

    /// Waits like `sleep`, on the heap.
    fn nap(self, clock: Clock, wait: Duration) -> Self::Nap;

    /// Says whether it holds up a thread, so that what runs on it cannot be dropped.
    fn is_blocking(self) -> bool;
}

/// The way of a task: the thread does something else meanwhile.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task;

#[cfg(feature = "tokio")]
impl Rest for Task {
    async fn sleep(self, clock: &Clock, wait: Duration) {
        match clock.hands() {
            // Without a budget of its own, a body that never yields would keep the timer from being seen.
            None => tokio::task::unconstrained(tokio::time::sleep(wait)).await,
            Some(hands) => {
                let (until, waits) = (clock.now().after(wait), hands.wait());
                poll_fn(|context| match clock.now() >= until {
                    true => Poll::Ready(()),
                    false => {
                        waits.wake_at(until, context.waker());
                        Poll::Pending
                    }
                })
                .await;
            }
        }
    }

    type Nap = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn nap(self, clock: Clock, wait: Duration) -> Self::Nap {
        Box::pin(async move { self.sleep(&clock, wait).await })
    }

    fn is_blocking(self) -> bool {
        false
    }
}

/// The way of a thread: it parks until the next moment that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Park<'a>(&'a Cell<Moment>);

impl<'a> Rest for Park<'a> {
    async fn sleep(self, clock: &Clock, wait: Duration) {
        let until = clock.now_on_thread().after(wait);
        poll_fn(|_| match clock.now_on_thread() >= until {
            true => Poll::Ready(()),
            false => {
                self.0.set(self.0.get().min(until));
                Poll::Pending
            }
        })
        .await;
    }

    type Nap = Pin<Box<dyn Future<Output = ()> + 'a>>;

    fn nap(self, clock: Clock, wait: Duration) -> Self::Nap {
        Box::pin(async move { self.sleep(&clock, wait).await })
    }

    fn is_blocking(self) -> bool {
        true
    }
}

/// Runs a future on this thread to its end.
///
/// A clock that is moved by hand is moved to the next moment that the future waits for: nobody else
/// could while the thread is blocked.
pub(crate) fn block_on<'a, F: Future>(
    clock: &Clock,
    next: &'a Cell<Moment>,
    run: impl FnOnce(Park<'a>) -> F,
) -> F::Output {
    let mut future = pin!(run(Park(next)));
    // Most calls are ready at once and need nobody to wake them.
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return output;
    }
    WAKER.with(|waker| {
        let mut context = Context::from_waker(waker);
        loop {
            next.set(Moment::MAX);
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            wait(clock, next.get());
        }
    })
}

/// Returns a place for the next moment to wake up at.
pub(crate) fn no_moment() -> Cell<Moment> {
    Cell::new(Moment::MAX)
}

fn wait(clock: &Clock, until: Moment) {
    match clock.hands() {
        _ if until == Moment::MAX => thread::park(),
        Some(hands) => hands.reach(until),
        // A thread that wakes up early polls once more and parks again.
        None => thread::park_timeout(until.since(clock.now_on_thread())),
    }
}

thread_local! {
    /// One a thread, because a call that succeeds at once must not allocate.
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn a_thread_moves_a_manual_clock_to_what_it_waits_for() {
        let clock = &ManualClock::new().clock();
        let start = clock.now();
        let next = no_moment();
        block_on(clock, &next, |rest| async move {
            rest.sleep(clock, Duration::from_secs(60)).await;
            assert_eq!(clock.now().since(start), Duration::from_secs(60));
        });
    }

    #[test]
    fn a_thread_that_is_woken_polls_again() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waker = thread::spawn(move || receiver.recv().unwrap().wake());
        let (next, mut polls) = (no_moment(), 0);
        block_on(&Clock::system(), &next, |_| {
            poll_fn(move |context| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                sender.send(context.waker().clone()).unwrap();
                Poll::Pending
            })
        });
        waker.join().unwrap();
    }

    #[cfg(feature = "tokio")]
    #[tokio::test(start_paused = true)]
    async fn a_thread_waits_in_real_time_although_tokios_clock_stands_still() {
        use crate::{Bulkhead, Jitter, Policy, Priority, Rate, Rejector, Retry};

        let wait = Duration::from_millis(10);
        let retry = Retry::attempts(2).constant(wait).jitter(Jitter::None);
        let policy = Policy::named("test").retry(retry.clone()).build().unwrap();
        let start = std::time::Instant::now();
        assert_eq!(policy.run_blocking(|_| Err::<(), _>("down")).unwrap_err().attempts, 2);
        let failure = retry.build().unwrap().run_blocking(crate::EveryError, |_| Err::<(), _>("down"));
        assert_eq!(failure.unwrap_err().attempts, 2);
        assert!(start.elapsed() >= 2 * wait);

        let bulkhead = Bulkhead::max(1).queue(1).max_wait(wait).build().unwrap();
        let _slot = bulkhead.try_acquire().unwrap();
        assert!(bulkhead.acquire_blocking(Priority::Normal).is_err());
        // The rate counts on the clock that stands still: nothing comes back to it, however long one waits.
        let rate = Rate::every(wait).build().unwrap();
        rate.wait_blocking(1).unwrap();
        assert_eq!(rate.wait_blocking(1).unwrap_err().by, Rejector::Rate);
    }
}
