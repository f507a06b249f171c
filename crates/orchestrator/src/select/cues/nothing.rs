//! What says that a text is no task, or says nothing definite.

use super::super::Pattern::{Conditional, Iterative, Parallel, Pipeline, Sequential};
use super::Cue;

pub(super) const CUES: &[Cue] = &[
    Cue::new(
        "a definition, no task",
        &[(Sequential, -2.5), (Parallel, -3.0), (Conditional, -2.5), (Iterative, -3.0), (Pipeline, -3.0)],
        "
        the term _ means, means any, means a|an|the, shall have the meaning, has the meaning, as defined in,
        mean the, is defined as, denotes the|a|an, denote the, is to be read|understood, refers to any,
        for the purposes of this, the meaning given
        ",
    ),
    Cue::new(
        "a question, no task",
        &[(Sequential, -2.0), (Parallel, -2.5), (Conditional, -2.0), (Iterative, -2.5), (Pipeline, -2.5)],
        "
        how much does|is|do|would|will, how long does|would|will, what does .. mean, what is a|an|the, is there a,
        who wrote, is a .. better than, better than a, tell me a joke, joke about, what do you think, do you know,
        have you ever, which is better, just saying, difference between, explain what
        ",
    ),
    Cue::new(
        "nothing definite",
        &[(Sequential, -1.5), (Parallel, -2.0), (Conditional, -1.5), (Iterative, -2.0), (Pipeline, -2.0)],
        "
        sometimes .. sometimes, any suitable manner, left to the contractor|supplier|reader, in any manner,
        mutatis mutandis, due diligence, good faith, high standard, good practice, engineering practice,
        as appropriate by, in the industry, free to choose
        ",
    ),
];
