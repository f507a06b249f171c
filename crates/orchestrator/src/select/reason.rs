//! The reason for a choice, in plain words that name what was found.

use super::Pattern;
use super::lexicon::Usual;
use super::selection::Evidence;

/// How many pieces of evidence a reason names.
const MAX_NAMED: usize = 3;

/// How long a quote may be, in letters.
const MAX_QUOTE: usize = 48;

/// Returns why a pattern was chosen.
pub(super) fn chosen(pattern: Pattern, evidence: &[Evidence], usual: &Usual) -> String {
    let mut named: Vec<String> = Vec::new();
    for one in evidence.iter().filter(|one| vote(one, pattern) > 0.0) {
        let told = format!("{} (\"{}\")", one.says, short(&one.quote));
        if named.len() < MAX_NAMED && !named.iter().any(|earlier| earlier.starts_with(one.says)) {
            named.push(told);
        }
    }
    let words = usual.named(pattern);
    if !words.is_empty() {
        named.push(format!("words that are usual in such texts ({})", words.join(", ")));
    }
    match named.is_empty() {
        true => format!("{}: nothing speaks for another pattern", pattern.meaning()),
        false => format!("{}: {}", pattern.meaning(), named.join("; ")),
    }
}

/// Returns why none was chosen.
pub(super) fn unsure(evidence: &[Evidence], runner_up: Pattern) -> String {
    let against =
        evidence.iter().find(|one| one.votes.iter().all(|(_, weight)| *weight < 0.0) && !one.votes.is_empty());
    let best = evidence.iter().find(|one| vote(one, runner_up) > 0.0);
    match (against, best) {
        (Some(against), _) => format!("{} (\"{}\")", against.says, short(&against.quote)),
        (None, Some(best)) => {
            format!("too little tells how the work is put together; only {} (\"{}\")", best.says, short(&best.quote))
        }
        (None, None) => "nothing tells how the work is put together".to_owned(),
    }
}

/// Returns how much evidence speaks for a pattern.
pub(super) fn vote(evidence: &Evidence, pattern: Pattern) -> f64 {
    evidence.votes.iter().filter(|(voted, _)| *voted == pattern).map(|(_, weight)| weight).sum()
}

/// Returns a quote on one line, cut where it is long.
fn short(quote: &str) -> String {
    let line = quote.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    match line.char_indices().nth(MAX_QUOTE) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}
