//! The five levels, and what other writers call them.

use std::fmt;

/// How grave a line is. `TRACE` of other writers is read as [`Level::Debug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a fault.
    Debug,
    /// The normal course.
    Info,
    /// Something is odd and the work goes on.
    Warn,
    /// Something failed.
    Error,
    /// The program cannot go on.
    Fatal,
}

/// What writers call the levels: of Rust, Go, Node, Python, Java and syslog.
const NAMES: &[(&str, Level)] = &[
    ("trace", Level::Debug),
    ("trce", Level::Debug),
    ("verbose", Level::Debug),
    ("debug", Level::Debug),
    ("debg", Level::Debug),
    ("dbg", Level::Debug),
    ("fine", Level::Debug),
    ("info", Level::Info),
    ("information", Level::Info),
    ("informational", Level::Info),
    ("notice", Level::Info),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("erro", Level::Error),
    ("err", Level::Error),
    ("severe", Level::Error),
    ("fatal", Level::Fatal),
    ("critical", Level::Fatal),
    ("crit", Level::Fatal),
    ("panic", Level::Fatal),
    ("dpanic", Level::Fatal),
    ("alert", Level::Fatal),
    ("emergency", Level::Fatal),
    ("emerg", Level::Fatal),
];

impl Level {
    /// All levels, the least grave first.
    pub const ALL: [Level; 5] = [Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// Reads a level by any name that writers give it, in capitals or not; Go's `INFO+2` too.
    pub fn parse(name: &str) -> Option<Level> {
        let schema = Level::ALL.into_iter().find(|level| level.name() == name);
        schema.or_else(|| {
            let name = name.split(['+', '-']).next().unwrap_or_default().trim();
            NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
        })
    }

    /// Returns its name in the schema, such as `WARN`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Levels(u8);

impl Levels {
    /// Takes these levels.
    pub fn only(levels: &[Level]) -> Levels {
        Levels(levels.iter().fold(0, |bits, level| bits | 1 << *level as u8))
    }

    /// Takes this level and the graver ones.
    pub fn at_least(least: Level) -> Levels {
        Levels::matching(|level| level >= least)
    }

    /// Takes the levels for which it is true.
    pub fn matching(wanted: impl Fn(Level) -> bool) -> Levels {
        Levels(Level::ALL.into_iter().filter(|level| wanted(*level)).fold(0, |bits, level| bits | 1 << level as u8))
    }

    /// Returns the levels that are in both sets.
    pub fn and(self, other: Levels) -> Levels {
        Levels(self.0 & other.0)
    }

    /// Returns whether the level is in the set.
    pub fn contains(self, level: Level) -> bool {
        self.0 & 1 << level as u8 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: Option<Level>) {
        for name in names {
            assert_eq!(Level::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn levels_are_read_by_the_names_that_writers_give_them() {
        check(&["DEBUG", "debug", "trace", "TRCE", "DEBUG-4"], Some(Level::Debug));
        check(&["INFO", "Information", "notice", "INFO+2"], Some(Level::Info));
        check(&["WARN", "warning", "Warn"], Some(Level::Warn));
        check(&["ERROR", "err", "ERRO", "SEVERE"], Some(Level::Error));
        check(&["FATAL", "critical", "panic", "EMERG"], Some(Level::Fatal));
        check(&["", "30", "loud", "-"], None);
    }

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        let held = |levels: Levels| Level::ALL.map(|level| levels.contains(level));
        assert_eq!(held(Levels::at_least(Level::Warn)), [false, false, true, true, true]);
        assert_eq!(held(Levels::only(&[Level::Debug, Level::Fatal])), [true, false, false, false, true]);
        assert_eq!(held(Levels::only(&[]).and(Levels::at_least(Level::Debug))), [false; 5]);
    }
}
