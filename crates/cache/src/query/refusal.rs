//! Why the result of a statement is not remembered.

use std::fmt;

/// Why a result is not given out of a cache and not put into it. The statement runs as it would without one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The text could not be parsed, so that nobody knows what it does: it counts as a write to everything.
    NotUnderstood(String),
    /// It is no read, or more than one statement.
    NotARead,
    /// It reads rows and locks them.
    Locks,
    /// Its value changes by itself: a function such as `now()`, or a text that means a moment.
    Volatile(String),
    /// It calls a function that nobody declared; it counts as a write to everything.
    UnknownFunction(String),
    /// It reads a random part of a table.
    Sampled,
    /// It reads the catalogue, the session or another thing that is no table.
    System(String),
    /// What stands behind a name cannot be told: a foreign table, a virtual table, a view that is not understood.
    Opaque(String),
    /// The catalogue was not read yet since it last changed.
    NoCatalogue,
    /// The session sees more than one database.
    ManyDatabases,
    /// It runs inside a transaction that wrote, or whose tables others have written since it began; or after a statement
    /// whose end nobody waited for.
    InTransaction,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotUnderstood(reason) => write!(formatter, "the statement is not understood: {reason}"),
            Refusal::NotARead => formatter.write_str("the statement is not one read"),
            Refusal::Locks => formatter.write_str("the statement locks what it reads"),
            Refusal::Volatile(name) => write!(formatter, "the value of `{name}` changes by itself"),
            Refusal::UnknownFunction(name) => write!(formatter, "the function `{name}` is not declared as pure"),
            Refusal::Sampled => formatter.write_str("the statement reads a random part of a table"),
            Refusal::System(name) => write!(formatter, "`{name}` is no table whose writes are seen"),
            Refusal::Opaque(name) => write!(formatter, "what stands behind `{name}` cannot be told"),
            Refusal::NoCatalogue => formatter.write_str("the catalogue was not read since it changed"),
            Refusal::ManyDatabases => formatter.write_str("the session sees more than one database"),
            Refusal::InTransaction => {
                formatter.write_str("the statement runs inside a transaction that sees other data")
            }
        }
    }
}
