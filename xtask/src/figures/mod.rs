//! The figures that the documents promise, measured with their bars and margins: `cargo xtask bench --figures`.
//!
//! It fails when a figure is missed, and it is no gate of CI: a busy machine must not turn a change red.

mod command;
mod measure;

pub use command::run;
