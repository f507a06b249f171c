//! What every question is: a fold over lines whose parts can be joined. What is asked stands in the others.

use super::super::table::Table;
use super::super::{Error, Line, Query, Sources, Tally, fold};

/// A question to many lines.
pub trait Analysis: Send {
    /// Takes a line into account.
    fn see(&mut self, line: &Line<'_>);

    /// Adds what another has seen.
    fn join(&mut self, other: Self);

    /// Returns the answer, in at most so many rows.
    fn table(&self, rows: usize) -> Table;
}

/// Asks all lines that the query wants.
///
/// # Errors
/// Those of [`fold`].
pub fn analyze<A: Analysis>(sources: Sources, query: &Query, new: impl Fn() -> A + Sync) -> Result<(A, Tally), Error> {
    fold(sources, query, new, A::see, A::join)
}

/// Says how many lines are in no row.
pub(super) fn tell_rest(table: &mut Table, lines: u64, what: &str) {
    if lines > 0 {
        table.notes.push(format!("{lines} lines belong to other {what}"));
    }
}

/// Says that counts may be too low.
pub(super) fn tell_missing(table: &mut Table, missing: u64, what: &str) {
    if missing > 0 {
        let note = format!("there are more {what} than are kept: a count may be too low by at most {missing} lines");
        table.notes.push(note);
    }
}
