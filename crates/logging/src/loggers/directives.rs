//! The text form of levels: `info,database=debug,hyper=warn`. Leaves to `levels` what they mean.

use std::fmt;

use tracing::level_filters::LevelFilter;

use super::logger::component;

/// A mistake in the text form of levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// At which character the part stands that is wrong, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What may have been meant.
    pub hint: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "column {}: {}. {}", self.column, self.problem, self.hint)
    }
}

/// What one part of the text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Directive {
    Root(LevelFilter),
    /// A logger's name, as a component, and its level; none when it takes that of the logger round it again.
    Named(String, Option<LevelFilter>),
}

/// The word for a logger without a level of its own.
pub(super) const INHERIT: &str = "inherit";

const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// Words of other programs, and the level that they mean.
const FOREIGN: [(&str, &str); 7] = [
    ("warning", "warn"),
    ("err", "error"),
    ("critical", "error"),
    ("none", "off"),
    ("verbose", "debug"),
    ("all", "trace"),
    ("information", "info"),
];

/// Returns the word for a level.
pub(super) fn word(level: LevelFilter) -> &'static str {
    LEVELS.iter().find(|(_, known)| *known == level).map_or("off", |(word, _)| word)
}

/// Reads all parts, or finds all mistakes.
pub(super) fn parse(text: &str) -> Result<Vec<Directive>, Vec<Mistake>> {
    let (mut directives, mut mistakes) = (Vec::new(), Vec::new());
    let mut column = 1;
    for part in text.split(',') {
        let lead = part.chars().take_while(|character| character.is_whitespace()).count();
        match directive(part.trim(), column + lead) {
            Ok(directive) => directives.push(directive),
            Err(mistake) => mistakes.push(mistake),
        }
        column += part.chars().count() + 1;
    }
    if mistakes.is_empty() { Ok(directives) } else { Err(mistakes) }
}

fn directive(part: &str, column: usize) -> Result<Directive, Mistake> {
    let mistake = |column, problem: String, hint: &str| Mistake { column, problem, hint: hint.to_owned() };
    let example = "write for example info,database=debug";
    let Some((name, level)) = part.split_once('=') else {
        return match part {
            "" => Err(mistake(column, "a level is missing".to_owned(), example)),
            _ => level_of(part, column, "").map(Directive::Root),
        };
    };
    let (name, word) = (name.trim_end(), level.trim());
    let at_level = column + part.chars().count() - level.trim_start().chars().count();
    if name.is_empty() {
        return Err(mistake(column, "a logger's name is missing before '='".to_owned(), example));
    }
    if let Some(at) = name.chars().position(|character| !is_of_name(character)) {
        let hint = "a name has letters, digits, '_', '-', '.' and '::' only; fields of spans cannot be asked for";
        return Err(mistake(column + at, format!("'{}' is no logger's name", shortened(name)), hint));
    }
    let level = match word {
        "" => return Err(mistake(at_level, format!("the level of '{}' is missing", shortened(name)), example)),
        INHERIT => None,
        _ => Some(level_of(word, at_level, " or inherit")?),
    };
    Ok(Directive::Named(component(name).into_owned(), level))
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ':')
}

fn level_of(word: &str, column: usize, or: &str) -> Result<LevelFilter, Mistake> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, level)) = LEVELS.iter().find(|(known, _)| *known == lower) {
        return Ok(*level);
    }
    // Which errors are fatal only the events themselves say.
    if lower == "fatal" {
        return Ok(LevelFilter::ERROR);
    }
    let hint = match FOREIGN.iter().find(|(foreign, _)| *foreign == lower) {
        Some((_, ours)) => format!("write {ours}"),
        None => format!("a level is off, error, warn, info, debug or trace{or}"),
    };
    Err(Mistake { column, problem: format!("'{}' is no level", shortened(word)), hint })
}

/// A word for a message, without control characters and not longer than a line.
fn shortened(word: &str) -> String {
    const MAX_SHOWN: usize = 40;
    let mut shown: String = word.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    if word.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(directives) => directives
                .into_iter()
                .map(|directive| match directive {
                    Directive::Root(level) => word(level).to_owned(),
                    Directive::Named(name, level) => format!("{name}={}", level.map_or(INHERIT, word)),
                })
                .collect::<Vec<_>>()
                .join(","),
            Err(mistakes) => mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn levels_are_read_with_and_without_a_name() {
        check("info", "info");
        check("info,database=debug,hyper=warn", "info,database=debug,hyper=warn");
        check(" WARN , a::b = Trace,c=inherit, d=off", "warn,a.b=trace,c=inherit,d=off");
        check("FATAL", "error");
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_a_hint() {
        check("wran", "column 1: 'wran' is no level. a level is off, error, warn, info, debug or trace");
        check(
            "info, db=loud",
            "column 10: 'loud' is no level. a level is off, error, warn, info, debug or trace or inherit",
        );
        check("warning", "column 1: 'warning' is no level. write warn");
        check("", "column 1: a level is missing. write for example info,database=debug");
        check(
            "é=debug,=warn",
            "column 9: a logger's name is missing before '='. write for example info,database=debug",
        );
        check("db=", "column 4: the level of 'db' is missing. write for example info,database=debug");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        check(
            "inof,db[a]=debug",
            "column 1: 'inof' is no level. a level is off, error, warn, info, debug or trace\n\
             column 8: 'db[a]' is no logger's name. a name has letters, digits, '_', '-', '.' and '::' only; fields of spans cannot be asked for",
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_a_place_in_it(text in any::<String>()) {
            if let Err(mistakes) = parse(&text) {
                for mistake in mistakes {
                    prop_assert!(mistake.column >= 1 && mistake.column <= text.chars().count() + 1);
                    prop_assert!(!mistake.to_string().contains(char::is_control));
                }
            }
        }
    }
}
