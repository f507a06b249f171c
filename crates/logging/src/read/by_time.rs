//! Finds the parts of a sorted file that may lie inside the filter's time, by looking at a few lines.
//!
//! A file is probed at 256 places. Its lines need not be sorted exactly: threads write a little late, and
//! clocks go back. So a part is passed over only if every probe up to its end is more than a margin too
//! early, or every probe from its beginning on is more than that too late. The margin is a minute and twice
//! the most by which a probe lies before an earlier one: a clock that was set back widens what is read, and of
//! a file that is not sorted all is read. A probe that finds no readable time means the same. What this cannot
//! see is a disorder beyond the margin that begins and ends between two probes: who must count such lines
//! switches [`Query::by_time`](super::Query::by_time) off.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::index::Index;
use super::open::At;
use super::{Filter, Line, Query, Timestamp, check};

/// So many places are looked at.
const PROBES: u64 = 256;
/// A smaller file is read as a whole: its parts would be smaller than a probe.
const LEAST_LENGTH: u64 = 8 << 20;
/// A probe reads so much, and finds a line in it or gives up.
const PROBE_BYTES: u64 = 64 * 1024;
/// Lines may be so much out of order in any file: 60 seconds.
const MARGIN: i64 = 60_000_000;

/// Returns the ranges of the file whose lines may be wanted, in order.
#[expect(clippy::single_range_in_vec_init, reason = "the whole file is one range")]
pub(super) fn ranges(file: &File, length: u64, query: &Query) -> Vec<Range<u64>> {
    let Filter { since, until, .. } = &query.filter;
    if !query.by_time || (since.is_none() && until.is_none()) || length < LEAST_LENGTH {
        return vec![0..length];
    }
    let places: Vec<u64> =
        (0..PROBES).map(|probe| (u128::from(length) * u128::from(probe) / u128::from(PROBES)) as u64).collect();
    let probes: Option<Vec<Timestamp>> = places.iter().map(|place| probe(file, *place, query)).collect();
    match probes {
        Some(probes) => join(&places, length, &wanted(&probes, *since, *until)),
        None => vec![0..length],
    }
}

/// For each part whether it may hold lines from `since` until `until`.
fn wanted(probes: &[Timestamp], since: Option<Timestamp>, until: Option<Timestamp>) -> Vec<bool> {
    let margin = MARGIN.saturating_add(disorder(probes).saturating_mul(2));
    let mut wanted = vec![true; probes.len()];
    if let Some(since) = since {
        let mut latest = probes[0].micros;
        // The last part has no probe at its end, so it is never known to be too early.
        for (wanted, end) in wanted.iter_mut().zip(&probes[1..]) {
            latest = latest.max(end.micros);
            *wanted &= latest.saturating_add(margin) >= since.micros;
        }
    }
    if let Some(until) = until {
        let mut earliest = i64::MAX;
        for (wanted, begin) in wanted.iter_mut().zip(probes).rev() {
            earliest = earliest.min(begin.micros);
            *wanted &= earliest.saturating_sub(margin) < until.micros;
        }
    }
    wanted
}

/// Returns the most by which a probe lies before an earlier one.
fn disorder(probes: &[Timestamp]) -> i64 {
    let mut latest = i64::MIN;
    let back = probes.iter().map(|probe| {
        latest = latest.max(probe.micros);
        latest.saturating_sub(probe.micros)
    });
    back.max().unwrap_or(0)
}

fn join(places: &[u64], length: u64, wanted: &[bool]) -> Vec<Range<u64>> {
    let ends = places[1..].iter().chain([&length]);
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for ((start, end), _) in places.iter().zip(ends).zip(wanted).filter(|(_, wanted)| **wanted) {
        match ranges.last_mut() {
            Some(last) if last.end == *start => last.end = *end,
            _ => ranges.push(*start..*end),
        }
    }
    ranges
}

/// Returns the time of the first readable line that begins at `place` or behind it.
fn probe(file: &File, place: u64, query: &Query) -> Option<Timestamp> {
    let mut bytes = Vec::new();
    let from = place.saturating_sub(1);
    At { file, at: from }.take(PROBE_BYTES).read_to_end(&mut bytes).ok()?;
    let mut rest = match place {
        0 => bytes.as_slice(),
        _ => &bytes[memchr::memchr(b'\n', &bytes)? + 1..],
    };
    let mut index = Index::default();
    // Only lines that are whole: the last one may go on behind the piece.
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let raw = &rest[..end];
        if check::alone(raw, &mut index).is_ok() {
            let line = Line { raw, index: &index, keys: &query.keys, file: Path::new(""), offset: 0 };
            if let Some(at) = line.timestamp() {
                return Some(at);
            }
        }
        rest = &rest[end + 1..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which parts are read when the probes stand at these minutes.
    fn check(probes: &[i64], since: Option<i64>, until: Option<i64>, expected: &str) {
        let minute = |minute: i64| Timestamp { micros: minute * 60_000_000 };
        let probes: Vec<_> = probes.iter().map(|at| minute(*at)).collect();
        let found = wanted(&probes, since.map(minute), until.map(minute));
        assert_eq!(String::from_iter(found.iter().map(|wanted| if *wanted { 'r' } else { '-' })), expected);
    }

    #[test]
    fn only_the_parts_inside_the_time_and_a_margin_are_read() {
        let hours = [0, 60, 120, 180, 240, 300];
        check(&hours, Some(150), Some(170), "--r---");
        check(&hours, Some(121), Some(170), "-rr---");
        check(&hours, Some(122), Some(170), "--r---");
        check(&hours, Some(150), Some(180), "--rr--");
        check(&hours, Some(150), Some(179), "--r---");
        check(&hours, Some(1000), None, "-----r");
        check(&hours, None, Some(-5), "------");
        check(&hours, None, Some(130), "rrr---");
    }

    #[test]
    fn a_clock_that_was_set_back_widens_what_is_read() {
        check(&[0, 60, 120, 110, 170, 230], Some(40), Some(50), "rr----");
        check(&[0, 60, 120, 110, 170, 230], Some(140), Some(160), "-rrrr-");
        check(&[500, 0, 60, 120], Some(70), Some(80), "rrrr");
    }

    #[test]
    fn parts_that_touch_are_one_range() {
        assert_eq!(join(&[0, 10, 20, 30], 40, &[true, true, false, true]), [0..20, 30..40]);
        assert_eq!(join(&[0, 10], 20, &[false, false]), []);
    }
}
