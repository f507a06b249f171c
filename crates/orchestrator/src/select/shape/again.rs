//! Actions that come again: "cut, count, cut, count".

use std::ops::Range;
use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::verbs::is_verb;
use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};

/// Stems that may come again without anything being done again.
static NO_DEEDS: Set = LazyLock::new(|| set("step need stag phas part test someon somebody anoth which chapt agent"));

/// How far apart the two may stand, in pieces.
const MAX_APART: usize = 6;

/// How many words a deed may have that does not begin with a verb.
const MAX_NAMED: usize = 4;

/// How many of its words a deed is told by.
const MAX_WORDS: usize = 4;

/// Returns where an action comes again with another one between.
pub(super) fn again(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let deeds: Vec<Vec<&str>> = pieces.iter().map(|piece| deed(piece.rest(words))).collect();
    for (later, piece) in pieces.iter().enumerate().skip(2) {
        for earlier in (later.saturating_sub(MAX_APART)..later - 1).rev() {
            let is_between = (earlier + 1..later).any(|at| deeds[at] != deeds[later]);
            if is_between && is_same(&deeds[earlier], &deeds[later]) {
                return Some(pieces[earlier].range.start..piece.range.end);
            }
        }
    }
    None
}

/// Returns the stems of a piece that tells a deed, without small words; nothing of any other.
fn deed(rest: &[Word]) -> Vec<&str> {
    let Some(first) = rest.first().filter(|first| !NO_DEEDS.contains(first.stem.as_str())) else {
        return Vec::new();
    };
    let is_small = |word: &Word| {
        is_determiner(word) || is_preposition(word) || matches!(word.text.as_str(), "it" | "them" | "again" | "and")
    };
    let stems: Vec<&str> =
        rest.iter().filter(|word| !is_small(word)).map(|word| word.stem.as_str()).take(MAX_WORDS).collect();
    let is_named = rest.len() <= MAX_NAMED && (first.text.len() > 3 || stems.len() > 1);
    match (is_verb(first) || is_named) && !is_small(first) {
        true => stems,
        false => Vec::new(),
    }
}

/// Says whether one deed is the other, perhaps in fewer words.
fn is_same(earlier: &[&str], later: &[&str]) -> bool {
    let is_part = |part: &[&str], whole: &[&str]| part.iter().all(|word| whole.contains(word));
    match (earlier.first(), later.first()) {
        (Some(first), Some(second)) => first == second && (is_part(later, earlier) || is_part(earlier, later)),
        _ => false,
    }
}
