//! A text cut into pieces: at marks, and before the `and`, `or`, `then`, `but` that follow a piece.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::verbs::is_filler;
use super::super::words::{Gap, Word};

static DETERMINERS: Set =
    LazyLock::new(|| set("the a an my your our their his her its this that these those some each every"));

static PREPOSITIONS: Set = LazyLock::new(|| {
    set("of for to in on with by from at into onto across between over against about without under as using via per")
});

/// Some words between two marks.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) sentence: usize,
    /// What stands before it.
    pub(super) gap: Gap,
    /// It begins with a joint.
    pub(super) is_joined: bool,
    /// Its first word that is no filler.
    pub(super) head: usize,
}

impl Piece {
    /// Returns its words from the head on.
    pub(super) fn rest<'w>(&self, words: &'w [Word]) -> &'w [Word] {
        &words[self.head..self.range.end]
    }
}

/// Cuts a text into pieces.
pub(super) fn pieces(words: &[Word]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..=words.len() {
        let ends = words.get(at).is_none_or(|word| {
            let is_marked = word.gap >= Gap::Slash && word.gap != Gap::Bracket;
            word.sentence != words[start].sentence || is_marked || is_joint(word)
        });
        if ends && !words[start..at].iter().all(is_joint) {
            pieces.push(piece(words, start..at));
            start = at;
        }
    }
    pieces
}

fn piece(words: &[Word], range: Range<usize>) -> Piece {
    let head = range.clone().find(|at| !is_filler(&words[*at])).unwrap_or(range.start);
    let first = &words[range.start];
    Piece { sentence: first.sentence, gap: first.gap, is_joined: is_joint(first), head, range }
}

fn is_joint(word: &Word) -> bool {
    matches!(word.text.as_str(), "and" | "or" | "then" | "but")
}

/// Says whether a word is an article or another word that a noun follows.
pub(super) fn is_determiner(word: &Word) -> bool {
    DETERMINERS.contains(word.text.as_str())
}

/// Says whether a word is a preposition.
pub(super) fn is_preposition(word: &Word) -> bool {
    PREPOSITIONS.contains(word.text.as_str())
}
