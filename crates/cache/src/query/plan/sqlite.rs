//! Plans of SQLite: the rows of EXPLAIN QUERY PLAN.

use super::super::Dialect;
use super::advice::{Advice, Scan, advise};
use super::filters::Filters;

/// Says of each table that SQLite reads in full what an index could do. `details` is the last column of what `EXPLAIN
/// QUERY PLAN` gives for the statement; `rows` says about how many rows a table has, if that is known.
///
/// ```
/// use segno_cache::query::of_sqlite;
///
/// let advice = of_sqlite("SELECT * FROM users WHERE email = ?1", &["SCAN users"], |_| Some(50_000));
/// assert_eq!(advice[0].create_index.as_deref(), Some("CREATE INDEX users_email ON users (email)"));
/// ```
pub fn of_sqlite(sql: &str, details: &[&str], rows: impl Fn(&str) -> Option<u64>) -> Vec<Advice> {
    let filters = Filters::of(sql, Dialect::Sqlite);
    let mut all: Vec<Advice> = Vec::new();
    for (name, makes_index) in details.iter().filter_map(|detail| scanned(detail)) {
        let rows = filters.table(name).and_then(|table| rows(&table));
        let scan = Scan { name, rows, wanted: None, makes_index };
        all.extend(advise(&filters, &scan).filter(|advice| !all.contains(advice)));
    }
    all
}

/// Returns the name of what a step reads in full, and whether an index is made for it: `SCAN u`, `SCAN TABLE users AS
/// u` (before 3.36), `SEARCH u USING AUTOMATIC COVERING INDEX (x=?)`.
fn scanned(detail: &str) -> Option<(&str, bool)> {
    let (step, rest) = detail.split_once(' ')?;
    let rest = rest.strip_prefix("TABLE ").unwrap_or(rest);
    let (name, how) = rest.split_once(" USING ").unwrap_or((rest, ""));
    let name = name.rsplit_once(" AS ").map_or(name, |(_, alias)| alias);
    match step {
        "SCAN" => Some((name, false)),
        "SEARCH" if how.starts_with("AUTOMATIC") => Some((name, true)),
        _ => None,
    }
}
