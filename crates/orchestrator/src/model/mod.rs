//! The nouns: what a file says, what happened, what came back. Serde only: no I/O, no async, no policy.

mod address;
mod event;
mod input;
mod outcome;
mod time;
mod workflow;

pub use address::{Address, BadAddress, RunId, StepId};
pub use event::{CacheNote, Event, Fact, Owner, Pinned, Source};
pub use input::{InputType, Inputs};
pub use outcome::{Outcome, Output, Reply, RunStatus, Skip, Status};
pub use time::Timestamp;
pub use workflow::{
    AgentCall, Block, Body, CachePolicy, Command, DefaultValue, Each, InputSpec, Item, Place, RetryPolicy, Run,
    Settings, Text, Workflow,
};
