//! Actions that come again: "cut, count, cut, count".

use std::ops::Range;

use super::super::verbs::is_verb;
use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};

/// How far apart the two may stand, in pieces.
const MAX_APART: usize = 6;

/// Returns where an action comes again with another one between.
pub(super) fn again(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let deeds: Vec<Vec<&str>> = pieces.iter().map(|piece| deed(words, piece)).collect();
    for (later, piece) in pieces.iter().enumerate().skip(2) {
        for earlier in (later.saturating_sub(MAX_APART)..later - 1).rev() {
            let between = (earlier + 1..later).any(|at| !deeds[at].is_empty() && deeds[at] != deeds[later]);
            if between && is_same(&deeds[earlier], &deeds[later]) {
                return Some(pieces[earlier].range.start..piece.range.end);
            }
        }
    }
    None
}

/// Returns the stems of a piece that begins with its verb, without small words.
fn deed<'w>(words: &'w [Word], piece: &Piece) -> Vec<&'w str> {
    let rest = piece.rest(words);
    if !rest.first().is_some_and(|first| is_verb(first) && !is_determiner(first) && first.stem != "step" && first.stem != "need") {
        return Vec::new();
    }
    let small = |word: &&Word| !is_determiner(word) && !is_preposition(word) && !matches!(word.text.as_str(), "it" | "them" | "again" | "and");
    rest.iter().filter(small).map(|word| word.stem.as_str()).take(4).collect()
}

/// Says whether one deed is the other, perhaps in fewer words.
fn is_same(earlier: &[&str], later: &[&str]) -> bool {
    let (Some(first), Some(second)) = (earlier.first(), later.first()) else {
        return false;
    };
    first == second && (later.iter().all(|word| earlier.contains(word)) || earlier.iter().all(|word| later.contains(word)))
}
