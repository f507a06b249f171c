//! Many items: what says that work is done to each of many things.

use std::ops::Range;

use super::super::verbs::{is_filler, is_participle, is_verb};
use super::super::words::{Gap, Word};
use super::pieces::is_preposition;
use super::steps::Row;

/// From this count on things are many.
const MANY: f64 = 13.0;

/// Returns where a text says that there are many items.
pub(super) fn many(words: &[Word], void: &[bool]) -> Option<Range<usize>> {
    (0..words.len().saturating_sub(1)).filter(|at| !void[*at]).find(|at| is_many(words, *at)).map(|at| at..at + 2)
}

fn is_many(words: &[Word], at: usize) -> bool {
    let (word, next) = (&words[at], &words[at + 1]);
    let noun = next.gap == Gap::None && next.number.is_none() && !is_function(next) && !is_span(next);
    match word.text.as_str() {
        "every" | "each" => noun && (!is_verb_form(next) || words.get(at + 2).is_some_and(|noun| noun.gap == Gap::None && !is_function(noun))),
        "incoming" => true,
        "all" => next.gap == Gap::None && next.text != "data" && (is_plural(next) || (next.text == "the" && words.get(at + 2).is_some_and(is_plural))),
        _ => {
            let counted = words[at + 1..].iter().take(3).take_while(|word| word.gap == Gap::None);
            let mut counted = counted.filter(|word| is_plural(word) && !is_unit(word));
            word.number.is_some_and(|number| number >= MANY && !(1900.0..2100.0).contains(&number)) && counted.next().is_some()
        }
    }
}

fn is_verb_form(word: &Word) -> bool {
    is_verb(word) && (word.text.ends_with("ing") || word.text.ends_with("ed"))
}

fn is_function(word: &Word) -> bool {
    const WORDS: [&str; 16] =
        ["other", "is", "has", "should", "shall", "to", "on", "by", "with", "of", "from", "in", "must", "other's", "can", "will"];
    WORDS.contains(&word.text.as_str())
}

/// Says whether a row of steps is done to many items.
pub(super) fn of_steps(words: &[Word], row: &Row, many: Option<&Range<usize>>) -> bool {
    many.is_some() || titled_plural(words, row) || them(words, row)
}

/// Says whether a plural and a colon stand before the row: "Webhooks: verify, parse, store".
fn titled_plural(words: &[Word], row: &Row) -> bool {
    let start = row.range().start;
    let colon = words[start].gap == Gap::Colon || words.get(start).is_some_and(|word| word.gap == Gap::Dash);
    let before = start.checked_sub(1).map(|at| &words[at]);
    let by_arrow = row.is_marked && row.pieces[0].range.len() <= 2 && words.get(row.pieces[0].range.end).is_some_and(|word| word.gap == Gap::Arrow);
    (colon && before.is_some_and(|word| is_plural(word) && !is_unit(word))) || (by_arrow && is_plural(&words[row.pieces[0].range.end - 1]) && !is_product(&words[row.pieces[0].range.end - 1]))
}

/// Says whether a plural names one thing that a step makes.
fn is_product(word: &Word) -> bool {
    matches!(word.text.as_str(), "requirements" | "objectives" | "specs" | "notes" | "tests" | "results" | "docs" | "comments" | "wireframes" | "goals" | "tokens")
}

/// Says whether the row is done to `them`.
fn them(words: &[Word], row: &Row) -> bool {
    row.pieces.iter().filter(|piece| words[piece.range.clone()].iter().any(|word| word.text == "them")).count() >= 2
}

/// Says whether short steps stand behind a plural that is no object of theirs: "reads through trim, align, sort".
pub(super) fn plural_theme(words: &[Word], row: &Row) -> bool {
    let (first, later) = (&row.pieces[0], &row.pieces[1..]);
    let bare = later.iter().filter(|piece| piece.rest(words).len() <= 2).count() * 2 > later.len();
    let start = words.iter().position(|word| word.sentence == first.sentence).unwrap_or(first.range.start);
    let theme = &words[start..first.range.end];
    let opens_with_verb = theme.iter().find(|word| !is_filler(word)).is_some_and(is_verb);
    bare && !opens_with_verb && theme[..theme.len() - 1].iter().any(|word| is_plural(word) && !is_product(word) && !is_unit(word))
}

/// Says whether the things that a passive row is done to are several: "samples are ..".
pub(super) fn plural_subject(words: &[Word], row: &Row) -> bool {
    const AUXILIARIES: [&str; 14] =
        ["are", "shall", "get", "should", "must", "have", "need", "will", "were", "go", "pass", "come", "move", "proceed"];
    let participles = row.pieces.iter().filter(|piece| words[piece.range.clone()].iter().any(is_participle)).count();
    let range = row.range();
    let auxiliary = (range.start..range.end.min(range.start + 14)).find(|at| AUXILIARIES.contains(&words[*at].text.as_str()));
    let subject = auxiliary.filter(|at| *at > range.start).map(|at| &words[range.start..at]);
    participles * 2 > row.pieces.len() && subject.is_some_and(|subject| head_noun(subject).is_some_and(is_plural))
}

/// Returns the noun that a subject is about: the last before its first preposition.
fn head_noun(subject: &[Word]) -> Option<&Word> {
    let end = subject.iter().position(|word| is_preposition(word) || word.text.ends_with("ing") || is_participle(word)).unwrap_or(subject.len());
    subject[..end].last()
}

/// Says whether a word looks like a plural.
pub(super) fn is_plural(word: &Word) -> bool {
    let regular = word.text.len() > 3 && word.text.ends_with('s') && !["ss", "us", "is", "'s"].iter().any(|ending| word.text.ends_with(ending));
    regular && !is_verb_only(word) || matches!(word.text.as_str(), "people" | "children" | "entries" | "data" | "cvs" | "men" | "women" | "pdfs" | "prs")
}

fn is_verb_only(word: &Word) -> bool {
    matches!(word.text.as_str(), "does" | "goes" | "gets" | "always" | "perhaps" | "needs" | "sends" | "asks" | "takes" | "thanks" | "pls" | "versus" | "besides" | "towards" | "makes" | "series" | "news" | "sales" | "docs" | "metadata")
}

/// Says whether a word names a span of time or a round, so that `every` before it counts no items.
pub(super) fn is_span(word: &Word) -> bool {
    const SPANS: &str = " time times round iteration cycle attempt pass turn day days night nights week weeks month months hour hours minute minutes second
        seconds sprint sprints year years morning mornings evening trial step quarter couple few other half now change run retry try failure fix loop single so ";
    SPANS.split_whitespace().any(|span| span == word.text)
}

fn is_unit(word: &Word) -> bool {
    const UNITS: &str = " times rounds iterations attempts tries trials epochs days hours minutes mins secs seconds weeks months years words cycles
        degrees steps points euros dollars letters characters percent generations sprints passes versions ms bars grams metres meters ";
    UNITS.split_whitespace().any(|unit| unit == word.text)
}

/// Finds "record by record", "scene after scene".
pub(super) fn item_by_item(words: &[Word]) -> Option<Range<usize>> {
    const OTHERS: [&str; 8] = ["step", "little", "side", "line", "another", "again", "time", "other"];
    let at = (0..words.len().saturating_sub(2)).find(|at| {
        let (first, joint, second) = (&words[*at], &words[at + 1], &words[at + 2]);
        let names = first.text == second.text && first.text.len() > 2 && !is_span(first) && !OTHERS.contains(&first.text.as_str());
        names && matches!(joint.text.as_str(), "by" | "after" | "for")
    })?;
    Some(at..at + 3)
}

/// Finds "50/s", "200 / day".
pub(super) fn rate(words: &[Word]) -> Option<Range<usize>> {
    const SPANS: [&str; 11] = ["s", "sec", "second", "min", "minute", "h", "hour", "day", "week", "night", "month"];
    let at = (1..words.len()).find(|at| {
        let near = words[at.saturating_sub(2)..*at].iter().any(|word| word.number.is_some());
        words[*at].gap == Gap::Slash && SPANS.contains(&words[*at].text.as_str()) && near
    })?;
    Some(at - 1..at + 1)
}
