//! Reads a filter from one line of text, and says where it is wrong.

use super::filter::{Component, Filter, regex};
use super::test::{Condition, Literal, Test};
use super::{Error, Level, Levels, Path, Timestamp};

/// The operators, longer ones before those that they begin with.
const OPERATORS: [&str; 7] = ["!=", "<=", ">=", "=", "<", ">", "~"];

impl Filter {
    /// Reads a filter such as `level>=warn component=cache.* took_ms>100 error~"time.*out"`.
    ///
    /// Tests stand beside each other with spaces between them, and all must hold:
    /// - `key=value`, `!=`, `<`, `<=`, `>`, `>=` compare a field, `key~regex` matches it and `key?` asks
    ///   whether it is there. The key is a [`Path`]. A field that is missing is unequal to everything.
    /// - `level` compares by gravity: `level>=warn`, `level=info,warn`.
    /// - `component=cache.*,api` takes several, each with what is below it when it ends in `.*`.
    /// - `since=` and `until=` take a moment; `correlation_id=` an id.
    /// - A word alone, or `text=`, is looked for in the line as it is written; `regex=` matches there.
    /// - A value with spaces stands in quotes; inside them `\"` is a quote and `\\` a backslash. In front
    ///   of any other character a backslash stands for itself, so that regular expressions need no more.
    ///
    /// # Errors
    /// [`Error::Text`] with the place and what could be written.
    pub fn parse(text: &str) -> Result<Filter, Error> {
        let mut reader = Reader { text, at: 0 };
        let mut filter = Filter::default();
        while reader.next_begins() {
            reader.test(&mut filter)?;
        }
        Ok(filter)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next_begins(&mut self) -> bool {
        self.at = self.text.len() - self.rest().trim_start().len();
        !self.rest().is_empty()
    }

    fn wrong(&self, at: usize, problem: impl Into<String>, hint: impl Into<String>) -> Error {
        let at = self.text[..at].chars().count() + 1;
        Error::Text { problem: problem.into(), text: self.text.to_owned(), at, hint: hint.into() }
    }

    fn test(&mut self, filter: &mut Filter) -> Result<(), Error> {
        let begin = self.at;
        if self.rest().starts_with('"') {
            filter.texts.push(self.value()?);
            return Ok(());
        }
        let ends = |c: char| c.is_whitespace() || "=<>~".contains(c);
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let mut key = &self.rest()[..length];
        // The `!` of `!=` is no part of the key.
        if self.rest()[length..].starts_with('=') {
            key = key.strip_suffix('!').unwrap_or(key);
        }
        self.at += key.len();
        let Some(operator) = OPERATORS.into_iter().find(|operator| self.rest().starts_with(operator)) else {
            match key.strip_suffix('?') {
                Some("") | None => filter.texts.push(key.to_owned()),
                Some(key) => filter.conditions.push(Condition { path: Path::new(key), test: Test::Exists }),
            }
            return Ok(());
        };
        if key.is_empty() {
            return Err(self.wrong(begin, format!("no key before `{operator}`"), "Write key=value"));
        }
        self.at += operator.len();
        let place = self.at;
        let value = self.value()?;
        self.add(filter, key, operator, value, (begin, place))
    }

    /// Reads a value, in quotes or up to the next space.
    fn value(&mut self) -> Result<String, Error> {
        let begin = self.at;
        let Some(quoted) = self.rest().strip_prefix('"') else {
            let length = self.rest().find(char::is_whitespace).unwrap_or(self.rest().len());
            let value = self.rest()[..length].to_owned();
            self.at += length;
            return match value.is_empty() {
                true => Err(self.wrong(begin, "a value is missing", "Write \"\" for the empty text")),
                false => Ok(value),
            };
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match (character, characters.peek()) {
                ('"', _) => {
                    self.at = begin + 1 + at + 1;
                    return Ok(value);
                }
                ('\\', Some((_, next @ ('"' | '\\')))) => {
                    value.push(*next);
                    characters.next();
                }
                _ => value.push(character),
            }
        }
        Err(self.wrong(begin, "the quote is not closed", "End the value with \""))
    }

    fn add(
        &self,
        filter: &mut Filter,
        key: &str,
        operator: &str,
        value: String,
        at: (usize, usize),
    ) -> Result<(), Error> {
        match (key, operator) {
            ("level", "~") => self.condition(filter, key, operator, value, at.1)?,
            ("level", _) => {
                let levels = self.levels(operator, &value, at.1)?;
                filter.levels = Some(filter.levels.map_or(levels, |before| before.and(levels)));
            }
            ("component", "=") if filter.components.is_empty() => {
                filter.components = value.split(',').map(Component::parse).collect();
            }
            ("correlation_id" | "correlation", "=") if filter.correlation_id.is_none() => {
                filter.correlation_id = Some(value);
            }
            ("since", "=") => {
                let moment = self.moment(&value, at.1)?;
                filter.since = filter.since.max(Some(moment));
            }
            ("until", "=") => {
                let moment = self.moment(&value, at.1)?;
                filter.until = Some(filter.until.map_or(moment, |before| before.min(moment)));
            }
            ("text", "=") => filter.texts.push(value),
            ("regex", "=" | "~") => filter.regexes.push(self.regex(&value, at.1)?),
            ("since" | "until" | "text" | "regex", _) => {
                return Err(self.wrong(
                    at.0,
                    format!("`{key}` cannot be used with `{operator}`"),
                    format!("Write {key}="),
                ));
            }
            _ => self.condition(filter, key, operator, value, at.1)?,
        }
        Ok(())
    }

    fn condition(&self, filter: &mut Filter, key: &str, operator: &str, value: String, at: usize) -> Result<(), Error> {
        let test = match operator {
            "~" => Test::Matches(self.regex(&value, at)?),
            "!=" => Test::Unequal(Literal::new(value)),
            "<=" => Test::AtMost(Literal::new(value)),
            ">=" => Test::AtLeast(Literal::new(value)),
            "<" => Test::Less(Literal::new(value)),
            ">" => Test::Greater(Literal::new(value)),
            _ => Test::Equal(Literal::new(value)),
        };
        filter.conditions.push(Condition { path: Path::new(key), test });
        Ok(())
    }

    fn levels(&self, operator: &str, value: &str, at: usize) -> Result<Levels, Error> {
        let names = value.split(',').map(|name| {
            let hint = "Known are debug, info, warn, error, fatal";
            Level::parse(name).ok_or_else(|| self.wrong(at, format!("unknown level `{name}`"), hint))
        });
        let levels: Vec<Level> = names.collect::<Result<_, _>>()?;
        let first = levels[0];
        match (operator, levels.len()) {
            ("=", _) => Ok(Levels::only(&levels)),
            ("!=", _) => Ok(Levels::matching(|level| !levels.contains(&level))),
            (">=", 1) => Ok(Levels::at_least(first)),
            (">", 1) => Ok(Levels::matching(|level| level > first)),
            ("<=", 1) => Ok(Levels::matching(|level| level <= first)),
            ("<", 1) => Ok(Levels::matching(|level| level < first)),
            _ => Err(self.wrong(at, format!("`{operator}` takes one level"), "Write level=info,warn for several")),
        }
    }

    fn moment(&self, value: &str, at: usize) -> Result<Timestamp, Error> {
        let hint = "Write 2026-11-21, 2026-11-21T11:20:00Z or seconds since 1970";
        Timestamp::parse(value).ok_or_else(|| self.wrong(at, format!("`{value}` is no moment"), hint))
    }

    fn regex(&self, value: &str, at: usize) -> Result<regex::bytes::Regex, Error> {
        regex(value).map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                let problem = format!("the regular expression needs more than {limit} bytes");
                self.wrong(at, problem, "Use smaller repetitions")
            }
            error => {
                let said = error.to_string();
                let last = said.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.wrong(
                    at,
                    format!("wrong regular expression: {last}"),
                    "Put a backslash before a character that is meant as itself",
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Query, Sources, fold};
    use proptest::prelude::*;

    const LINES: [&str; 4] = [
        r#"{"timestamp":"2026-11-21T10:00:00Z","level":"INFO","component":"api","message":"paid","took_ms":3,"n":1}"#,
        r#"{"timestamp":"2026-11-21T11:00:00Z","level":"WARN","component":"cache.redis","message":"slow \"get\"","took_ms":140}"#,
        r#"{"timestamp":"2026-11-21T12:00:00Z","level":"ERROR","component":"cache","message":"time is out","correlation_id":"r-1","took_ms":99.5}"#,
        r#"{"timestamp":"2026-11-21T13:00:00Z","level":"FATAL","component":"db","message":"gone","error":"a timed out","user":{"id":7}}"#,
    ];

    /// Which of the four lines the filter takes.
    fn check(text: &str, expected: &[usize]) {
        let query = Query::new(Filter::parse(text).unwrap());
        let sources = Sources::reader("lines", std::io::Cursor::new(LINES.join("\n")));
        let step = |taken: &mut Vec<usize>, line: &crate::read::Line<'_>| {
            taken.push(LINES.iter().position(|known| *known == line.raw()).unwrap());
        };
        let (taken, _) = fold(sources, &query, Vec::new, step, |all, more| all.extend(more)).unwrap();
        assert_eq!(taken, expected, "{text}");
    }

    fn fails(text: &str, expected: &str) {
        assert_eq!(Filter::parse(text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn an_empty_filter_takes_everything() {
        check("", &[0, 1, 2, 3]);
        check("  ", &[0, 1, 2, 3]);
    }

    #[test]
    fn levels_are_compared_by_gravity() {
        check("level>=warn", &[1, 2, 3]);
        check("level=info,fatal", &[0, 3]);
        check("level!=INFO level<fatal", &[1, 2]);
        check("level~^ERR", &[2]);
    }

    #[test]
    fn components_are_taken_alone_or_with_what_is_below() {
        check("component=cache", &[2]);
        check("component=cache.*", &[1, 2]);
        check("component=cache.redis,db", &[1, 3]);
        check("component!=api", &[1, 2, 3]);
    }

    #[test]
    fn fields_are_compared() {
        check("took_ms>99.5", &[1]);
        check("took_ms>=99.5 level<error", &[1]);
        check("took_ms<100", &[0, 2]);
        check("took_ms=3.0", &[0]);
        check("n?", &[0]);
        check("user.id=7", &[3]);
        check("n!=1", &[1, 2, 3]);
        check("error~\"timed? ?out\"", &[3]);
        check(r#"message="slow \"get\"""#, &[1]);
        check("message=paid", &[0]);
        check("correlation_id=r-1", &[2]);
        check("correlation=r-2", &[]);
    }

    #[test]
    fn times_bound_a_filter() {
        check("since=2026-11-21T11:00:00Z", &[1, 2, 3]);
        check("until=2026-11-21T12:00:00Z", &[0, 1]);
        check("since=2026-11-21T11:00:00Z until=2026-11-21T12:00:00Z", &[1]);
        check("since=2026-11-22", &[]);
    }

    #[test]
    fn words_and_expressions_are_looked_for_in_the_line() {
        check("out", &[2, 3]);
        check("\"time is\"", &[2]);
        check("text=slow", &[1]);
        check(r#"regex="(?i)TIME.*OUT""#, &[2, 3]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_a_hint() {
        fails(
            "a=1 level>=loud",
            "unknown level `loud` at character 12 of \"a=1 level>=loud\". Known are debug, info, warn, error, fatal",
        );
        fails(
            "level>warn,info",
            "`>` takes one level at character 7 of \"level>warn,info\". Write level=info,warn for several",
        );
        fails("é =1", "no key before `=` at character 3 of \"é =1\". Write key=value");
        fails("a=", "a value is missing at character 3 of \"a=\". Write \"\" for the empty text");
        fails("a=\"x", "the quote is not closed at character 3 of \"a=\\\"x\". End the value with \"");
        fails(
            "since=soon",
            "`soon` is no moment at character 7 of \"since=soon\". Write 2026-11-21, 2026-11-21T11:20:00Z or seconds since 1970",
        );
        fails("since>1", "`since` cannot be used with `>` at character 1 of \"since>1\". Write since=");
        fails(
            "a~(",
            "wrong regular expression: unclosed group at character 3 of \"a~(\". Put a backslash before a character that is meant as itself",
        );
        fails(
            r"regex=(\w{900}){900}",
            "the regular expression needs more than 1048576 bytes at character 7 of \"regex=(\\\\w{900}){900}\". Use smaller repetitions",
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-z=<>!~?\"\\\\ .é(]{0,20}") {
            let _filter = Filter::parse(&text);
        }
    }
}
