//! The quantiles of a numeric field, by a key or of all lines.

use super::super::table::{Cell, Table};
use super::super::{Line, Path};
use super::by::{By, cells, join_parts, write_key};
use super::question::{Analysis, tell_missing, tell_rest};
use super::{ERROR, EXACT, Gathered, Groups, Sketch};

/// So many groups are kept at least: a group's bins take up to 130 kB, when its numbers are as wide as numbers can be.
const MAX_GROUPS: usize = 256;

/// Gathers a field's numbers by a key.
#[derive(Clone, Debug)]
pub struct Percentiles {
    field: Path,
    by: Vec<By>,
    groups: Groups<Sketch>,
    without: u64,
    key: String,
}

impl Gathered for Sketch {
    fn weight(&self) -> u64 {
        self.count()
    }

    fn join(&mut self, other: Sketch) {
        Sketch::join(self, other);
    }
}

impl Percentiles {
    /// Gathers the numbers of `field` by these keys; without any, all lines are one group.
    pub fn new(field: Path, by: impl IntoIterator<Item = By>) -> Percentiles {
        let by = by.into_iter().collect();
        Percentiles { field, by, groups: Groups::new(MAX_GROUPS), without: 0, key: String::new() }
    }

    /// Returns the field.
    pub fn field(&self) -> &Path {
        &self.field
    }

    /// Returns by what lines are grouped.
    pub fn by(&self) -> &[By] {
        &self.by
    }

    /// Returns how many lines have no number in this field.
    pub fn without(&self) -> u64 {
        self.without
    }

    /// Returns the groups with the parts of their keys, those of most lines first.
    pub fn heaviest(&self) -> Vec<(Vec<Option<&str>>, &Sketch)> {
        self.groups.heaviest().into_iter().map(|(key, sketch)| (super::by::parts(key), sketch)).collect()
    }

    /// Adds numbers that were gathered elsewhere by the parts of their key.
    pub(crate) fn add(&mut self, parts: &[Option<&str>], sketch: Sketch) {
        if sketch.count() > 0 {
            join_parts(&mut self.key, parts);
            self.groups.of(&self.key).join(sketch);
        }
    }

    /// Adds lines elsewhere that have no number.
    pub(crate) fn add_without(&mut self, lines: u64) {
        self.without += lines;
    }
}

impl Analysis for Percentiles {
    fn see(&mut self, line: &Line<'_>) {
        let number = line.field(&self.field).and_then(|value| value.as_f64());
        let Some(number) = number.filter(|number| number.is_finite()) else {
            self.without += 1;
            return;
        };
        write_key(&mut self.key, &self.by, line);
        self.groups.of(&self.key).add(number);
    }

    fn join(&mut self, other: Percentiles) {
        self.groups.join(other.groups);
        self.without += other.without;
    }

    fn table(&self, rows: usize) -> Table {
        let mut table = Table::new(self.by.iter().map(By::name).chain(["lines", "min", "p50", "p95", "p99", "max"]));
        let heaviest = self.groups.heaviest();
        table.rows = heaviest.iter().take(rows).map(|(key, sketch)| [cells(key), figures(sketch)].concat()).collect();
        let left: u64 = heaviest.iter().skip(rows).map(|(_, sketch)| sketch.count()).sum();
        tell_rest(&mut table, left + self.groups.others(), "groups");
        tell_missing(&mut table, self.groups.missing(), "groups");
        if self.without > 0 {
            table.notes.push(format!("{} lines have no number in {}", self.without, self.field.as_str()));
        }
        if heaviest.iter().take(rows).any(|(_, sketch)| !sketch.is_exact()) {
            let error = ERROR * 100.0;
            table.notes.push(format!("of more than {EXACT} lines, p50, p95 and p99 are within {error:.1}%"));
        }
        table
    }
}

fn figures(sketch: &Sketch) -> Vec<Cell> {
    let quantiles = [0.5, 0.95, 0.99].map(|part| sketch.quantile(part));
    let [p50, p95, p99] = quantiles;
    let figures = [sketch.least(), p50, p95, p99, sketch.most()];
    [vec![Cell::Count(sketch.count())], figures.map(Cell::number).to_vec()].concat()
}
