//! The time that every part reads: the machine's steady clock, or one that a test moves by hand. Leaves
//! waiting to `rest`. Wall-clock time is never read, so setting the machine's clock changes nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(feature = "tokio")]
use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(feature = "tokio")]
use std::task::Waker;
use std::time::{Duration, Instant};

/// Where time comes from: the machine, or hands that move it.
///
/// The system's clock is monotonic; with the feature `tokio` it is tokio's, so that a test that pauses
/// tokio's clock moves this one too; only a thread that waits waits in real time even then.
/// [`ManualClock`] makes one that stands still until it is moved.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    #[cfg(feature = "quanta")]
    Counter(&'static quanta::Clock),
    Manual(Arc<Hands>),
}

/// A moment on a [`Clock`], in nanoseconds since that clock's origin; moments of two clocks have
/// nothing to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The last moment there is, 584 years after the first.
    pub const MAX: Moment = Moment(u64::MAX);

    /// Returns how much later this moment is, or nothing when it is earlier.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Returns the moment so much later; a sum that is too large is [`Moment::MAX`].
    pub fn after(self, wait: Duration) -> Moment {
        Moment(self.0.saturating_add(nanos(wait)))
    }

    /// Returns the nanoseconds since the clock's origin.
    pub fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the moment so many nanoseconds after the clock's origin.
    pub fn from_nanos(nanos: u64) -> Moment {
        Moment(nanos)
    }
}

impl Clock {
    /// Returns the machine's steady clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// Returns a clock that reads the processor's counter, which takes a third of the time that the system's
    /// clock takes: for limits that are asked millions of times a second.
    ///
    /// Nothing stands in for it: a test that pauses tokio's clock does not stop this one.
    #[cfg(feature = "quanta")]
    pub fn counter() -> Clock {
        static COUNTER: OnceLock<quanta::Clock> = OnceLock::new();
        Clock(Source::Counter(COUNTER.get_or_init(quanta::Clock::new)))
    }

    /// Returns the present moment.
    #[inline]
    pub fn now(&self) -> Moment {
        match &self.0 {
            Source::System => Moment(nanos(system_now().saturating_duration_since(origin()))),
            #[cfg(feature = "quanta")]
            Source::Counter(counter) => Moment(counter.delta_as_nanos(0, counter.raw())),
            Source::Manual(hands) => Moment(hands.now.load(Ordering::Acquire)),
        }
    }

    /// Returns the present moment for a thread that waits: a system's clock that tokio has paused goes on
    /// here, as nobody would move it on while the thread is blocked.
    pub(crate) fn now_on_thread(&self) -> Moment {
        match &self.0 {
            Source::System => Moment(nanos(Instant::now().saturating_duration_since(origin()))),
            _ => self.now(),
        }
    }

    /// Returns the hands of a clock that is moved by hand.
    pub(crate) fn hands(&self) -> Option<&Arc<Hands>> {
        match &self.0 {
            Source::Manual(hands) => Some(hands),
            _ => None,
        }
    }
}

#[cfg(feature = "tokio")]
fn system_now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(not(feature = "tokio"))]
fn system_now() -> Instant {
    Instant::now()
}

/// The moment 0 of the system's clock. It lies an hour back, because a clock that tokio has paused may
/// stand a little before the moment at which somebody first asked.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(3_600)).unwrap_or(now)
    })
}

/// Returns a duration in nanoseconds, at most `u64::MAX`.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A clock for tests: it stands still until it is moved.
///
/// A task that waits on it waits until it was moved far enough; a thread that waits on it moves it by
/// itself, as nobody else could while the thread is blocked.
///
/// ```
/// use std::time::Duration;
/// use segno_resilience::ManualClock;
///
/// let hands = ManualClock::new();
/// let clock = hands.clock();
/// let start = clock.now();
/// hands.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().since(start), Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

#[derive(Debug, Default)]
pub(crate) struct Hands {
    now: AtomicU64,
    #[cfg(feature = "tokio")]
    sleepers: Mutex<Vec<Sleeper>>,
    #[cfg(feature = "tokio")]
    waits: AtomicU64,
}

/// A task that wants to be woken; a thread moves the clock by itself.
#[cfg(feature = "tokio")]
#[derive(Debug)]
struct Sleeper {
    wait: u64,
    until: Moment,
    waker: Waker,
}

/// A wait on a clock that is moved by hand. Dropped, it is forgotten: a test that makes a million calls
/// with a time-out does not remember them all.
#[cfg(feature = "tokio")]
pub(crate) struct Wait<'a> {
    hands: &'a Hands,
    number: u64,
}

impl ManualClock {
    /// Creates a clock that stands an hour after its origin, so that it can be set back too.
    pub fn new() -> ManualClock {
        let start = Moment::default().after(Duration::from_secs(3_600));
        let hands = Hands::default();
        hands.now.store(start.0, Ordering::Release);
        ManualClock(Arc::new(hands))
    }

    /// Returns the clock that these hands move.
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(Arc::clone(&self.0)))
    }

    /// Moves the clock on and wakes whoever waited for that.
    pub fn advance(&self, by: Duration) {
        self.0.turn(|now| now.after(by));
    }

    /// Sets the clock back, which no steady clock does, to see what happens.
    pub fn set_back(&self, by: Duration) {
        self.0.turn(|now| Moment(now.0.saturating_sub(nanos(by))));
    }
}

impl Default for ManualClock {
    fn default() -> ManualClock {
        ManualClock::new()
    }
}

impl Hands {
    /// Moves the clock to a moment unless it is past it.
    pub(crate) fn reach(&self, moment: Moment) {
        self.turn(|now| now.max(moment));
    }

    /// Begins a wait.
    #[cfg(feature = "tokio")]
    pub(crate) fn wait(&self) -> Wait<'_> {
        Wait { hands: self, number: self.waits.fetch_add(1, Ordering::Relaxed) }
    }

    #[cfg(feature = "tokio")]
    fn sleepers(&self) -> MutexGuard<'_, Vec<Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, to: impl Fn(Moment) -> Moment) {
        let moved = |now| Some(to(Moment(now)).0);
        // The closure never declines, so there is nothing to report.
        let _ = self.now.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved);
        #[cfg(feature = "tokio")]
        self.wake_due();
    }

    #[cfg(feature = "tokio")]
    fn wake_due(&self) {
        let mut sleepers = self.sleepers();
        let now = Moment(self.now.load(Ordering::Acquire));
        let (due, later) = std::mem::take(&mut *sleepers).into_iter().partition(|sleeper| sleeper.until <= now);
        *sleepers = later;
        drop(sleepers);
        let due: Vec<Sleeper> = due;
        due.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }
}

#[cfg(feature = "tokio")]
impl Wait<'_> {
    /// Remembers to wake a task when a moment has come.
    pub(crate) fn wake_at(&self, until: Moment, waker: &Waker) {
        let mut sleepers = self.hands.sleepers();
        match sleepers.iter_mut().find(|known| known.wait == self.number) {
            Some(known) => {
                known.until = until;
                known.waker.clone_from(waker);
            }
            None => sleepers.push(Sleeper { wait: self.number, until, waker: waker.clone() }),
        }
        drop(sleepers);
        // The clock may have been moved between the look at it and now.
        if self.hands.now.load(Ordering::Acquire) >= until.0 {
            waker.wake_by_ref();
        }
    }
}

#[cfg(feature = "tokio")]
impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.hands.sleepers().retain(|known| known.wait != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_duration_overflows_a_moment() {
        let now = Clock::system().now();
        assert_eq!(now.after(Duration::MAX), Moment::MAX);
        assert_eq!(now.since(Moment::MAX), Duration::ZERO);
        assert_eq!(Moment::MAX.after(Duration::MAX), Moment::MAX);
    }

    #[test]
    fn the_systems_clock_does_not_go_back() {
        let clock = Clock::system();
        let moments: Vec<_> = (0..1_000).map(|_| clock.now()).collect();
        assert!(moments.is_sorted());
    }

    #[cfg(feature = "quanta")]
    #[test]
    fn the_counter_goes_as_fast_as_the_systems_clock() {
        let (counter, system) = (Clock::counter(), Clock::system());
        let (begun, before) = (counter.now(), system.now());
        while system.now().since(before) < Duration::from_millis(20) {}
        let counted = counter.now().since(begun);
        assert!((19..200).contains(&counted.as_millis()), "{counted:?}");
    }

    #[cfg(feature = "tokio")]
    #[tokio::test(start_paused = true)]
    async fn the_systems_clock_is_tokios() {
        let clock = Clock::system();
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(clock.now().since(start), Duration::from_secs(7));
    }

    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn a_task_that_waits_for_two_moments_is_woken_at_both() {
        use crate::rest::{Rest, Task};

        let (hands, second) = (ManualClock::new(), Duration::from_secs(1));
        let clock = hands.clock();
        let start = clock.now();
        let waits = async move {
            let wait = async |seconds: u32| {
                Task.sleep(&clock, second * seconds).await;
                clock.now().since(start)
            };
            tokio::join!(wait(1), wait(3))
        };
        // A task of its own: only the clock wakes it.
        let task = tokio::spawn(waits);
        for _ in 0..3 {
            tokio::task::yield_now().await;
            hands.advance(second);
        }
        assert_eq!(task.await.unwrap(), (second, 3 * second));
    }

    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn a_wait_that_is_dropped_is_forgotten() {
        use crate::Timeout;

        let hands = ManualClock::new();
        let timeout = Timeout::after(Duration::from_secs(1_000)).unwrap().on(hands.clock());
        for _ in 0..100 {
            let timeout = timeout.clone();
            let call = async move { timeout.run(tokio::task::yield_now()).await };
            assert_eq!(tokio::spawn(call).await.unwrap(), Some(()));
        }
        assert!(hands.0.sleepers().is_empty());
    }

    #[test]
    fn hands_that_many_threads_move_only_go_on() {
        let hands = ManualClock::new();
        let start = hands.clock().now();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| hands.advance(Duration::from_nanos(1))));
                scope.spawn(|| hands.0.reach(start));
            }
        });
        assert_eq!(hands.clock().now().since(start), Duration::from_micros(4));
    }
}
