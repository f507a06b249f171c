//! Many items: what says that work is done to each of many things.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::verbs::{is_filler, is_participle, is_verb};
use super::super::words::{Gap, Word};
use super::pieces::is_preposition;
use super::plural::{is_items, is_plural, is_product, is_span, is_unit};
use super::steps::Row;

/// From this count on things are many.
const MANY: f64 = 13.0;

/// Numbers between these are years.
const YEARS: Range<f64> = 1900.0..2100.0;

/// In how many words behind the first step its auxiliary is looked for.
const MAX_SUBJECT: usize = 14;

/// How many words before a colon are looked at for a plural.
const MAX_TITLE: usize = 2;

/// Words that cannot be what `each` counts.
static FUNCTION_WORDS: Set =
    LazyLock::new(|| set("other other's is has should shall must can will to on by with of from in"));

/// What ends the subject of a row of steps.
static AUXILIARIES: Set =
    LazyLock::new(|| set("are were shall should must will have need get go pass come move proceed"));

/// What comes twice without being an item: "step by step".
static NO_ITEMS: Set = LazyLock::new(|| set("step little side line another again time other"));

/// Spans that rates are told by.
static RATES: Set = LazyLock::new(|| set("s sec second min minute h hour day night week month"));

/// Returns where a text says that there are many items.
pub(super) fn many(words: &[Word], void: &[bool]) -> Option<Range<usize>> {
    (0..words.len().saturating_sub(1)).filter(|at| !void[*at]).find(|at| is_many(words, *at)).map(|at| at..at + 2)
}

fn is_many(words: &[Word], at: usize) -> bool {
    let (word, next) = (&words[at], &words[at + 1]);
    match word.text.as_str() {
        "every" | "each" => counts_items(words, at),
        "incoming" => true,
        "all" if next.gap != Gap::None || next.text == "data" => false,
        "all" => is_plural(next) || (next.text == "the" && words.get(at + 2).is_some_and(is_plural)),
        _ => {
            let mut counted = words[at + 1..].iter().take(3).take_while(|word| word.gap == Gap::None);
            let is_count = word.number.is_some_and(|number| number >= MANY && !YEARS.contains(&number));
            is_count && counted.any(|word| is_plural(word) && !is_unit(word))
        }
    }
}

/// Says whether the `each` at `at` stands before a noun that is no span of time.
fn counts_items(words: &[Word], at: usize) -> bool {
    let next = &words[at + 1];
    let is_function = |word: &Word| FUNCTION_WORDS.contains(word.text.as_str());
    let is_verb_form = is_verb(next) && (next.text.ends_with("ing") || next.text.ends_with("ed"));
    let behind = words.get(at + 2).is_some_and(|word| word.gap == Gap::None && !is_function(word));
    let is_noun = next.gap == Gap::None && next.number.is_none() && !is_function(next) && !is_span(next);
    is_noun && (!is_verb_form || behind)
}

/// Says whether a row of steps is done to many items.
pub(super) fn of_steps(words: &[Word], row: &Row, many: Option<&Range<usize>>) -> bool {
    many.is_some() || titled(words, row) || led_by_arrow(words, row) || them(words, row)
}

/// Says whether a plural and a mark stand before the row: "Webhooks: verify, parse, store".
fn titled(words: &[Word], row: &Row) -> bool {
    let is_title = |start: usize| {
        let before = &words[start.saturating_sub(MAX_TITLE)..start];
        matches!(words[start].gap, Gap::Colon | Gap::Dash)
            && before.iter().any(|word| is_plural(word) && !is_unit(word))
    };
    row.pieces.iter().take(2).any(|piece| is_title(piece.range.start))
}

/// Says whether the first arrow leads away from a plural: "tweets → filter → store".
fn led_by_arrow(words: &[Word], row: &Row) -> bool {
    let first = &row.pieces[0].range;
    let last = &words[first.end - 1];
    let is_led = row.is_marked && first.len() <= 2 && words.get(first.end).is_some_and(|word| word.gap == Gap::Arrow);
    is_led && is_plural(last) && !is_product(last)
}

/// Says whether the row is done to `them`.
fn them(words: &[Word], row: &Row) -> bool {
    row.pieces.iter().filter(|piece| words[piece.range.clone()].iter().any(|word| word.text == "them")).count() >= 2
}

/// Says whether a row of steps is done to several things, without many being named.
pub(super) fn of_several(words: &[Word], row: &Row) -> bool {
    plural_subject(words, row) || plural_theme(words, row)
}

/// Says whether short steps stand behind a plural that is no object of theirs: "reads through trim, align, sort".
fn plural_theme(words: &[Word], row: &Row) -> bool {
    let (first, later) = (&row.pieces[0], &row.pieces[1..]);
    let is_bare = later.iter().filter(|piece| piece.rest(words).len() <= 2).count() * 2 > later.len();
    let start = words.iter().position(|word| word.sentence == first.sentence).unwrap_or(first.range.start);
    let theme = &words[start..first.range.end];
    let is_command = theme.iter().find(|word| !is_filler(word)).is_some_and(is_verb);
    is_bare && !is_command && theme[..theme.len() - 1].iter().any(is_items)
}

/// Says whether the things that a passive row is done to are several: "samples are ..".
fn plural_subject(words: &[Word], row: &Row) -> bool {
    let participles = row.pieces.iter().filter(|piece| words[piece.range.clone()].iter().any(is_participle)).count();
    let range = row.range();
    let is_auxiliary = |at: &usize| AUXILIARIES.contains(words[*at].text.as_str());
    let auxiliary = (range.start..range.end.min(range.start + MAX_SUBJECT)).find(is_auxiliary);
    let subject = auxiliary.map(|at| &words[range.start..at]);
    participles * 2 > row.pieces.len() && subject.and_then(head_noun).is_some_and(is_plural)
}

/// Returns the noun that a subject is about: the last before its first preposition.
fn head_noun(subject: &[Word]) -> Option<&Word> {
    let ends = |word: &Word| is_preposition(word) || word.text.ends_with("ing") || is_participle(word);
    subject[..subject.iter().position(ends).unwrap_or(subject.len())].last()
}

/// Finds "record by record", "scene after scene".
pub(super) fn item_by_item(words: &[Word]) -> Option<Range<usize>> {
    let at = words.windows(3).position(|three| {
        let first = &three[0];
        let is_joint = matches!(three[1].text.as_str(), "by" | "after" | "for");
        let is_item = first.text.len() > 2 && !is_span(first) && !NO_ITEMS.contains(first.text.as_str());
        is_joint && is_item && first.text == three[2].text
    })?;
    Some(at..at + 3)
}

/// Finds "50/s", "200 / day".
pub(super) fn rate(words: &[Word]) -> Option<Range<usize>> {
    let at = (1..words.len()).find(|at| {
        let near = words[at.saturating_sub(2)..*at].iter().any(|word| word.number.is_some());
        words[*at].gap == Gap::Slash && RATES.contains(words[*at].text.as_str()) && near
    })?;
    Some(at - 1..at + 1)
}
