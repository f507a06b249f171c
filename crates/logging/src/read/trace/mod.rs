//! One piece of work as a tree: its lines under the step and attempt that they belong to, timed operations as leaves, and what
//! other programs did for it. Made of lines with one correlation id; told as text and JSON.
//!
//! A line belongs to the work if it has its correlation id, or the `trace_id` that this id gives: a child process that got the
//! trace passed on has an id of its own, and is a branch. Of the fields, `step` names a branch (`review[3]` is one of
//! `review`), `attempt` one below it, and `operation` with `took_ms` is a leaf that ended then.

mod build;
mod node;
mod tell;

pub use build::Trace;
pub use node::{Item, Kind, Node, Seen};
