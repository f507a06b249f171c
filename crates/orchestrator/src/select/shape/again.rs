//! Actions that come again: "cut, count, cut, count".

use std::ops::Range;

use super::super::verbs::is_verb;
use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};

/// Stems that may come again without anything being done again.
const NO_DEEDS: [&str; 12] =
    ["step", "need", "stag", "phas", "part", "test", "someon", "somebody", "anoth", "which", "chapt", "agent"];

/// How far apart the two may stand, in pieces.
const MAX_APART: usize = 6;

/// Returns where an action comes again with another one between.
pub(super) fn again(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let deeds: Vec<Vec<&str>> = pieces.iter().map(|piece| deed(words, piece)).collect();
    for (later, piece) in pieces.iter().enumerate().skip(2) {
        for earlier in (later.saturating_sub(MAX_APART)..later - 1).rev() {
            let between = (earlier + 1..later).any(|at| deeds[at] != deeds[later]);
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
    let is_deed = |first: &Word| is_verb(first) || (rest.len() <= 4 && first.text.len() > 3 && !is_preposition(first));
    if !rest
        .first()
        .is_some_and(|first| is_deed(first) && !is_determiner(first) && !NO_DEEDS.contains(&first.stem.as_str()))
    {
        return Vec::new();
    }
    let small = |word: &&Word| {
        !is_determiner(word) && !is_preposition(word) && !matches!(word.text.as_str(), "it" | "them" | "again" | "and")
    };
    rest.iter().filter(small).map(|word| word.stem.as_str()).take(4).collect()
}

/// Says whether one deed is the other, perhaps in fewer words.
fn is_same(earlier: &[&str], later: &[&str]) -> bool {
    let (Some(first), Some(second)) = (earlier.first(), later.first()) else {
        return false;
    };
    first == second
        && (later.iter().all(|word| earlier.contains(word)) || earlier.iter().all(|word| later.contains(word)))
}
