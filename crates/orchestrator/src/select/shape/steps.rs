//! Rows of steps: three or more pieces in a row that name actions.

use std::ops::Range;

use super::super::words::{Gap, Word};
use super::act::{Act, act};
use super::cases;
use super::pieces::{Piece, is_preposition};

/// How many words a short piece has at most.
const SHORT: usize = 3;

/// Steps in a row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) pieces: Vec<Piece>,
    /// They stand between arrows, or have numbers.
    pub(super) is_marked: bool,
}

impl Row {
    /// Returns the words from the first step to the last.
    pub(super) fn range(&self) -> Range<usize> {
        let first = self.pieces.first().map_or(0, |piece| piece.range.start);
        first..self.pieces.last().map_or(first, |piece| piece.range.end)
    }
}

/// Returns the longest row of steps in a text.
pub(super) fn longest(words: &[Word], pieces: &[Piece]) -> Option<Row> {
    if let Some(row) = marked(words, pieces) {
        return Some(row);
    }
    let mut best: &[Piece] = &[];
    let mut start = 0;
    while start < pieces.len() {
        let row = row_at(words, &pieces[start..]);
        if row.len() > best.len() && is_row(words, row) {
            best = row;
        }
        start += row.len().max(1);
    }
    (best.len() >= 3).then(|| Row { pieces: best.to_vec(), is_marked: false })
}

/// Returns the pieces from the first on that are steps of one sentence.
fn row_at<'p>(words: &[Word], pieces: &'p [Piece]) -> &'p [Piece] {
    let sentence = pieces[0].sentence;
    let fits =
        |(index, piece): &(usize, &Piece)| piece.sentence == sentence && act(words, piece, *index == 0) > Act::No;
    &pieces[..pieces.iter().enumerate().take_while(fits).count()]
}

/// Says whether a row is of steps, not of things that are called like actions.
fn is_row(words: &[Word], row: &[Piece]) -> bool {
    let acts: Vec<Act> = row.iter().enumerate().map(|(index, piece)| act(words, piece, index == 0)).collect();
    let sure = acts.iter().filter(|act| **act == Act::Yes).count();
    let likely = acts.iter().filter(|act| **act >= Act::Perhaps).count();
    let is_told = sure >= 2 || ((sure == 1 || likely >= 3) && !hangs(words, row));
    likely * 3 >= row.len() * 2 && is_told && !ends_alike(words, row)
}

/// Says whether short pieces hang on a preposition of the first: "audit of auth, billing and search modules".
fn hangs(words: &[Word], row: &[Piece]) -> bool {
    let first = row[0].rest(words);
    let is_led = first.len() >= SHORT && first[first.len() - SHORT..].iter().any(is_preposition);
    is_led && row[1..].iter().all(|piece| piece.rest(words).len() <= SHORT)
}

/// Says whether two neighbours end with the same noun: "security review, style review".
fn ends_alike(words: &[Word], row: &[Piece]) -> bool {
    let last = |piece: &Piece| &words[piece.range.end - 1];
    row.windows(2).any(|pair| {
        let (left, right) = (last(&pair[0]), last(&pair[1]));
        left.stem == right.stem && left.stem.len() > 3 && left.text != "them"
    })
}

/// Returns how many pieces of a text surely tell something to do.
pub(super) fn deeds(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let deeds: Vec<&Piece> = pieces.iter().filter(|piece| act(words, piece, false) == Act::Yes).collect();
    (deeds.len() >= 2).then(|| deeds[0].range.start..deeds[deeds.len() - 1].range.end)
}

/// Returns steps that have numbers, or arrows between them.
fn marked(words: &[Word], pieces: &[Piece]) -> Option<Row> {
    let starts: Vec<usize> = (0..pieces.len()).filter(|at| pieces[*at].gap == Gap::Marker).collect();
    let numbered: Vec<Piece> = starts.iter().map(|at| pieces[*at].clone()).collect();
    let acts = numbered.iter().filter(|piece| act(words, piece, true) > Act::No).count();
    if numbered.len() >= 3 && acts * 2 > numbered.len() {
        return Some(Row { pieces: numbered, is_marked: true });
    }
    let is_arrow = |at: usize| pieces.get(at).is_some_and(|piece| piece.gap == Gap::Arrow);
    let row: Vec<Piece> =
        (0..pieces.len()).filter(|at| is_arrow(*at) || is_arrow(at + 1)).map(|at| pieces[at].clone()).collect();
    (row.len() >= 3 && cases::arrows(words).is_none()).then_some(Row { pieces: row, is_marked: true })
}
