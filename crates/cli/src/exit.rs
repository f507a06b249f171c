//! How a command ends: exit codes, and faults told on stderr.

use std::io::Write as _;
use std::process::ExitCode;

use segno_errors::{Fault, Kind};
use segno_orchestrator::model::RunStatus;
use segno_orchestrator::report::fault_text;
use segno_orchestrator::spec::Mistakes;

use crate::signals::Signal;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A broken file: all its mistakes.
    Mistakes(Box<Mistakes>),
    /// Anything else, in plain words.
    Fault(Fault),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did what it was asked to.
    Done,
    /// It found mistakes in files, and told them.
    Broken,
    /// It found something that is not as it should be, and told it.
    Amiss,
    /// It found something that is good enough unless one is strict, and was told to be.
    Degraded,
    /// A run ended or paused.
    Run { status: RunStatus, strict: bool, signal: Option<Signal> },
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Failure {
        Failure::Mistakes(Box::new(mistakes))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

/// Tells a failure on stderr and returns the exit code.
pub(crate) fn code(result: Result<End, Failure>) -> ExitCode {
    let number = match result {
        Ok(End::Done) => 0,
        Ok(End::Broken) => 2,
        Ok(End::Amiss) => 1,
        Ok(End::Degraded) => 3,
        Ok(End::Run { status, strict, signal }) => run_code(status, strict, signal),
        Err(failure) => {
            let (text, code) = match &failure {
                Failure::Mistakes(mistakes) => (mistakes.to_string(), 2),
                Failure::Fault(fault) => (told(fault), fault_code(fault)),
            };
            // When stderr is closed there is nobody to tell.
            _ = std::io::stderr().write_all(text.as_bytes());
            code
        }
    };
    ExitCode::from(number)
}

fn run_code(status: RunStatus, strict: bool, signal: Option<Signal>) -> u8 {
    match (status, signal) {
        (RunStatus::Paused | RunStatus::Running, Some(signal)) => signal.exit_code(),
        (RunStatus::Degraded, _) if strict => 3,
        (RunStatus::Succeeded | RunStatus::Degraded, _) => 0,
        _ => 1,
    }
}

fn fault_code(fault: &Fault) -> u8 {
    match (fault.kind(), fault.why()) {
        (_, Some("locked")) => 75,
        (Kind::Validation, _) => 2,
        _ => 1,
    }
}

/// A fault that is about how segno was called is told in a line, anything else in full.
fn told(fault: &Fault) -> String {
    match (fault.kind(), fault.hint_text()) {
        (Kind::Validation | Kind::BusinessLogic, Some(hint)) => format!("segno: {}\n  hint: {hint}\n", fault.message()),
        (Kind::Validation | Kind::BusinessLogic, None) => format!("segno: {}\n", fault.message()),
        _ => fault_text("segno", fault, "", None),
    }
}
