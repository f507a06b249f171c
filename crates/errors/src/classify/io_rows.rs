//! The table of operating system errors: each kind, and each raw code that has none, with its words.
//! Leaves the search in it, and its tests, to `io`.

use std::io::ErrorKind;

use super::row::Row;
use crate::{Kind, Severity};

/// What is said of an error that no row knows.
pub(super) const UNKNOWN: Row =
    Row::new(Kind::Resource, "io_unknown", "the operating system reported an error", "read the causes, then resume");

/// Raw codes that the standard library leaves uncategorized. They mean this on Unix only: on Windows
/// the same numbers are other errors.
#[cfg(unix)]
pub(super) const CODES: &[(i32, Row)] = &[
    (24, TOO_MANY_OPEN), // EMFILE: this process
    (23, TOO_MANY_OPEN), // ENFILE: the whole machine
    (5, DEVICE),         // EIO
    (8, NOT_A_PROGRAM),  // ENOEXEC
    (ELOOP, LINK_LOOP),
];
#[cfg(not(unix))]
pub(super) const CODES: &[(i32, Row)] = &[];

#[cfg(any(target_os = "linux", target_os = "android"))]
const ELOOP: i32 = 40;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const ELOOP: i32 = 62;

/// Relief comes by itself when other work closes its files, so this one may work later.
#[cfg(unix)]
const TOO_MANY_OPEN: Row = Row::new(
    Kind::Resource,
    "too_many_open_files",
    "too many files are open",
    "run fewer things at once, or raise the limit of open files",
)
.transient();
#[cfg(unix)]
const DEVICE: Row = Row::new(
    Kind::Resource,
    "device_failed",
    "the disk or device failed",
    "check the disk before anything else is written to it",
)
.severity(Severity::Critical);
#[cfg(unix)]
const NOT_A_PROGRAM: Row = Row::new(
    Kind::Configuration,
    "not_executable",
    "the program is not made for this machine",
    "check the program's first line, or install the build for this machine",
);
#[cfg(unix)]
const LINK_LOOP: Row =
    Row::new(Kind::Validation, "link_loop", "the links lead round in a circle", "remove one of the links");

/// What starting a program that is not there means.
pub(super) const NO_PROGRAM: Row =
    Row::new(Kind::Configuration, "not_found", "the program was not found", "install it or check its name").no_effect();

/// What starting a program that may not be run means.
pub(super) const NO_RIGHT_TO_RUN: Row =
    Row::new(Kind::Configuration, "not_executable", "the program may not be run", "make it executable: chmod +x")
        .no_effect();

const WAIT_AND_RESUME: &str = "wait a moment, then resume";
const CHECK_NETWORK: &str = "check the network, then resume";
const CHECK_SERVICE: &str = "check that the other side is running and its address is right";
const CHECK_NAME: &str = "check the name that was given";

/// What each stable kind of error means.
#[rustfmt::skip] // One failure is one row; broken over eight lines each, the table cannot be read.
pub(super) const KINDS: &[(ErrorKind, Row)] = &[
    (ErrorKind::NotFound, Row::new(Kind::Resource, "not_found", "a file or folder was not found", CHECK_NAME)),
    (ErrorKind::PermissionDenied, Row::new(Kind::Authorization, "permission_denied", "permission was denied", "check who owns the file and who may use it")),

    (ErrorKind::ConnectionRefused, Row::new(Kind::Network, "connection_refused", "the connection was refused", CHECK_SERVICE).no_effect()),
    (ErrorKind::NotConnected, Row::new(Kind::Network, "not_connected", "there is no connection", CHECK_SERVICE).no_effect()),
    (ErrorKind::AddrNotAvailable, Row::new(Kind::Network, "address_not_available", "the network address does not exist on this machine", CHECK_NETWORK).no_effect()),
    (ErrorKind::NetworkDown, Row::new(Kind::Network, "network_down", "the network is down", CHECK_NETWORK).no_effect()),
    (ErrorKind::NetworkUnreachable, Row::new(Kind::Network, "network_unreachable", "the network cannot be reached", CHECK_NETWORK).no_effect()),
    (ErrorKind::HostUnreachable, Row::new(Kind::Network, "host_unreachable", "the other machine cannot be reached", CHECK_NETWORK).no_effect()),
    (ErrorKind::ConnectionReset, Row::new(Kind::Network, "connection_reset", "the other side broke the connection", CHECK_NETWORK)),
    (ErrorKind::ConnectionAborted, Row::new(Kind::Network, "connection_aborted", "the connection was broken off", CHECK_NETWORK)),
    (ErrorKind::BrokenPipe, Row::new(Kind::Network, "broken_pipe", "the other side stopped listening", CHECK_SERVICE)),
    (ErrorKind::UnexpectedEof, Row::new(Kind::Network, "unexpected_end", "the data ended too early", CHECK_SERVICE)),
    (ErrorKind::TimedOut, Row::new(Kind::Timeout, "timed_out", "the operation took too long", WAIT_AND_RESUME)),
    (ErrorKind::Interrupted, Row::new(Kind::Resource, "call_interrupted", "the operation was interrupted", WAIT_AND_RESUME).transient().severity(Severity::Low)),
    (ErrorKind::WouldBlock, Row::new(Kind::Resource, "would_block", "the operation was not ready yet", WAIT_AND_RESUME).transient().severity(Severity::Low)),

    (ErrorKind::AlreadyExists, Row::new(Kind::BusinessLogic, "already_exists", "a file or folder exists already", "remove it or choose another name")),
    (ErrorKind::DirectoryNotEmpty, Row::new(Kind::BusinessLogic, "not_empty", "the folder is not empty", "empty it or choose another name")),
    (ErrorKind::InvalidInput, Row::new(Kind::Validation, "invalid_input", "a value is not allowed here", "check the values that were given")),
    (ErrorKind::InvalidFilename, Row::new(Kind::Validation, "invalid_file_name", "a file name is not allowed here", "choose a shorter or simpler name")),
    (ErrorKind::IsADirectory, Row::new(Kind::Validation, "is_a_folder", "a file was expected, but this is a folder", CHECK_NAME)),
    (ErrorKind::NotADirectory, Row::new(Kind::Validation, "not_a_folder", "a folder was expected, but this is a file", CHECK_NAME)),
    (ErrorKind::CrossesDevices, Row::new(Kind::Validation, "crosses_devices", "a file cannot be moved to another disk in one step", "use a folder on the same disk")),
    (ErrorKind::ArgumentListTooLong, Row::new(Kind::Validation, "too_large", "the command line is too long", "pass the text through a file or through standard input")),
    (ErrorKind::NotSeekable, Row::new(Kind::Validation, "not_seekable", "the file can only be read from start to end", "use a regular file")),
    (ErrorKind::InvalidData, Row::new(Kind::Parse, "invalid_data", "the data cannot be read", "check that the file is whole and is text in UTF-8")),

    (ErrorKind::StorageFull, Row::new(Kind::Resource, "disk_full", "the disk is full", "free space, then resume")),
    (ErrorKind::QuotaExceeded, Row::new(Kind::Resource, "disk_quota", "your share of the disk is used up", "free space, then resume")),
    (ErrorKind::FileTooLarge, Row::new(Kind::Resource, "file_too_large", "a file has grown too large", "raise the limit of file sizes or write less")),
    (ErrorKind::TooManyLinks, Row::new(Kind::Resource, "too_many_links", "the file has too many links", "remove some of the links")),
    (ErrorKind::OutOfMemory, Row::new(Kind::Resource, "out_of_memory", "there is not enough memory", "run fewer things at once, then resume")),
    (ErrorKind::WriteZero, Row::new(Kind::Resource, "write_zero", "nothing more could be written", "check the disk, then resume")),
    (ErrorKind::ReadOnlyFilesystem, Row::new(Kind::Configuration, "read_only", "the file system is read-only", "use a folder that can be written to")),
    (ErrorKind::AddrInUse, Row::new(Kind::Configuration, "address_in_use", "the network address is in use by another program", "choose another port or stop the other program")),
    (ErrorKind::Unsupported, Row::new(Kind::Configuration, "unsupported", "this machine does not support the operation", "use another file system or another system")),
    (ErrorKind::ResourceBusy, Row::new(Kind::Resource, "busy", "a file or device is in use", WAIT_AND_RESUME).transient()),
    (ErrorKind::ExecutableFileBusy, Row::new(Kind::Resource, "program_busy", "the program's file is being written", WAIT_AND_RESUME).transient()),
    (ErrorKind::Deadlock, Row::new(Kind::Resource, "deadlock", "two programs wait for each other's lock", WAIT_AND_RESUME).transient()),
    (ErrorKind::StaleNetworkFileHandle, Row::new(Kind::Resource, "stale_handle", "a file on a network disk has moved", WAIT_AND_RESUME).transient()),
];
