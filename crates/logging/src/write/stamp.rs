//! The moment of a line as text; all but its last digits stay as they are for a second.
//! Leaves to `layer` which clock is read.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last moment that RFC 3339 can write, in seconds since 1970.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// What a line begins with, up to and without the comma behind it.
const FORM: &[u8; LENGTH] = br#"{"timestamp":"0000-00-00T00:00:00.000000Z""#;

const LENGTH: usize = 42;

/// Where the date begins, and where the digits of the microseconds do.
const DATE: usize = 14;
const MICROS: usize = DATE + 20;

/// Writes moments, and keeps the text of the last second that it wrote.
#[derive(Debug)]
pub(crate) struct Stamp {
    second: Option<u64>,
    text: [u8; LENGTH],
}

impl Default for Stamp {
    fn default() -> Self {
        Stamp { second: None, text: *FORM }
    }
}

impl Stamp {
    /// Returns `{"timestamp":"…"` for a moment.
    #[inline]
    pub(crate) fn text(&mut self, at: Duration) -> &[u8] {
        let (second, micros) = match at.as_secs() {
            second if second <= LAST_SECOND => (second, at.subsec_micros()),
            _ => (LAST_SECOND, 0),
        };
        if self.second != Some(second) {
            self.turn(second);
        }
        let digits = [micros / 10_000, micros / 100 % 100, micros % 100];
        for (pair, value) in digits.into_iter().enumerate() {
            let at = MICROS + 2 * pair;
            self.text[at..at + 2].copy_from_slice(&PAIRS[value as usize % 100]);
        }
        &self.text
    }

    /// Writes a second's text, up to the point behind it.
    #[cold]
    fn turn(&mut self, second: u64) {
        let date = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(second));
        // In place, so that not even the first line of a second takes memory. The `Z` has no room.
        _ = write!(&mut self.text[DATE..MICROS - 1], "{date}");
        self.second = Some(second);
    }
}

/// Returns the time since 1970; a clock that is set before then must not cost the line.
pub(crate) fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The numbers below a hundred, as two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(at: Duration, expected: &str) {
        let text = Stamp::default().text(at).to_vec();
        assert_eq!(String::from_utf8(text).unwrap(), format!("{{\"timestamp\":\"{expected}\""));
    }

    #[test]
    fn a_moment_has_six_digits_of_a_second() {
        check(Duration::from_micros(1_795_260_000_123_456), "2026-11-21T11:20:00.123456Z");
        check(Duration::ZERO, "1970-01-01T00:00:00.000000Z");
        check(Duration::from_nanos(999_999_999), "1970-01-01T00:00:00.999999Z");
    }

    #[test]
    fn a_clock_out_of_range_is_written_as_the_nearest_time() {
        check(Duration::from_secs(LAST_SECOND + 10), "9999-12-31T23:59:59.000000Z");
        check(Duration::MAX, "9999-12-31T23:59:59.000000Z");
        check(since_epoch(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000000Z");
    }

    proptest! {
        #[test]
        fn a_stamp_that_is_used_again_writes_what_a_new_one_does(micros in prop::collection::vec(0..5_000_000_u64, 1..20)) {
            let mut stamp = Stamp::default();
            for at in micros.into_iter().map(Duration::from_micros) {
                let mut new = Stamp::default();
                prop_assert_eq!(stamp.text(at), new.text(at));
                let text = humantime::format_rfc3339_micros(UNIX_EPOCH + at).to_string();
                prop_assert_eq!(&stamp.text[DATE..LENGTH - 1], text.as_bytes());
            }
        }
    }
}
