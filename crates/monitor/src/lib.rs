//! Figures of a run, folded from its events. A reader and nothing else: its death does not touch a run.
#![doc = include_str!("../README.md")]

mod figures;

pub use figures::{Figures, Retried, Slow, Tasks};
