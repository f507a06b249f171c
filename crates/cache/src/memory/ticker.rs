//! Monotonic time for expiry, as a value, so that a test can set it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Says how much time has passed since some moment; never goes back.
#[derive(Clone)]
pub struct Ticker(Source);

#[derive(Clone)]
enum Source {
    /// The machine's clock when the ticker was made.
    Machine(u64),
    Closure(Arc<Held<dyn Fn() -> Duration + Send + Sync>>),
}

/// A closure, and the first and the latest time that it has told.
struct Held<F: ?Sized> {
    /// Times count from here: since 1970 it is more than a moment in the cache can be.
    first: OnceLock<u64>,
    latest: AtomicU64,
    elapsed: F,
}

impl Ticker {
    /// Makes a ticker out of a closure, whose first answer is the beginning: it may count from whenever it likes. A closure
    /// that goes back is held at the latest time it has told.
    pub fn from_fn(elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Ticker {
        Ticker(Source::Closure(Arc::new(Held { first: OnceLock::new(), latest: AtomicU64::new(0), elapsed })))
    }

    /// Returns the time that has passed since the beginning.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.exact())
    }

    /// Returns the time that has passed in nanoseconds, at most one less than there are: the last one is never.
    pub(crate) fn exact(&self) -> u64 {
        match &self.0 {
            Source::Machine(begun) => machine::exact().saturating_sub(*begun),
            Source::Closure(held) => held.nanos(),
        }
    }

    /// Returns a time that was not long ago, at little cost: the exact one is at most [`slack`](Ticker::slack) later.
    #[inline(always)]
    pub(crate) fn coarse(&self) -> u64 {
        match &self.0 {
            Source::Machine(begun) => machine::coarse().saturating_sub(*begun),
            Source::Closure(held) => held.nanos(),
        }
    }

    /// Returns by how much the coarse time may be behind.
    pub(crate) fn slack(&self) -> u64 {
        match &self.0 {
            Source::Machine(_) => machine::SLACK,
            Source::Closure(_) => 0,
        }
    }
}

impl Held<dyn Fn() -> Duration + Send + Sync> {
    fn nanos(&self) -> u64 {
        let told = u64::try_from((self.elapsed)().as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1);
        let nanos = told.saturating_sub(*self.first.get_or_init(|| told));
        nanos.max(self.latest.fetch_max(nanos, Relaxed))
    }
}

impl Default for Ticker {
    /// Returns the machine's monotonic clock.
    fn default() -> Ticker {
        Ticker(Source::Machine(machine::exact()))
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ticker")
    }
}

/// The kernel's own record of the time is read in a quarter of the time that the clock takes; it is written at each tick,
/// which comes every 1 to 10 ms, and a little later where the machine is not always given a processor.
#[cfg(target_os = "linux")]
mod machine {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) const SLACK: u64 = 50_000_000;

    #[inline(always)]
    pub(super) fn coarse() -> u64 {
        nanos(ClockId::MonotonicCoarse)
    }

    pub(super) fn exact() -> u64 {
        nanos(ClockId::Monotonic)
    }

    #[inline(always)]
    fn nanos(clock: ClockId) -> u64 {
        let time = clock_gettime(clock);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(target_os = "linux"))]
mod machine {
    use std::sync::OnceLock;
    use std::time::Instant;

    pub(super) const SLACK: u64 = 0;

    pub(super) fn coarse() -> u64 {
        exact()
    }

    pub(super) fn exact() -> u64 {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        BEGUN.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// Asks a ticker whose closure tells these seconds.
    fn check(told: &'static [u64], expected: &[u64]) {
        let asked = AtomicU64::new(0);
        let ticker = Ticker::from_fn(move || Duration::from_secs(told[asked.fetch_add(1, Relaxed) as usize]));
        let elapsed: Vec<u64> = told.iter().map(|_| ticker.elapsed().as_secs()).collect();
        assert_eq!(elapsed, expected);
    }

    #[test]
    fn a_closure_that_goes_back_is_held() {
        check(&[0, 5, 3, 0, 6], &[0, 5, 5, 5, 6]);
    }

    #[test]
    fn a_closure_may_begin_whenever_it_likes() {
        check(&[1_800_000_000, 1_800_000_060, 1_799_999_999, 1_800_000_061], &[0, 60, 60, 61]);
    }

    #[test]
    fn the_longest_time_is_not_the_end_of_all_times() {
        let is_first = AtomicBool::new(true);
        let end = move || if is_first.swap(false, Relaxed) { Duration::ZERO } else { Duration::MAX };
        let ticker = Ticker::from_fn(end);
        assert_eq!([(); 2].map(|()| ticker.exact()), [0, u64::MAX - 1]);
    }

    #[test]
    fn the_coarse_time_is_never_ahead() {
        let ticker = Ticker::default();
        for _ in 0..1_000 {
            let coarse = ticker.coarse();
            assert!(coarse <= ticker.exact());
        }
    }
}
