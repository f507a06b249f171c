//! Moments as microseconds since 1970, read from the forms that writers use.

use std::fmt;

/// A moment in UTC with six digits of a second, as the schema has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub micros: i64,
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

impl Timestamp {
    /// Reads RFC 3339 (with any offset; a space for the `T`; a comma for the point; a day alone; UTC when
    /// no offset is said), or a number of seconds, milliseconds, microseconds or nanoseconds since 1970,
    /// which is told by its size.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        let written = match text.as_bytes().get(4) {
            Some(b'-') => written(text.as_bytes()),
            _ => None,
        };
        written.or_else(|| number(text)).map(|micros| Timestamp { micros })
    }
}

/// Reads a moment that is written as a date.
fn written(text: &[u8]) -> Option<i64> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    mark(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    mark(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_before(year, month, day) * DAY;
    if rest.is_empty() {
        return Some(midnight);
    }
    mark(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    mark(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    let second = match mark(&mut rest, b":") {
        Some(()) => digits(&mut rest, 2)?,
        None => 0,
    };
    // A leap second is the first moment of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let micros = match mark(&mut rest, b".,") {
        Some(()) => fraction(&mut rest)?,
        None => 0,
    };
    let offset = offset(&mut rest)?;
    rest.is_empty().then(|| midnight + (hour * 3600 + minute * 60 + second - offset) * SECOND + micros)
}

fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (digits, behind) = rest.split_at_checked(count)?;
    let mut number = 0;
    for digit in digits {
        number = number * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    *rest = behind;
    Some(number)
}

fn mark(rest: &mut &[u8], marks: &[u8]) -> Option<()> {
    let (first, behind) = rest.split_first()?;
    marks.contains(first).then(|| *rest = behind)
}

/// Reads the digits behind the point; those behind the sixth are too fine and cut off.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = rest.split_at(length);
    *rest = behind;
    let places = (0..6).map(|place| digits.get(place).map_or(0, |digit| i64::from(digit - b'0')));
    (length > 0).then(|| places.fold(0, |micros, digit| micros * 10 + digit))
}

/// Reads the offset from UTC in seconds.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let sign = match rest.split_first() {
        None => return Some(0),
        Some((b'Z' | b'z', behind)) => {
            *rest = behind;
            return Some(0);
        }
        Some((b'+', behind)) => {
            *rest = behind;
            1
        }
        Some((b'-', behind)) => {
            *rest = behind;
            -1
        }
        Some(_) => return None,
    };
    let hours = digits(rest, 2)?;
    // RFC 3339 wants the colon, ISO 8601 does not.
    let minutes = match (mark(rest, b":"), rest.is_empty()) {
        (None, true) => 0,
        _ => digits(rest, 2)?,
    };
    (hours < 24 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60))
}

/// Reads a number since 1970, whose unit its size tells until the year 5138.
fn number(text: &str) -> Option<i64> {
    let begins = text.strip_prefix('-').unwrap_or(text);
    if !begins.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let scale = match number.abs() {
        ..1e11 => 1e6,
        ..1e14 => 1e3,
        ..1e17 => 1.0,
        ..9e18 => 1e-3,
        _ => return None,
    };
    // Whole numbers keep every digit; a float of seconds has six places of them in this century.
    match text.parse::<i64>() {
        Ok(whole) if scale >= 1.0 => whole.checked_mul(scale as i64),
        Ok(whole) => Some(whole.div_euclid(1_000)),
        Err(_) => Some((number * scale).round() as i64),
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The days from 1970-01-01, with years that begin in March, so that the leap day is a year's last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month {
        ..=2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + days - 719_468
}

/// The inverse: year, month and day.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let in_era = days.rem_euclid(146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + later, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.micros.div_euclid(DAY));
        let micros = self.micros.rem_euclid(DAY);
        let (seconds, micros) = (micros / SECOND, micros % SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Timestamp::parse(text).map(|moment| moment.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn dates_are_read_in_the_forms_that_writers_use() {
        check("2026-11-21T11:20:00.123456Z", Some("2026-11-21T11:20:00.123456Z"));
        check("2026-11-21T11:20:00Z", Some("2026-11-21T11:20:00.000000Z"));
        check("2026-11-21T11:20:00.123456789+02:00", Some("2026-11-21T09:20:00.123456Z"));
        check("2026-11-21T11:20:00.5-0130", Some("2026-11-21T12:50:00.500000Z"));
        check("2026-11-21 11:20:00,123", Some("2026-11-21T11:20:00.123000Z"));
        check("2026-11-21T11:20", Some("2026-11-21T11:20:00.000000Z"));
        check("2026-11-21", Some("2026-11-21T00:00:00.000000Z"));
        check("2024-02-29T23:59:60Z", Some("2024-03-01T00:00:00.000000Z"));
        check("9999-12-31T23:59:59.999999Z", Some("9999-12-31T23:59:59.999999Z"));
    }

    #[test]
    fn numbers_tell_their_unit_by_their_size() {
        for text in ["1763724000", "1763724000000", "1763724000000000", "1763724000000000000", "1.763724e9"] {
            check(text, Some("2025-11-21T11:20:00.000000Z"));
        }
        check("1763724000.25", Some("2025-11-21T11:20:00.250000Z"));
        check("-1", Some("1969-12-31T23:59:59.000000Z"));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "now",
            "2026-13-01",
            "2026-02-30",
            "2023-02-29",
            "2026-11-21T24:00:00Z",
            "2026-11-21T11:20:00.Z",
            "2026-11-21T11:20:00Zx",
            "2026-11-21T11:20:00+25:00",
            "1e300",
            "NaN",
            "inf",
            "2026-1-1",
            "99999999999999999999",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let moment = Timestamp { micros };
            prop_assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _moment = Timestamp::parse(&text);
        }
    }
}
