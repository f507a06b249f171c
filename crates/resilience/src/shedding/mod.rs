//! Turning calls away before they cost anything, those that matter least first.

mod shed;

mod builder;

mod delay;

mod answers;

pub use builder::SheddingBuilder;
pub use shed::{Shedding, Ticket};
