//! Which stretch of time a moment lies in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Error, KeyPart, PartWriter};

const DAY: i128 = 86_400 * 1_000_000_000;

/// Returns when the window began that holds the moment, in nanoseconds since 1970.
pub(super) fn began(length: Duration, offset: Duration, now: SystemTime) -> Result<i128, Error> {
    let nanos = |span: Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::MAX);
    let now = match now.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    };
    let (length, offset) = (nanos(length), nanos(offset));
    match length {
        0 => Err(Error::Dependency { name: "a window".into(), reason: "it has no length".into() }),
        // None of the numbers comes near the largest one: a duration is below 2^94 nanoseconds.
        _ => Ok(offset + (now - offset).div_euclid(length) * length),
    }
}

/// When a window began, as a part of a key.
pub(super) struct Began(pub(super) i128);

impl KeyPart for Began {
    fn write(&self, writer: &mut PartWriter) {
        writer.text_shown(&self.0.to_string(), &shown(self.0));
    }
}

/// Writes a time of UTC for people, to the second: `2026-11-27 07:00:00`.
pub(super) fn shown(nanos: i128) -> String {
    let (days, rest) = (nanos.div_euclid(DAY), nanos.rem_euclid(DAY) / 1_000_000_000);
    // The civil calendar counted from 1 March of the year 0, when leap days come last; eras of 400 years are alike.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i128::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn check(length: Duration, offset: Duration, now: i64, expected: &str) {
        let distance = Duration::from_secs(now.unsigned_abs());
        let now = if now < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
        let text = began(length, offset, now).map_or_else(|error| error.to_string(), shown);
        assert_eq!(text, expected);
    }

    #[test]
    fn a_window_begins_at_its_offset_and_every_length_after() {
        check(HOUR, Duration::ZERO, 1_800_000_000, "2027-01-15 08:00:00");
        check(HOUR, Duration::ZERO, 1_800_003_599, "2027-01-15 08:00:00");
        check(HOUR, Duration::ZERO, 1_800_003_600, "2027-01-15 09:00:00");
        check(HOUR, Duration::from_secs(1_800), 1_800_000_000, "2027-01-15 07:30:00");
        check(24 * HOUR, 6 * HOUR, 951_782_400, "2000-02-28 06:00:00");
        check(24 * HOUR, Duration::ZERO, 951_782_400, "2000-02-29 00:00:00");
        check(HOUR, Duration::ZERO, -1, "1969-12-31 23:00:00");
        check(HOUR, Duration::MAX, 0, "1969-12-31 23:00:15");
        check(Duration::MAX, Duration::ZERO, 0, "1970-01-01 00:00:00");
        check(Duration::ZERO, HOUR, 0, "cannot look up a window: it has no length");
    }
}
