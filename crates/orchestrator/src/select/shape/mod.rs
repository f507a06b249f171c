//! How a text is built: rows of steps, lists of things, cases side by side, actions that come again.
//!
//! Nothing here knows a weight; what is seen is told as one of the cues of `cues::shapes`.

mod pieces;
mod steps;
mod many;
mod things;
mod again;
mod links;
mod cases;

use super::Pattern;
use super::cues::{Cue, shapes};
use super::selection::Evidence;
use super::words::Word;

use std::ops::Range;

/// How much of its weight counts what stands inside a row of steps, in no first or last piece of it.
const INNER: f64 = 0.4;

/// Lets count less what is said inside one step of a longer row: it is about that step, not about the whole.
pub(super) fn scope(words: &[Word], evidence: &mut [Evidence]) {
    let pieces = pieces::pieces(words);
    let Some(row) = steps::longest(words, &pieces).filter(|row| row.pieces.len() >= 4) else {
        return;
    };
    let inner = &row.pieces[1..row.pieces.len() - 1];
    for one in evidence {
        let inside = |piece: &pieces::Piece| {
            words[piece.range.start].place.start <= one.place.start && one.place.end <= words[piece.range.end - 1].place.end
        };
        let is_about_a_step = one.votes.iter().any(|(pattern, weight)| matches!(pattern, Pattern::Iterative | Pattern::Conditional) && *weight > 0.0);
        if is_about_a_step && inner.iter().any(inside) {
            one.share *= INNER;
            one.votes.iter_mut().for_each(|(_, weight)| *weight *= INNER);
        }
    }
}

/// Cues that say that there are many items; a row of steps beside one of them is done to each.
const ITEMS: [&str; 3] = ["items keep coming", "each of many items", "many items"];

/// Looks at how a text is built.
pub(super) fn shape(words: &[Word], void: &[bool], told: &[Evidence]) -> Vec<Evidence> {
    let pieces = pieces::pieces(words);
    let steps = steps::longest(words, &pieces);
    let counted = many::many(words, void);
    let named = told.iter().find(|one| ITEMS.contains(&one.says) && one.share > 0.0);
    let named = named.and_then(|one| words.iter().position(|word| word.place.start == one.place.start));
    let many = counted.or(named.map(|at| at..at + 1));
    let mut found: Vec<Option<Evidence>> = Vec::new();
    match (&steps, &many) {
        (Some(row), _) if many::of_steps(words, row, many.as_ref()) => found.push(Some(seen(words, row.range(), &shapes::STEPS_OF_MANY))),
        (Some(row), _) if many::plural_subject(words, row) || many::plural_theme(words, row) => found.push(Some(seen(words, row.range(), &shapes::STEPS_OF_PLURAL))),
        (Some(row), _) if row.is_marked => found.push(Some(seen(words, row.range(), &shapes::MARKED_STEPS))),
        (Some(row), _) => found.push(Some(seen(words, row.range(), &shapes::STEPS))),
        (None, many) => {
            found.push(things::things(words, &pieces).map(|row| seen(words, row, &shapes::THINGS)));
            found.push(many.clone().filter(|range| range.len() > 1).map(|range| seen(words, range, &shapes::MANY)));
            found.push(steps::deeds(words, &pieces).map(|range| seen(words, range, &shapes::DEEDS)));
        }
    }
    found.push(many::item_by_item(words).map(|range| seen(words, range, &shapes::ITEM_BY_ITEM)));
    found.push(many::rate(words).map(|range| seen(words, range, &shapes::RATE)));
    found.push(again::again(words, &pieces).map(|range| seen(words, range, &shapes::COMES_AGAIN)));
    found.push(links::from_to(words).map(|range| seen(words, range, &shapes::FROM_TO)));
    found.extend(links::links(words, &pieces).into_iter().map(|range| Some(seen(words, range, &shapes::LINK))));
    found.push(cases::questions(words).map(|range| seen(words, range, &shapes::QUESTIONS)));
    found.push(cases::limits(words).map(|range| seen(words, range, &shapes::LIMITS)));
    found.push(cases::question(words).map(|range| seen(words, range, &shapes::QUESTION)));
    found.push(cases::colons(words).map(|range| seen(words, range, &shapes::COLONS)));
    found.push(cases::arrows(words).map(|range| seen(words, range, &shapes::CASES)));
    found.push(cases::shared_out(words, &pieces).map(|range| seen(words, range, &shapes::SHARED_OUT)));
    found.push(cases::contrast(words, &pieces).map(|range| seen(words, range, &shapes::CONTRAST)));
    found.push(cases::opposites(words).map(|range| seen(words, range, &shapes::OPPOSITES)));
    found.into_iter().flatten().collect()
}

fn seen(words: &[Word], range: Range<usize>, cue: &Cue) -> Evidence {
    let end = range.end.clamp(range.start + 1, words.len());
    cue.evidence(words[range.start].place.start..words[end - 1].place.end, 1.0)
}
