//! Words that are usual in descriptions of one pattern and rare in those of the others, with fitted weights.
//!
//! `lexicon.tsv` holds them: a stem or a mark, then its weight for each pattern and for `unsure`. The table is made from
//! labelled texts by `fit`, and a test sees to it that it is still what they give.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::Pattern;
use super::verbs::is_verb;
use super::words::{Gap, Word};

/// How many ways a text can go: the patterns, and none of them.
pub(super) const WAYS: usize = Pattern::ALL.len() + 1;

/// The place of `unsure` among the weights.
pub(super) const UNSURE: usize = Pattern::ALL.len();

/// From which weight on a word is named as evidence.
const MIN_NAMED: f64 = 0.2;

/// How many words are named as evidence.
const MAX_NAMED: usize = 3;

/// Most words of texts of a length, and what that is called.
const LENGTHS: [(usize, &str); 5] =
    [(2, "(2 words)"), (4, "(4 words)"), (7, "(7 words)"), (12, "(12 words)"), (20, "(20 words)")];

static LEXICON: LazyLock<HashMap<&'static str, [f64; WAYS]>> = LazyLock::new(|| {
    let rows = include_str!("lexicon.tsv").lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    rows.filter_map(|line| line.split_once('\t')).map(|(name, weights)| (name, read(weights))).collect()
});

fn read(weights: &str) -> [f64; WAYS] {
    let mut read = [0.0; WAYS];
    for (place, weight) in read.iter_mut().zip(weights.split('\t')) {
        *place = weight.parse().expect("a test reads every number of the table");
    }
    read
}

/// What the words of a text say together.
#[derive(Debug, Default)]
pub(super) struct Usual {
    /// Summed weights.
    pub(super) scores: [f64; WAYS],
    /// Each known word as the text writes it, with its weights.
    words: Vec<(String, [f64; WAYS])>,
}

impl Usual {
    /// Looks up the words of a text.
    pub(super) fn of(description: &str, words: &[Word]) -> Usual {
        let mut usual = Usual::default();
        for feature in features(description, words) {
            if let Some(weights) = LEXICON.get(feature.as_str()) {
                usual.scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += weight);
                let written = words.iter().find(|word| word.stem == feature);
                usual.words.extend(written.map(|word| (word.text.clone(), *weights)));
            }
        }
        usual
    }

    /// Returns the words that speak most for a pattern.
    pub(super) fn named(&self, pattern: Pattern) -> Vec<&str> {
        let mut words: Vec<(&str, f64)> =
            self.words.iter().map(|(word, weights)| (word.as_str(), weights[pattern as usize])).collect();
        words.retain(|(word, weight)| *weight > MIN_NAMED && word.len() > 1);
        words.sort_by(|left, right| right.1.total_cmp(&left.1));
        words.into_iter().take(MAX_NAMED).map(|(word, _)| word).collect()
    }
}

/// Returns what of a text is looked up: stems, `#` for a number, marks, and how the text is formed as a whole.
pub(super) fn features(description: &str, words: &[Word]) -> BTreeSet<String> {
    let mut features = forms(description, words);
    for word in words {
        features.insert(if word.number.is_some() { "#".to_owned() } else { word.stem.clone() });
        let mark = match word.gap {
            Gap::Slash => "/",
            Gap::Comma => ",",
            Gap::Dash => "-",
            Gap::Arrow => "→",
            Gap::Colon => ":",
            Gap::Semicolon => ";",
            Gap::Question => "?",
            Gap::Stop => ".",
            Gap::Marker => "1.",
            Gap::None | Gap::Bracket | Gap::Line => continue,
        };
        features.insert(mark.to_owned());
    }
    features
}

/// Returns what is to be said of a text as a whole: how long it is, how much is done in it, how it begins and ends. A few
/// words in which nothing is done are no task, whatever those words are.
fn forms(description: &str, words: &[Word]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    let length = LENGTHS.iter().find(|(most, _)| words.len() <= *most).map_or("(long)", |(_, name)| name);
    forms.insert(length.to_owned());
    let verbs = match words.iter().filter(|word| is_verb(word)).count() {
        0 => "(no verb)",
        1 => "(one verb)",
        2 => "(two verbs)",
        _ => "(more verbs)",
    };
    forms.insert(verbs.to_owned());
    let text = description.trim();
    if text.ends_with('?') {
        forms.insert("(asks)".to_owned());
    }
    if text.starts_with(['"', '“', '\'']) {
        forms.insert("(quotes)".to_owned());
    }
    if words.first().is_some_and(is_verb) {
        forms.insert("(commands)".to_owned());
    }
    forms
}
