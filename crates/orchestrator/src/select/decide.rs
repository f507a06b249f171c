//! Adds the evidence up and chooses, or says that nothing tells.
//!
//! A pattern's score is what the cues and shapes say, times [`CUE_SCALE`], plus what the words are usual for. `unsure` has
//! a score too: what must be reached at least. Shares of the exponentials are the confidence.

use super::language::is_english;
use super::lexicon::{UNSURE, Usual, WAYS};
use super::selection::Evidence;
use super::words::{Word, words};
use super::{Pattern, Selection, cues, reason, shape};

/// The least that the cues must say for a pattern.
pub(super) const MIN_SCORE: f64 = 1.4;

/// What the hand-set weights of the cues are multiplied by, so that scores are logarithms of odds.
pub(super) const CUE_SCALE: f64 = 0.6;

/// Selects the pattern that fits a task description in English.
///
/// Only the first 8 KiB are read, so the time is bounded. A text without words, or in another language, is `unsure`.
pub fn select(description: &str) -> Selection {
    let words = words(description);
    let nothing = |reason: &str| Selection { reason: reason.to_owned(), ..Selection::default() };
    match () {
        () if words.is_empty() => return nothing("the description holds no words"),
        () if !is_english(&words) => return nothing("the description does not look like English"),
        () => {}
    }
    let mut evidence = evidence(description, &words);
    evidence.sort_by(|left, right| weight(right).total_cmp(&weight(left)));
    choose(evidence, &Usual::of(description, &words))
}

/// Finds all evidence in a text.
pub(super) fn evidence(description: &str, words: &[Word]) -> Vec<Evidence> {
    let void = cues::void(words);
    let mut evidence = cues::find(words, &void);
    shape::scope(words, &mut evidence);
    let seen = shape::look(words, &void, &evidence);
    evidence.extend(seen);
    evidence.extend(contradiction(words, &evidence));
    for one in &mut evidence {
        one.quote = description[one.place.clone()].to_owned();
    }
    evidence
}

/// Finds a text that wants things at once and one after the other, in one sentence and without choosing.
fn contradiction(words: &[Word], evidence: &[Evidence]) -> Option<Evidence> {
    let said = |what: &str| evidence.iter().find(|one| one.says == what && one.share >= 1.0);
    let (at_once, ordered) = (said("several things at the same time")?, said("one step strictly after the other")?);
    let sentence =
        |one: &Evidence| words.iter().find(|word| word.place.start == one.place.start).map(|word| word.sentence);
    let chosen = said("not one after the other").is_some();
    let place = at_once.place.start.min(ordered.place.start)..at_once.place.end.max(ordered.place.end);
    (!chosen && sentence(at_once) == sentence(ordered)).then(|| cues::shapes::CONTRADICTION.evidence(place, 1.0))
}

fn weight(evidence: &Evidence) -> f64 {
    evidence.votes.iter().map(|(_, weight)| weight.abs()).fold(0.0, f64::max)
}

/// Returns what the evidence adds up to for each pattern.
pub(super) fn sums(evidence: &[Evidence]) -> [f64; Pattern::ALL.len()] {
    let mut sums = [0.0; Pattern::ALL.len()];
    for (pattern, weight) in evidence.iter().flat_map(|one| &one.votes) {
        sums[*pattern as usize] += weight;
    }
    sums
}

fn choose(mut evidence: Vec<Evidence>, usual: &Usual) -> Selection {
    let mut scores = usual.scores;
    scores.iter_mut().zip(sums(&evidence)).for_each(|(score, sum)| *score += sum * CUE_SCALE);
    scores[UNSURE] += MIN_SCORE * CUE_SCALE;
    let mut order: Vec<usize> = (0..WAYS).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let named: Vec<Pattern> = order.iter().filter_map(|way| Pattern::ALL.get(*way).copied()).collect();
    let top = scores[order[0]];
    let total: f64 = scores.iter().map(|score| (score - top).exp()).sum();
    let confidence = (scores[named[0] as usize] - top).exp() / total;
    evidence.retain(|one| !one.votes.is_empty());
    match Pattern::ALL.get(order[0]) {
        Some(pattern) => Selection {
            pattern: Some(*pattern),
            reason: reason::chosen(*pattern, &evidence, usual),
            runner_up: Some(named[1]),
            confidence,
            evidence,
        },
        None => Selection {
            pattern: None,
            reason: reason::unsure(&evidence, named[0]),
            runner_up: Some(named[0]),
            confidence,
            evidence,
        },
    }
}
