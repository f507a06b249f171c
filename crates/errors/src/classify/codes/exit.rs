//! Exit codes of child processes as faults. Leaves what the command printed to the caller: an output
//! that says more than the code wins, and an exit code of 0 can still be a failure.

use super::super::row::Row;
use super::signal::from_signal;
use crate::{Blame, Fault, Kind};

/// Turns an exit code into a fault.
///
/// Known are the codes of `sysexits.h`, of shells and of `timeout`, of a Rust panic, of curl and of
/// ssh; 128 + n is the signal n. Any other code, 0 included, is a failure of the command that may
/// pass, with the reason `exit_status`. The code stands in the context as `exit_code`.
///
/// ```
/// let fault = segno_errors::from_exit(3);
/// assert_eq!(fault.message(), "the command ended with exit code 3");
///
/// let fault = segno_errors::from_exit(127);
/// assert_eq!(fault.to_string(), "CONFIGURATION_ERROR the command was not found (not_found)");
/// ```
#[track_caller]
pub fn from_exit(code: i32) -> Fault {
    let fault = match code {
        129..=MAX_SIGNAL_CODE => from_signal(code - 128),
        _ => match CODES.iter().find(|(known, _)| *known == code) {
            Some((_, row)) => row.fault(),
            None => unknown(code),
        },
    };
    fault.with("exit_code", code)
}

/// The last code that can stand for a signal: Linux has 64 of them.
const MAX_SIGNAL_CODE: i32 = 128 + 64;

#[track_caller]
fn unknown(code: i32) -> Fault {
    Fault::new(Kind::ExternalService, format!("the command ended with exit code {code}"))
        .reason("exit_status")
        .hint(READ_OUTPUT)
}

const READ_OUTPUT: &str = "read what the command printed";
const CHECK_ARGUMENTS: &str = "check the arguments of the command";
const CHECK_ADDRESS: &str = "check the address and the network";
const TRY_LATER: &str = "try again later";

// Curl, ssh and sysexits share numbers with programs that mean something else by them; those
// messages therefore say whose meaning it is.
#[rustfmt::skip] // One code is one row; broken over eight lines each, the table cannot be read.
const CODES: &[(i32, Row)] = &[
    (2, Row::new(Kind::Validation, "usage", "the command did not accept its arguments (exit code 2)", CHECK_ARGUMENTS).no_effect()),

    (6, Row::new(Kind::Network, "unknown_host", "the command ended with exit code 6, which curl uses for a host that is not known", CHECK_ADDRESS).no_effect()),
    (7, Row::new(Kind::Network, "connection_refused", "the command ended with exit code 7, which curl uses for a failed connection", CHECK_ADDRESS).no_effect()),
    (22, Row::new(Kind::ExternalService, "http_status", "the command ended with exit code 22, which curl uses for an answer of 400 or above", "read the HTTP status that the command printed")),
    (28, Row::new(Kind::Timeout, "timed_out", "the command ended with exit code 28, which curl uses for running out of time", TRY_LATER)),
    (35, Row::new(Kind::Network, "tls", "the command ended with exit code 35, which curl uses for a failed TLS handshake", TRY_LATER).no_effect()),
    (60, Row::new(Kind::Network, "tls_certificate", "the command ended with exit code 60, which curl uses for a certificate that cannot be trusted", "check the certificate of the other side").never().no_effect()),

    (64, Row::new(Kind::Validation, "usage", "the command did not accept its arguments (exit code 64)", CHECK_ARGUMENTS).no_effect()),
    (65, Row::new(Kind::Validation, "bad_input", "the command did not accept its input (exit code 65)", "check the input of the command")),
    (66, Row::new(Kind::Resource, "not_found", "the command did not find its input (exit code 66)", "check the files that the command reads")),
    (68, Row::new(Kind::Network, "unknown_host", "the command does not know the host (exit code 68)", CHECK_ADDRESS).no_effect()),
    (69, Row::new(Kind::ExternalService, "unavailable", "a service that the command needs is not available (exit code 69)", TRY_LATER)),
    (70, Row::new(Kind::Internal, "software", "the command found a bug in itself (exit code 70)", READ_OUTPUT).blame(Blame::Dependency)),
    (71, Row::new(Kind::Resource, "system", "the command failed because of the operating system (exit code 71)", READ_OUTPUT)),
    (73, Row::new(Kind::Resource, "cannot_create", "the command could not create a file (exit code 73)", "check the folder that the command writes to")),
    (74, Row::new(Kind::Resource, "io", "the command could not read or write a file (exit code 74)", "check the disk, then resume")),
    (75, Row::new(Kind::ExternalService, "try_again", "the command asks to be tried again later (exit code 75)", TRY_LATER)),
    (76, Row::new(Kind::ExternalService, "protocol", "the command got an answer that it did not understand (exit code 76)", READ_OUTPUT)),
    (77, Row::new(Kind::Authorization, "permission_denied", "the command was not allowed to do this (exit code 77)", "check what the command may do")),
    (78, Row::new(Kind::Configuration, "bad_setting", "the command found a mistake in its settings (exit code 78)", "check the settings of the command")),

    (101, Row::new(Kind::ExternalService, "crashed", "the command crashed with a panic (exit code 101)", READ_OUTPUT).once()),
    (124, Row::new(Kind::Timeout, "timed_out", "the command ran out of time (exit code 124)", "give it more time or less to do")),
    (125, Row::new(Kind::Configuration, "wrapper_failed", "the tool that starts the command failed (exit code 125)", "check the container or timeout tool")),
    (126, Row::new(Kind::Configuration, "not_executable", "the command cannot be executed", "check that it is a program and may be executed").no_effect()),
    (127, Row::new(Kind::Configuration, "not_found", "the command was not found", "install it or check its name").no_effect()),
    (255, Row::new(Kind::Network, "ssh", "the command ended with exit code 255, which ssh uses for a failed connection", CHECK_ADDRESS)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a code against `kind reason later effect severity`.
    fn check(code: i32, expected: &str) {
        let fault = from_exit(code);
        assert_eq!(outline(&fault), expected, "exit code {code}");
        assert!(fault.hint_text().is_some_and(|hint| !hint.is_empty()));
        assert!(fault.context().contains(&("exit_code".to_owned(), code.to_string())));
    }

    #[test]
    fn codes_of_sysexits_mean_what_they_say() {
        check(64, "validation usage never none low");
        check(65, "validation bad_input never unknown low");
        check(66, "resource not_found never unknown high");
        check(68, "network unknown_host transient none medium");
        check(69, "external_service unavailable transient unknown high");
        check(70, "internal software never unknown critical");
        check(71, "resource system never unknown high");
        check(73, "resource cannot_create never unknown high");
        check(74, "resource io never unknown high");
        check(75, "external_service try_again transient unknown high");
        check(76, "external_service protocol transient unknown high");
        check(77, "authorization permission_denied never unknown high");
        check(78, "configuration bad_setting never unknown high");
        assert_eq!(from_exit(70).blame_on(), Blame::Dependency);
    }

    #[test]
    fn codes_of_shells_and_their_tools_are_known() {
        check(2, "validation usage never none low");
        check(101, "external_service crashed transient unknown high");
        assert_eq!(from_exit(101).most_retries(), Some(1));
        check(124, "timeout timed_out transient unknown medium");
        check(125, "configuration wrapper_failed never unknown high");
        check(126, "configuration not_executable never none high");
        check(127, "configuration not_found never none high");
    }

    #[test]
    fn codes_of_curl_and_ssh_are_known() {
        check(6, "network unknown_host transient none medium");
        check(7, "network connection_refused transient none medium");
        check(22, "external_service http_status transient unknown high");
        check(28, "timeout timed_out transient unknown medium");
        check(35, "network tls transient none medium");
        check(60, "network tls_certificate never none medium");
        check(255, "network ssh transient unknown medium");
    }

    #[test]
    fn codes_above_128_are_signals() {
        check(137, "resource oom_killed never unknown high");
        check(139, "external_service crashed transient unknown high");
        check(143, "business_logic cancelled never unknown low");
        check(130, "business_logic cancelled never unknown low");
        check(192, "external_service signal transient unknown high");
    }

    #[test]
    fn any_other_code_is_a_failure_that_may_pass() {
        for code in [i32::MIN, -1, 0, 1, 3, 63, 100, 128, 193, 254, 256, i32::MAX] {
            check(code, "external_service exit_status transient unknown high");
            let message = format!("the command ended with exit code {code}");
            assert_eq!(from_exit(code).message(), message);
        }
    }

    #[test]
    fn the_place_is_the_callers() {
        for code in [3, 75, 137] {
            let (fault, line) = (from_exit(code), line!());
            assert!(fault.location().starts_with(&format!("{}:{line}:", file!())), "{fault:?}");
        }
    }
}
