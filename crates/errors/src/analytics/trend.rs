//! Whether something comes more often: the sign of Mann and Kendall, the slope of Theil and Sen with its interval. Leaves
//! which hours count to `account`.

use serde::Serialize;

/// With fewer hours nothing is said.
const MIN_HOURS: usize = 8;
/// Of the normal distribution, 95 % lie within so many standard deviations.
const Z: f64 = 1.96;

/// Whether something comes more often, judged by its counts an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// Where it goes.
    pub direction: Direction,
    /// By how many an hour the count changes each hour: the median of the slopes between any two hours (Theil 1950, Sen 1968).
    pub slope: f64,
    /// Between these the slope lies with 95 % (Sen 1968).
    pub interval: (f64, f64),
    /// From how many hours it is worked out.
    pub hours: usize,
}

/// Where something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It comes more often.
    Rising,
    /// It comes less often.
    Falling,
    /// The interval of the slope holds 0.
    NoTrend,
    /// There are too few hours to say.
    Unknown,
}

impl Direction {
    /// Returns the name that is shown and stored, such as `no_trend`.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Rising => "rising",
            Direction::Falling => "falling",
            Direction::NoTrend => "no_trend",
            Direction::Unknown => "unknown",
        }
    }
}

impl Trend {
    /// Works out the trend of counts, one for each hour, oldest first.
    ///
    /// The sign is that of S, the number of pairs that rise less those that fall (Mann 1945, Kendall 1975); its variance, with
    /// ties, gives which of the ordered slopes bound the interval. There is no trend where that holds 0.
    ///
    /// ```
    /// use segno_errors::analytics::{Direction, Trend};
    ///
    /// let trend = Trend::of(&[0, 1, 2, 4, 5, 5, 7, 8, 9, 11]);
    /// assert_eq!(trend.direction, Direction::Rising);
    /// assert_eq!(Trend::of(&[3, 0, 4, 1, 2, 5, 0, 3, 2]).direction, Direction::NoTrend);
    /// ```
    pub fn of(counts: &[u32]) -> Trend {
        let hours = counts.len();
        if hours < MIN_HOURS {
            return Trend { direction: Direction::Unknown, slope: 0.0, interval: (0.0, 0.0), hours };
        }
        let mut sign = 0_i64;
        let mut slopes = Vec::with_capacity(hours * (hours - 1) / 2);
        for (later, count) in counts.iter().enumerate() {
            for (earlier, before) in counts[..later].iter().enumerate() {
                let rise = i64::from(*count) - i64::from(*before);
                sign += rise.signum();
                slopes.push(rise as f64 / (later - earlier) as f64);
            }
        }
        slopes.sort_unstable_by(f64::total_cmp);
        let spread = Z * variance(counts).sqrt();
        let pairs = slopes.len() as f64;
        let at = |place: f64| slopes[(place.round().max(0.0) as usize).min(slopes.len() - 1)];
        let interval = (at((pairs - spread) / 2.0 - 1.0), at((pairs + spread) / 2.0));
        let direction = match sign.signum() {
            1 if interval.0 > 0.0 => Direction::Rising,
            -1 if interval.1 < 0.0 => Direction::Falling,
            _ => Direction::NoTrend,
        };
        Trend { direction, slope: median(&slopes), interval, hours }
    }
}

/// Returns the variance of S: (n(n-1)(2n+5) - sum over groups of equal counts t(t-1)(2t+5)) / 18.
fn variance(counts: &[u32]) -> f64 {
    let term = |count: usize| (count * (count - 1) * (2 * count + 5)) as f64;
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let ties: f64 = sorted.chunk_by(|one, other| one == other).map(|group| term(group.len())).sum();
    (term(counts.len()) - ties).max(0.0) / 18.0
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[u32], direction: Direction, slope: f64) {
        let trend = Trend::of(counts);
        assert_eq!((trend.direction, trend.slope), (direction, slope), "{trend:?}");
    }

    #[test]
    fn what_rises_or_falls_is_told_with_its_slope() {
        check(&[0, 2, 4, 6, 8, 10, 12, 14], Direction::Rising, 2.0);
        check(&[14, 12, 10, 8, 6, 4, 2, 0], Direction::Falling, -2.0);
    }

    #[test]
    fn one_burst_in_quiet_hours_is_no_trend() {
        let mut counts = [0; 47];
        counts[46] = 500;
        check(&counts, Direction::NoTrend, 0.0);
        check(&[0; 48], Direction::NoTrend, 0.0);
        check(&[u32::MAX; 48], Direction::NoTrend, 0.0);
    }

    #[test]
    fn a_few_hours_say_nothing() {
        check(&[1, 2, 3], Direction::Unknown, 0.0);
        check(&[], Direction::Unknown, 0.0);
    }

    #[test]
    fn the_sign_test_agrees_with_the_textbook() {
        // Gilbert 1987, chapter 16: without ties the variance of S for n = 10 is 125.
        assert_eq!(variance(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 125.0);
        assert_eq!(variance(&[3, 3, 3, 3]), 0.0);
    }
}
