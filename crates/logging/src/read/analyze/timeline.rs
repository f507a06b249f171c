//! The course of time: how many lines of each level there are in every span of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::table::{Cell, Table};
use super::super::{Level, Line, Timestamp};
use super::question::{Analysis, tell_rest};

/// So many spans are kept; when there are more, they become twice as wide.
const MAX_SPANS: usize = 4_096;
/// Those with a level, and those without.
const KINDS: usize = 6;
/// The columns of the kinds that a log usually has.
const NAMES: [&str; KINDS] = ["debug", "info", "warn", "error", "fatal", "unknown"];

/// Counts lines in spans of time.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// As it was asked for.
    asked: i64,
    /// As it is now, in microseconds.
    width: i64,
    spans: BTreeMap<i64, [u64; KINDS]>,
    /// Lines that say no time.
    timeless: u64,
}

impl Timeline {
    /// Counts in spans of this width, at least a microsecond.
    pub fn new(width: Duration) -> Timeline {
        // A span of more than 292,000 years is all of time.
        let width = i64::try_from(width.as_micros()).unwrap_or(i64::MAX).max(1);
        Timeline { asked: width, width, spans: BTreeMap::new(), timeless: 0 }
    }

    /// Returns the width of the spans, which is larger than asked for when there were too many.
    pub fn width(&self) -> Duration {
        Duration::from_micros(self.width.unsigned_abs())
    }

    /// Returns the spans' beginnings with their lines by level, from DEBUG to FATAL, and without one.
    pub fn spans(&self) -> impl Iterator<Item = (Timestamp, [u64; 6])> {
        self.spans.iter().map(|(place, counts)| (Timestamp { micros: place.saturating_mul(self.width) }, *counts))
    }

    fn widen(&mut self, width: i64) {
        while self.width < width || self.spans.len() > MAX_SPANS {
            let narrow = std::mem::take(&mut self.spans);
            self.width = self.width.saturating_mul(2);
            for (place, counts) in narrow {
                add(self.spans.entry(place.div_euclid(2)).or_default(), &counts);
            }
        }
    }
}

impl Analysis for Timeline {
    fn see(&mut self, line: &Line<'_>) {
        let Some(moment) = line.timestamp() else {
            self.timeless += 1;
            return;
        };
        let place = moment.micros.div_euclid(self.width);
        self.spans.entry(place).or_default()[kind(line.level())] += 1;
        self.widen(0);
    }

    fn join(&mut self, mut other: Timeline) {
        self.widen(other.width);
        other.widen(self.width);
        self.timeless += other.timeless;
        for (place, counts) in other.spans {
            add(self.spans.entry(place).or_default(), &counts);
        }
        self.widen(0);
    }

    fn table(&self, rows: usize) -> Table {
        let seconds = self.width as f64 / 1e6;
        let mut all = [0; KINDS];
        self.spans.values().for_each(|counts| add(&mut all, counts));
        let shown: Vec<usize> = (0..KINDS).filter(|kind| all[*kind] > 0).collect();
        let kinds = shown.iter().map(|kind| NAMES[*kind]);
        let mut table = Table::new(["from", "lines", "per_second"].into_iter().chain(kinds));
        for (from, counts) in self.spans().take(rows) {
            let lines: u64 = counts.iter().sum();
            let begin = [Cell::moment(Some(from)), Cell::Count(lines), Cell::Number(lines as f64 / seconds)];
            table.rows.push(begin.into_iter().chain(shown.iter().map(|kind| Cell::Count(counts[*kind]))).collect());
        }
        tell_rest(&mut table, self.spans().skip(rows).map(|(_, counts)| counts.iter().sum::<u64>()).sum(), "spans");
        if self.timeless > 0 {
            table.notes.push(format!("{} lines say no time", self.timeless));
        }
        if self.width > self.asked {
            let width = humantime::format_duration(self.width());
            table.notes.push(format!("there are more than {MAX_SPANS} spans of the width asked for: one is {width}"));
        }
        table
    }
}

fn add(counts: &mut [u64; KINDS], more: &[u64; KINDS]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
}

fn kind(level: Option<Level>) -> usize {
    match level {
        Some(Level::Debug) => 0,
        Some(Level::Info) => 1,
        Some(Level::Warn) => 2,
        Some(Level::Error) => 3,
        Some(Level::Fatal) => 4,
        None => 5,
    }
}
