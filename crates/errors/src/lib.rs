//! One [`Fault`] for every failure. This file names the modules and what they offer; logic is in them.
#![doc = include_str!("../README.md")]

mod kind;

mod category;

mod severity;

mod later;

mod advice;

mod fault;

mod text;

mod trail;

mod place;

mod classify;

pub use advice::Advice;
pub use category::Category;
pub use classify::{from_exit, from_io, from_signal};
pub use fault::Fault;
pub use kind::Kind;
pub use later::{Effect, Later};
pub use severity::Severity;
