//! Kills segno at every kind of bad moment and checks that nothing is lost and nothing is done twice.
//!
//! `flow.yaml` is the flow that is killed at random instants, `calls.yaml` the one that is killed at single system
//! calls; `work.sh` is what the steps of the first do.

mod calls;
mod command;
mod dice;
mod effects;
mod journal;
mod log;
mod order;
mod power;
mod project;
mod random;
mod survey;
mod trace;

pub use command::{Wish, gate, run};
pub use trace::ensure as ensure_strace;
