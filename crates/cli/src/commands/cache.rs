//! `segno cache`: what is remembered in the project, for people. Here: which command is meant, and which results.

use std::time::{Duration, SystemTime};

use segno_cache::{Listed, Store};
use segno_errors::{Fault, Kind};
use segno_orchestrator::engine::{Memory, cache_fault};
use serde_json::Value;

use crate::args::{CacheArguments, CacheCommand, Chosen};
use crate::exit::{End, Failure};
use crate::session::{Session, project};

/// What the commands look at.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) memory: Memory,
    pub(super) now: SystemTime,
}

pub(super) fn cache(arguments: &CacheArguments) -> Result<End, Failure> {
    match &arguments.command {
        CacheCommand::Ls(arguments) => super::cache_ls::ls(arguments),
        CacheCommand::Stats { json } => super::cache_stats::stats(*json),
        CacheCommand::Get(arguments) => super::cache_get::get(arguments),
        CacheCommand::Explain { subject, json } => super::cache_explain::explain(subject, *json),
        CacheCommand::Clear(arguments) => super::cache_clear::clear(arguments),
        CacheCommand::Verify { repair, json } => super::cache_verify::verify(*repair, *json),
        CacheCommand::Warm(arguments) => super::cache_warm::warm(arguments),
        CacheCommand::Du(arguments) => super::cache_du::du(arguments),
        CacheCommand::Export(arguments) => super::cache_carry::export(arguments),
        CacheCommand::Import(arguments) => super::cache_carry::import(arguments),
    }
}

impl Opened {
    /// Opens the cache of a project that has some state; before its first run nothing is made, and nothing is there.
    pub(super) fn existing() -> Result<Option<Opened>, Failure> {
        if !project()?.has_state() {
            return Ok(None);
        }
        Opened::of(Session::open()?).map(Some)
    }

    pub(super) fn of(session: Session) -> Result<Opened, Failure> {
        let Some(memory) = session.setup.memory.clone() else {
            let fault = Fault::new(Kind::Cache, "the cache cannot be opened").operation("cache");
            return Err(fault.hint("check the folder's owner and rights; it may be thrown away at any time").into());
        };
        Ok(Opened { session, memory, now: SystemTime::now() })
    }

    pub(super) fn store(&self) -> &Store {
        self.memory.stored()
    }

    /// Returns the results that are meant.
    pub(super) fn listed(&self, chosen: &Chosen) -> Result<Vec<Listed>, Failure> {
        let listed = self.store().list().map_err(fault)?;
        Ok(listed.into_iter().filter(|listed| is_chosen(listed, chosen, self.now)).collect())
    }

    /// Finds the one result that is the last of this subject, or whose key begins so.
    pub(super) fn find(&self, name: &str) -> Result<Listed, Failure> {
        let listed = self.store().list().map_err(fault)?;
        if let Some(found) = listed.iter().find(|listed| listed.subject.as_deref() == Some(name)) {
            return Ok(found.clone());
        }
        let is_key = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let begins = |listed: &&Listed| is_key && listed.digest.to_string().starts_with(&name.to_lowercase());
        let found: Vec<&Listed> = listed.iter().filter(begins).collect();
        match found[..] {
            [found] => Ok(found.clone()),
            [] => Err(nothing(name).into()),
            _ => {
                let message = format!("'{name}' is the beginning of {} keys", found.len());
                Err(Fault::new(Kind::Validation, message).hint("give more of it; segno cache ls lists them").into())
            }
        }
    }
}

/// Says that there is no such result.
pub(super) fn nothing(name: &str) -> Fault {
    Fault::new(Kind::Validation, format!("nothing is remembered for '{}'", harmless(name)))
        .hint("segno cache ls lists what is")
}

/// Turns what the store says into what the command line tells.
pub(super) fn fault(error: segno_cache::Error) -> Failure {
    cache_fault(error).into()
}

/// Says whether a result is one of those that are meant.
pub(super) fn is_chosen(listed: &Listed, chosen: &Chosen, now: SystemTime) -> bool {
    let ago = |time: SystemTime| now.duration_since(time).unwrap_or_default();
    listed.subject.as_deref().map_or(chosen.subjects.is_empty(), |subject| is_meant(subject, &chosen.subjects))
        && chosen.older.is_none_or(|older| ago(listed.stored_at) > older)
        && chosen.unused.is_none_or(|unused| ago(listed.used_at) > unused)
        && (!chosen.expired || is_expired(listed, now))
}

/// Says whether a subject matches one of the patterns; without any, all are meant.
pub(super) fn is_meant(subject: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, subject))
}

pub(super) fn is_expired(listed: &Listed, now: SystemTime) -> bool {
    listed.expires_at.is_some_and(|expires_at| expires_at <= now)
}

/// Returns whole seconds since 1970, for JSON.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Says how long something takes to come, roughly: `in 3 days`.
pub(super) fn until(left: Duration) -> String {
    match left.as_secs() {
        0..60 => "in a moment".into(),
        60..3_600 => format!("in {} min", left.as_secs() / 60),
        3_600..86_400 => format!("in {} h", left.as_secs() / 3_600),
        86_400..172_800 => "in 1 day".into(),
        _ => format!("in {} days", left.as_secs() / 86_400),
    }
}

/// Says whether a subject matches a pattern, in which `*` is any text and `?` one letter. Brackets are letters like others:
/// subjects have some.
fn matches(pattern: &str, subject: &str) -> bool {
    let (pattern, subject): (Vec<char>, Vec<char>) = (pattern.chars().collect(), subject.chars().collect());
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < subject.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == subject[place] => (at, place) = (at + 1, place + 1),
            // The last star takes one letter more.
            _ => match star {
                Some((star_at, star_place)) => {
                    (at, place) = (star_at + 1, star_place + 1);
                    star = Some((star_at, star_place + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// Returns JSON in which nothing steers a terminal: JSON itself escapes only what is below a blank.
pub(super) fn json_text(value: &Value) -> String {
    let text = format!("{value:#}\n");
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        // All of these can stand in strings only, where an escape means the same.
        match letter {
            '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// Shows what steers a terminal, or turns its text round, by its number.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => shown.push(letter),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(letter.escape_unicode()),
            _ if letter.is_control() => shown.extend(letter.escape_default()),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Does the same in one line.
pub(super) fn in_line(text: &str) -> String {
    harmless(text).replace('\n', "\\n").replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, subject: &str, expected: bool) {
        assert_eq!(matches(pattern, subject), expected, "{pattern} {subject}");
    }

    #[test]
    fn patterns_know_stars_and_question_marks_only() {
        check("review/*", "review/lint[a.rs]", true);
        check("review/lint[?.rs]", "review/lint[a.rs]", true);
        check("*lint*", "review/lint[a.rs]", true);
        check("*a*a*b", "aaab", true);
        check("*a*a*b", "aaba", false);
        check("**", "", true);
        check("?", "", false);
        check("", "x", false);
        check("review", "review/lint", false);
        check("ä?", "äö", true);
        check(&"*a".repeat(40), &"a".repeat(30_000), true);
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        assert_eq!(harmless("a\u{1b}[31mb\r\n\u{202e}c\u{9b}"), "a\\u{1b}[31mb\\r\n\\u{202e}c\\u{9b}");
        assert_eq!(in_line("a\nb"), "a\\nb");
        let value = serde_json::json!("a\u{1b}\u{7f}\u{9b}31m\u{202e}é\\");
        let text = json_text(&value);
        assert_eq!(text, "\"a\\u001b\\u007f\\u009b31m\\u202eé\\\\\"\n");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
