//! Results of queries, remembered by what was asked and forgotten when one of its tables is written.
//!
//! What is remembered: the result of one SELECT (or VALUES, TABLE) whose functions are all known to be pure, under its
//! canonical text, its parameters and its connection. It goes when a statement of any session writes one of its tables;
//! a statement that is not understood counts as a write to everything. What nobody tells a session (writes by other
//! programs, other drivers, outside of a session) is not seen: a time to live bounds how old a result can be, and the
//! adapter for SQLite notices such writes by itself.
//!
//! Read in this order: `dialect`, `table` (names and tags), `tokens` (a text before it is parsed), `functions`,
//! `refusal`, `effect` and `reading` (what a tree does and reads), `statement`; then `value`, `connection`, `schema`
//! (what the catalogue adds), `ledger` (what was written when), `cache`, `builder`, `transaction`,
//! `identity` (who shares results), `session` and `waiting`; at last
//! what is watched on the way: `slow`, `repeats`, `counts`, `measured`, and `plan`, which says where an index is missing. The adapters
//! are `sqlite` and `postgres`, each with its catalogue.

mod builder;
mod cache;
mod connection;
mod counts;
mod dialect;
mod effect;
mod functions;
mod identity;
mod ledger;
mod measured;
mod plan;
#[cfg(feature = "tokio-postgres-0_7")]
mod postgres;
#[cfg(feature = "tokio-postgres-0_7")]
mod postgres_catalogue;
mod reading;
mod refusal;
mod repeats;
mod rows;
mod schema;
mod session;
mod slow;
#[cfg(feature = "rusqlite-0_41")]
mod sqlite;
#[cfg(feature = "rusqlite-0_41")]
mod sqlite_catalogue;
mod statement;
mod table;
mod tokens;
mod transaction;
mod value;
mod waiting;

pub use builder::QueryCacheBuilder;
pub use cache::QueryCache;
pub use connection::Connection;
pub use counts::QueryStatistics;
pub use dialect::Dialect;
pub use plan::{Advice, of_postgres, of_sqlite};
#[cfg(feature = "tokio-postgres-0_7")]
pub use postgres::{PostgresQueries, PostgresRows};
pub use refusal::Refusal;
pub use repeats::RepeatedQuery;
pub use rows::Rows;
pub use schema::Schema;
pub use session::{Asked, Session};
pub use slow::SlowStatement;
#[cfg(feature = "rusqlite-0_41")]
pub use sqlite::SqliteQueries;
use statement::Functions;
pub use statement::Statement;
pub use table::TableName;
pub use value::Value;
