//! Values on the command line that are more than a word: sizes and moments; and sizes as people read them.

use std::time::{Duration, SystemTime};

use segno_orchestrator::model::Timestamp;

/// The units of sizes, each a thousand or 1,024 of the one before.
const UNITS: [&str; 5] = ["", "k", "m", "g", "t"];

/// Reads a size: `500MB`, `2GiB`, `1.5g`, `4096`.
pub(crate) fn size(word: &str) -> Result<u64, String> {
    let bad = || format!("'{word}' is no size; give it as 500MB or 2GiB");
    let lower = word.trim().to_lowercase();
    let (number, unit) = lower.split_at(lower.find(|letter: char| letter.is_alphabetic()).unwrap_or(lower.len()));
    let number: f64 = number.trim().parse().map_err(|_| bad())?;
    let unit = unit.strip_suffix('b').unwrap_or(unit);
    let (unit, base) = unit.strip_suffix('i').map_or((unit, 1_000_f64), |unit| (unit, 1_024_f64));
    let power = UNITS.iter().position(|known| *known == unit).ok_or_else(bad)?;
    let bytes = number * base.powi(i32::try_from(power).unwrap_or(0));
    match bytes {
        // So many bytes are exact as a floating number, and more than any disk has.
        0.0..=9e15 => Ok(bytes as u64),
        _ => Err(bad()),
    }
}

/// Writes a size as people read it: `340 kB`, `1.2 MB`.
pub(crate) fn size_in_words(bytes: u64) -> String {
    let (mut number, mut unit) = (bytes as f64, 0);
    while number >= 999.5 && unit < UNITS.len() - 1 {
        number /= 1_000.0;
        unit += 1;
    }
    let unit = ["bytes", "kB", "MB", "GB", "TB"][unit];
    if number < 9.95 && bytes >= 1_000 { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
}

/// Reads a moment: a time back from now (`7d`, `12h`), a day (`2026-11-01`) or a day with its time, in UTC.
pub(crate) fn moment(word: &str) -> Result<Timestamp, String> {
    moment_at(word, SystemTime::now())
}

fn moment_at(word: &str, now: SystemTime) -> Result<Timestamp, String> {
    if let Ok(back) = humantime::parse_duration(word) {
        return Ok(Timestamp::from_system(now.checked_sub(back).unwrap_or(SystemTime::UNIX_EPOCH)));
    }
    let day = format!("{word}T00:00:00Z");
    let moment = humantime::parse_rfc3339_weak(word).or_else(|_| humantime::parse_rfc3339(&day));
    moment
        .map(Timestamp::from_system)
        .map_err(|_| format!("'{word}' is no moment; give it as 7d, 12h, 2026-11-01 or 2026-11-01T08:30:00Z"))
}

/// Says how long ago something was, roughly.
pub(crate) fn age(since: Duration) -> String {
    let seconds = since.as_secs();
    match seconds {
        0..60 => "just now".into(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..172_800 => "1 day ago".into(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("4096", Some(4_096)),
            ("500MB", Some(500_000_000)),
            ("2 GiB", Some(2 << 30)),
            ("1.5k", Some(1_500)),
            ("0", Some(0)),
            ("-1", None),
            ("MB", None),
            ("5 apples", None),
            ("1e30", None),
            ("9999999TB", None),
        ];
        for (word, expected) in cases {
            assert_eq!(size(word).ok(), expected, "{word}");
        }
    }

    #[test]
    fn sizes_are_written_as_people_read_them() {
        let cases = [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (20_000, "20 kB"),
            (999_600, "1.0 MB"),
            (u64::MAX, "18446744 TB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size_in_words(bytes), expected);
        }
    }

    #[test]
    fn moments_are_back_from_now_or_days() {
        let now = Timestamp(1_767_323_045_000).to_system();
        let cases = [
            ("1h", Some(1_767_319_445_000)),
            ("7d", Some(1_766_718_245_000)),
            ("2026-01-01", Some(1_767_225_600_000)),
            ("2026-01-01T00:00:01Z", Some(1_767_225_601_000)),
            ("2026-01-01 00:00:01", Some(1_767_225_601_000)),
            ("9000y", Some(0)),
            ("yesterday", None),
            ("2026-13-01", None),
        ];
        for (word, expected) in cases {
            assert_eq!(moment_at(word, now).ok().map(|at| at.0), expected, "{word}");
        }
    }
}
