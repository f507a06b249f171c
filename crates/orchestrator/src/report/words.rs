//! Small things in words: durations, counts.

use std::time::Duration;

/// Writes a duration as a person reads it: `0.3s`, `12.4s`, `2m03s`, `1h05m`.
pub fn short_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1}s", duration.as_secs_f64().min(59.9)),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
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
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_at_every_size() {
        let cases = [(0, "0.0s"), (340, "0.3s"), (59_999, "59.9s"), (123_000, "2m03s"), (3_900_000, "1h05m")];
        for (millis, expected) in cases {
            assert_eq!(short_duration(Duration::from_millis(millis)), expected);
        }
    }
}
