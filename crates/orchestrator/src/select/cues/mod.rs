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
mod nothing;
pub(super) mod shapes;

pub(super) use find::{find, void};

use std::ops::Range;

use super::{Evidence, Pattern};

/// Phrases that say the same, and how much they speak for each pattern.
#[derive(Debug)]
pub(super) struct Cue {
    /// What they say, as half a sentence.
    pub(super) says: &'static str,
    /// A `not` before it turns it round.
    pub(super) turns: bool,
    /// Weights; about 1 is a hint, 3 decides alone.
    pub(super) votes: &'static [(Pattern, f64)],
    /// See `phrase` for how they are written.
    pub(super) phrases: &'static [&'static str],
}

impl Cue {
    /// Returns evidence of this cue at a place; its quote is filled in later.
    pub(super) fn evidence(&self, place: Range<usize>, share: f64) -> Evidence {
        let votes = self.votes.iter().map(|(pattern, weight)| (*pattern, weight * share)).collect();
        Evidence { says: self.says, place, quote: String::new(), share, votes }
    }
}

/// Returns all cues.
fn all() -> impl Iterator<Item = &'static Cue> {
    [sequential::CUES, parallel::CUES, conditional::CUES, iterative::CUES, pipeline::CUES, nothing::CUES].into_iter().flatten()
}
