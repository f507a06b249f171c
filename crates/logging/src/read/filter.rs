//! Which lines are wanted.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::{Condition, Levels, Line, Timestamp};

/// What a compiled regular expression may take, and what its search may keep.
const REGEX_LIMIT: usize = 1 << 20;

/// What a line must be to count. Everything that is set must hold; the default takes every line.
///
/// A line that does not say its level, time, component or correlation id is not wanted by a filter
/// that asks for it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One of these levels.
    pub levels: Option<Levels>,
    /// One of these components; empty means any.
    pub components: Vec<Component>,
    /// At this moment or later.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// With this correlation id.
    pub correlation_id: Option<String>,
    /// With fields of which these things are true.
    pub conditions: Vec<Condition>,
    /// With each of these texts in the line as it is written.
    pub texts: Vec<String>,
    /// With a match of each of these in the line as it is written.
    pub regexes: Vec<Regex>,
}

/// A component, alone or with everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Component {
    /// `cache.redis`
    Exact(String),
    /// `cache.*`: `cache` and what begins with `cache.`
    Below(String),
}

impl Component {
    /// Reads `cache.redis` or `cache.*`.
    pub fn parse(text: &str) -> Component {
        match text.strip_suffix(".*") {
            Some(above) => Component::Below(above.to_owned()),
            None => Component::Exact(text.to_owned()),
        }
    }

    /// Returns whether it is this one.
    pub fn takes(&self, component: &str) -> bool {
        match self {
            Component::Exact(name) => component == name,
            Component::Below(above) => {
                component.strip_prefix(above.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        }
    }
}

/// Compiles a regular expression within a limit, so that a short text cannot take all memory.
///
/// # Errors
/// What is wrong with it, or that it is too large.
pub fn regex(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(REGEX_LIMIT).dfa_size_limit(REGEX_LIMIT).nest_limit(100).build()
}

/// A filter made ready for many lines.
pub(super) struct Judge<'a> {
    filter: &'a Filter,
    texts: Vec<Finder<'a>>,
    has_time: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(filter: &'a Filter) -> Judge<'a> {
        let texts = filter.texts.iter().map(|text| Finder::new(text.as_bytes())).collect();
        Judge { filter, texts, has_time: filter.since.is_some() || filter.until.is_some() }
    }

    /// Returns whether the line is wanted; what is cheap to ask is asked first.
    pub(super) fn wants(&self, line: &Line<'_>) -> bool {
        let Filter { levels, components, correlation_id, conditions, regexes, .. } = self.filter;
        levels.is_none_or(|levels| line.level().is_some_and(|level| levels.contains(level)))
            && (components.is_empty() || is_one_of(line, components))
            && correlation_id.as_ref().is_none_or(|wanted| line.correlation_id().is_some_and(|id| id == **wanted))
            && (!self.has_time || line.timestamp().is_some_and(|at| self.in_time(at)))
            && conditions.iter().all(|condition| condition.holds(line))
            && self.texts.iter().all(|text| text.find(line.raw).is_some())
            && regexes.iter().all(|regex| regex.is_match(line.raw))
    }

    fn in_time(&self, at: Timestamp) -> bool {
        self.filter.since.is_none_or(|since| at >= since) && self.filter.until.is_none_or(|until| at < until)
    }
}

fn is_one_of(line: &Line<'_>, components: &[Component]) -> bool {
    line.component().is_some_and(|component| components.iter().any(|wanted| wanted.takes(&component)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(component: &str, takes: &[&str], leaves: &[&str]) {
        let component = Component::parse(component);
        takes.iter().for_each(|name| assert!(component.takes(name), "{name}"));
        leaves.iter().for_each(|name| assert!(!component.takes(name), "{name}"));
    }

    #[test]
    fn a_component_is_taken_alone_or_with_what_is_below() {
        check("cache", &["cache"], &["cache.redis", "caches", ""]);
        check("cache.*", &["cache", "cache.redis", "cache.redis.pool"], &["caches", "my.cache", ""]);
        check("*", &["*"], &["cache"]);
    }

    #[test]
    fn a_regular_expression_that_would_explode_is_an_error() {
        assert!(regex(r"(\w{1000}){1000}").is_err());
        assert!(regex(&"(".repeat(1000)).is_err());
        assert!(regex("(a*)*b").is_ok());
    }
}
