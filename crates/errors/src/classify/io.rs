//! Operating system errors as faults, by kind and by the raw code where the kind says nothing.
//! Leaves the name of the file to the caller: a message that people see holds no paths.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::io_rows::{CODES, KINDS, UNKNOWN};
use super::row::Row;
use crate::Fault;

/// Turns an operating system error into a fault, with plain words and a hint.
///
/// An error that merely wraps another (`ErrorKind::Other`) is judged by the one inside, and a fault
/// that travelled in such a wrapper comes out as it was put in.
///
/// ```
/// use std::io::{Error, ErrorKind};
///
/// let fault = segno_errors::from_io(Error::from(ErrorKind::StorageFull));
/// assert_eq!(fault.user_text(), "the disk is full. free space, then resume.");
/// ```
#[track_caller]
pub fn from_io(error: io::Error) -> Fault {
    match innermost(&error) {
        Cause::Fault(fault) => fault.clone(),
        Cause::Io(inner) => row_of(inner).fault().caused_by(error),
    }
}

/// What an operating system error is really about.
enum Cause<'a> {
    Io(&'a io::Error),
    Fault(&'a Fault),
}

/// The most wrappers that are opened in the search for the error that tells something.
const MAX_WRAPPERS: usize = 32;

/// Returns the first error that tells something. `io::Error::source` skips the error that it wraps,
/// so that one is asked for by name.
fn innermost(error: &io::Error) -> Cause<'_> {
    let mut telling = error;
    let mut link = inside(error);
    for _ in 0..MAX_WRAPPERS {
        let Some(inner) = link.filter(|_| telling.kind() == ErrorKind::Other) else {
            break;
        };
        if let Some(fault) = inner.downcast_ref::<Fault>() {
            return Cause::Fault(fault);
        }
        match inner.downcast_ref::<io::Error>() {
            Some(inner) => (telling, link) = (inner, inside(inner)),
            None => link = inner.source(),
        }
    }
    Cause::Io(telling)
}

fn inside(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    error.get_ref().map(|inner| inner as &(dyn Error + 'static))
}

fn row_of(error: &io::Error) -> &'static Row {
    let by_code = error.raw_os_error().and_then(|code| find(CODES, code));
    by_code.or_else(|| find(KINDS, error.kind())).unwrap_or(&UNKNOWN)
}

fn find<K: Copy + PartialEq>(table: &'static [(K, Row)], key: K) -> Option<&'static Row> {
    table.iter().find(|(known, _)| *known == key).map(|(_, row)| row)
}

#[cfg(test)]
mod tests {
    use ErrorKind::*;

    use super::super::row::outline;
    use super::*;
    use crate::Kind;

    /// Checks an error against `kind reason later effect severity`.
    fn check(error: impl Into<io::Error>, expected: &str) {
        let fault = from_io(error.into());
        assert_eq!(outline(&fault), expected);
        assert!(fault.hint_text().is_some_and(|hint| !hint.is_empty()));
    }

    #[test]
    fn network_errors_say_whether_the_call_can_have_arrived() {
        check(ConnectionRefused, "network connection_refused transient none medium");
        check(NotConnected, "network not_connected transient none medium");
        check(AddrNotAvailable, "network address_not_available transient none medium");
        check(NetworkDown, "network network_down transient none medium");
        check(NetworkUnreachable, "network network_unreachable transient none medium");
        check(HostUnreachable, "network host_unreachable transient none medium");
        check(ConnectionReset, "network connection_reset transient unknown medium");
        check(ConnectionAborted, "network connection_aborted transient unknown medium");
        check(BrokenPipe, "network broken_pipe transient unknown medium");
        check(UnexpectedEof, "network unexpected_end transient unknown medium");
        check(TimedOut, "timeout timed_out transient unknown medium");
        check(Interrupted, "resource interrupted transient unknown low");
        check(WouldBlock, "resource would_block transient unknown low");
    }

    #[test]
    fn mistakes_of_the_caller_are_never_retried() {
        check(NotFound, "resource not_found never unknown high");
        check(PermissionDenied, "authorization permission_denied never unknown high");
        check(AlreadyExists, "business_logic already_exists never unknown medium");
        check(DirectoryNotEmpty, "business_logic not_empty never unknown medium");
        check(InvalidInput, "validation invalid_input never unknown low");
        check(InvalidFilename, "validation invalid_file_name never unknown low");
        check(IsADirectory, "validation is_a_folder never unknown low");
        check(NotADirectory, "validation not_a_folder never unknown low");
        check(CrossesDevices, "validation crosses_devices never unknown low");
        check(ArgumentListTooLong, "validation too_large never unknown low");
        check(NotSeekable, "validation not_seekable never unknown low");
        check(InvalidData, "parse invalid_data never unknown medium");
    }

    #[test]
    fn what_the_machine_lacks_is_a_resource_or_a_setting() {
        check(StorageFull, "resource disk_full never unknown high");
        check(QuotaExceeded, "resource disk_quota never unknown high");
        check(FileTooLarge, "resource file_too_large never unknown high");
        check(TooManyLinks, "resource too_many_links never unknown high");
        check(OutOfMemory, "resource out_of_memory never unknown high");
        check(WriteZero, "resource write_zero never unknown high");
        check(ReadOnlyFilesystem, "configuration read_only never unknown high");
        check(AddrInUse, "configuration address_in_use never unknown high");
        check(Unsupported, "configuration unsupported never unknown high");
        check(ResourceBusy, "resource busy transient unknown high");
        check(ExecutableFileBusy, "resource program_busy transient unknown high");
        check(Deadlock, "resource deadlock transient unknown high");
        check(StaleNetworkFileHandle, "resource stale_handle transient unknown high");
        check(Other, "resource io_unknown never unknown high");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn raw_codes_are_recognised_where_the_kind_says_nothing() {
        let raw = io::Error::from_raw_os_error;
        check(raw(24), "resource too_many_open_files transient unknown high");
        check(raw(23), "resource too_many_open_files transient unknown high");
        check(raw(5), "resource device_failed never unknown critical");
        check(raw(8), "configuration not_executable never unknown high");
        check(raw(40), "validation link_loop never unknown low");
        check(raw(28), "resource disk_full never unknown high");
        check(raw(122), "resource disk_quota never unknown high");
        check(raw(30), "configuration read_only never unknown high");
        check(raw(12), "resource out_of_memory never unknown high");
        check(raw(13), "authorization permission_denied never unknown high");
        check(raw(2), "resource not_found never unknown high");
        check(raw(9_999), "resource io_unknown never unknown high");
    }

    #[test]
    fn a_wrapper_is_judged_by_what_it_wraps() {
        let inner = io::Error::from(ConnectionReset);
        let twice = io::Error::other(io::Error::other(inner));
        check(twice, "network connection_reset transient unknown medium");
        let told = io::Error::new(TimedOut, io::Error::from(NotFound));
        check(told, "timeout timed_out transient unknown medium");
    }

    #[test]
    fn a_fault_comes_out_of_a_wrapper_as_it_was_put_in() {
        let fault = Fault::new(Kind::RateLimit, "slow down").reason("overloaded");
        assert_eq!(from_io(io::Error::other(fault.clone())), fault);
    }

    #[test]
    fn the_place_is_the_callers_and_the_cause_is_kept() {
        let (fault, line) = (from_io(io::Error::from(StorageFull)), line!());
        assert!(fault.location().starts_with(&format!("{}:{line}:", file!())));
        assert_eq!(fault.causes(), ["no storage space"]);
        assert!(fault.source().is_some_and(|source| source.is::<io::Error>()));
    }
}
