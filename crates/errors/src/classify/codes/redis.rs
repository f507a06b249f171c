//! The words that Redis begins its errors with.

use super::super::row::{Row, find};
use crate::{Blame, Fault, Kind, Severity};

/// Turns an error of Redis into a fault by its first word; the rest of the line may follow it.
///
/// A store that is used as a cache fails mildly: ask for [`Fault::of_cache`]. The word stands in the context as
/// `redis_code`; a word that is not known is a failure that does not pass.
///
/// ```
/// use segno_errors::{Kind, from_redis_code};
///
/// assert!(from_redis_code("LOADING Redis is loading the dataset in memory").is_retryable());
/// assert_eq!(from_redis_code("WRONGTYPE").of_cache().kind(), Kind::Cache);
/// ```
#[track_caller]
pub fn from_redis_code(code: &str) -> Fault {
    let word = code.trim_start_matches('-').split_whitespace().next().unwrap_or_default();
    row_of(word).fault().with("redis_code", word)
}

/// Returns the row of a word in capital letters.
pub(in crate::classify) fn row_of(word: &str) -> &'static Row {
    find(CODES, word).unwrap_or(&UNKNOWN)
}

const FOLLOW: &str = "use a client that knows of clusters";
const TRY_LATER: &str = "try again in a moment";
const REPORT: &str = "report it: the program uses the store wrongly";
const SIGN_IN: &str = "check the user and the password of the store";

const UNKNOWN: Row = Row::new(Kind::Database, "redis_error", "the store refused", "read what the store said").never();

#[rustfmt::skip] // One word is one row.
const CODES: &[(&str, Row)] = &[
    ("MOVED", Row::new(Kind::Database, "moved", "the key lives on another server", FOLLOW).once().severity(Severity::Low).no_effect()),
    ("ASK", Row::new(Kind::Database, "moved", "the key is moving to another server", FOLLOW).once().severity(Severity::Low).no_effect()),
    ("TRYAGAIN", Row::new(Kind::Database, "try_again", "the keys are being moved", TRY_LATER).no_effect()),
    ("LOADING", Row::new(Kind::Database, "loading", "the store is still reading its data", TRY_LATER).no_effect()),
    ("CLUSTERDOWN", Row::new(Kind::Database, "unavailable", "the cluster of stores is down", TRY_LATER).no_effect()),
    ("MASTERDOWN", Row::new(Kind::Database, "unavailable", "the store has lost its primary", TRY_LATER).no_effect()),
    ("BUSY", Row::new(Kind::Database, "busy", "the store runs a script that takes long", TRY_LATER).no_effect()),
    ("READONLY", Row::new(Kind::Database, "read_only", "the store is a replica now", "connect again, to the primary").no_effect()),
    ("NOSCRIPT", Row::new(Kind::Database, "no_script", "the store does not have the script", "load the script again").once().severity(Severity::Low).no_effect()),
    ("OOM", Row::new(Kind::Resource, "out_of_memory", "the store has no memory left", "give the store more memory, or let it evict").blame(Blame::Dependency).no_effect()),
    ("MISCONF", Row::new(Kind::Configuration, "bad_setting", "the store cannot save its data and takes no writes", "check the store's disk and settings").no_effect()),
    ("NOAUTH", Row::new(Kind::Authentication, "not_signed_in", "the store wants a password", SIGN_IN).no_effect()),
    ("WRONGPASS", Row::new(Kind::Authentication, "not_signed_in", "the store does not accept the user or the password", SIGN_IN).no_effect()),
    ("NOPERM", Row::new(Kind::Authorization, "permission_denied", "the store does not allow this", "ask for the right to do it").no_effect()),
    ("WRONGTYPE", Row::new(Kind::Internal, "wrong_type", "a key of the store holds another type of value", REPORT).no_effect()),
    ("ERR", Row::new(Kind::Internal, "redis_error", "the store did not understand the command", REPORT).no_effect()),
    ("CROSSSLOT", Row::new(Kind::Internal, "cross_slot", "the keys of one command live on several servers", REPORT).no_effect()),
    ("EXECABORT", Row::new(Kind::BusinessLogic, "conflict", "the store gave up the transaction", "read again and repeat the whole transaction").no_effect()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a word and a line that begins with it.
    fn check(word: &str, expected: &str) {
        for text in [word.to_owned(), format!("-{word} of some kind\r\n")] {
            let fault = from_redis_code(&text);
            assert_eq!(outline(&fault), expected, "{text}");
            assert!(fault.context().contains(&("redis_code".to_owned(), word.to_owned())));
        }
        assert_eq!(from_redis_code(word).of_cache().kind(), Kind::Cache);
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        check("MOVED", "database moved transient none low");
        check("ASK", "database moved transient none low");
        check("TRYAGAIN", "database try_again transient none high");
        check("LOADING", "database loading transient none high");
        check("CLUSTERDOWN", "database unavailable transient none high");
        check("MASTERDOWN", "database unavailable transient none high");
        check("BUSY", "database busy transient none high");
        check("READONLY", "database read_only transient none high");
        check("NOSCRIPT", "database no_script transient none low");
        check("OOM", "resource out_of_memory never none high");
        check("MISCONF", "configuration bad_setting never none high");
        check("NOAUTH", "authentication not_signed_in never none high");
        check("WRONGPASS", "authentication not_signed_in never none high");
        check("NOPERM", "authorization permission_denied never none high");
        check("WRONGTYPE", "internal wrong_type never none critical");
        check("ERR", "internal redis_error never none critical");
        check("CROSSSLOT", "internal cross_slot never none critical");
        check("EXECABORT", "business_logic conflict never none medium");
        check("SOMETHING", "database redis_error never unknown high");
    }

    #[test]
    fn an_empty_word_is_no_panic() {
        assert_eq!(from_redis_code(" -").why(), Some("redis_error"));
    }
}
