//! Cases side by side: short questions, arrows and colons behind cases, limits on numbers.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::words::{Gap, Word};

/// How many words a question may have that is one of several cases.
const MAX_QUESTION: usize = 9;

/// How many words a question may have that is the only case.
const MAX_ONLY_QUESTION: usize = 6;

/// How many words may stand before the colon of a case.
const MAX_LABEL: usize = 4;

/// Words that begin questions to somebody; those are no cases.
static COURTESIES: Set =
    LazyLock::new(|| set("can could would will what how why who where when which do does may should shall"));

/// Words that a number follows as a limit.
static LIMITS: Set = LazyLock::new(|| set("< > <= >= ≥ ≤ over under above below exceeding beyond between than"));

/// Returns where a question begins that ends before the word at `at`.
fn question_start(words: &[Word], at: usize) -> usize {
    let sentence = words[at - 1].sentence;
    at - words[..at].iter().rev().take_while(|word| word.sentence == sentence).count()
}

fn ends_of_questions(words: &[Word]) -> impl Iterator<Item = usize> {
    (1..words.len()).filter(|at| words[*at].gap == Gap::Question)
}

/// Returns the first of at least two short questions that are followed by what is to be done.
pub(super) fn questions(words: &[Word]) -> Option<Range<usize>> {
    let mut short = ends_of_questions(words).filter(|at| at - question_start(words, *at) <= MAX_QUESTION);
    let first = short.next()?;
    short.next().map(|_| first - 1..first + 1)
}

/// Finds a short question in front of what is to be done: "no reviewer free? assign one".
pub(super) fn question(words: &[Word]) -> Option<Range<usize>> {
    let asks = |at: &usize| {
        let start = question_start(words, *at);
        at - start <= MAX_ONLY_QUESTION && !COURTESIES.contains(words[start].text.as_str())
    };
    let at = ends_of_questions(words).find(asks)?;
    Some(at - 1..at + 1)
}

/// Returns the first of arrows that lead from cases to deeds: between two of them stands another mark.
pub(super) fn arrows(words: &[Word]) -> Option<Range<usize>> {
    let arrows: Vec<usize> = (1..words.len()).filter(|at| words[*at].gap == Gap::Arrow).collect();
    let is_mark = |word: &Word| word.gap >= Gap::Comma && word.gap != Gap::Arrow;
    let apart = |pair: &[usize]| words[pair[0] + 1..pair[1]].iter().any(is_mark);
    arrows.windows(2).any(apart).then(|| arrows[0] - 1..arrows[0] + 1)
}

/// Finds two limits on numbers: "below 10 .., above 20 ..".
pub(super) fn limits(words: &[Word]) -> Option<Range<usize>> {
    let is_limit = |at: &usize| {
        let near = words[at + 1..].iter().take(2).any(|word| word.number.is_some());
        LIMITS.contains(words[*at].text.as_str()) && near
    };
    let found: Vec<usize> = (0..words.len()).filter(is_limit).collect();
    (found.len() >= 2).then(|| found[0]..found[found.len() - 1] + 1)
}

/// Finds "hit: serve it. miss: fetch it": short words with a colon, twice or more.
pub(super) fn colons(words: &[Word]) -> Option<Range<usize>> {
    let is_labelled = |at: &usize| words[*at].gap == Gap::Colon && is_label(words, *at);
    let found: Vec<usize> = (1..words.len()).filter(is_labelled).collect();
    (found.len() >= 2).then(|| found[0] - 1..found[found.len() - 1])
}

/// Says whether a few words, of which none is a step's name, stand before the colon at `at`.
fn is_label(words: &[Word], at: usize) -> bool {
    let sentence = words[at - 1].sentence;
    let mut length = 0;
    for word in words[..at].iter().rev().take_while(|word| word.sentence == sentence) {
        length += 1;
        if word.gap >= Gap::Comma {
            break;
        }
    }
    length <= MAX_LABEL && !matches!(words[at - length].text.as_str(), "step" | "stage" | "phase")
}
