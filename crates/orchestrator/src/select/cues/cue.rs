//! A cue: phrases that say the same, and how much they speak for each pattern.

use std::ops::Range;

use super::super::{Evidence, Pattern};

/// Phrases that say the same.
#[derive(Debug)]
pub(in super::super) struct Cue {
    /// What they say, as half a sentence.
    says: &'static str,
    /// Weights, set by hand: about 1 is a hint, 3 decides alone, less than 0 is against.
    votes: &'static [(Pattern, f64)],
    /// Separated by commas; see `phrase` for how they are written.
    phrases: &'static str,
    /// A `not` before it turns it round.
    is_turned_by_not: bool,
}

impl Cue {
    pub(super) const fn new(says: &'static str, votes: &'static [(Pattern, f64)], phrases: &'static str) -> Cue {
        Cue { says, votes, phrases, is_turned_by_not: false }
    }

    /// Returns a cue that is found by looking at how a text is built.
    pub(super) const fn shape(says: &'static str, votes: &'static [(Pattern, f64)]) -> Cue {
        Cue::new(says, votes, "")
    }

    pub(super) const fn turned_by_not(mut self) -> Cue {
        self.is_turned_by_not = true;
        self
    }

    pub(super) fn is_turned_by_not(&self) -> bool {
        self.is_turned_by_not
    }

    /// Returns its phrases.
    pub(super) fn phrases(&self) -> impl Iterator<Item = &'static str> {
        listed(self.phrases)
    }

    /// Returns evidence of this cue at a place, in bytes; its quote is filled in later.
    pub(in super::super) fn evidence(&self, place: Range<usize>, share: f64) -> Evidence {
        let votes = self.votes.iter().map(|(pattern, weight)| (*pattern, weight * share)).collect();
        Evidence { says: self.says, place, quote: String::new(), share, votes }
    }
}

/// Returns the parts of a text between commas.
pub(super) fn listed(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(',').map(str::trim).filter(|phrase| !phrase.is_empty())
}
