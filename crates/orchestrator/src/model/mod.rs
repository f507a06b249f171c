//! The nouns: what a file says, what happened, what came back. Serde only: no I/O, no async, no policy.

mod address;
mod event;
mod input;
mod outcome;
mod time;
mod workflow;

pub use address::{Address, BadAddress, RunId, StepId};
pub use event::{CacheNote, Event, Fact, Owner, Parent, Part, Pinned, Source, Verdict};
pub use input::{InputType, Inputs};
pub use outcome::{CheckResult, Metrics, Outcome, Output, Reply, RunStatus, Skip, Status, Usage};
pub use time::Timestamp;
pub use workflow::{
    Action, AgentCall, AgentSpec, AtLeast, Block, Body, CachePolicy, Check, Checkpoints, Command, DEFAULT_ROUNDS,
    DefaultValue, DependsOn, Each, Fallback, FallbackAction, GitFact, InputSpec, Item, Judge, OutputFormat, Place,
    Repeat, RetryPolicy, Run, Settings, SubFlow, Switch, Text, Workflow,
};
