//! What is said inside one step of a row is about that step, not about the whole.

use super::super::Pattern;
use super::super::selection::Evidence;
use super::super::words::Word;
use super::{pieces, steps};

/// How much of its weight counts what stands inside a row of steps, in no first or last piece of it.
const INNER: f64 = 0.4;

/// How long a row must be to have an inside.
const MIN_STEPS: usize = 4;

/// Lets conditions and repetitions inside one step of a longer row count less.
pub(in super::super) fn scope(words: &[Word], evidence: &mut [Evidence]) {
    let pieces = pieces::pieces(words);
    let Some(row) = steps::longest(words, &pieces).filter(|row| row.pieces.len() >= MIN_STEPS) else {
        return;
    };
    let inner = &row.pieces[1..row.pieces.len() - 1];
    let places: Vec<_> =
        inner.iter().map(|piece| words[piece.range.start].place.start..words[piece.range.end - 1].place.end).collect();
    for one in evidence.iter_mut().filter(|one| may_be_inner(one)) {
        if places.iter().any(|place| place.start <= one.place.start && one.place.end <= place.end) {
            one.share *= INNER;
            one.votes.iter_mut().for_each(|(_, weight)| *weight *= INNER);
        }
    }
}

fn may_be_inner(evidence: &Evidence) -> bool {
    let is_inner = |pattern: Pattern| matches!(pattern, Pattern::Iterative | Pattern::Conditional);
    evidence.votes.iter().any(|(pattern, weight)| is_inner(*pattern) && *weight > 0.0)
}
