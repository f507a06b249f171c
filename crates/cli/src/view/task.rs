//! What is remembered of single tasks: the attempt that goes on, or how it ended. Which ones is `model`'s business.

use std::time::Duration;

use segno_orchestrator::model::{Outcome, RunStatus, Skip, Status, Timestamp};

/// The longest message that is remembered, in characters.
const MAX_MESSAGE: usize = 400;
/// Why a guarded step did not run.
pub(super) const GUARDED: &str = "skipped: its 'if' did not hold";
/// Why a step that was given up did not run.
pub(super) const LEFT_OUT: &str = "left out: its 'skip_when' holds";
/// Why a step behind a failed one did not run.
pub(super) const UNREACHED: &str = "not reached";

/// A task's attempt that runs, or that failed and will be followed by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) label: Option<String>,
    /// Its number among those of the same agent, from 1.
    pub(super) number: u32,
    /// The most attempts of that agent.
    pub(super) max: u32,
    /// The fallback that is at work.
    pub(super) by: Option<String>,
    pub(super) phase: Phase,
}

/// What an attempt is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It runs.
    Running { since: Timestamp },
    /// The agent is done, and what it left is checked.
    Checking { since: Timestamp, what: String },
    /// It failed for good, and a fallback takes its place.
    HandedOver { message: String },
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
    /// How many attempts were made by the agent that ended it; 0 when none was.
    pub(super) attempts: u32,
    /// The most that it might have made.
    pub(super) max: u32,
    /// The fallback that ended it.
    pub(super) by: Option<String>,
    /// It is one of several, by the fan-outs round it.
    pub(super) is_item: bool,
    /// Why it failed or was skipped.
    pub(super) why: Option<String>,
}

/// Why nothing more will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Paused(String),
    Over(RunStatus, Option<String>),
}

impl Phase {
    /// Returns since when an attempt runs, if it does.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match self {
            Phase::Running { since } | Phase::Checking { since, .. } => Some(*since),
            Phase::HandedOver { .. } | Phase::Resting { .. } => None,
        }
    }
}

/// Says why a task failed or did not run.
pub(super) fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { fault, .. } => Some(shortened(fault.message())),
        Outcome::Skipped { because: Skip::Guard } => Some(GUARDED.into()),
        Outcome::Skipped { because: Skip::Needs { step } } => Some(format!("skipped: '{step}' did not end well")),
        Outcome::Skipped { because: Skip::LeftOut } => Some(LEFT_OUT.into()),
        Outcome::Skipped { because: Skip::Excluded } => Some("not asked for".into()),
        Outcome::Skipped { because: Skip::Unreached } => Some(UNREACHED.into()),
        Outcome::Succeeded { .. } | Outcome::Partial { .. } => None,
    }
}

/// Returns as much of a message as is remembered.
pub(super) fn shortened(message: &str) -> String {
    message.chars().take(MAX_MESSAGE).collect()
}
