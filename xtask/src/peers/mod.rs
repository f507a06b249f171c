//! Whole programs measured side by side in the same rounds: `cargo xtask bench --peers`.
//!
//! It prints and decides nothing: what a machine takes is for people to judge. The fine measurements are in `benches/`.

mod builder;
mod cached;
mod changed;
mod command;
mod crowd;
mod durable;
mod fresh;
mod ground;
mod install;
mod large;
mod logs;
mod matrix;
mod measure;
mod outputs;
mod single;
mod table;

pub use command::{Wish, load, run};
pub use ground::Ground;
pub use measure::{Line, median};
