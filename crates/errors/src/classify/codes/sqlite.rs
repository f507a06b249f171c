//! The result codes of SQLite, extended ones included.

use super::super::row::{Row, find};
use crate::{Fault, Kind, Severity};

/// Turns a result code of SQLite into a fault: by the extended code where that says more, else by its lowest byte.
///
/// The code stands in the context as `sqlite_code`; a code that is not known is a failure that does not pass.
///
/// ```
/// use segno_errors::{Kind, from_sqlite_code};
///
/// assert!(from_sqlite_code(5).is_retryable());
/// assert_eq!(from_sqlite_code(2067).kind(), Kind::BusinessLogic);
/// ```
#[track_caller]
pub fn from_sqlite_code(code: i32) -> Fault {
    row_of(code).fault().with("sqlite_code", code)
}

/// Returns the row of a primary or extended code.
pub(in crate::classify) fn row_of(code: i32) -> &'static Row {
    find(CODES, code).or_else(|| find(CODES, code & 0xff)).unwrap_or(&UNKNOWN)
}

const TRY_LATER: &str = "try again in a moment";
const RESTART: &str = "roll back and repeat the whole transaction";
const REPORT: &str = "report it: the program uses the database wrongly";
const RESTORE: &str = "restore the file from a copy";

const UNKNOWN: Row =
    Row::new(Kind::Database, "sqlite_error", "the database refused", "read what the database said").never();

#[rustfmt::skip] // One code is one row.
const CODES: &[(i32, Row)] = &[
    (1, Row::new(Kind::Internal, "sql", "the database did not understand a statement", REPORT).no_effect()),
    (3, Row::new(Kind::Authorization, "permission_denied", "the database may not be used so", "check who may use the file").no_effect()),
    (5, Row::new(Kind::Database, "busy", "another program uses the database", TRY_LATER).no_effect()),
    (6, Row::new(Kind::Database, "locked", "a table is in use", TRY_LATER).no_effect()),
    (7, Row::new(Kind::Resource, "out_of_memory", "the database has no memory left", "run fewer things at once, then resume").no_effect()),
    (8, Row::new(Kind::Configuration, "read_only", "the database may only be read", "use a folder that can be written to").no_effect()),
    (9, Row::cancelled("the statement was interrupted", "repeat it when it may run")),
    (10, Row::new(Kind::Resource, "device_failed", "the database could not read or write its file", "check the disk, then resume")),
    (11, Row::new(Kind::Database, "corrupt", "the database's file is damaged", RESTORE).never().severity(Severity::Critical)),
    (13, Row::new(Kind::Resource, "disk_full", "the disk is full", "free space, then resume").no_effect()),
    (14, Row::new(Kind::Configuration, "cannot_open", "the database's file cannot be opened", "check that the folder exists and may be used").no_effect()),
    (15, Row::new(Kind::Database, "locked", "the database's locks were in disorder", TRY_LATER).no_effect()),
    (18, Row::new(Kind::Validation, "too_large", "a value is too large for the database", "store less in one value").no_effect()),
    (19, Row::new(Kind::BusinessLogic, "constraint", "the database has a rule against this", "check the values against what is stored").no_effect()),
    (20, Row::new(Kind::Internal, "wrong_type", "a value has another type than the database wants", REPORT).no_effect()),
    (21, Row::new(Kind::Internal, "misuse", "the database was called in a way it does not allow", REPORT).no_effect()),
    (23, Row::new(Kind::Authorization, "permission_denied", "the database does not allow this", "ask for the right to do it").no_effect()),
    (26, Row::new(Kind::Database, "corrupt", "the file is no database", RESTORE).never().severity(Severity::Critical)),
    (261, Row::new(Kind::Database, "snapshot", "another program is recovering the database", RESTART).no_effect()),
    (517, Row::new(Kind::Database, "snapshot", "somebody else wrote since this transaction began to read", RESTART).no_effect()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a code against `kind reason later effect severity`.
    fn check(code: i32, expected: &str) {
        let fault = from_sqlite_code(code);
        assert_eq!(outline(&fault), expected, "{code}");
        assert!(fault.context().contains(&("sqlite_code".to_owned(), code.to_string())));
    }

    #[test]
    fn each_code_of_sqlite_has_its_meaning() {
        check(5, "database busy transient none high");
        check(6, "database locked transient none high");
        check(261, "database snapshot transient none high");
        check(517, "database snapshot transient none high");
        check(15, "database locked transient none high");
        check(13, "resource disk_full never none high");
        check(7, "resource out_of_memory never none high");
        check(10, "resource device_failed never unknown high");
        check(11, "database corrupt never unknown critical");
        check(26, "database corrupt never unknown critical");
        check(8, "configuration read_only never none high");
        check(14, "configuration cannot_open never none high");
        check(19, "business_logic constraint never none medium");
        check(23, "authorization permission_denied never none high");
        check(1, "internal sql never none critical");
        check(20, "internal wrong_type never none critical");
        check(21, "internal misuse never none critical");
        check(9, "business_logic cancelled never unknown low");
    }

    #[test]
    fn an_extended_code_means_what_its_lowest_byte_does() {
        check(2067, "business_logic constraint never none medium");
        check(6 + (1 << 8), "database locked transient none high");
        check(10 + (13 << 8), "resource device_failed never unknown high");
        for code in [0, -1, 99, i32::MIN, i32::MAX] {
            check(code, "database sqlite_error never unknown high");
        }
    }
}
