//! Links: what one clause makes, the next uses.

use std::ops::Range;

use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};

/// The most links that are told.
const MAX_LINKS: usize = 3;

/// How long a word is at least that can be a link.
const MIN_LETTERS: usize = 4;

/// Returns where a clause takes up, behind a preposition, a noun that the clause before brought in.
pub(super) fn links(words: &[Word], pieces: &[Piece]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for pair in pieces.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        let brought = &words[before.range.clone()];
        let taken = after.range.clone().find(|at| {
            let word = &words[*at];
            let is_noun = word.text.len() >= MIN_LETTERS
                && brought.iter().any(|earlier| earlier.stem == word.stem && !is_small(earlier));
            is_noun
                && !is_small(word)
                && (behind_preposition(words, after.range.start, *at) || opens(words, after, *at))
        });
        if let Some(at) = taken {
            found.push(after.range.start..at + 1);
        }
    }
    found.truncate(MAX_LINKS);
    found
}

/// Says whether a clause begins with the word, or with it and an article.
fn opens(words: &[Word], piece: &Piece, at: usize) -> bool {
    let start = piece.range.start + usize::from(piece.is_joined);
    at == start + 1 && matches!(words[start].text.as_str(), "the" | "this" | "that")
}

fn behind_preposition(words: &[Word], start: usize, at: usize) -> bool {
    let article = at > start && is_determiner(&words[at - 1]);
    let before = at.saturating_sub(1 + usize::from(article));
    before >= start && is_preposition(&words[before])
}

fn is_small(word: &Word) -> bool {
    is_preposition(word)
        || is_determiner(word)
        || word.number.is_some()
        || matches!(word.text.as_str(), "them" | "then" | "they" | "have" | "with" | "when" | "ones" | "other")
}

/// Finds "from A to B .. from B to C".
pub(super) fn from_to(words: &[Word]) -> Option<Range<usize>> {
    let legs: Vec<usize> = (0..words.len())
        .filter(|at| {
            let sentence = words[*at].sentence;
            let near = words[at + 1..].iter().take(5).take_while(|word| word.sentence == sentence);
            words[*at].text == "from" && near.skip(1).any(|word| matches!(word.text.as_str(), "to" | "into"))
        })
        .collect();
    (legs.len() >= 2).then(|| legs[0]..legs[legs.len() - 1] + 1)
}
