//! Adds the evidence up and chooses, or says that nothing tells.

use super::cues;
use super::selection::Evidence;
use super::shape::shape;
use super::words::{Word, words};
use super::{Pattern, Selection};

/// The least that must speak for a pattern.
const MIN_SCORE: f64 = 1.4;

/// Scores are divided by this before they become probabilities.
const TEMPERATURE: f64 = 1.0;

/// Selects the pattern that fits a task description.
pub fn select(description: &str) -> Selection {
    let words = words(description);
    let void = cues::void(&words);
    let mut evidence = cues::find(&words, &void);
    super::shape::scope(&words, &mut evidence);
    let told = evidence.clone();
    evidence.extend(shape(&words, &void, &told));
    evidence.extend(contradiction(&words, &evidence));
    for one in &mut evidence {
        one.quote = description[one.place.clone()].to_owned();
    }
    evidence.sort_by(|left, right| weight(right).total_cmp(&weight(left)));
    choose(&words, evidence)
}

/// Finds a text that wants things at once and one after the other, in one sentence and without choosing.
fn contradiction(words: &[Word], evidence: &[Evidence]) -> Option<Evidence> {
    let said = |what: &str| evidence.iter().find(|one| one.says == what && one.share >= 1.0);
    let (at_once, ordered) = (said("several things at the same time")?, said("one step strictly after the other")?);
    let sentence = |one: &Evidence| words.iter().find(|word| word.place.start == one.place.start).map(|word| word.sentence);
    let chosen = said("not one after the other").is_some();
    let place = at_once.place.start.min(ordered.place.start)..at_once.place.end.max(ordered.place.end);
    (!chosen && sentence(at_once) == sentence(ordered)).then(|| cues::shapes::CONTRADICTION.evidence(place, 1.0))
}

fn weight(evidence: &Evidence) -> f64 {
    evidence.votes.iter().map(|(_, weight)| weight.abs()).fold(0.0, f64::max)
}

fn choose(_words: &[Word], evidence: Vec<Evidence>) -> Selection {
    let mut scores = [0.0; 5];
    for (pattern, weight) in evidence.iter().flat_map(|one| &one.votes) {
        scores[*pattern as usize] += weight;
    }
    let mut order = Pattern::ALL;
    order.sort_by(|left, right| scores[*right as usize].total_cmp(&scores[*left as usize]));
    let top = scores[order[0] as usize];
    let total: f64 = scores.iter().map(|score| ((score - top) / TEMPERATURE).exp()).sum();
    let confidence = 1.0 / total;
    let pattern = (top >= MIN_SCORE).then_some(order[0]);
    let runner_up = (scores[order[1] as usize] > 0.0).then_some(order[1]);
    Selection { pattern, confidence, reason: String::new(), evidence, runner_up }
}
