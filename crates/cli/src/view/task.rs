//! What is remembered of single tasks: the attempt that goes on, or how it ended. Which ones is `model`'s business.

use std::time::Duration;

use segno_orchestrator::model::{Outcome, RunStatus, Skip, Status, Timestamp};

/// The longest message that is remembered, in characters.
const MAX_MESSAGE: usize = 400;
/// Why a guarded step did not run.
pub(super) const GUARDED: &str = "skipped: its 'if' did not hold";
/// Why a step behind a failed one did not run.
pub(super) const UNREACHED: &str = "not reached";

/// A task's attempt that runs, or that failed and will be followed by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) label: Option<String>,
    /// Its number, from 1.
    pub(super) number: u32,
    pub(super) phase: Phase,
}

/// What an attempt is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It runs.
    Running { since: Timestamp },
    /// It failed, and the next may begin then.
    Resting { until: Timestamp, message: String },
}

/// How a task ended, or a group that never opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) label: Option<String>,
    pub(super) status: Status,
    pub(super) is_cached: bool,
    pub(super) took: Duration,
    /// How many attempts were made; 0 when none was.
    pub(super) attempts: u32,
    /// Why it failed or was skipped.
    pub(super) why: Option<String>,
}

/// Why nothing more will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Paused(String),
    Over(RunStatus),
}

/// Says why a task failed or did not run.
pub(super) fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { fault, .. } => Some(shortened(fault.message())),
        Outcome::Skipped { because: Skip::Guard } => Some(GUARDED.into()),
        Outcome::Skipped { because: Skip::Needs { step } } => Some(format!("skipped: '{step}' did not end well")),
        Outcome::Skipped { because: Skip::LeftOut } => Some("left out: its 'skip_when' holds".into()),
        Outcome::Skipped { because: Skip::Excluded } => Some("not asked for".into()),
        Outcome::Skipped { because: Skip::Unreached } => Some(UNREACHED.into()),
        Outcome::Succeeded { .. } | Outcome::Partial { .. } => None,
    }
}

/// Returns as much of a message as is remembered.
pub(super) fn shortened(message: &str) -> String {
    message.chars().take(MAX_MESSAGE).collect()
}
