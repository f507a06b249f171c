//! A `run:` text for `sh`: the text is split before anything is rendered, and values travel as variables.
//!
//! So a value is always exactly one word, bare or inside double quotes (a list is n words), whatever it holds. Where the
//! shell would not read a variable (single quotes, a heredoc, arithmetic, back-ticks) a value is a mistake.

mod piece;
mod scanner;
mod script;

pub use script::{Carried, Rendered, Script};
