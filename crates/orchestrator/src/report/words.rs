//! Small things in words: durations, counts.

use std::time::Duration;

use crate::model::Timestamp;

/// The last moment that has four digits for its year.
const LAST_MOMENT: Timestamp = Timestamp(253_402_300_799_999);

/// Writes a moment as RFC 3339 in UTC, to the second: `2026-01-02T03:04:05Z`.
pub(super) fn moment(at: Timestamp) -> String {
    humantime::format_rfc3339_seconds(at.min(LAST_MOMENT).to_system()).to_string()
}

/// Takes out what steers a terminal: colours, cursor, and every control character but line ends and tabs.
pub(super) fn without_escapes(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                // The sequence ends with the first sign from `@` to `~`.
                _ = letters.by_ref().find(|letter| ('@'..='~').contains(letter));
            }
            letter if letter.is_control() && !matches!(letter, '\n' | '\t') => {}
            letter => shown.push(letter),
        }
    }
    shown
}

/// Writes a duration as a person reads it: `0.3s`, `12.4s`, `2m03s`, `1h05m`.
pub fn short_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1}s", duration.as_secs_f64().min(59.9)),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Shortens a text to so many letters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes an amount of US dollars: `$0.0042`, `$1.20`.
pub(super) fn money(usd: f64) -> String {
    if usd != 0.0 && usd.abs() < 0.01 { format!("${usd:.4}") } else { format!("${usd:.2}") }
}

/// Joins reasons into one sentence: the first three, and how many more there are.
pub fn joined_reasons(reasons: &[String]) -> String {
    const MAX: usize = 3;
    match reasons.len().checked_sub(MAX).filter(|more| *more > 0) {
        Some(more) => format!("{}, and {more} more things changed", reasons[..MAX].join(", ")),
        None => reasons.join(" and "),
    }
}

/// Writes a count with its noun: `1 step`, `3 steps`.
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_moment_is_too_late_to_be_written() {
        for (millis, expected) in [(1_767_323_045_999, "2026-01-02T03:04:05Z"), (u64::MAX, "9999-12-31T23:59:59Z")] {
            assert_eq!(moment(Timestamp(millis)), expected);
        }
    }

    #[test]
    fn a_text_without_escapes_is_what_a_terminal_would_show() {
        let cases = [
            ("a\tb\nc", "a\tb\nc"),
            ("\u{1b}[1;31mred\u{1b}[0m \u{1b}[2Kline\r\n", "red line\n"),
            ("bell\u{7} null\u{0} lone\u{1b}", "bell null lone"),
            ("cut off \u{1b}[3", "cut off "),
        ];
        for (text, expected) in cases {
            assert_eq!(without_escapes(text), expected);
        }
    }

    #[test]
    fn durations_read_well_at_every_size() {
        let cases = [(0, "0.0s"), (340, "0.3s"), (59_999, "59.9s"), (123_000, "2m03s"), (3_900_000, "1h05m")];
        for (millis, expected) in cases {
            assert_eq!(short_duration(Duration::from_millis(millis)), expected);
        }
    }
}
