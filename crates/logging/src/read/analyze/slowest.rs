//! The lines with the largest numbers in a field.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::path::PathBuf;

use super::super::table::{Cell, Table};
use super::super::{Line, Path, Timestamp};
use super::by::short;
use super::question::Analysis;

/// Keeps the lines with the largest numbers.
#[derive(Clone, Debug)]
pub struct Slowest {
    field: Path,
    limit: usize,
    /// The least of them on top.
    lines: BinaryHeap<Kept>,
}

/// A line that is kept.
#[derive(Clone, Debug)]
struct Kept {
    number: f64,
    file: PathBuf,
    offset: u64,
    timestamp: Option<Timestamp>,
    component: Option<String>,
    message: Option<String>,
    correlation_id: Option<String>,
}

impl Slowest {
    /// Keeps so many lines with the largest numbers in `field`.
    pub fn new(field: Path, limit: usize) -> Slowest {
        Slowest { field, limit, lines: BinaryHeap::new() }
    }

    fn keep(&mut self, kept: Kept) {
        self.lines.push(kept);
        if self.lines.len() > self.limit {
            self.lines.pop();
        }
    }
}

impl Analysis for Slowest {
    fn see(&mut self, line: &Line<'_>) {
        let number = line.field(&self.field).and_then(|value| value.as_f64());
        let Some(number) = number.filter(|number| number.is_finite()) else { return };
        let is_full = self.lines.len() >= self.limit;
        if is_full && self.lines.peek().is_none_or(|least| number < least.number) {
            return;
        }
        let text = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| short(&text).into_owned());
        self.keep(Kept {
            number,
            file: line.file().to_owned(),
            offset: line.offset(),
            timestamp: line.timestamp(),
            component: text(line.component()),
            message: text(line.message()),
            correlation_id: text(line.correlation_id()),
        });
    }

    fn join(&mut self, other: Slowest) {
        other.lines.into_iter().for_each(|kept| self.keep(kept));
    }

    fn table(&self, rows: usize) -> Table {
        let columns = ["timestamp", self.field.as_str(), "component", "message", "correlation_id", "file", "offset"];
        let mut table = Table::new(columns);
        // The least on top means that the largest comes first in this order.
        for kept in self.lines.clone().into_sorted_vec().into_iter().take(rows) {
            table.rows.push(vec![
                Cell::moment(kept.timestamp),
                Cell::Number(kept.number),
                Cell::text(kept.component),
                Cell::text(kept.message),
                Cell::text(kept.correlation_id),
                Cell::Text(kept.file.display().to_string()),
                Cell::Count(kept.offset),
            ]);
        }
        table
    }
}

/// The smaller a number, the greater; of equal ones the later line: the same lines are kept whatever the order.
impl Ord for Kept {
    fn cmp(&self, other: &Kept) -> Ordering {
        let place = |kept: &Kept| (kept.file.clone(), kept.offset);
        other.number.total_cmp(&self.number).then_with(|| place(self).cmp(&place(other)))
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Kept) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Kept) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Kept {}
