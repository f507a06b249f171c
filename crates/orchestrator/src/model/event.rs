//! What happened: the only source of a run's state. The format is stored; see `journal` for its version.

use std::sync::Arc;

use segno_errors::{Decision, Fault};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Inputs, Outcome, Reply, RunId, RunStatus, StepId, Timestamp};

/// One thing that happened in a run, as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the run, from 1, without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fact {
    /// The run began.
    RunStarted {
        /// The workflow's name.
        flow: String,
        /// The definition it is pinned to.
        pinned: Pinned,
        /// The inputs after defaults.
        inputs: Inputs,
        /// Who runs it.
        owner: Owner,
        /// The run that it goes on from, when it is a fork.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// The only steps that are to run, when not all are.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<StepId>,
    },
    /// Another owner went on with it.
    RunResumed {
        /// Who runs it from here.
        owner: Owner,
    },
    /// A guard was asked.
    Decided {
        /// The step with the `if`.
        step: Address,
        /// What the guard said.
        taken: bool,
        /// It was `skip_when` that said so: the run is degraded by that.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left_out: bool,
    },
    /// A case was chosen.
    Chose {
        /// The step with the `switch`.
        step: Address,
        /// The number of the case, the default after the last; `None` when nothing fits.
        case: Option<u32>,
        /// The value by which it was chosen.
        value: String,
    },
    /// A loop was asked whether it goes on.
    Looped {
        /// The step with the `loop`.
        step: Address,
        /// How many rounds had ended.
        rounds: u32,
        /// What it said.
        verdict: Verdict,
        /// How good the last round was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<f64>,
    },
    /// A sub-workflow began.
    Entered {
        /// The step with the `flow`.
        step: Address,
        /// Its inputs after defaults.
        inputs: Inputs,
    },
    /// A workflow's outputs were worked out.
    Concluded {
        /// The step with the `flow`, or the root.
        step: Address,
        /// The outputs by name.
        outputs: Inputs,
    },
    /// A list was worked out.
    Expanded {
        /// The step with the `each`.
        step: Address,
        /// Its items.
        items: Vec<Value>,
    },
    /// An attempt begins: written before anything of it can have an effect.
    StepStarted {
        /// The task.
        step: Address,
        /// Its attempt, from 1.
        attempt: u32,
        /// What a person calls it: the item, shortened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// What the cache said.
        cache: CacheNote,
    },
    /// A child process lives.
    Spawned {
        /// The task.
        step: Address,
        /// The child's process id, which is its group's too.
        pid: u32,
        /// The child's start time as the kernel tells it, so that a reused pid is not taken for it.
        birth: u64,
    },
    /// A part of an attempt came back: the agent's own reply before it is checked, or what a check said. It need not be
    /// asked for again when the run is interrupted now.
    StepReplied {
        /// The task.
        step: Address,
        /// The attempt.
        attempt: u32,
        /// What came back.
        reply: Arc<Reply>,
    },
    /// The agent failed for good, and the next one takes its place.
    FellBack {
        /// The task.
        step: Address,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        fault: Fault,
        /// The number of the fallback that follows, from 1.
        to: u32,
        /// What people call it.
        agent: String,
        /// What was decided to do about it, and what ruled out what would have come before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<Decision>>,
    },
    /// A step left a value for others.
    DataPut {
        /// The task.
        step: Address,
        /// Under which key.
        key: String,
        /// The value; nothing takes the key away.
        value: Value,
    },
    /// A step was given values that others had left: what it saw, whatever is put later.
    DataGot {
        /// The task.
        step: Address,
        /// By key.
        values: Inputs,
    },
    /// An attempt failed and another will follow.
    StepRetried {
        /// The task.
        step: Address,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        fault: Fault,
        /// When the next attempt may begin.
        until: Timestamp,
        /// What was decided to do about it, and what ruled out what would have come before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<Decision>>,
    },
    /// A task ended.
    StepEnded {
        /// The task.
        step: Address,
        /// How.
        outcome: Outcome,
        /// Where the result comes from.
        source: Source,
        /// How long the last attempt took, in milliseconds; for a hit, what the stored one took.
        took_ms: u64,
        /// What was decided about its last failure, and what ruled out what would have come before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<Box<Decision>>,
        /// What a person calls it: the item, shortened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// Nobody goes on with the run for now.
    RunPaused {
        /// Why, as one word: interrupted, terminated, ..
        reason: String,
    },
    /// The run is over.
    RunEnded {
        /// How.
        status: RunStatus,
        /// Why, as one word, where it is not plain: cancelled, ..
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// What a loop says after a round, or before its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Another round.
    GoOn,
    /// Its `until` holds.
    Satisfied,
    /// Its `while` no longer holds, or all its rounds were made.
    Over,
    /// It has made its most rounds, and its `until` does not hold.
    Limit,
    /// A round failed, and the loop has no `until` that could make another useful.
    Broken,
}

/// Where a fork comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The run.
    pub run: RunId,
    /// How many of its events were taken over.
    pub events: u64,
}

impl Fact {
    /// Says whether it only says what is to be done, and nothing that was done: made again, it has no other effect.
    pub(crate) fn is_decision(&self) -> bool {
        matches!(
            self,
            Fact::RunStarted { .. }
                | Fact::Decided { .. }
                | Fact::Chose { .. }
                | Fact::Expanded { .. }
                | Fact::Looped { .. }
                | Fact::Entered { .. }
                | Fact::Concluded { .. }
        )
    }

    /// Returns the task that this is about, if it is about one.
    pub fn step(&self) -> Option<&Address> {
        match self {
            Fact::Decided { step, .. }
            | Fact::Chose { step, .. }
            | Fact::Looped { step, .. }
            | Fact::Entered { step, .. }
            | Fact::Concluded { step, .. }
            | Fact::StepReplied { step, .. }
            | Fact::FellBack { step, .. }
            | Fact::DataPut { step, .. }
            | Fact::DataGot { step, .. }
            | Fact::Expanded { step, .. }
            | Fact::StepStarted { step, .. }
            | Fact::Spawned { step, .. }
            | Fact::StepRetried { step, .. }
            | Fact::StepEnded { step, .. } => Some(step),
            _ => None,
        }
    }
}

/// The definition that a run keeps to, whatever happens to the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The file's path, relative to the project where that is possible.
    pub path: String,
    /// The BLAKE3 hash of the file's text, under which the journal keeps it.
    pub hash: String,
    /// The workflows that it calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A workflow that is called by the one that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The file's path, as it is called from the project.
    pub path: String,
    /// The BLAKE3 hash of its text.
    pub hash: String,
}

/// The process that runs a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// The version of segno.
    pub version: String,
}

/// What the cache said when a step began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cache", rename_all = "snake_case")]
pub enum CacheNote {
    /// The step is not cached.
    Off,
    /// Nothing was stored under its key.
    Miss {
        /// The key in hexadecimal digits.
        key: String,
        /// Why, in sentences a person would say; empty at the first time.
        because: Vec<String>,
    },
}

/// Where a result comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// It was worked out in this run.
    Ran,
    /// It was remembered.
    Cache {
        /// The key in hexadecimal digits.
        key: String,
        /// Output files that had to be written again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        restored: Vec<String>,
    },
}
