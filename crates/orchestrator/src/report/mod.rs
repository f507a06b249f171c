//! What a run was, for people and programs: a pure fold of its events.

#[cfg(feature = "diff")]
pub mod diff;
mod fold;
mod json;
mod junit;
mod left_out;
mod markdown;
mod quality;
mod rounds;
mod row;
mod steps;
mod task;
mod text;
pub(crate) mod words;
pub(crate) mod xml;

pub use fold::{Report, ReportFold};
pub use left_out::LeftOut;
pub use quality::{Quality, StepQuality};
pub use rounds::LoopReport;
pub use steps::{Role, Shape, StepReport};
pub use task::{FailedAgent, TaskReport};
pub use text::{Look, fault_text};
pub use words::{counted, joined_reasons, short_duration};
