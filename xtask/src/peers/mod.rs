//! Whole programs measured side by side in the same rounds: `cargo xtask bench --peers`.
//!
//! It prints and decides nothing: what a machine takes is for people to judge. The fine measurements are in `benches/`.

mod cached;
mod command;
mod fresh;
mod measure;
mod single;
mod table;

pub use command::{Wish, run};
