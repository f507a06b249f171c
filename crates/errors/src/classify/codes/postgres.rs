//! The SQLSTATE codes of PostgreSQL: five characters, of which two are the class.

use super::super::row::{Row, find};
use crate::{Blame, Fault, Kind, Severity};

/// Turns a SQLSTATE of PostgreSQL into a fault: by the whole code where that says more, else by its class.
///
/// The code stands in the context as `sqlstate`; one that is not known is a failure that does not pass.
///
/// ```
/// use segno_errors::{Kind, from_sqlstate};
///
/// assert!(from_sqlstate("40001").is_retryable());
/// assert_eq!(from_sqlstate("23505").kind(), Kind::BusinessLogic);
/// ```
#[track_caller]
pub fn from_sqlstate(code: &str) -> Fault {
    let code = code.trim();
    let class = code.get(..2).filter(|_| code.len() == 5);
    let row = find(CODES, code).or_else(|| class.and_then(|class| find(CLASSES, class))).unwrap_or(&UNKNOWN);
    row.fault().with("sqlstate", code)
}

const TRY_LATER: &str = "try again in a moment";
const RESTART: &str = "roll back and repeat the whole transaction";
const REPORT: &str = "report it: the program uses the database wrongly";
const SIGN_IN: &str = "check the user and the password of the database";

const UNKNOWN: Row =
    Row::new(Kind::Database, "sqlstate", "the database refused", "read what the database said").never();

#[rustfmt::skip] // One code is one row.
const CODES: &[(&str, Row)] = &[
    ("08001", Row::new(Kind::Database, "unavailable", "the database could not be reached", TRY_LATER).no_effect()),
    ("08004", Row::new(Kind::Database, "unavailable", "the database did not accept the connection", TRY_LATER).no_effect()),
    ("40001", Row::new(Kind::Database, "serialization", "another transaction got in the way", RESTART).no_effect()),
    ("40P01", Row::new(Kind::Database, "deadlock", "two transactions waited for each other", RESTART).no_effect()),
    ("53100", Row::new(Kind::Resource, "disk_full", "the database's disk is full", "free space there").blame(Blame::Dependency).no_effect()),
    ("53200", Row::new(Kind::Resource, "out_of_memory", "the database has no memory left", "ask it for less at once").blame(Blame::Dependency).no_effect()),
    ("53300", Row::new(Kind::Database, "too_many_connections", "the database has too many connections", TRY_LATER).no_effect()),
    ("55P03", Row::new(Kind::Database, "locked", "a row or table is locked", TRY_LATER).no_effect()),
    ("57014", Row::new(Kind::Timeout, "timed_out", "the statement took too long", "ask for less at once, or wait longer").no_effect()),
    ("57P01", Row::new(Kind::Database, "unavailable", "the database is shutting down", TRY_LATER)),
    ("57P02", Row::new(Kind::Database, "unavailable", "the database crashed", TRY_LATER)),
    ("57P03", Row::new(Kind::Database, "unavailable", "the database is starting up", TRY_LATER).no_effect()),
];

#[rustfmt::skip] // One class is one row.
const CLASSES: &[(&str, Row)] = &[
    ("08", Row::new(Kind::Database, "connection", "the connection to the database broke", TRY_LATER)),
    ("22", Row::new(Kind::Internal, "bad_value", "a value does not fit into the database", REPORT).no_effect()),
    ("23", Row::new(Kind::BusinessLogic, "constraint", "the database has a rule against this", "check the values against what is stored").no_effect()),
    ("28", Row::new(Kind::Authentication, "not_signed_in", "the database does not accept who is calling", SIGN_IN).no_effect()),
    ("42", Row::new(Kind::Internal, "sql", "the database did not understand a statement", REPORT).no_effect()),
    ("53", Row::new(Kind::Resource, "exhausted", "the database lacks something", "give the database more, or ask for less").blame(Blame::Dependency)),
    ("58", Row::new(Kind::Database, "device_failed", "the database's machine failed", "check the database's machine").never().severity(Severity::Critical)),
    ("XX", Row::new(Kind::Database, "corrupt", "the database is damaged or has a bug", "restore the database from a copy").never().severity(Severity::Critical)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks codes against `kind reason later effect severity`.
    fn check(codes: &[&str], expected: &str) {
        for code in codes {
            assert_eq!(outline(&from_sqlstate(code)), expected, "{code}");
        }
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        check(&["08000", "08003", "08006"], "database connection transient unknown high");
        check(&["08001", "08004"], "database unavailable transient none high");
        check(&["57P01", "57P02"], "database unavailable transient unknown high");
        check(&["57P03"], "database unavailable transient none high");
        check(&["53300"], "database too_many_connections transient none high");
        check(&["40001"], "database serialization transient none high");
        check(&["40P01"], "database deadlock transient none high");
        check(&["55P03"], "database locked transient none high");
        check(&["23000", "23505"], "business_logic constraint never none medium");
        check(&["22001", "22P02"], "internal bad_value never none critical");
        check(&["42601", "42P01"], "internal sql never none critical");
        check(&["28000", "28P01"], "authentication not_signed_in never none high");
        check(&["53100"], "resource disk_full never none high");
        check(&["53200"], "resource out_of_memory never none high");
        check(&["53400"], "resource exhausted never unknown high");
        check(&["57014"], "timeout timed_out transient none medium");
        check(&["58030"], "database device_failed never unknown critical");
        check(&["XX001"], "database corrupt never unknown critical");
    }

    #[test]
    fn what_is_no_code_is_no_panic() {
        check(&["", "0", "ü00", "üüü", "0A000", "08", "230001"], "database sqlstate never unknown high");
    }
}
