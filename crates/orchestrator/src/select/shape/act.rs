//! Whether a piece of a text names an action, and how sure that is without a parser.

use super::super::verbs::{is_action_noun, is_also_noun, is_participle, is_verb};
use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};

/// How many words a piece may have whose action is a noun at its end: "virus check".
const MAX_NOUNS: usize = 3;

/// How many words a piece may have of which nothing is known.
const MAX_UNKNOWN: usize = 4;

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
    let Some((first, behind)) = rest.split_first() else {
        return Act::No;
    };
    let governs = behind.first().is_some_and(|word| !is_preposition(word) && !word.text.ends_with("ing"));
    let is_said = |word: &Word| is_verb(word) || is_participle(word);
    match () {
        () if is_passive(&words[piece.range.clone()]) => Act::Yes,
        () if is_verb(first) && governs && (behind.len() > 1 || is_object(&behind[0])) => Act::Yes,
        () if is_said(first) && is_also_noun(first) => Act::Perhaps,
        () if is_said(first) => Act::Yes,
        () if is_determiner(first) && !is_first => {
            let has_verb = rest.iter().take(5).any(|word| is_verb(word) && word.text.ends_with('s'));
            if has_verb { Act::Perhaps } else { Act::No }
        }
        () if is_first && rest.iter().any(is_said) => Act::Perhaps,
        () => named(rest, is_first),
    }
}

/// Says whether words without a verb ahead name an action.
fn named(rest: &[Word], is_first: bool) -> Act {
    let (first, last) = (&rest[0], &rest[rest.len() - 1]);
    let is_name = is_action_noun(last) || is_participle(last) || is_action_noun(first);
    match () {
        () if rest.len() <= MAX_NOUNS && is_name => Act::Perhaps,
        () if is_first || rest.len() > MAX_UNKNOWN || is_preposition(first) || first.number.is_some() => Act::No,
        () => Act::Unknown,
    }
}

/// Says whether a word can be the whole object of a verb, or begin one.
fn is_object(word: &Word) -> bool {
    is_determiner(word) || word.text == "it" || word.text == "them" || word.number.is_some()
}

/// Says whether something is done to something here: "causes are found".
fn is_passive(words: &[Word]) -> bool {
    let is_auxiliary =
        |word: &Word| matches!(word.text.as_str(), "is" | "are" | "be" | "get" | "gets" | "being" | "was" | "been");
    let is_between = |word: &Word| matches!(word.text.as_str(), "then" | "also" | "first" | "finally" | "to" | "be");
    words.iter().enumerate().any(|(at, word)| {
        let next = words[at + 1..].iter().find(|word| !is_between(word));
        is_auxiliary(word) && next.is_some_and(is_participle)
    })
}
