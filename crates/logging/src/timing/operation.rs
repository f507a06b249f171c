//! What is timed, and the ways to time it.

use std::time::Duration;

use super::histogram::Histogram;
use super::{Outcome, Timed, Timer, ledger};

/// The target of the events that tell of timed work.
pub const TARGET: &str = "segno_logging::timing";

/// A piece of work that is timed under a name. Names are few and fixed, such as `read config`: each has a histogram.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    name: &'static str,
    slow_after: Option<Duration>,
}

/// Begins to time a piece of work; it ends when the timer is dropped.
///
/// ```
/// use segno_logging::timing;
///
/// {
///     let _timer = timing::timer("read config");
/// }
/// assert_eq!(timing::of("read config").unwrap().succeeded, 1);
/// ```
pub fn timer(name: &'static str) -> Timer {
    Operation::new(name).start()
}

/// Times a closure. One whose value is a `Result` is for [`Operation::time_result`].
///
/// ```
/// use segno_logging::timing;
///
/// assert_eq!(timing::time("add", || 1 + 1), 2);
/// ```
pub fn time<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    Operation::new(name).time(work)
}

impl Operation {
    /// Names a piece of work.
    pub const fn new(name: &'static str) -> Operation {
        Operation { name, slow_after: None }
    }

    /// Warns of each time that takes this long or longer.
    #[must_use]
    pub const fn slow_after(self, slow_after: Duration) -> Operation {
        Operation { name: self.name, slow_after: Some(slow_after) }
    }

    /// Begins; the work ends when the timer is dropped or told so.
    pub fn start(&self) -> Timer {
        Timer::begin(self, Outcome::Succeeded)
    }

    /// Times a closure.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let timer = self.start();
        let value = work();
        timer.end(Outcome::Succeeded);
        value
    }

    /// Times a closure that may fail.
    ///
    /// # Errors
    /// Those of the closure.
    pub fn time_result<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let timer = self.start();
        timer.end_with(work())
    }

    /// Times a future from its first poll on. One that is dropped before its end was cancelled.
    pub fn future<F: Future>(&self, future: F) -> Timed<F> {
        Timed::of(*self, future, |_| Outcome::Succeeded)
    }

    /// Times a future that may fail.
    pub fn future_result<F: Future<Output = Result<T, E>>, T, E>(&self, future: F) -> Timed<F> {
        Timed::of(*self, future, Outcome::of)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn slow(&self) -> Option<Duration> {
        self.slow_after
    }

    pub(super) fn histogram(&self) -> &'static Histogram {
        ledger::histogram(self.name)
    }
}

/// Tells of a piece of work that ended.
pub(super) fn tell(operation: &'static str, took: Duration, slow_after: Option<Duration>, outcome: Outcome) {
    let outcome = outcome.as_str();
    match slow_after {
        Some(slow_after) if took >= slow_after => {
            let (took_ms, slow_after_ms) = (millis(took), millis(slow_after));
            tracing::warn!(target: TARGET, operation, took_ms, slow_after_ms, outcome, "slow operation");
        }
        _ => tracing::debug!(target: TARGET, operation, took_ms = millis(took), outcome, "timed"),
    }
}

/// Returns milliseconds to a thousandth.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
