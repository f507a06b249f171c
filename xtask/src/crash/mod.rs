//! Kills segno at every kind of bad moment and checks that nothing is lost and nothing is done twice.
//!
//! `flow.yaml` is the flow that is killed at random instants, as are forks of it, `saga.yaml` and `gift.yaml` are those that
//! it calls, and `work.sh` is what their steps do; `calls.yaml` is the flow that is killed at single system calls.

mod calls;
mod command;
mod dice;
mod effects;
mod forks;
mod journal;
mod log;
mod long;
mod order;
mod power;
mod project;
mod random;
mod survey;
mod trace;

pub use command::{Wish, gate, run};
pub use trace::ensure as ensure_strace;
