//! One line of a log as it is printed: for people, as it is written, or as a row of CSV.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use segno_logging::read::table::{Cell, Formulas, harmless, steerless, write_csv_row};
use segno_logging::read::{Keys, Level, Line, Path, Value};

use crate::args::LogsFormat;

/// The columns that every line has.
const COLUMNS: [&str; 5] = ["timestamp", "level", "component", "message", "correlation_id"];

/// How lines are printed.
pub(super) struct Printer {
    format: LogsFormat,
    formulas: Formulas,
    /// The columns that were asked for; the usual ones when empty.
    fields: Vec<Path>,
    keys: Keys,
    colour: bool,
}

impl Printer {
    pub(super) fn new(format: LogsFormat, fields: &[String], keys: &Keys, colour: bool) -> Printer {
        let fields = fields.iter().map(|field| Path::new(field.trim())).collect();
        Printer { format, formulas: Formulas::Disarmed, fields, keys: keys.clone(), colour }
    }

    /// Leaves text in CSV as it is, or disarms what a spreadsheet would take for a formula.
    pub(super) fn with_formulas(self, formulas: Formulas) -> Printer {
        Printer { formulas, ..self }
    }

    /// Writes what stands before the first line.
    pub(super) fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.format != LogsFormat::Csv {
            return Ok(());
        }
        let names: Vec<&str> = match self.fields.is_empty() {
            true => COLUMNS.into_iter().chain(["fields"]).collect(),
            false => self.fields.iter().map(Path::as_str).collect(),
        };
        write_csv_row(&mut { out }, names.into_iter().map(|name| Cell::Text(name.into())), self.formulas)
    }

    /// Writes a line.
    pub(super) fn line(&self, out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
        match (self.format, self.fields.is_empty()) {
            (LogsFormat::Table, true) => self.for_people(out, line),
            (LogsFormat::Table, false) => {
                let values = self.fields.iter().map(|path| line.field(path).map(|value| harmless(value.text())));
                let cells: Vec<String> = values.map(|value| value.unwrap_or_else(|| "-".into())).collect();
                writeln!(out, "{}", cells.join("  "))
            }
            (LogsFormat::Json, true) => writeln!(out, "{}", steerless(line.raw())),
            (LogsFormat::Json, false) => writeln!(out, "{}", steerless(&self.object(line))),
            (LogsFormat::Csv, true) => write_csv_row(&mut { out }, self.whole_row(line), self.formulas),
            (LogsFormat::Csv, false) => {
                let cells = self.fields.iter().map(|path| cell(line.field(path)));
                write_csv_row(&mut { out }, cells, self.formulas)
            }
        }
    }

    fn for_people(&self, out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
        let stamp = match Cell::moment(line.timestamp()) {
            Cell::Text(stamp) => stamp,
            _ => "-".into(),
        };
        let level = line.level().map_or("-", Level::name);
        let (style, faint) = match self.colour {
            true => (line.level().map_or(Style::new(), style_of), Style::new().dimmed()),
            false => (Style::new(), Style::new()),
        };
        let component = harmless(&line.component().unwrap_or_default());
        let message = harmless(&line.message().unwrap_or_default());
        write!(out, "{faint}{stamp}{faint:#}  {style}{level:<5}{style:#}  {faint}{component}{faint:#}  {message}")?;
        for (key, value) in line.fields().filter(|(key, _)| !self.is_told(key)) {
            write!(out, "  {faint}{}={faint:#}{}", harmless(&key), harmless(value.text()))?;
        }
        writeln!(out)
    }

    /// Says whether a key is one of those that are told in front. The correlation id is told like a field.
    fn is_told(&self, key: &str) -> bool {
        let keys = [&self.keys.timestamp, &self.keys.level, &self.keys.component, &self.keys.message];
        keys.iter().any(|paths| paths.iter().any(|path| path.as_str() == key))
    }

    fn object(&self, line: &Line<'_>) -> String {
        object_of(self.fields.iter().map(|path| (path.as_str().into(), line.field(path).unwrap_or(Value::Null))))
    }

    /// Returns the five columns, and all other fields as JSON in a sixth.
    fn whole_row(&self, line: &Line<'_>) -> Vec<Cell> {
        let is_told = |key: &str| self.is_told(key) || self.keys.correlation_id.iter().any(|path| path.as_str() == key);
        let others = object_of(line.fields().filter(|(key, _)| !is_told(key)));
        let others = (others != "{}").then_some(others);
        vec![
            Cell::moment(line.timestamp()),
            Cell::text(line.level().map(Level::name)),
            Cell::text(line.component()),
            Cell::text(line.message()),
            Cell::text(line.correlation_id()),
            Cell::text(others),
        ]
    }
}

fn cell(value: Option<Value<'_>>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::Number(number)) => Cell::Written(number.to_owned()),
        Some(value) => Cell::Text(value.into_text().into_owned()),
    }
}

/// Writes an object in which numbers, lists and objects stand as the line has them: a reader that took them for floats would
/// change long numbers. Of a key that stands twice the last counts.
fn object_of<'a>(fields: impl Iterator<Item = (Cow<'a, str>, Value<'a>)>) -> String {
    let mut places = HashMap::new();
    let mut written: Vec<String> = Vec::new();
    for (key, value) in fields {
        let value = match &value {
            Value::Text(text) => quoted(text),
            other => other.text().to_owned(),
        };
        let field = format!("{}:{value}", quoted(&key));
        match places.get(&key) {
            Some(place) => written[*place] = field,
            None => {
                places.insert(key, written.len());
                written.push(field);
            }
        }
    }
    format!("{{{}}}", written.join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn style_of(level: Level) -> Style {
    let style = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match level {
        Level::Debug => Style::new().dimmed(),
        Level::Info => style(AnsiColor::Green),
        Level::Warn => style(AnsiColor::Yellow),
        Level::Error => style(AnsiColor::Red),
        Level::Fatal => style(AnsiColor::Red).bold(),
    }
}
