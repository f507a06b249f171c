//! Kinds of things told apart: sent different ways, treated differently, shutting each other out.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::verbs::is_verb;
use super::super::words::Word;
use super::pieces::{Piece, is_determiner, is_preposition};
use super::plural::is_plural;

/// How far apart, in pieces, two kinds of a thing may be told.
const MAX_APART: usize = 3;

/// How many words of a clause without an auxiliary are taken for its subject.
const ELLIPSIS: usize = 3;

/// Verbs and auxiliaries that end a subject.
static AUXILIARIES: Set = LazyLock::new(|| {
    set(
        "is are shall must should get gets go goes need needs can will may has have require requires receive means pass stay remain proceed leads bears takes take pays pay follow follows",
    )
});

/// Words that begin pieces alike without naming kinds.
static NUMBERED: Set = LazyLock::new(|| set("step stage phase part clause one then"));

/// Prepositions that can lead cases: "for small ones .., for large ones ..".
static LEADING: Set = LazyLock::new(|| set("for on in with under over without"));

/// Pairs of kinds that shut each other out.
const OPPOSITES: &str = "
minor/major small/big small/large smaller/larger tiny/huge short/long light/heavy simple/complex easy/hard cheap/expensive
with/without valid/invalid yes/no has/no success/failure succeeds/fails pass/fail passed/failed positive/negative true/false
hit/miss above/below over/under high/low late/time on/off new/existing old/new free/paid paid/unpaid premium/free
internal/external local/remote foreign/domestic domestic/abroad private/business personal/business private/public human/bot
admin/guest administrators/guests member/guest members/nonmembers adults/minors children/adults male/female known/unknown
complete/incomplete structured/unstructured available/unavailable present/absent empty/full open/closed online/offline
bug/feature spam/ham patch/major critical/minor urgent/others urgent/normal routine/urgent standard/special fragile/normal
hotfix/regular frontend/backend weekday/weekend manual/automatic legal/illegal same/different safe/unsafe green/red
refuse/agrees approved/rejected accept/reject accepted/refused
";

/// Each kind with those that it shuts out.
static PAIRS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut pairs: HashMap<&str, Vec<&str>> = HashMap::new();
    for (left, right) in OPPOSITES.split_whitespace().filter_map(|pair| pair.split_once('/')) {
        pairs.entry(left).or_default().push(right);
        pairs.entry(right).or_default().push(left);
    }
    pairs
});

/// Finds "csv goes to loader A, xml to loader B": pieces that begin with a thing and end with a place.
pub(super) fn shared_out(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let is_place = |word: &Word| matches!(word.text.as_str(), "to" | "into" | "in" | "on" | "at" | "by" | "via");
    pieces.windows(2).find_map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        let rest = after.rest(words);
        let first = rest.first()?;
        let begins = !is_verb(first) && !is_preposition(first) && first.text != "to";
        let at = rest.iter().position(is_place)?;
        let ends = (1..=4).contains(&at) && rest.get(at + 1).is_some_and(|word| !is_verb(word) || is_determiner(word));
        let same = words[before.range.clone()].iter().skip(1).any(|word| word.text == rest[at].text);
        let short = rest.len() <= 8 && before.sentence == after.sentence;
        (begins && ends && same && short).then_some(before.range.start..after.range.end)
    })
}

/// Finds two clauses about two kinds of one thing: "late objections are .., objections in time are ..".
pub(super) fn contrast(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let subjects: Vec<(&Piece, &[Word])> =
        pieces.iter().filter_map(|piece| Some((piece, subject(words, piece)?))).collect();
    let kinds = subjects.iter().enumerate().skip(1).find_map(|(later, (piece, subject))| {
        let mut before = subjects[later.saturating_sub(MAX_APART)..later].iter();
        let before = before.find(|(_, earlier)| are_kinds(earlier, subject))?;
        Some(before.0.range.start..piece.range.end)
    });
    kinds.or_else(|| led_alike(words, pieces)).or_else(|| twins(words, pieces))
}

/// Returns what stands before the first auxiliary of a clause, when that is no particular thing.
fn subject<'w>(words: &'w [Word], piece: &Piece) -> Option<&'w [Word]> {
    let inner = piece.rest(words);
    let end = inner.iter().take(9).position(|word| AUXILIARIES.contains(word.text.as_str()));
    // The second of two clauses often leaves its verb out: "a positive result means .., a negative one ..".
    let subject = &inner[..end.or((inner.len() > ELLIPSIS).then_some(ELLIPSIS))?];
    let first = subject.first()?;
    (!matches!(first.text.as_str(), "the" | "this" | "it")).then_some(subject)
}

/// Says whether two subjects share a noun and differ in the rest.
fn are_kinds(left: &[Word], right: &[Word]) -> bool {
    let noun = |word: &&Word| word.text.len() >= 3 && !is_determiner(word) && !is_preposition(word);
    let shared = left.iter().filter(noun).any(|word| right.iter().any(|other| other.stem == word.stem));
    let own = |one: &[Word], other: &[Word]| {
        one.iter().filter(noun).any(|word| other.iter().all(|there| there.stem != word.stem))
    };
    let is_open = left.iter().any(|word| is_plural(word) || matches!(word.text.as_str(), "a" | "an"));
    // "hazardous waste .., household waste ..": a noun behind different words is two kinds as well.
    let is_behind = left.iter().skip(1).any(|word| right.iter().skip(1).any(|other| other.text == word.text));
    shared && own(left, right) && own(right, left) && (is_open || (is_behind && !is_determiner(&left[0])))
}

/// Finds "for small ones .., for large ones ..".
fn led_alike(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let led = |piece: &&Piece| LEADING.contains(words[piece.head].text.as_str()) && piece.range.len() >= 3;
    let leads: Vec<&Piece> = pieces.iter().filter(led).collect();
    let text = |piece: &Piece, at: usize| words.get(piece.head + at).map(|word| word.text.as_str());
    let pair =
        leads.windows(2).find(|pair| text(pair[0], 0) == text(pair[1], 0) && text(pair[0], 1) != text(pair[1], 1));
    pair.map(|pair| pair[0].range.start..pair[1].range.end)
}

/// Finds pieces that begin with the same noun and go on differently: "requests of type A .., requests of type B ..".
fn twins(words: &[Word], pieces: &[Piece]) -> Option<Range<usize>> {
    let start = |piece: &Piece| {
        let rest = piece.rest(words);
        let articles = rest.iter().take_while(|word| matches!(word.text.as_str(), "a" | "an")).count();
        (rest.len() >= articles + 3).then(|| &rest[articles..])
    };
    pieces.iter().enumerate().find_map(|(later, piece)| {
        let after = start(piece)?;
        let noun = &after[0];
        let is_kind = noun.text.len() > 3 && !is_determiner(noun) && !is_preposition(noun);
        if !is_kind || NUMBERED.contains(noun.text.as_str()) || !(is_plural(noun) || after.len() < piece.range.len()) {
            return None;
        }
        let differs =
            |before: &[Word]| before[1..].iter().take(3).zip(&after[1..]).any(|(left, right)| left.text != right.text);
        let mut before = pieces[later.saturating_sub(MAX_APART)..later].iter();
        let before =
            before.find(|before| start(before).is_some_and(|before| before[0].stem == noun.stem && differs(before)))?;
        Some(before.range.start..piece.range.end)
    })
}

/// Returns where two kinds are told apart.
pub(super) fn opposites(words: &[Word]) -> Option<Range<usize>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, word) in words.iter().enumerate() {
        let others = PAIRS.get(word.text.as_str()).into_iter().flatten();
        if let Some(before) = others.filter_map(|other| seen.get(other)).max() {
            return Some(*before..at + 1);
        }
        seen.insert(&word.text, at);
    }
    None
}
