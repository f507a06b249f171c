//! Signals that ended a child process as faults, by name, because numbers differ between systems.
//! Leaves who sent the signal to the caller: one that we sent ourselves is a timeout or a cancel.

use super::super::row::Row;
use crate::{Fault, Kind, Severity};

/// Turns the signal that ended a child process into a fault that names the signal.
///
/// A kill is taken for the system's answer to too little memory; a caller that sent it itself knows
/// better. A signal without a meaning of its own has the reason `signal` and may pass. The name
/// stands in the context as `signal`.
///
/// ```
/// let fault = segno_errors::from_signal(9);
/// assert_eq!(fault.why(), Some("oom_killed"));
/// assert!(fault.message().contains("SIGKILL"));
/// ```
#[track_caller]
pub fn from_signal(signal: i32) -> Fault {
    let name = name_of(signal);
    let fault = match ROWS.iter().find(|(known, _)| Some(*known) == name) {
        Some((_, row)) => row.fault(),
        None => unknown(signal, name),
    };
    match name {
        Some(name) => fault.with("signal", name),
        None => fault.with("signal", signal),
    }
}

/// Turns a signal that we sent ourselves into a fault: whoever kills a command has waited long enough for it.
///
/// Whoever sent it to cancel the work says so instead: [`Fault::cancelled`]. Any other signal was not ours to send and
/// means what [`from_signal`] says.
///
/// ```
/// use segno_errors::{Kind, from_own_signal};
///
/// assert_eq!(from_own_signal(9).kind(), Kind::Timeout);
/// ```
#[track_caller]
pub fn from_own_signal(signal: i32) -> Fault {
    match name_of(signal) {
        Some(name @ ("SIGKILL" | "SIGTERM")) => TOO_LONG.fault().with("signal", name),
        _ => from_signal(signal),
    }
}

const TOO_LONG: Row =
    Row::new(Kind::Timeout, "timed_out", "the command took too long and was ended", "give it more time or less to do");

#[track_caller]
fn unknown(signal: i32, name: Option<&str>) -> Fault {
    let message = match name {
        Some(name) => format!("the command was ended by {name}"),
        None => format!("the command was ended by signal {signal}"),
    };
    Fault::new(Kind::ExternalService, message).reason("signal").hint(READ_OUTPUT)
}

/// Returns the name of a signal on this system, real-time signals excepted: those have none.
fn name_of(signal: i32) -> Option<&'static str> {
    let index = usize::try_from(signal).ok()?.checked_sub(1)?;
    NAMES.get(index).copied()
}

const READ_OUTPUT: &str = "read what the command printed";
const LESS_MEMORY: &str = "run fewer things at once or give it more memory, then resume";

#[rustfmt::skip] // One signal is one row; broken over eight lines each, the table cannot be read.
const ROWS: &[(&str, Row)] = &[
    ("SIGKILL", Row::new(Kind::Resource, "oom_killed", "the command was killed (SIGKILL), most likely because memory ran out", LESS_MEMORY)),
    ("SIGSEGV", Row::new(Kind::ExternalService, "crashed", "the command crashed (SIGSEGV)", READ_OUTPUT).once()),
    ("SIGABRT", Row::new(Kind::ExternalService, "crashed", "the command crashed (SIGABRT)", READ_OUTPUT).once()),
    ("SIGBUS", Row::new(Kind::ExternalService, "crashed", "the command crashed (SIGBUS)", READ_OUTPUT).once()),
    ("SIGILL", Row::new(Kind::ExternalService, "crashed", "the command crashed (SIGILL)", READ_OUTPUT).once()),
    ("SIGFPE", Row::new(Kind::ExternalService, "crashed", "the command crashed (SIGFPE)", READ_OUTPUT).once()),
    ("SIGTERM", Row::new(Kind::BusinessLogic, "cancelled", "the command was asked to stop (SIGTERM)", "resume when it may run").severity(Severity::Low)),
    ("SIGINT", Row::new(Kind::BusinessLogic, "cancelled", "the command was interrupted (SIGINT)", "resume when it may run").severity(Severity::Low)),
    ("SIGPIPE", Row::new(Kind::Network, "broken_pipe", "nobody read what the command wrote (SIGPIPE)", READ_OUTPUT)),
    ("SIGXCPU", Row::new(Kind::Resource, "cpu_limit", "the command used up its computing time (SIGXCPU)", "raise the limit of computing time or give it less to do")),
    ("SIGXFSZ", Row::new(Kind::Resource, "file_too_large", "the command wrote a file that is too large (SIGXFSZ)", "raise the limit of file sizes or write less")),
];

/// Names from number 1 on, as Linux numbers them on all but a few old processors.
#[cfg(any(target_os = "linux", target_os = "android", not(unix)))]
#[rustfmt::skip] // Eight names a line, so that numbers can be counted.
const NAMES: [&str; 31] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE",
    "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT",
    "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
    "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
];

/// Names from number 1 on, as macOS and the BSDs number them.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
#[rustfmt::skip] // As above.
const NAMES: [&str; 31] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGEMT", "SIGFPE",
    "SIGKILL", "SIGBUS", "SIGSEGV", "SIGSYS", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGURG",
    "SIGSTOP", "SIGTSTP", "SIGCONT", "SIGCHLD", "SIGTTIN", "SIGTTOU", "SIGIO", "SIGXCPU",
    "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGINFO", "SIGUSR1", "SIGUSR2",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a signal against its name and `kind reason later effect severity`.
    fn check(signal: i32, name: &str, expected: &str) {
        let fault = from_signal(signal);
        assert_eq!(outline(&fault), expected, "{name}");
        assert!(fault.message().contains(name), "{fault}");
        assert!(fault.hint_text().is_some_and(|hint| !hint.is_empty()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn each_signal_has_its_meaning_and_its_name() {
        check(9, "SIGKILL", "resource oom_killed never unknown high");
        check(11, "SIGSEGV", "external_service crashed transient unknown high");
        check(6, "SIGABRT", "external_service crashed transient unknown high");
        check(7, "SIGBUS", "external_service crashed transient unknown high");
        check(4, "SIGILL", "external_service crashed transient unknown high");
        check(8, "SIGFPE", "external_service crashed transient unknown high");
        check(15, "SIGTERM", "business_logic cancelled never unknown low");
        check(2, "SIGINT", "business_logic cancelled never unknown low");
        check(13, "SIGPIPE", "network broken_pipe transient unknown medium");
        check(24, "SIGXCPU", "resource cpu_limit never unknown high");
        check(25, "SIGXFSZ", "resource file_too_large never unknown high");
        check(1, "SIGHUP", "external_service signal transient unknown high");
        check(31, "SIGSYS", "external_service signal transient unknown high");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_crash_is_tried_once_more() {
        for signal in [11, 6, 7, 4, 8] {
            assert_eq!(from_signal(signal).most_retries(), Some(1));
        }
        assert_eq!(from_signal(13).most_retries(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_signal_of_our_own_means_that_it_took_too_long() {
        for signal in [9, 15] {
            assert_eq!(outline(&from_own_signal(signal)), "timeout timed_out transient unknown medium");
        }
        assert_eq!(outline(&from_own_signal(11)), outline(&from_signal(11)));
    }

    #[test]
    fn a_number_without_a_name_is_told_as_a_number() {
        for signal in [i32::MIN, -1, 0, 32, 64, i32::MAX] {
            let told = format!("signal {signal}");
            check(signal, &told, "external_service signal transient unknown high");
        }
    }
}
