//! Errors that are the same but for numbers, ids and quoted parts: how often, since when, until when, an example.

use super::super::table::{Cell, Table};
use super::super::{Level, Line, Path, Timestamp};
use super::by::{By, join_parts, parts, short};
use super::question::{Analysis, tell_missing, tell_rest};
use super::{Gathered, Groups, template};

/// So many groups are kept at least.
const MAX_GROUPS: usize = 1_024;
/// Fields that say what went wrong when the message does not; the first that a line has counts.
const CAUSES: [&str; 6] = ["fault", "error", "err", "exception", "cause", "error.message"];

/// Groups the lines from a level up.
#[derive(Clone, Debug)]
pub struct ErrorGroups {
    least: Level,
    causes: Vec<Path>,
    groups: Groups<Errors>,
    key: String,
}

/// Errors that are the same.
#[derive(Clone, Debug, Default)]
struct Errors {
    lines: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// The text of the earliest of them, the smallest of one moment: the same for every division among threads.
    example: Option<(Option<Timestamp>, Box<str>)>,
}

impl Gathered for Errors {
    fn weight(&self) -> u64 {
        self.lines
    }

    fn join(&mut self, other: Errors) {
        self.lines += other.lines;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.example = [self.example.take(), other.example].into_iter().flatten().min();
    }
}

impl ErrorGroups {
    /// Groups the lines of this level and graver ones.
    pub fn new(least: Level) -> ErrorGroups {
        let causes = CAUSES.map(Path::new).to_vec();
        ErrorGroups { least, causes, groups: Groups::new(MAX_GROUPS), key: String::new() }
    }

    /// Returns the message, and behind a colon what went wrong.
    fn text(&self, line: &Line<'_>) -> String {
        let message = line.message().unwrap_or_default();
        let cause = self.causes.iter().find_map(|path| line.field(path)).map(super::super::Value::into_text);
        match cause {
            Some(cause) if !cause.is_empty() && *cause != *message => match message.is_empty() {
                true => cause.into_owned(),
                false => format!("{message}: {cause}"),
            },
            _ => message.into_owned(),
        }
    }
}

impl Analysis for ErrorGroups {
    fn see(&mut self, line: &Line<'_>) {
        if line.level().is_none_or(|level| level < self.least) {
            return;
        }
        let text = self.text(line);
        let component = line.component();
        join_parts(&mut self.key, &[component.as_deref(), Some(&template(&text))]);
        let moment = line.timestamp();
        let example = Some((moment, short(&text).into()));
        self.groups.of(&self.key).join(Errors { lines: 1, first: moment, last: moment, example });
    }

    fn join(&mut self, other: ErrorGroups) {
        self.groups.join(other.groups);
    }

    fn table(&self, rows: usize) -> Table {
        let mut table = Table::new(["lines", "first", "last", By::Component.name(), "error", "example"]);
        let heaviest = self.groups.heaviest();
        for (key, errors) in heaviest.iter().take(rows) {
            let parts = parts(key);
            let part = |place: usize| Cell::text(parts.get(place).copied().flatten());
            table.rows.push(vec![
                Cell::Count(errors.lines),
                Cell::moment(errors.first),
                Cell::moment(errors.last),
                part(0),
                part(1),
                Cell::text(errors.example.as_ref().map(|(_, text)| &**text)),
            ]);
        }
        let left: u64 = heaviest.iter().skip(rows).map(|(_, errors)| errors.lines).sum();
        tell_rest(&mut table, left + self.groups.others(), "errors");
        tell_missing(&mut table, self.groups.missing(), "errors");
        table
    }
}
