//! Finds the cues in a text: guards first, then the longer phrase explains the shorter one inside it.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::phrase::Phrase;
use super::super::selection::Evidence;
use super::super::words::{Gap, Word};
use super::cue::{Cue, listed};
use super::{all, guards};

/// What a cue counts when a `not` stands before it.
const NEGATED: f64 = -0.4;

/// How much of its weight a cue adds when it is found again.
const AGAIN: [f64; 3] = [1.0, 0.35, 0.15];

/// How far the first word of a match may stand behind that of the longer one that explains it.
const MAX_SPAN: usize = 24;

/// Words that turn round what follows within a few words.
const NEGATIONS: [&str; 10] =
    ["not", "never", "nothing", "don't", "doesn't", "no", "instead", "rather", "isn't", "needn't"];

/// How many words a negation reaches.
const REACH: usize = 3;

/// All phrases, by the first stem of each; those that may begin with anything stand under the empty one.
struct Index<T>(HashMap<String, Vec<(Phrase, T)>>);

static GUARDS: LazyLock<Index<()>> = LazyLock::new(|| Index::new(listed(guards::PHRASES).map(|phrase| (phrase, ()))));

static CUES: LazyLock<Index<&'static Cue>> =
    LazyLock::new(|| Index::new(all().flat_map(|cue| cue.phrases().map(move |phrase| (phrase, cue)))));

struct Match {
    cue: &'static Cue,
    anchors: Vec<usize>,
}

impl<T: Clone> Index<T> {
    fn new(phrases: impl Iterator<Item = (&'static str, T)>) -> Index<T> {
        let mut index: HashMap<String, Vec<(Phrase, T)>> = HashMap::new();
        for (text, value) in phrases {
            let firsts = Phrase::new(text).first().map_or_else(|| vec![String::new()], <[String]>::to_vec);
            for first in firsts {
                index.entry(first).or_default().push((Phrase::new(text), value.clone()));
            }
        }
        Index(index)
    }

    fn at(&self, words: &[Word], start: usize) -> Vec<(T, Vec<usize>)> {
        let named = self.0.get(&words[start].stem).into_iter().flatten();
        let any = self.0.get("").into_iter().flatten();
        named
            .chain(any)
            .filter_map(|(phrase, value)| phrase.at(words, start).map(|anchors| (value.clone(), anchors)))
            .collect()
    }
}

/// Returns which words only look as if they told something.
pub(in super::super) fn void(words: &[Word]) -> Vec<bool> {
    let mut void = vec![false; words.len()];
    for start in 0..words.len() {
        for (_, anchors) in GUARDS.at(words, start) {
            anchors.into_iter().for_each(|anchor| void[anchor] = true);
        }
    }
    void
}

/// Returns what the cues in a text say.
pub(in super::super) fn find(words: &[Word], void: &[bool]) -> Vec<Evidence> {
    let mut matches: Vec<Match> = Vec::new();
    for start in 0..words.len() {
        for (cue, anchors) in CUES.at(words, start) {
            if !anchors.iter().any(|anchor| void[*anchor]) {
                matches.push(Match { cue, anchors });
            }
        }
    }
    let mut seen: HashMap<*const Cue, usize> = HashMap::new();
    let mut evidence = Vec::new();
    for (index, found) in matches.iter().enumerate() {
        if is_explained(&matches, index) {
            continue;
        }
        let times = seen.entry(std::ptr::from_ref(found.cue)).or_default();
        let sign = if found.cue.is_turned_by_not() { sign(words, found) } else { 1.0 };
        let share = AGAIN.get(*times).copied().unwrap_or(0.0) * sign;
        *times += 1;
        if share != 0.0 {
            evidence.push(told(words, found, share));
        }
    }
    evidence
}

/// Says whether another match near by explains one. Matches stand in the order of their first words.
fn is_explained(matches: &[Match], index: usize) -> bool {
    let found = &matches[index];
    let start = found.anchors[0];
    let before = matches[..index].iter().enumerate().rev();
    let before = before.take_while(|(_, other)| start - other.anchors[0] <= MAX_SPAN);
    let after = matches.iter().enumerate().skip(index + 1).take_while(|(_, other)| other.anchors[0] == start);
    before.chain(after).any(|other| explains(other, (index, found)))
}

/// Says whether a match lies inside another, longer one; of two equal ones of one cue the earlier stays.
fn explains((other, longer): (usize, &Match), (index, found): (usize, &Match)) -> bool {
    let inside = found.anchors.iter().all(|anchor| longer.anchors.contains(anchor));
    let equal = longer.anchors.len() == found.anchors.len();
    inside && index != other && (!equal || (std::ptr::eq(longer.cue, found.cue) && other < index))
}

/// Returns 1, or what remains of a cue that is negated.
fn sign(words: &[Word], found: &Match) -> f64 {
    let start = found.anchors[0];
    let mut before = (start.saturating_sub(REACH)..start).rev();
    let mut near = true;
    let negated = before.any(|at| {
        near &= words[at + 1].gap < Gap::Comma;
        near && NEGATIONS.contains(&words[at].text.as_str())
    });
    if negated { NEGATED } else { 1.0 }
}

fn told(words: &[Word], found: &Match, share: f64) -> Evidence {
    let last = found.anchors.last().copied().unwrap_or(found.anchors[0]);
    found.cue.evidence(words[found.anchors[0]].place.start..words[last].place.end, share)
}
