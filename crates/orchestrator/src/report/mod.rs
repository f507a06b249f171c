//! What a run was, for people and programs: a pure fold of its events.

mod fold;
mod json;
mod left_out;
mod text;
mod words;

pub use fold::{Report, ReportFold, Shape, StepReport, TaskReport};
pub use left_out::LeftOut;
pub use text::{Look, fault_text};
pub use words::{joined_reasons, short_duration};
