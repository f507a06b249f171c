//! The house rules that a compiler does not know, one file a rule.

mod report;
mod workspace;

mod arrows;
mod header;
mod leftovers;
mod length;
mod manifests;
mod names;
mod packages;
mod purity;
mod safety;

mod blocks;
mod source;

pub use report::{gate, report};
