//! Workflows of other tools as segno's: what can be carried over is, and the rest is said, item by item.
//!
//! Reads GitHub Actions workflows and the workflows in `.claude/workflows`. The result is YAML for people to go on with.

mod imported;

mod actions;
mod claude;
mod job;

mod expression;
mod places;
mod shell;
mod slug;
mod yaml;

pub use imported::{Imported, Origin, import};
