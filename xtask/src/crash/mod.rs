//! Kills segno at every kind of bad moment and checks that nothing is lost and nothing is done twice.
//!
//! `flow.yaml` is the flow that is killed at random instants, `calls.yaml` the one that is killed at single system
//! calls; `work.sh` is what the steps of the first do.

mod command;
mod project;
mod log;
mod journal;
mod effects;
mod survey;
mod dice;
mod random;
mod trace;
mod calls;
mod order;

pub use command::{Wish, gate, run};
