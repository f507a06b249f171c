//! Decides when a log file is due to be sealed. Pure: time and size come in.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Every, Rotation};

/// Knows the period that the open file belongs to.
#[derive(Debug)]
pub(crate) struct Rotor {
    rotation: Rotation,
    /// Seconds since 1970.
    period: Range<u64>,
}

impl Rotor {
    /// `last_written` is when the file got its last line, or now for a new one.
    pub(crate) fn new(rotation: Rotation, last_written: SystemTime) -> Rotor {
        let period = rotation.every.map_or(0..u64::MAX, |every| period(every, last_written));
        Rotor { rotation, period }
    }

    pub(crate) fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    /// Whether the file is sealed before `more` bytes are written to its `size`.
    ///
    /// A clock that jumped back moves the period with it: it neither rotates nor waits until the old time comes again.
    pub(crate) fn is_due(&mut self, now: impl FnOnce() -> SystemTime, size: u64, more: usize) -> bool {
        let too_long = self.rotation.max_bytes.is_some_and(|max| size.saturating_add(more as u64) > max);
        let Some(every) = self.rotation.every else {
            return too_long && size > 0;
        };
        let now = now();
        let second = seconds(now);
        let over = second >= self.period.end;
        if second < self.period.start || (over && size == 0) {
            self.period = period(every, now);
        }
        (over || too_long) && size > 0
    }

    /// A new file was begun.
    pub(crate) fn begin(&mut self, now: SystemTime) {
        if let Some(every) = self.rotation.every {
            self.period = period(every, now);
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn period(every: Every, time: SystemTime) -> Range<u64> {
    let length = every.seconds();
    let start = seconds(time) / length * length;
    start..start.saturating_add(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Writes a byte at each of the seconds; an `!` in `expected` is a rotation before it.
    fn check(rotation: Rotation, times: &[u64], expected: &str) {
        let at = |second: u64| UNIX_EPOCH + Duration::from_secs(second);
        let mut rotor = Rotor::new(rotation, at(times[0]));
        let (mut size, mut seen) = (0, String::new());
        for &time in times {
            if rotor.is_due(|| at(time), size, 1) {
                rotor.begin(at(time));
                size = 0;
                seen.push('!');
            }
            size += 1;
            seen.push('.');
        }
        assert_eq!(seen, expected);
    }

    fn every(every: Every) -> Rotation {
        Rotation { every: Some(every), ..Rotation::default() }
    }

    #[test]
    fn a_file_is_sealed_by_size() {
        check(Rotation { max_bytes: Some(2), ..Rotation::default() }, &[0; 5], "..!..!.");
        check(Rotation { max_bytes: Some(0), ..Rotation::default() }, &[0; 3], ".!.!.");
        check(Rotation { max_bytes: Some(u64::MAX), ..Rotation::default() }, &[0; 3], "...");
    }

    #[test]
    fn a_file_is_sealed_once_a_period() {
        check(every(Every::Hour), &[10, 3_599, 3_600, 3_601, 9_000], "..!..!.");
        check(every(Every::Day), &[10, 86_399, 86_400], "..!.");
        check(every(Every::Span(Duration::from_secs(7))), &[0, 6, 7, 21], "..!.!.");
    }

    #[test]
    fn a_clock_that_jumps_back_neither_rotates_on_each_line_nor_never_again() {
        check(every(Every::Hour), &[36_000, 10, 11, 3_600, 3_601], "...!..");
        check(every(Every::Hour), &[10, 360_000_000, 20, 30, 3_600], ".!...!.");
    }

    #[test]
    fn strange_spans_do_no_harm() {
        check(every(Every::Span(Duration::ZERO)), &[5, 5, 6], "..!.");
        check(every(Every::Span(Duration::MAX)), &[5, 1 << 40], "..");
    }
}
