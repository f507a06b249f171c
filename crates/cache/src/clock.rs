//! The wall clock as a value, so that a test can set it, and times as whole nanoseconds.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
#[cfg(any(test, feature = "files", feature = "layers"))]
use std::time::{Duration, UNIX_EPOCH};

/// Says what time it is.
///
/// ```
/// use segno_cache::Clock;
/// use std::time::SystemTime;
///
/// let noon = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(43_200);
/// assert_eq!(Clock::from_fn(move || noon).now(), noon);
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// Makes a clock out of a closure.
    pub fn from_fn(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    /// Returns the time.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for Clock {
    /// Returns the clock of the machine.
    fn default() -> Clock {
        Clock::from_fn(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// Returns nanoseconds since 1970, at most what an `i64` holds (the year 2262).
#[cfg(any(test, feature = "files", feature = "layers"))]
pub(crate) fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => span(after),
        Err(before) => -span(before.duration()),
    }
}

#[cfg(any(test, feature = "files", feature = "layers"))]
pub(crate) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(any(test, feature = "disk"))]
pub(crate) fn time(nanos: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    let time = if nanos < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_as_nanoseconds_on_both_sides_of_1970() {
        for nanoseconds in [0, 1, -1, 1_700_000_000_123_456_789, -5_000_000_000] {
            assert_eq!(nanos(time(nanoseconds)), nanoseconds);
        }
    }
}
