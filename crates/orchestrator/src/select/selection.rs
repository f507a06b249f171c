//! What was chosen, how sure that is, and what speaks for it.

use std::ops::Range;

use super::Pattern;

/// The pattern that fits a description, with the reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The pattern; none when nothing in the text tells, or when it contradicts itself.
    pub pattern: Option<Pattern>,
    /// How likely the pattern is to be right, 0 to 1: its share of the exponentials of all scores, which the fit of the
    /// lexicon makes likelihoods. When unsure, that of the runner-up.
    pub confidence: f64,
    /// Why, in plain words.
    pub reason: String,
    /// What was found in the text, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// The pattern that fits next best; when unsure, the best guess.
    pub runner_up: Option<Pattern>,
}

/// One thing in the text that speaks for or against patterns.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What it says: "several things at the same time".
    pub says: &'static str,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// The words of the text.
    pub quote: String,
    /// How much of its weight it counts: less when it was found before, less than 0 behind a `not`.
    pub share: f64,
    /// How much it speaks for each pattern; less than 0 is against.
    pub votes: Vec<(Pattern, f64)>,
}
