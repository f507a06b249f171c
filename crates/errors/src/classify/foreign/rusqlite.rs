//! Errors of rusqlite 0.41: SQLite's own by its code, the others are uses of it that cannot work.

use std::error::Error;

use rusqlite::Error as Sqlite;

use super::super::codes::sqlite_row;
use super::super::link::{Sign, cast};
use super::super::row::Row;
use crate::Kind;

const REPORT: &str = "report it: the program uses the database wrongly";

const MISSING: Row = Row::new(
    Kind::BusinessLogic,
    "not_found",
    "the database does not have what was asked for",
    "check what was asked for",
)
.no_effect();
const MISUSED: Row = Row::new(Kind::Internal, "misuse", "the database was asked in a way that cannot work", REPORT);
const WRONG_TYPE: Row =
    Row::new(Kind::Internal, "wrong_type", "the database holds another type of value than expected", REPORT);

/// Recognises an error of rusqlite.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    Some(match cast::<Sqlite>(error)? {
        Sqlite::SqliteFailure(failure, _) | Sqlite::SqlInputError { error: failure, .. } => {
            Sign::Sure(sqlite_row(failure.extended_code))
        }
        Sqlite::QueryReturnedNoRows => Sign::Sure(&MISSING),
        // A conversion may have failed for a reason of its own.
        Sqlite::FromSqlConversionFailure(..) | Sqlite::ToSqlConversionFailure(..) => Sign::Maybe(&WRONG_TYPE),
        Sqlite::InvalidColumnType(..) | Sqlite::IntegralValueOutOfRange(..) | Sqlite::Utf8Error(..) => {
            Sign::Sure(&WRONG_TYPE)
        }
        _ => Sign::Maybe(&MISUSED),
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use crate::classify;
    use crate::classify::row::outline;

    /// Checks what a statement ends with.
    fn check(statement: &str, expected: &str) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("create table t (a integer primary key); insert into t values (1)").unwrap();
        let error = connection.query_row(statement, [], |row| row.get::<_, i64>(0)).unwrap_err();
        assert_eq!(outline(&classify(&error).fault()), expected, "{error:?}");
    }

    #[test]
    fn an_error_of_sqlite_is_judged_by_its_code() {
        check("select a from t where a = 2", "business_logic not_found never none medium");
        check("select 'x'", "internal wrong_type never unknown critical");
        check("insert into t values (1) returning a", "business_logic constraint never none medium");
        check("selekt", "internal sql never none critical");
    }
}
