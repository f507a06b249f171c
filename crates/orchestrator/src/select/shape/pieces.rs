//! A text cut into pieces: at marks, and before the `and`, `or`, `then` that follow a piece.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::super::verbs::{is_action_noun, is_filler, is_participle, is_verb};
use super::super::words::{Gap, Word};

/// Some words between two marks.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) sentence: usize,
    /// What stands before it.
    pub(super) gap: Gap,
    /// It begins with `and`, `or`, `then`, `but`.
    pub(super) is_joined: bool,
    /// Its first word that is no filler.
    pub(super) head: usize,
}

impl Piece {
    /// Returns its words from the head on.
    pub(super) fn rest<'w>(&self, words: &'w [Word]) -> &'w [Word] {
        &words[self.head..self.range.end]
    }
}

/// Cuts a text into pieces.
pub(super) fn pieces(words: &[Word]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..=words.len() {
        let ends = words.get(at).is_none_or(|word| {
            let marked = word.gap >= Gap::Slash && word.gap != Gap::Bracket;
            word.sentence != words[start].sentence || marked || is_joint(word)
        });
        if ends && !words[start..at].iter().all(is_joint) {
            pieces.push(piece(words, start..at));
            start = at;
        }
    }
    pieces
}

fn piece(words: &[Word], range: Range<usize>) -> Piece {
    let head = range.clone().find(|at| !is_filler(&words[*at])).unwrap_or(range.start);
    let first = &words[range.start];
    Piece { sentence: first.sentence, gap: first.gap, is_joined: is_joint(first), head, range }
}

fn is_joint(word: &Word) -> bool {
    matches!(word.text.as_str(), "and" | "or" | "then" | "but")
}

/// Says whether a word is an article or another word that a noun follows.
pub(super) fn is_determiner(word: &Word) -> bool {
    const DETERMINERS: [&str; 17] = [
        "the", "a", "an", "my", "your", "our", "their", "his", "her", "its", "this", "that", "these", "those", "some", "each", "every",
    ];
    DETERMINERS.contains(&word.text.as_str())
}

/// Says whether a word is a preposition.
pub(super) fn is_preposition(word: &Word) -> bool {
    const PREPOSITIONS: [&str; 22] = [
        "of", "for", "to", "in", "on", "with", "by", "from", "at", "into", "onto", "across", "between", "over", "against", "about", "without", "under",
        "as", "using", "via", "per",
    ];
    PREPOSITIONS.contains(&word.text.as_str())
}

/// How sure a piece is to name an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// It names something else.
    No,
    /// A short piece with a word ahead that is not known.
    Unknown,
    /// It may be a name or a deed: "search", "test environment".
    Perhaps,
    /// It tells something to do or that is done.
    Yes,
}

/// Says whether a piece names an action. The first piece of a row may have its subject before its verb.
pub(super) fn act(words: &[Word], piece: &Piece, is_first: bool) -> Act {
    let rest = piece.rest(words);
    let Some(first) = rest.first() else {
        return Act::No;
    };
    if is_passive(words, piece) || (is_verb(first) && rest.len() > 1 && !is_preposition(&rest[1]) && !rest[1].text.ends_with("ing")) {
        let object = rest.get(1).is_some_and(|word| is_determiner(word) || word.text == "it" || word.text == "them" || word.number.is_some());
        let clear = object || rest.len() > 2 || is_passive(words, piece) || !is_also_noun(first);
        return if clear { Act::Yes } else { Act::Perhaps };
    }
    if is_verb(first) || is_participle(first) {
        return if is_also_noun(first) { Act::Perhaps } else { Act::Yes };
    }
    if is_determiner(first) && !is_first {
        return if rest.iter().take(5).any(|word| is_verb(word) && word.text.ends_with('s')) { Act::Perhaps } else { Act::No };
    }
    if is_first && (rest.iter().any(is_verb) || rest.iter().any(is_participle)) {
        return Act::Perhaps;
    }
    let last = &rest[rest.len() - 1];
    match rest.len() <= 3 && (is_action_noun(last) || is_participle(last) || is_action_noun(first)) {
        true => Act::Perhaps,
        false if rest.len() <= 4 && !is_preposition(first) && !is_first && first.number.is_none() => Act::Unknown,
        false => Act::No,
    }
}

/// Says whether something is done to something in a piece: "causes are found".
fn is_passive(words: &[Word], piece: &Piece) -> bool {
    const AUXILIARIES: [&str; 8] = ["is", "are", "be", "get", "gets", "being", "was", "been"];
    let skips = |word: &Word| matches!(word.text.as_str(), "then" | "also" | "first" | "finally" | "to" | "be");
    let range = &words[piece.range.clone()];
    range.iter().enumerate().any(|(at, word)| {
        AUXILIARIES.contains(&word.text.as_str()) && range[at + 1..].iter().find(|word| !skips(word)).is_some_and(is_participle)
    })
}

/// Says whether a verb is as often a noun.
fn is_also_noun(word: &Word) -> bool {
    const NOUNS: &str = " search test scan design review report audit check plan build code draft copy order cost price process record score rank
        label tag file market model map mail list link log name note notice post print query queue sample schedule screen script sort stage store
        time title track trade view vote watch work support index import export display load lock head hand heat light land level match measure mix
        mount paint paper place plant power press present profile program project purchase question quote rate release request research result return
        rule run sand scale seed set shape share shop show sign sound source stock study supply survey table talk target tax template token train
        transfer transport treat trial tune turn type update upgrade use value visit wash watermark wire wrap balance bill book box brief bug call cap
        caption capture cast catalogue charge claim clone cluster comment contact contract count cover cut deal debate demo deposit detail digest document
        draw drill dump estimate fit fix flag flash flow focus format forward freight frame grade grill guide harvest image input insert interview
        invite invoice issue joint judge lint ";
    static SET: LazyLock<HashSet<&str>> = LazyLock::new(|| NOUNS.split_whitespace().collect());
    SET.contains(word.text.as_str())
}
