//! Cases side by side: short questions, arrows from cases, things sent different ways, kinds that shut each other out.

use std::ops::Range;

use super::super::verbs::is_verb;
use super::super::words::{Gap, Word};
use super::many::is_plural;
use super::pieces::{Piece, is_determiner, is_preposition};

/// How many words a question may have that is a case.
const MAX_QUESTION: usize = 9;

/// Returns the first of at least two short questions that are followed by what is to be done.
pub(super) fn questions(words: &[Word]) -> Option<Range<usize>> {
    let short = |at: &usize| {
        let start = (0..*at).rev().take_while(|before| words[*before].sentence == words[at - 1].sentence).last();
        words[*at].gap == Gap::Question && start.is_some_and(|start| at - start <= MAX_QUESTION)
    };
    let asked: Vec<usize> = (1..words.len()).filter(short).collect();
    (asked.len() >= 2).then(|| asked[0].saturating_sub(1)..asked[0] + 1)
}

/// Returns the first of arrows that lead from cases to deeds: between two of them stands another mark.
pub(super) fn arrows(words: &[Word]) -> Option<Range<usize>> {
    let arrows: Vec<usize> = (1..words.len()).filter(|at| words[*at].gap == Gap::Arrow).collect();
    let apart = |pair: &[usize]| words[pair[0] + 1..pair[1]].iter().any(|word| word.gap >= Gap::Comma && word.gap != Gap::Arrow);
    arrows.windows(2).any(apart).then(|| arrows[0] - 1..arrows[0] + 1)
}

/// Finds "csv goes to loader A, xml to loader B": pieces that begin with a thing and end with a place.
pub(super) fn shared_out(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    const PLACES: [&str; 3] = ["to", "into", "in"];
    pieces.windows(2).find_map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        let rest = after.rest(words);
        let first = rest.first()?;
        let begins = !is_verb(first) && !is_preposition(first) && first.text != "to";
        let at = rest.iter().position(|word| PLACES.contains(&word.text.as_str()))?;
        let place = (1..=4).contains(&at) && rest.get(at + 1).is_some_and(|word| !is_verb(word) || is_determiner(word));
        let same = words[before.range.clone()].iter().skip(1).any(|word| word.text == rest[at].text);
        let short = rest.len() <= 8 && before.sentence == after.sentence;
        (begins && place && same && short).then(|| before.range.start..after.range.end)
    })
}

/// Finds a short question in front of what is to be done: "no reviewer free? assign one". Courtesies are no cases.
pub(super) fn question(words: &[Word]) -> Option<Range<usize>> {
    const COURTESIES: [&str; 16] =
        ["can", "could", "would", "will", "what", "how", "why", "who", "where", "when", "which", "do", "does", "may", "should", "shall"];
    let asked = |at: &usize| {
        let start = (0..*at).rev().take_while(|before| words[*before].sentence == words[at - 1].sentence).last();
        start.is_some_and(|start| at - start <= 6 && !COURTESIES.contains(&words[start].text.as_str()))
    };
    let at = (1..words.len()).filter(|at| words[*at].gap == Gap::Question).find(asked)?;
    Some(at - 1..at + 1)
}

/// Finds two limits on numbers: "below 10 .., above 20 ..".
pub(super) fn limits(words: &[Word]) -> Option<Range<usize>> {
    const LIMITS: [&str; 14] = ["<", ">", "<=", ">=", "over", "under", "above", "below", "exceeding", "beyond", "between", "than", "≥", "≤"];
    let is_limit = |at: &usize| {
        let next = words.get(at + 1).is_some_and(|word| word.number.is_some() || words.get(at + 2).is_some_and(|word| word.number.is_some()));
        LIMITS.contains(&words[*at].text.as_str()) && next
    };
    let found: Vec<usize> = (0..words.len()).filter(is_limit).collect();
    (found.len() >= 2).then(|| found[0]..found[found.len() - 1] + 1)
}

/// Finds "hit: serve it. miss: fetch it": short words with a colon, twice or more.
pub(super) fn colons(words: &[Word]) -> Option<Range<usize>> {
    let labelled = |at: &usize| {
        let label = words[..*at].iter().rev().take_while(|word| word.sentence == words[at - 1].sentence);
        let mut length = 0;
        for word in label {
            length += 1;
            if word.gap >= Gap::Comma {
                break;
            }
        }
        words[*at].gap == Gap::Colon && length <= 4 && !matches!(words[at - length].text.as_str(), "step" | "stage" | "phase")
    };
    let found: Vec<usize> = (1..words.len()).filter(labelled).collect();
    (found.len() >= 2).then(|| found[0] - 1..found[found.len() - 1])
}

/// Finds two clauses about two kinds of one thing: "late objections are .., objections in time are ..".
pub(super) fn contrast(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let subjects: Vec<(&Piece, &[Word])> = pieces.iter().filter_map(|piece| Some((piece, subject(words, piece)?))).collect();
    for (later, (piece, subject)) in subjects.iter().enumerate().skip(1) {
        for (before, earlier) in &subjects[later.saturating_sub(3)..later] {
            if are_kinds(earlier, subject) {
                return Some(before.range.start..piece.range.end);
            }
        }
    }
    twins(words, pieces)
}

/// Finds pieces that begin with the same noun and go on differently: "requests of type A .., requests of type B ..".
fn twins(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    const NUMBERED: [&str; 7] = ["step", "stage", "phase", "part", "clause", "one", "then"];
    let start = |piece: &Piece| {
        let rest = piece.rest(words);
        let skipped = rest.iter().take_while(|word| matches!(word.text.as_str(), "a" | "an")).count();
        (rest.len() >= skipped + 3).then(|| &rest[skipped..])
    };
    let led = |piece: &&Piece| matches!(words[piece.head].text.as_str(), "for" | "on" | "in" | "with" | "under" | "over" | "without") && piece.range.len() >= 3;
    let leads: Vec<&Piece> = pieces.iter().filter(led).collect();
    let same = leads.windows(2).find(|pair| words[pair[0].head].text == words[pair[1].head].text && words[pair[0].head + 1].text != words[pair[1].head + 1].text);
    if let Some(pair) = same {
        return Some(pair[0].range.start..pair[1].range.end);
    }
    pieces.iter().enumerate().find_map(|(later, piece)| {
        let after = start(piece)?;
        let noun = after[0].text.len() > 3 && !is_determiner(&after[0]) && !is_preposition(&after[0]);
        let noun = noun && (is_plural(&after[0]) || after.len() < piece.range.len()) && !NUMBERED.contains(&after[0].text.as_str());
        let earlier = pieces[later.saturating_sub(3)..later].iter().filter(|_| noun).find(|before| {
            start(before).is_some_and(|before| before[0].stem == after[0].stem && before[1..].iter().take(3).zip(&after[1..]).any(|(left, right)| left.text != right.text))
        });
        earlier.map(|before| before.range.start..piece.range.end)
    })
}

/// Returns what stands before the first auxiliary of a clause, when that is no particular thing.
fn subject<'w>(words: &'w [Word], piece: &Piece) -> Option<&'w [Word]> {
    const AUXILIARIES: [&str; 24] = [
        "is", "are", "shall", "must", "should", "get", "gets", "go", "goes", "need", "needs", "can", "will", "may", "has", "have", "require", "requires", "receive",
        "means", "pass", "stay", "remain", "proceed",
    ];
    let inner = &words[piece.head..piece.range.end];
    let end = inner.iter().take(9).position(|word| AUXILIARIES.contains(&word.text.as_str()))?;
    let subject = &inner[..end];
    let first = subject.first()?;
    (end >= 1 && first.text != "the" && first.text != "this" && first.text != "it").then_some(subject)
}

/// Says whether two subjects share a noun and differ in the rest.
fn are_kinds(left: &[Word], right: &[Word]) -> bool {
    let noun = |word: &&Word| word.text.len() >= 3 && !is_determiner(word) && !is_preposition(word);
    let shared = left.iter().filter(noun).any(|word| right.iter().any(|other| other.stem == word.stem));
    let own = |one: &[Word], other: &[Word]| {
        one.iter().filter(noun).any(|word| other.iter().all(|there| there.stem != word.stem))
    };
    shared && own(left, right) && own(right, left) && (left.iter().any(is_plural) || left.iter().any(|word| matches!(word.text.as_str(), "a" | "an")))
}

/// Pairs of kinds that shut each other out.
const OPPOSITES: &[(&str, &str)] = &[
    ("minor", "major"), ("small", "big"), ("small", "large"), ("with", "without"), ("valid", "invalid"), ("yes", "no"), ("success", "failure"), ("succeeds", "fails"),
    ("urgent", "others"), ("urgent", "normal"), ("hit", "miss"), ("above", "below"), ("over", "under"), ("new", "existing"), ("free", "paid"), ("internal", "external"),
    ("human", "bot"), ("short", "long"), ("foreign", "domestic"), ("domestic", "abroad"), ("private", "business"), ("passed", "failed"), ("pass", "fail"), ("bug", "feature"),
    ("critical", "minor"), ("high", "low"), ("positive", "negative"), ("spam", "ham"), ("patch", "major"), ("has", "no"), ("adults", "minors"), ("tiny", "huge"),
    ("admin", "guest"), ("administrators", "guests"), ("known", "unknown"), ("paid", "unpaid"), ("premium", "free"), ("complete", "incomplete"), ("frontend", "backend"),
    ("light", "heavy"), ("easy", "hard"), ("empty", "full"), ("online", "offline"), ("cheap", "expensive"), ("simple", "complex"), ("public", "private"), ("true", "false"),
    ("hotfix", "regular"), ("smaller", "larger"), ("weekday", "weekend"), ("personal", "business"), ("structured", "unstructured"), ("on", "off"), ("late", "time"),
    ("legal", "illegal"), ("same", "different"), ("refuse", "agrees"), ("male", "female"), ("old", "new"), ("manual", "automatic"), ("open", "closed"), ("present", "absent"),
    ("available", "unavailable"), ("approved", "rejected"), ("accept", "reject"), ("accepted", "refused"), ("green", "red"), ("member", "guest"), ("local", "remote"),
    ("children", "adults"), ("fragile", "normal"), ("member", "non"), ("members", "nonmembers"), ("routine", "urgent"), ("standard", "special"), ("safe", "unsafe"),
];

/// Returns where two kinds are told apart.
pub(super) fn opposites(words: &[Word]) -> Option<Range<usize>> {
    let find = |name: &str| words.iter().position(|word| word.text == name);
    let (left, right) = OPPOSITES.iter().find_map(|(left, right)| Some((find(left)?, find(right)?)))?;
    Some(left.min(right)..left.max(right) + 1)
}
