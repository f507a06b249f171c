//! Rows of things: three or more short names in a row, like "Linux, macOS and Windows".

use std::ops::Range;

use super::super::words::{Gap, Word};
use super::act::{Act, act};
use super::pieces::Piece;

/// How many words a name may have.
const MAX_WORDS: usize = 4;

/// Returns the longest row of things in a text.
pub(super) fn things(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let mut best = None;
    let mut most = 2;
    let mut start = 0;
    while start < pieces.len() {
        let sentence = pieces[start].sentence;
        let fits = |piece: &&Piece| piece.sentence == sentence && is_thing(words, piece);
        let inner: Vec<&Piece> = pieces[start + 1..].iter().take_while(fits).collect();
        let next = pieces.get(start + 1 + inner.len());
        // The last thing goes on with the sentence: "and Windows in one folder".
        let open = !inner.is_empty() && next.is_some_and(|piece| piece.sentence == sentence && piece.is_joined);
        let count = 1 + inner.len() + usize::from(open);
        let last = inner.last().map(|piece| piece.range.end);
        if let Some(end) = last.filter(|_| count > most) {
            most = count;
            best = Some(pieces[start].range.end.saturating_sub(2).max(pieces[start].range.start)..end);
        }
        start += inner.len().max(1);
    }
    best
}

fn is_thing(words: &[Word], piece: &Piece) -> bool {
    piece.range.len() <= MAX_WORDS
        && act(words, piece, false) <= Act::Perhaps
        && piece.gap < Gap::Arrow
        && words[piece.range.start].text != "but"
}
