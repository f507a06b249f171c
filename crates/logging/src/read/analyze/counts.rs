//! How many lines there are by one or two keys.

use super::super::Line;
use super::super::table::{Cell, Table};
use super::by::{By, cells, write_key};
use super::question::{Analysis, tell_missing, tell_rest};
use super::{Groups, by};

/// So many groups are kept at least.
const MAX_GROUPS: usize = 4_096;

/// Counts lines by keys.
#[derive(Clone, Debug)]
pub struct Counts {
    by: Vec<By>,
    groups: Groups<u64>,
    lines: u64,
    key: String,
}

impl Counts {
    /// Counts by these keys; without any, all lines are one group.
    pub fn new(by: impl IntoIterator<Item = By>) -> Counts {
        Counts::keeping(by, MAX_GROUPS)
    }

    /// Counts by these keys, and keeps at least so many groups.
    pub fn keeping(by: impl IntoIterator<Item = By>, groups: usize) -> Counts {
        Counts { by: by.into_iter().collect(), groups: Groups::new(groups), lines: 0, key: String::new() }
    }

    /// Returns by what is counted.
    pub fn by(&self) -> &[By] {
        &self.by
    }

    /// Returns how many lines were seen.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the counts with the parts of their keys, the largest first.
    pub fn heaviest(&self) -> Vec<(Vec<Option<&str>>, u64)> {
        self.groups.heaviest().into_iter().map(|(key, count)| (by::parts(key), *count)).collect()
    }

    /// Returns how many lines belong to groups that were let go because there were too many.
    pub fn others(&self) -> u64 {
        self.groups.others()
    }

    /// Adds lines that were counted elsewhere by the parts of their key.
    pub(crate) fn add(&mut self, parts: &[Option<&str>], lines: u64) {
        by::join_parts(&mut self.key, parts);
        *self.groups.of(&self.key) += lines;
        self.lines += lines;
    }
}

impl Analysis for Counts {
    fn see(&mut self, line: &Line<'_>) {
        write_key(&mut self.key, &self.by, line);
        *self.groups.of(&self.key) += 1;
        self.lines += 1;
    }

    fn join(&mut self, other: Counts) {
        self.groups.join(other.groups);
        self.lines += other.lines;
    }

    fn table(&self, rows: usize) -> Table {
        let mut table = Table::new(self.by.iter().map(By::name).chain(["lines", "share"]));
        let heaviest = self.groups.heaviest();
        let share = |count: u64| Cell::Share(count as f64 / self.lines.max(1) as f64);
        let row = |(key, count): &(&str, &u64)| [cells(key), vec![Cell::Count(**count), share(**count)]].concat();
        table.rows = heaviest.iter().take(rows).map(row).collect();
        let left: u64 = heaviest.iter().skip(rows).map(|(_, count)| **count).sum();
        tell_rest(&mut table, left + self.groups.others(), "groups");
        tell_missing(&mut table, self.groups.missing(), "groups");
        table
    }
}
