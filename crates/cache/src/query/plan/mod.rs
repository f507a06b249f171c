//! Where an index is missing: what a database's plan scans in full, joined with what the statement compares.
//!
//! The plan says which table is read from end to end, the statement says by which columns it looks for rows: `filters`
//! finds the columns, `sqlite` and `postgres` read the plans, `advice` brings both together and says when an index would
//! not help.

mod advice;
mod filters;
mod postgres;
mod sqlite;

pub use advice::Advice;
pub use postgres::of_postgres;
pub use sqlite::of_sqlite;
