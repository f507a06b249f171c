//! How the text is built: chains of actions, lists of things, cases side by side, actions that come again.

use std::collections::HashMap;
use std::ops::Range;

use super::Pattern::{self, Conditional, Iterative, Parallel, Pipeline, Sequential};
use super::lists::{List, lists, things};
use super::selection::Evidence;
use super::verbs::{is_action_noun, is_verb};
use super::words::{Gap, Word};

/// What was seen of the shape, for those who weigh it.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) evidence: Vec<Evidence>,
}

/// Looks at how a text is built.
pub(super) fn shape(words: &[Word], void: &[bool]) -> Vec<Evidence> {
    let lists = lists(words);
    let chain = lists.iter().filter(|list| list.is_chain()).max_by_key(|list| list.pieces.len());
    let many = many(words, void);
    let mut found = Vec::new();
    if let Some(chain) = chain {
        chain_evidence(words, chain, many.as_ref(), &mut found);
    } else if let Some(row) = things(words) {
        found.push(evidence(words, row, "a list of things, and no list of steps", &[(Parallel, 1.2)]));
        if let Some((place, says)) = &many {
            found.push(evidence(words, place.clone(), says, &[(Pipeline, 0.4), (Parallel, 0.5)]));
        }
    } else if let Some((place, says)) = &many {
        found.push(evidence(words, place.clone(), says, &[(Pipeline, 0.8), (Parallel, 0.3)]));
    }
    found.extend(doubled(words));
    found.extend(comes_again(words, chain));
    found.extend(cases(words));
    found.extend(opposites(words));
    found
}

fn evidence(words: &[Word], range: Range<usize>, says: &'static str, votes: &[(Pattern, f64)]) -> Evidence {
    let end = range.end.clamp(range.start + 1, words.len());
    let place = words[range.start].place.start..words[end - 1].place.end;
    Evidence { says, place, quote: String::new(), votes: votes.to_vec() }
}

/// Weighs a chain of actions: of many items it is a pipeline, else a sequence.
fn chain_evidence(words: &[Word], chain: &List, many: Option<&(Range<usize>, &'static str)>, found: &mut Vec<Evidence>) {
    let plural = chain.passive && plural_subject(words, chain);
    match many {
        Some((place, says)) => {
            found.push(evidence(words, place.clone(), says, &[(Pipeline, 1.2)]));
            found.push(evidence(words, chain.range(), "a row of steps for many items", &[(Pipeline, 1.6), (Sequential, 0.6)]));
        }
        None if plural => {
            found.push(evidence(words, chain.range(), "a row of steps that many things undergo", &[(Pipeline, 1.6), (Sequential, 0.9)]));
        }
        None => {
            let weight = if chain.by_arrows || chain.by_markers { 2.6 } else { 2.2 };
            found.push(evidence(words, chain.range(), "a row of steps", &[(Sequential, weight), (Pipeline, 0.4)]));
        }
    }
}

/// Says whether the things that a passive chain is done to are many: "samples are ..".
fn plural_subject(words: &[Word], chain: &List) -> bool {
    let range = chain.range();
    let auxiliary = (range.start..range.end.min(range.start + 14))
        .find(|at| matches!(words[*at].text.as_str(), "are" | "shall" | "get" | "should" | "must" | "have" | "need" | "will" | "were"));
    auxiliary.is_some_and(|at| at > 0 && words[at - 1].gap <= Gap::Comma && is_plural(&words[at - 1]))
}

fn is_plural(word: &Word) -> bool {
    word.text.len() > 3 && word.text.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| word.text.ends_with(ending))
}

/// Returns what says that there are many items.
fn many(words: &[Word], void: &[bool]) -> Option<(Range<usize>, &'static str)> {
    for at in 0..words.len().saturating_sub(1) {
        if void[at] {
            continue;
        }
        let (word, next) = (&words[at], &words[at + 1]);
        let noun = next.gap == Gap::None && next.number.is_none() && !is_verb_only(next);
        match word.text.as_str() {
            "every" | "each" if noun && !is_span(next) => return Some((at..at + 2, "something that is done to each item")),
            "incoming" | "arriving" => return Some((at..at + 2, "items that come in")),
            "all" if noun && is_plural(next) => return Some((at..at + 2, "all items of a kind")),
            _ => {}
        }
        let plural = words[at + 1..].iter().take(2).any(|word| word.gap == Gap::None && is_plural(word) && !is_unit(word));
        if word.number.is_some_and(|number| number >= 13.0) && plural && next.gap == Gap::None {
            return Some((at..at + 2, "a number of items"));
        }
    }
    None
}

fn is_verb_only(word: &Word) -> bool {
    matches!(word.text.as_str(), "other" | "is" | "has" | "should" | "shall" | "to" | "on" | "by" | "with")
}

/// Says whether a word names a span of time or a round, so that `every` before it counts no items.
fn is_span(word: &Word) -> bool {
    const SPANS: [&str; 19] = [
        "time", "round", "iteration", "cycle", "attempt", "pass", "turn", "day", "night", "week", "month", "hour", "minute", "second", "sprint",
        "year", "morning", "trial", "step",
    ];
    SPANS.contains(&word.text.as_str())
}

fn is_unit(word: &Word) -> bool {
    const UNITS: [&str; 22] = [
        "times", "rounds", "iterations", "attempts", "tries", "trials", "epochs", "days", "hours", "minutes", "seconds", "weeks", "months", "years",
        "words", "lines", "cycles", "degrees", "steps", "points", "euros", "dollars",
    ];
    UNITS.contains(&word.text.as_str())
}

/// Finds "record by record", "scene after scene".
fn doubled(words: &[Word]) -> Option<Evidence> {
    let at = (0..words.len().saturating_sub(2)).find(|at| {
        let (first, joint, second) = (&words[*at], &words[at + 1], &words[at + 2]);
        let names = first.text == second.text && first.text.len() > 3 && !is_span(first);
        names && matches!(joint.text.as_str(), "by" | "after") && !matches!(first.text.as_str(), "step" | "little" | "side" | "line" | "another")
    })?;
    Some(evidence(words, at..at + 3, "item after item", &[(Pipeline, 2.4)]))
}

/// Finds an action that comes again in a row of actions: "cut, count, cut".
fn comes_again(words: &[Word], chain: Option<&List>) -> Option<Evidence> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let range = chain?.range();
    for piece in &chain?.pieces {
        let head = piece.clone().find(|at| is_verb(&words[*at]) || is_action_noun(&words[*at]));
        let Some(at) = head else { continue };
        let stem = words[at].stem.as_str();
        if first.insert(stem, at).is_some() {
            return Some(evidence(words, range, "an action that comes again", &[(Iterative, 2.0), (Sequential, -1.0)]));
        }
    }
    None
}

/// Finds cases side by side: short questions with an answer each, arrows from cases, "X to A, Y to B".
fn cases(words: &[Word]) -> Option<Evidence> {
    let questions: Vec<usize> = (1..words.len()).filter(|at| words[*at].gap == Gap::Question).collect();
    if questions.len() >= 2 {
        return Some(evidence(words, questions[0] - 1..questions[0] + 1, "questions, each with what is to be done", &[(Conditional, 1.8)]));
    }
    let arrows: Vec<usize> = (1..words.len()).filter(|at| words[*at].gap == Gap::Arrow).collect();
    let apart = |pair: &[usize]| words[pair[0] + 1..pair[1]].iter().any(|word| word.gap >= Gap::Comma && word.gap != Gap::Arrow);
    if arrows.windows(2).any(apart) {
        return Some(evidence(words, arrows[0] - 1..arrows[0] + 1, "cases, each with what is to be done", &[(Conditional, 2.6)]));
    }
    None
}

/// Pairs of kinds that shut each other out.
const OPPOSITES: &[(&str, &str)] = &[
    ("minor", "major"), ("small", "big"), ("small", "large"), ("with", "without"), ("valid", "invalid"), ("yes", "no"), ("success", "failure"), ("succeeds", "fails"),
    ("urgent", "others"), ("urgent", "normal"), ("hit", "miss"), ("above", "below"), ("over", "under"), ("new", "existing"), ("free", "paid"), ("internal", "external"),
    ("human", "bot"), ("short", "long"), ("foreign", "domestic"), ("domestic", "abroad"), ("private", "business"), ("passed", "failed"), ("pass", "fail"), ("bug", "feature"),
    ("critical", "minor"), ("high", "low"), ("positive", "negative"), ("spam", "ham"), ("patch", "major"), ("has", "no"), ("adult", "minor"), ("less", "more"), ("tiny", "huge"),
    ("admin", "guest"), ("administrators", "guests"), ("known", "unknown"), ("paid", "unpaid"), ("first", "returning"), ("premium", "free"), ("complete", "incomplete"), ("frontend", "backend"),
    ("light", "heavy"), ("easy", "hard"), ("empty", "full"), ("online", "offline"), ("cheap", "expensive"), ("simple", "complex"), ("public", "private"), ("true", "false"), ("accepted", "rejected"),
    ("real", "slow"), ("staging", "prod"), ("windows", "elsewhere"), ("hotfix", "regular"), ("smaller", "larger"), ("yes", "otherwise"), ("weekday", "weekend"), ("personal", "business"), ("structured", "unstructured"),
];

fn opposites(words: &[Word]) -> Option<Evidence> {
    let find = |name: &str| words.iter().position(|word| word.text == name);
    let (left, right) = OPPOSITES.iter().find_map(|(left, right)| Some((find(left)?, find(right)?)))?;
    let range = left.min(right)..left.max(right) + 1;
    Some(evidence(words, range, "two kinds that shut each other out", &[(Conditional, 1.0)]))
}
