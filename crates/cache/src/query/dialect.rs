//! Whose SQL it is. Leaves the grammar to `sqlparser`.

use sqlparser::ast::Ident;
use sqlparser::dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect};

/// The database whose SQL is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite: names are the same whatever their case, quoted or not.
    Sqlite,
    /// PostgreSQL: names without quotes are in lower case, quoted names are as they are written.
    Postgres,
}

/// PostgreSQL cuts names after so many bytes, so that two long names may be one.
const POSTGRES_NAME: usize = 63;

impl Dialect {
    pub(super) fn grammar(self) -> &'static dyn Grammar {
        match self {
            Dialect::Sqlite => &SQLiteDialect {},
            Dialect::Postgres => &PostgreSqlDialect {},
        }
    }

    /// Returns the name as it stands in the catalogue, or what all its spellings have in common.
    pub(super) fn folded(self, ident: &Ident) -> String {
        let is_plain = ident.quote_style.is_none();
        match self {
            Dialect::Postgres if is_plain => self.catalogued(&ident.value.to_lowercase()),
            _ => self.catalogued(&ident.value),
        }
    }

    /// Returns a name of the catalogue as `folded` would.
    pub(super) fn catalogued(self, name: &str) -> String {
        match self {
            Dialect::Sqlite => name.to_lowercase(),
            Dialect::Postgres => name[..name.floor_char_boundary(POSTGRES_NAME)].to_owned(),
        }
    }
}
