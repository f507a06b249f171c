//! The cues: phrases that say how work is put together, and how much each group of them weighs.
//!
//! One file a pattern. [`guards`] holds phrases that look like cues and are none, [`nothing`] what says that a text is no
//! task at all, [`shapes`] what is seen in the build of a text and told like a cue.

mod conditional;
mod cue;
mod find;
mod guards;
mod iterative;
mod nothing;
mod parallel;
mod pipeline;
mod sequential;
pub(super) mod shapes;

pub(super) use cue::Cue;
pub(super) use find::{find, void};

/// Returns all cues that are phrases.
fn all() -> impl Iterator<Item = &'static Cue> {
    [sequential::CUES, parallel::CUES, conditional::CUES, iterative::CUES, pipeline::CUES, nothing::CUES]
        .into_iter()
        .flatten()
}
