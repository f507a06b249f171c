//! The cues: phrases that say how work is put together, and how much each group of them weighs.
//!
//! One file a pattern. [`guards`] holds phrases that look like cues and are none.

mod find;
mod guards;
mod sequential;
mod parallel;
mod conditional;
mod iterative;
mod pipeline;

pub(super) use find::{find, void};

use super::Pattern;

/// Phrases that say the same, and how much they speak for each pattern.
#[derive(Debug)]
pub(super) struct Cue {
    /// What they say, as half a sentence.
    pub(super) says: &'static str,
    /// Weights; about 1 is a hint, 3 decides alone.
    pub(super) votes: &'static [(Pattern, f64)],
    /// See `phrase` for how they are written.
    pub(super) phrases: &'static [&'static str],
}

/// Returns all cues.
fn all() -> impl Iterator<Item = &'static Cue> {
    [sequential::CUES, parallel::CUES, conditional::CUES, iterative::CUES, pipeline::CUES].into_iter().flatten()
}
