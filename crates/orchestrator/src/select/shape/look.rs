//! Looks at a text in every way, and tells what it saw.

use std::ops::Range;

use super::super::cues::{Cue, shapes};
use super::super::selection::Evidence;
use super::super::words::Word;
use super::pieces::{Piece, pieces};
use super::{again, cases, kinds, links, many, steps, things};

/// Cues that say that there are many items; a row of steps beside one of them is done to each.
const ITEMS: [&str; 3] = ["items keep coming", "each of many items", "many items"];

/// Looks at how a text is built; `told` is what its phrases said.
pub(in super::super) fn look(words: &[Word], void: &[bool], told: &[Evidence]) -> Vec<Evidence> {
    let pieces = pieces(words);
    let mut sights = rows(words, &pieces, void, told);
    let cases = [
        (cases::questions(words), &shapes::QUESTIONS),
        (cases::question(words), &shapes::QUESTION),
        (cases::limits(words), &shapes::LIMITS),
        (cases::colons(words), &shapes::COLONS),
        (cases::arrows(words), &shapes::CASES),
        (kinds::shared_out(words, &pieces), &shapes::SHARED_OUT),
        (kinds::contrast(words, &pieces), &shapes::CONTRAST),
        (kinds::opposites(words), &shapes::OPPOSITES),
    ];
    let others = [
        (many::item_by_item(words), &shapes::ITEM_BY_ITEM),
        (many::rate(words), &shapes::RATE),
        (again::again(words, &pieces), &shapes::COMES_AGAIN),
        (links::from_to(words), &shapes::FROM_TO),
    ];
    let links = links::links(words, &pieces).into_iter().map(|range| (range, &shapes::LINK));
    sights.extend(cases.into_iter().chain(others).filter_map(|(range, cue)| Some((range?, cue))));
    sights.extend(links);
    sights.into_iter().map(|(range, cue)| seen(words, range, cue)).collect()
}

/// Returns the row of steps of a text, by what it is done to; without one, what else is enumerated.
fn rows(words: &[Word], pieces: &[Piece], void: &[bool], told: &[Evidence]) -> Vec<(Range<usize>, &'static Cue)> {
    let counted = many::many(words, void);
    let many = counted.clone().or_else(|| named(words, told));
    let Some(row) = steps::longest(words, pieces) else {
        let things = things::things(words, pieces).map(|range| (range, &shapes::THINGS));
        let deeds = steps::deeds(words, pieces).map(|range| (range, &shapes::DEEDS));
        let counted = counted.map(|range| (range, &shapes::MANY));
        return things.into_iter().chain(counted).chain(deeds).collect();
    };
    let cue = match () {
        () if many::of_steps(words, &row, many.as_ref()) => &shapes::STEPS_OF_MANY,
        () if many::of_several(words, &row) => &shapes::STEPS_OF_PLURAL,
        () if row.is_marked => &shapes::MARKED_STEPS,
        () => &shapes::STEPS,
    };
    vec![(row.range(), cue)]
}

/// Returns the word with which a phrase names many items.
fn named(words: &[Word], told: &[Evidence]) -> Option<Range<usize>> {
    let items = told.iter().find(|one| ITEMS.contains(&one.says) && one.share > 0.0)?;
    let at = words.iter().position(|word| word.place.start == items.place.start)?;
    Some(at..at + 1)
}

fn seen(words: &[Word], range: Range<usize>, cue: &Cue) -> Evidence {
    let end = range.end.clamp(range.start + 1, words.len());
    cue.evidence(words[range.start].place.start..words[end - 1].place.end, 1.0)
}
