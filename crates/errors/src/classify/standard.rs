//! Errors of the standard library besides those of the operating system, and those of `serde_json`.
//!
//! `PoisonError<T>` is missing here: it bears the type of its guard, so that no list of types can hold it, and it
//! borrows the lock, so that it cannot stand in a chain. `from_poison` takes it by its own type.

use std::cell::{BorrowError, BorrowMutError};
use std::char::{CharTryFromError, ParseCharError};
use std::collections::TryReserveError;
use std::env::VarError;
use std::error::Error;
use std::ffi::{FromBytesWithNulError, NulError};
use std::net::AddrParseError;
use std::num::{ParseFloatError, ParseIntError, TryFromIntError};
use std::str::{ParseBoolError, Utf8Error};
use std::string::{FromUtf8Error, FromUtf16Error};
use std::sync::PoisonError;
use std::sync::mpsc::{RecvError, RecvTimeoutError};
use std::time::SystemTimeError;

use serde_json::error::Category;

use super::io;
use super::link::{Sign, cast, is};
use super::row::Row;
use crate::{Fault, Kind};

/// Turns a poisoned lock into a fault: whoever held it panicked, and what it guards may be half done.
///
/// ```
/// use segno_errors::{Kind, from_poison};
/// use std::sync::Mutex;
///
/// let lock = Mutex::new(1);
/// std::thread::scope(|scope| {
///     let held = scope.spawn(|| {
///         let _guard = lock.lock();
///         panic!("with the lock held");
///     });
///     assert!(held.join().is_err());
/// });
/// let fault = from_poison(&lock.lock().unwrap_err());
/// assert_eq!((fault.kind(), fault.why()), (Kind::Internal, Some("poisoned")));
/// ```
#[track_caller]
pub fn from_poison<T>(_poison: &PoisonError<T>) -> Fault {
    POISONED.fault()
}

/// Recognises one link of a chain. The order is that of how often they are met: a miss asks for all of them.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    if let Some(error) = cast::<serde_json::Error>(error) {
        return Some(json(error));
    }
    let row = if is::<ParseIntError>(error) || is::<ParseFloatError>(error) || is::<TryFromIntError>(error) {
        &NUMBER
    } else if is::<Utf8Error>(error) || is::<FromUtf8Error>(error) || is::<FromUtf16Error>(error) {
        &TEXT
    } else if is::<AddrParseError>(error) {
        &ADDRESS
    } else if is::<ParseBoolError>(error) || is::<ParseCharError>(error) || is::<CharTryFromError>(error) {
        &VALUE
    } else if is::<NulError>(error) || is::<FromBytesWithNulError>(error) {
        &NUL
    } else if is::<VarError>(error) {
        &VARIABLE
    } else if is::<RecvTimeoutError>(error) {
        &SILENCE
    } else if is::<TryReserveError>(error) {
        &MEMORY
    } else if is::<SystemTimeError>(error) {
        &CLOCK
    } else if is::<BorrowError>(error) || is::<BorrowMutError>(error) || is::<RecvError>(error) {
        &INVARIANT
    } else {
        return None;
    };
    Some(Sign::Sure(row))
}

/// An error of reading is the reader's: `serde_json` passes the source of the `io::Error` on and hides the error itself,
/// but tells its kind.
fn json(error: &serde_json::Error) -> Sign {
    match (error.classify(), error.io_error_kind()) {
        (Category::Io, Some(kind)) => Sign::Maybe(io::row_of_kind(kind)),
        (Category::Io, None) => Sign::Maybe(&JSON_SYNTAX),
        (Category::Syntax, _) => Sign::Sure(&JSON_SYNTAX),
        (Category::Eof, _) => Sign::Sure(&JSON_END),
        (Category::Data, _) => Sign::Sure(&JSON_SHAPE),
    }
}

const CHECK: &str = "check the values that were given";
const REPORT: &str = "report it with the causes";

#[rustfmt::skip] // One failure is one row.
mod rows {
    use super::*;

    pub(super) const NUMBER: Row = Row::new(Kind::Validation, "not_a_number", "a number was expected, or one of another size", CHECK).no_effect();
    pub(super) const TEXT: Row = Row::new(Kind::Validation, "not_text", "a text is not valid UTF-8", "give it as text in UTF-8").no_effect();
    pub(super) const ADDRESS: Row = Row::new(Kind::Validation, "bad_address", "a network address is not valid", CHECK).no_effect();
    pub(super) const VALUE: Row = Row::new(Kind::Validation, "bad_value", "a value is not one of those that are allowed", CHECK).no_effect();
    pub(super) const NUL: Row = Row::new(Kind::Validation, "nul_byte", "a text holds a NUL byte or lacks its last one", CHECK).no_effect();
    pub(super) const VARIABLE: Row = Row::new(Kind::Configuration, "environment_variable", "an environment variable is missing or no text", "set the variable").no_effect();
    pub(super) const SILENCE: Row = Row::new(Kind::Timeout, "timed_out", "no answer came in time", "try again, or wait longer");
    pub(super) const MEMORY: Row = Row::new(Kind::Resource, "out_of_memory", "there is not enough memory", "run fewer things at once, then resume").no_effect();
    pub(super) const CLOCK: Row = Row::new(Kind::Resource, "clock_set_back", "the clock was set back", "check the machine's clock");
    pub(super) const INVARIANT: Row = Row::new(Kind::Internal, "invariant", "the program broke a rule of its own", REPORT);
    pub(super) const POISONED: Row = Row::new(Kind::Internal, "poisoned", "another part of the program panicked half-way", REPORT);

    pub(super) const JSON_SYNTAX: Row = Row::new(Kind::Parse, "json_syntax", "a text is not valid JSON", "correct the JSON");
    pub(super) const JSON_END: Row = Row::new(Kind::Parse, "json_end", "a JSON text ends too early", "check whether it was cut");
    pub(super) const JSON_SHAPE: Row = Row::new(Kind::Parse, "json_shape", "a JSON text does not have the expected shape", "compare it with what is expected");
}

use rows::*;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::classify;
    use super::super::row::outline;
    use super::*;

    /// Checks an error against `kind reason later effect severity`.
    fn check(error: impl Error + 'static, expected: &str) {
        let fault = classify(&error).fault();
        assert_eq!(outline(&fault), expected, "{error:?}");
        assert!(fault.hint_text().is_some_and(|hint| !hint.is_empty()));
    }

    #[test]
    fn what_cannot_be_read_as_a_value_is_validation() {
        check("x".parse::<i8>().unwrap_err(), "validation not_a_number never none low");
        check("x".parse::<f64>().unwrap_err(), "validation not_a_number never none low");
        check(u8::try_from(256).unwrap_err(), "validation not_a_number never none low");
        check(std::str::from_utf8(&[0xff, b'a'][..1]).unwrap_err(), "validation not_text never none low");
        check(String::from_utf8(vec![0xff]).unwrap_err(), "validation not_text never none low");
        check(String::from_utf16(&[0xd800]).unwrap_err(), "validation not_text never none low");
        check("1.2.3".parse::<std::net::IpAddr>().unwrap_err(), "validation bad_address never none low");
        check("maybe".parse::<bool>().unwrap_err(), "validation bad_value never none low");
        check("ab".parse::<char>().unwrap_err(), "validation bad_value never none low");
        check(char::try_from(0xd800_u32).unwrap_err(), "validation bad_value never none low");
        check(std::ffi::CString::new("a\0b").unwrap_err(), "validation nul_byte never none low");
        check(VarError::NotPresent, "configuration environment_variable never none high");
    }

    #[test]
    fn what_the_machine_or_the_program_lacks_is_known() {
        check(RecvTimeoutError::Timeout, "timeout timed_out transient unknown medium");
        check(RecvError, "internal invariant never unknown critical");
        check(Vec::<u8>::new().try_reserve(usize::MAX).unwrap_err(), "resource out_of_memory never none high");
        let past = SystemTime::UNIX_EPOCH.duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        check(past.unwrap_err(), "resource clock_set_back never unknown high");
        let cell = std::cell::RefCell::new(1);
        let borrowed = cell.borrow_mut();
        check(cell.try_borrow().unwrap_err(), "internal invariant never unknown critical");
        drop(borrowed);
    }

    #[test]
    fn json_is_told_apart_by_what_is_wrong_with_it() {
        let error = |text: &str| serde_json::from_str::<u8>(text).unwrap_err();
        check(error("nope"), "parse json_syntax never unknown medium");
        check(error(""), "parse json_end never unknown medium");
        check(error("[]"), "parse json_shape never unknown medium");
        struct Broken;
        impl std::io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::ConnectionReset.into())
            }
        }
        let error = serde_json::from_reader::<_, u8>(Broken).unwrap_err();
        check(error, "network connection_reset transient unknown medium");
    }
}
