//! What is said of a table that a statement reads in full.

use std::fmt;

use super::filters::{Column, Filters, Use};

/// A smaller table is read in full sooner than by an index.
const SMALL: u64 = 1_000;
/// If more than this share of a table is wanted, an index does not help.
const MOST: f64 = 0.2;

/// A table that a statement reads from end to end, and what could be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The table.
    pub table: String,
    /// The columns by which the statement looks for rows: first those compared with one value, then one with a range.
    pub columns: Vec<String>,
    /// What was seen, and why an index helps or does not.
    pub reason: String,
    /// The statement that makes an index, if one helps.
    pub create_index: Option<String>,
}

/// A table as a plan reads it in full.
pub(super) struct Scan<'a> {
    /// Its alias in the statement, or its name.
    pub(super) name: &'a str,
    /// About how many rows it has.
    pub(super) rows: Option<u64>,
    /// What share of them is wanted, if that was measured.
    pub(super) wanted: Option<f64>,
    /// The database makes itself an index each time the statement is run.
    pub(super) makes_index: bool,
}

/// Says what there is to say of a table that is read in full; nothing if the statement does not name it.
pub(super) fn advise(filters: &Filters, scan: &Scan<'_>) -> Option<Advice> {
    let table = filters.table(scan.name)?;
    let (columns, unusable) = columns(filters, scan.name);
    let without = match (scan.rows, scan.wanted) {
        (Some(rows), _) if rows < SMALL => Some(format!("it has about {rows} rows: reading them all is as fast")),
        (_, Some(wanted)) if wanted > MOST => Some(format!("{:.0} % of its rows are wanted", wanted * 100.0)),
        _ if !columns.is_empty() => None,
        _ => Some(unusable.unwrap_or_else(|| "nothing says which of its rows are wanted".to_owned())),
    };
    let seen = match (scan.makes_index, scan.rows) {
        (true, _) => format!("`{table}` gets an index of its own each time the statement is run"),
        (false, Some(rows)) => format!("`{table}` is read in full, about {rows} rows"),
        (false, None) => format!("`{table}` is read in full"),
    };
    let create_index = without.is_none().then(|| create_index(&table, &columns));
    let reason = match without {
        Some(without) => format!("{seen}; an index would not help: {without}"),
        None => format!("{seen}, to find rows by {}", columns.join(", ")),
    };
    Some(Advice { table, columns, reason, create_index })
}

/// Returns the columns that an index could have, and why others could not.
fn columns(filters: &Filters, name: &str) -> (Vec<String>, Option<String>) {
    let (mut equal, mut range, mut unusable) = (Vec::new(), None, None);
    for Column { name, used } in filters.columns(name) {
        match used {
            Use::Equal if !equal.contains(name) => equal.push(name.clone()),
            Use::Equal => {}
            Use::Range => range = range.or(Some(name.clone())),
            Use::Unusable(reason) => unusable = unusable.or(Some(reason.clone())),
        }
    }
    // Behind a range an index is of no more use, so there is one at most, at its end.
    equal.extend(range.filter(|range| !equal.contains(range)));
    (equal, unusable)
}

fn create_index(table: &str, columns: &[String]) -> String {
    let plain =
        |name: &str| name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect::<String>();
    let name: Vec<String> = std::iter::once(plain(table)).chain(columns.iter().map(|column| plain(column))).collect();
    let listed: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    format!("CREATE INDEX {} ON {} ({})", quoted(&name.join("_")), quoted(table), listed.join(", "))
}

/// Quotes a name, unless it is one that needs it nowhere.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    let is_word = sqlparser::keywords::ALL_KEYWORDS.contains(&name.to_uppercase().as_str());
    match is_plain && !is_word && name.starts_with(|letter: char| !letter.is_ascii_digit()) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)?;
        match &self.create_index {
            None => Ok(()),
            Some(create_index) => write!(formatter, ": {create_index}"),
        }
    }
}
