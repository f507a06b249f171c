//! The sentences by which agents report a limit or a failure, and the signs that tell them from prose about limits.
//! Leaves finding the line to `printed`.

use super::row::Row;
use crate::{Advice, Kind, Severity};

/// Returns what a line in lower case reports, if it is a report that is known.
pub(super) fn row_of(line: &str) -> Option<&'static Row> {
    PHRASES.iter().find(|(begin, also, _)| is_phrase(line, begin, also)).map(|(.., row)| row)
}

/// Says whether a line in lower case is a report with this beginning; `also` stands a few words on.
fn is_phrase(line: &str, begin: &str, also: &str) -> bool {
    let Some(rest) = line.strip_prefix(begin) else { return false };
    if begin.ends_with(|last: char| last.is_ascii_digit()) {
        return ends_status(rest);
    }
    if also.is_empty() {
        return ends_phrase(rest);
    }
    let between = rest.find(also).map(|at| rest.split_at(at));
    let is_near = |words: &str| words.len() <= MAX_BETWEEN && !words.contains([';', ',', ':', '|', '(', '{']);
    between.is_some_and(|(words, rest)| {
        let rest = &rest[also.len()..];
        is_near(words) && !words.contains(". ") && ends_phrase(rest.strip_prefix('s').unwrap_or(rest))
    })
}

/// How much may stand in `You've hit your .. limit`: the name of a plan or of a model.
const MAX_BETWEEN: usize = 48;

/// Says whether what follows a phrase shows that it was a report: prose goes on with other words.
fn ends_phrase(rest: &str) -> bool {
    const SIGNS: [char; 5] = ['.', '\u{b7}', '|', '\u{2219}', ':'];
    const WORDS: [&str; 7] = ["- ", "for ", "on ", "resets", "to access ", "provided", "\u{2022} "];
    const ASKED: [&str; 2] = [", please ", ", try again"];
    let spaced = rest.trim_start();
    spaced.is_empty()
        || spaced.starts_with(SIGNS)
        || ASKED.iter().any(|asked| rest.starts_with(asked))
        || spaced.len() < rest.len() && WORDS.iter().any(|word| spaced.starts_with(word))
}

/// Says whether what follows a status shows that it was one, and no number of files or tests.
fn ends_status(rest: &str) -> bool {
    const NAMES: [&str; 3] = [" too many requests", " overloaded", " unauthorized"];
    match NAMES.iter().find_map(|name| rest.strip_prefix(name)) {
        Some(rest) => ends_phrase(rest) || rest.starts_with(", "),
        None => rest.trim().is_empty() || rest.starts_with(':') || rest.trim_start().starts_with('{'),
    }
}

const QUOTA: Row = Row::new(
    Kind::QuotaExceeded,
    "usage_limit",
    "the agent's usage limit is reached",
    "wait for its reset or use another agent",
)
.no_effect();
const RATE: Row =
    Row::new(Kind::RateLimit, "rate_limited", "the agent's service asks for fewer requests", "wait a moment");
const OVERLOADED: Row =
    Row::new(Kind::ExternalService, "overloaded", "the agent's service is overloaded", "try again later")
        .severity(Severity::Medium);
const SIGNED_OUT: Row =
    Row::new(Kind::Authentication, "not_signed_in", "the agent is not signed in", "sign the agent in, then resume")
        .no_effect();
const CONTEXT: Row = Row::new(
    Kind::Validation,
    "context_length",
    "the input is too long for the agent's model",
    "shorten the input or use a model that takes more",
)
.advise(&[Advice::FixInput, Advice::Fallback, Advice::Abort]);
const SERVER: Row =
    Row::new(Kind::ExternalService, "server_error", "the agent's service failed on its side", "try again later").once();

/// How a line begins, with what a few words on, and what it means. See `is_phrase` for what may follow.
const PHRASES: &[(&str, &str, Row)] = &[
    ("claude ai usage limit reached", "", QUOTA),
    ("claude usage limit reached", "", QUOTA),
    ("usage limit reached", "", QUOTA),
    ("session limit reached", "", QUOTA),
    ("limit reached", "", QUOTA),
    ("you're out of extra usage", "", QUOTA),
    ("you are out of extra usage", "", QUOTA),
    ("you've hit your", "limit", QUOTA),
    ("you have hit your", "limit", QUOTA),
    ("you hit your", "limit", QUOTA),
    ("hit your limit", "", QUOTA),
    ("you've reached your", "limit", QUOTA),
    ("you have reached your", "limit", QUOTA),
    ("5-hour limit reached", "", QUOTA),
    ("weekly limit reached", "", QUOTA),
    ("credit balance is too low", "", QUOTA),
    ("your credit balance is too low", "", QUOTA),
    ("quota exceeded", "", QUOTA),
    ("you exceeded your current quota", "", QUOTA),
    ("insufficient_quota", "", QUOTA),
    ("rate limit reached", "", RATE),
    ("rate limit exceeded", "", RATE),
    ("rate_limit_error", "", RATE),
    ("rate_limit_exceeded", "", RATE),
    ("too many requests", "", RATE),
    ("429", "", RATE),
    ("exceeded retry limit, last status: 429", "", RATE),
    ("unexpected status 429", "", RATE),
    ("overloaded", "", OVERLOADED),
    ("overloaded_error", "", OVERLOADED),
    ("529", "", OVERLOADED),
    ("503 service unavailable", "", OVERLOADED),
    ("500 internal server error", "", SERVER),
    ("invalid api key", "", SIGNED_OUT),
    ("incorrect api key", "", SIGNED_OUT),
    ("not logged in", "", SIGNED_OUT),
    ("please run /login", "", SIGNED_OUT),
    ("401 unauthorized", "", SIGNED_OUT),
    ("unexpected status 401", "", SIGNED_OUT),
    ("oauth token has expired", "", SIGNED_OUT),
    ("prompt is too long", "", CONTEXT),
    ("input is too long", "", CONTEXT),
    ("context_length_exceeded", "", CONTEXT),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a line reports what the row says, or nothing.
    fn check(line: &str, expected: Option<&Row>) {
        let reason = |row: &Row| (row.kind, row.reason);
        assert_eq!(row_of(&line.to_ascii_lowercase()).map(reason), expected.map(reason), "{line}");
    }

    #[test]
    fn each_phrase_is_a_report_by_itself_and_before_a_sign_but_not_in_prose() {
        for (begin, also, row) in PHRASES {
            let phrase = if also.is_empty() { (*begin).to_owned() } else { format!("{begin} weekly {also}") };
            for rest in ["", " ", ": it said"] {
                check(&format!("{phrase}{rest}"), Some(row));
            }
            for rest in [" is now handled in client.rs", " files changed", " errors are shown", "ish", "; none"] {
                check(&format!("{phrase}{rest}"), None);
            }
        }
    }

    #[test]
    fn each_sign_ends_a_phrase_and_a_status_has_its_own() {
        for rest in
            [".", " \u{b7} resets 3pm", "|1760000000", " \u{2219} x", ": x", " - x", " for x", " on x", " resets 3pm"]
        {
            check(&format!("rate limit exceeded{rest}"), Some(&RATE));
        }
        for rest in [" {\"a\"", "{", ":", "", " Too Many Requests", " Too Many Requests."] {
            check(&format!("429{rest}"), Some(&RATE));
        }
        for rest in [".", " for x", " - x", " resets 3pm", "0", " too many requests are made"] {
            check(&format!("429{rest}"), None);
        }
    }

    #[test]
    fn a_limit_stands_a_few_words_behind_its_owner() {
        check("You've hit your Opus 4.5 limit", Some(&QUOTA));
        for text in ["You've hit your stride; no limit", "You've hit your goal. No limit", "You've hit your (limit)"] {
            check(text, None);
        }
        check(&format!("You've hit your {} limit", "word ".repeat(20)), None);
    }
}
