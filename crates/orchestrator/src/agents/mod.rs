//! Agents: one async call each. Commands and Rust functions here; the registry knows them by name.

mod agent;
mod capture;
mod command;
mod function;
mod processes;
mod programs;
mod registry;
mod request;
mod result;
mod stop;

pub(crate) use agent::interrupted;
pub use agent::{Agent, Answer, Call, Failed};
pub use capture::OUTPUT_LIMIT;
pub(crate) use command::concluded;
pub use command::{CommandAgent, GRACE};
pub use function::FunctionAgent;
pub use processes::{end_strays, strays};
pub use registry::{AgentEntry, Registry};
pub use request::{ProgramRequest, Request};
pub use stop::{Stop, StopHandle, Stopped};
