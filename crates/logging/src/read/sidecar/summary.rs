//! What is known of a segment without its lines: how it is written and read. Files are left to others.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use serde_json::{Value, json};

use super::super::analyze::Sketch;
use super::super::{Level, Skip, Skipped, Tally, Timestamp};

/// The version of the format.
const FORMAT: u64 = 1;
/// What can stand under a reason's name; a reason that is not here makes a sidecar unreadable, and it is made anew.
pub(super) const SKIPS: [Skip; 9] = [
    Skip::Cut,
    Skip::NoObject,
    Skip::Trailing,
    Skip::Syntax,
    Skip::Control,
    Skip::Encoding,
    Skip::Number,
    Skip::Depth,
    Skip::Long,
];

/// What is known of all lines of a segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// Lines that say no time.
    pub(super) timeless: u64,
    pub(super) counts: BTreeMap<(Option<Level>, Option<String>), u64>,
    /// `None` when there are too many to keep, or they would take too much room.
    pub(super) numbers: Option<BTreeMap<(Option<String>, String), Sketch>>,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    /// Reason, lines, place of the first.
    pub(super) skipped: Vec<(Skip, u64, u64)>,
}

impl Summary {
    /// Returns the times of the first and the last line.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        self.from.zip(self.until)
    }

    /// Returns how many lines there are, with those that could not be read.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns what reading the whole segment would have told of it.
    pub(super) fn tally(&self, segment: &FilePath, matched: u64) -> Tally {
        let skipped = self.skipped.iter().map(|(skip, count, offset)| Skipped {
            skip: *skip,
            count: *count,
            file: segment.to_owned(),
            offset: *offset,
        });
        Tally {
            files: 1,
            bytes: self.bytes,
            lines: self.lines,
            matched,
            skipped: skipped.collect(),
            ..Tally::default()
        }
    }

    pub(super) fn write(&self) -> Value {
        let micros = |at: Option<Timestamp>| at.map(|at| at.micros);
        let counts = self.counts.iter();
        let counts = counts.map(|((level, component), count)| json!([level.map(Level::name), component, count]));
        let numbers = self.numbers.as_ref().map(|numbers| {
            let sketch = |((component, field), sketch): (&(Option<String>, String), &Sketch)| {
                json!([component, field, sketch.write()])
            };
            numbers.iter().map(sketch).collect::<Value>()
        });
        let skipped = self.skipped.iter().map(|(skip, count, offset)| json!([skip.name(), count, offset]));
        json!({
            "format": FORMAT,
            "from_us": micros(self.from),
            "until_us": micros(self.until),
            "timeless": self.timeless,
            "bytes": self.bytes,
            "lines": self.lines,
            "counts": counts.collect::<Value>(),
            "numbers": numbers,
            "skipped": skipped.collect::<Value>(),
        })
    }

    pub(super) fn read(value: &Value) -> Option<Summary> {
        if value["format"].as_u64()? != FORMAT {
            return None;
        }
        let moment = |key: &str| value[key].as_i64().map(|micros| Timestamp { micros });
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let count = |row: &Value| {
            let level = match row[0].as_str() {
                Some(name) => Some(Level::parse(name)?),
                None => None,
            };
            Some(((level, text(&row[1])), row[2].as_u64()?))
        };
        let number = |row: &Value| Some(((text(&row[0]), text(&row[1])?), Sketch::read(&row[2])?));
        let skip = |row: &Value| {
            let skip = SKIPS.into_iter().find(|skip| Some(skip.name()) == row[0].as_str())?;
            Some((skip, row[1].as_u64()?, row[2].as_u64()?))
        };
        Some(Summary {
            from: moment("from_us"),
            until: moment("until_us"),
            timeless: value["timeless"].as_u64()?,
            bytes: value["bytes"].as_u64()?,
            lines: value["lines"].as_u64()?,
            counts: value["counts"].as_array()?.iter().map(count).collect::<Option<_>>()?,
            numbers: match value["numbers"].as_array() {
                Some(rows) => Some(rows.iter().map(number).collect::<Option<_>>()?),
                None => None,
            },
            skipped: value["skipped"].as_array()?.iter().map(skip).collect::<Option<_>>()?,
        })
    }
}
