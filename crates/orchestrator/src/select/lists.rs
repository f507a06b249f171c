//! Enumerations: rows of three or more pieces between commas, arrows, numbers, and whether they are actions or things.

use std::ops::Range;

use super::verbs::{is_action_noun, is_filler, is_participle, is_verb};
use super::words::{Gap, Word};

/// How many words a piece of a list of things may have.
const MAX_THING: usize = 5;

/// A row of pieces of a text.
#[derive(Debug)]
pub(super) struct List {
    /// The words of each piece.
    pub(super) pieces: Vec<Range<usize>>,
    /// How many of them name an action.
    pub(super) actions: usize,
    /// Pieces stand between arrows.
    pub(super) by_arrows: bool,
    /// Pieces are numbered or lettered.
    pub(super) by_markers: bool,
    /// The pieces are participles: something is done to something.
    pub(super) passive: bool,
}

impl List {
    /// Returns the words of the list.
    pub(super) fn range(&self) -> Range<usize> {
        let first = self.pieces.first().map_or(0, |piece| piece.start);
        first..self.pieces.last().map_or(first, |piece| piece.end)
    }

    /// Says whether the list is of actions.
    pub(super) fn is_chain(&self) -> bool {
        self.actions >= 3 || (self.by_arrows && self.pieces.len() >= 3) || (self.actions == 2 && self.pieces.len() == 3 && self.by_markers)
    }
}

/// Returns the lists of a text, at most one of actions and one of things a sentence; numbered ones go over sentences.
pub(super) fn lists(words: &[Word]) -> Vec<List> {
    let mut lists = Vec::new();
    lists.extend(numbered(words));
    let mut start = 0;
    while start < words.len() {
        let sentence = words[start].sentence;
        let length = words[start..].iter().take_while(|word| word.sentence == sentence).count();
        lists.extend(in_sentence(words, start..start + length));
        start += length;
    }
    lists
}

/// Returns the list of the numbered items of a text.
fn numbered(words: &[Word]) -> Option<List> {
    let starts: Vec<usize> = (0..words.len()).filter(|at| words[*at].gap == Gap::Marker).collect();
    if starts.len() < 3 {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([words.len()]);
    let pieces: Vec<Range<usize>> = starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
    Some(list(words, pieces, Gap::Marker))
}

/// Returns the longest rows of pieces in a sentence.
fn in_sentence(words: &[Word], sentence: Range<usize>) -> Vec<List> {
    let mut lists = Vec::new();
    let pieces = pieces(words, sentence.clone());
    let arrows = pieces.iter().skip(1).filter(|piece| words[piece.start].gap == Gap::Arrow).count();
    if arrows >= 2 && !mapped(words, &pieces) {
        lists.push(list(words, arrow_row(words, &pieces), Gap::Arrow));
    }
    if let Some(row) = longest(&pieces, |index, piece| names_action(words, piece.clone(), index == 0 || words[piece.start].gap >= Gap::Colon)) {
        lists.push(list(words, row, Gap::Comma));
    }
    lists
}

/// Returns the pieces of a sentence, cut at marks and before the `and` or `then` that follows a piece.
fn pieces(words: &[Word], sentence: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut start = sentence.start;
    for at in sentence.clone().skip(1) {
        let joins = matches!(words[at].text.as_str(), "and" | "or" | "then");
        let cut = words[at].gap >= Gap::Slash && words[at].gap != Gap::Bracket;
        if (cut || joins) && at > start {
            if !words[start..at].iter().all(is_joint) {
                pieces.push(start..at);
            }
            start = at;
        }
    }
    if start < sentence.end {
        pieces.push(start..sentence.end);
    }
    pieces
}

fn is_joint(word: &Word) -> bool {
    matches!(word.text.as_str(), "and" | "or" | "then")
}

/// Says whether arrows lead from cases to what is done, and are no chain: "tiny → approve, huge → split".
pub(super) fn mapped(words: &[Word], pieces: &[Range<usize>]) -> bool {
    let mut between = 0;
    let mut last_arrow = None;
    for (index, piece) in pieces.iter().enumerate().skip(1) {
        if words[piece.start].gap == Gap::Arrow {
            between += usize::from(last_arrow.is_some_and(|last| index > last + 1));
            last_arrow = Some(index);
        }
    }
    between > 0
}

fn arrow_row(words: &[Word], pieces: &[Range<usize>]) -> Vec<Range<usize>> {
    let is_arrow = |index: usize| pieces.get(index).is_some_and(|piece| words[piece.start].gap == Gap::Arrow);
    (0..pieces.len()).filter(|index| is_arrow(*index) || is_arrow(index + 1)).map(|index| pieces[index].clone()).collect()
}

/// Returns the longest run of pieces that fit.
fn longest(pieces: &[Range<usize>], fits: impl Fn(usize, &Range<usize>) -> bool) -> Option<Vec<Range<usize>>> {
    let mut best: &[Range<usize>] = &[];
    let mut start = 0;
    for end in 0..=pieces.len() {
        if pieces.get(end).is_none_or(|piece| !fits(end, piece)) {
            if end - start > best.len() {
                best = &pieces[start..end];
            }
            start = end + 1;
        }
    }
    (best.len() >= 3).then(|| best.to_vec())
}

/// Says whether a piece names an action. The first piece of a row may have its subject before its verb.
fn names_action(words: &[Word], piece: Range<usize>, is_first: bool) -> bool {
    let head = piece.clone().find(|at| !is_filler(&words[*at])).unwrap_or(piece.start);
    let rest = &words[head..piece.end];
    let Some(first) = rest.first() else {
        return false;
    };
    let is_thing = matches!(first.text.as_str(), "the" | "a" | "an" | "my" | "your" | "our" | "their" | "his" | "her" | "its");
    if is_first {
        return rest.iter().any(is_verb) || rest.iter().any(is_participle) || rest.last().is_some_and(is_action_noun);
    }
    let short = rest.len() <= 3;
    (is_verb(first) && !is_thing)
        || (!is_thing && is_participle(first))
        || (short && rest.last().is_some_and(is_action_noun))
        || (short && rest.last().is_some_and(|word| is_participle(word) || is_verb(word)))
        || (rest.len() <= 8 && passive(rest))
}

/// Says whether something is done to something here: "causes are found".
fn passive(words: &[Word]) -> bool {
    words.windows(2).any(|pair| matches!(pair[0].text.as_str(), "is" | "are" | "be" | "get" | "gets" | "being") && is_participle(&pair[1]))
}

fn list(words: &[Word], pieces: Vec<Range<usize>>, by: Gap) -> List {
    let actions = pieces.iter().enumerate().filter(|(index, piece)| names_action(words, (*piece).clone(), *index == 0)).count();
    let participles = pieces.iter().filter(|piece| words[(*piece).clone()].iter().any(is_participle)).count();
    List { actions, by_arrows: by == Gap::Arrow, by_markers: by == Gap::Marker, passive: participles * 2 > pieces.len(), pieces }
}

/// Returns the longest row of short pieces that name things: "Linux, macOS and Windows".
pub(super) fn things(words: &[Word]) -> Option<Range<usize>> {
    let mut best: Option<(usize, Range<usize>)> = None;
    let mut start = 0;
    while start < words.len() {
        let sentence = words[start].sentence;
        let end = start + words[start..].iter().take_while(|word| word.sentence == sentence).count();
        let pieces = pieces(words, start..end);
        for (count, range) in thing_rows(words, &pieces) {
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, range));
            }
        }
        start = end;
    }
    best.map(|(_, range)| range)
}

/// Returns rows of at least three pieces of which those between the first and the last are short and no actions.
fn thing_rows(words: &[Word], pieces: &[Range<usize>]) -> Vec<(usize, Range<usize>)> {
    let is_thing = |piece: &Range<usize>| piece.len() <= MAX_THING && !names_action(words, piece.clone(), false);
    let mut rows = Vec::new();
    let mut at = 1;
    while at < pieces.len() {
        let count = pieces[at..].iter().take_while(|piece| is_thing(piece) && words[piece.start].gap != Gap::Arrow).count();
        // The last piece goes on with the sentence, so it may be longer.
        let open = pieces.get(at + count).is_some_and(|piece| is_joint(&words[piece.start]));
        let total = 1 + count + usize::from(open && count > 0);
        if total >= 3 {
            let last = &pieces[at + total - 2];
            rows.push((total, pieces[at - 1].start..last.end));
        }
        at += count + 1;
    }
    rows
}
