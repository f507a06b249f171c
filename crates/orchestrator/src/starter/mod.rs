//! A first workflow for a project that has none: what kind of project it is, and the steps that people of that kind run.

mod detect;

mod make;
mod node;
mod python;

mod write;

pub use detect::{Ecosystem, Starter};
pub use write::{FLOW_FILE, SETTINGS};
