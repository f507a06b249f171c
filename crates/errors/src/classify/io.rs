//! Operating system errors as faults, by kind and by the raw code where the kind says nothing.
//! Leaves the name of the file to the caller: a message that people see holds no paths.

use std::io::{self, ErrorKind};

use super::io_rows::{CODES, KINDS, NO_PROGRAM, NO_RIGHT_TO_RUN, UNKNOWN};
use super::link::Sign;
use super::row::{Row, find};
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
    Fault::of(error)
}

/// Turns the error of starting a program into a fault: one that is not there or may not be run is a mistake of the
/// machine's set-up, not a missing file.
///
/// ```
/// use segno_errors::{Kind, from_spawn};
///
/// let error = std::process::Command::new("no-such-program").spawn().unwrap_err();
/// assert_eq!(from_spawn(error).user_text(), "the program was not found. install it or check its name.");
/// ```
#[track_caller]
pub fn from_spawn(error: io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => NO_PROGRAM.fault().caused_by(error),
        ErrorKind::PermissionDenied => NO_RIGHT_TO_RUN.fault().caused_by(error),
        _ => from_io(error),
    }
}

/// Says what an operating system error means by itself. One that carries another error and says no more than "other" or
/// "unreadable" is less sure than what it carries.
pub(super) fn sign(error: &io::Error) -> Option<Sign> {
    let by_code = error.raw_os_error().and_then(|code| find(CODES, code));
    if let Some(row) = by_code {
        return Some(Sign::Sure(row));
    }
    match error.kind() {
        kind @ (ErrorKind::InvalidData | ErrorKind::InvalidInput) if error.get_ref().is_some() => {
            Some(Sign::Maybe(row_of_kind(kind)))
        }
        kind => Some(find(KINDS, kind).map_or(Sign::Maybe(&UNKNOWN), Sign::Sure)),
    }
}

/// Returns the row of a kind, or that of unknown errors.
pub(super) fn row_of_kind(kind: ErrorKind) -> &'static Row {
    find(KINDS, kind).unwrap_or(&UNKNOWN)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

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
        check(Interrupted, "resource call_interrupted transient unknown low");
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
    fn a_program_that_cannot_be_started_is_configuration() {
        let outlined = |kind: ErrorKind| outline(&from_spawn(io::Error::from(kind)));
        assert_eq!(outlined(NotFound), "configuration not_found never none high");
        assert_eq!(outlined(PermissionDenied), "configuration not_executable never none high");
        assert_eq!(outlined(ExecutableFileBusy), "resource program_busy transient unknown high");
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
