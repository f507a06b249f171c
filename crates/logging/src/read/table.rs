//! Answers as rows and columns, written as a table for people, as JSON or as CSV. What the rows say is decided by others.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Number, Value};

use super::Timestamp;

/// An answer: rows under the names of columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns' names, as they stand in JSON and CSV; a table for people has them in capitals.
    pub columns: Vec<String>,
    /// The rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// What has to be said with it, such as that a count may be too low.
    pub notes: Vec<String>,
}

/// What stands in a row under a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing: the line has no such field.
    Empty,
    /// Text from the log, with whatever it holds.
    Text(String),
    /// How many.
    Count(u64),
    /// A measured number.
    Number(f64),
    /// A number from the log, as it is written there: no digit of it is lost.
    Written(String),
    /// A part of a whole: people read it in hundredths.
    Share(f64),
}

impl Cell {
    /// Returns a cell with a text, or nothing.
    pub fn text(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Empty, |text| Cell::Text(text.into()))
    }

    /// Returns a cell with a number, or nothing.
    pub fn number(number: Option<f64>) -> Cell {
        number.map_or(Cell::Empty, Cell::Number)
    }

    /// Returns a cell with a moment as the schema writes it, or nothing.
    pub fn moment(moment: Option<Timestamp>) -> Cell {
        Cell::text(moment.map(rfc3339))
    }

    fn is_number(&self) -> bool {
        matches!(self, Cell::Count(_) | Cell::Number(_) | Cell::Written(_) | Cell::Share(_))
    }

    /// Returns what people read; nothing in it steers a terminal or ends the line.
    fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => harmless(text),
            Cell::Written(number) => harmless(number),
            Cell::Count(count) => count.to_string(),
            Cell::Number(number) => rounded(*number),
            Cell::Share(part) => percent(*part),
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Empty => Value::Null,
            Cell::Text(text) => Value::String(text.clone()),
            Cell::Written(number) => serde_json::from_str(number).unwrap_or_else(|_| number.as_str().into()),
            Cell::Count(count) => Value::from(*count),
            // What is not finite has no form in JSON.
            Cell::Number(number) | Cell::Share(number) => whole(*number)
                .map(Value::from)
                .or_else(|| Number::from_f64(*number).map(Value::Number))
                .unwrap_or(Value::Null),
        }
    }
}

impl Table {
    /// Makes a table without rows.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Table {
        Table { columns: columns.into_iter().map(Into::into).collect(), ..Table::default() }
    }

    /// Writes it for people: columns in line, numbers to the right.
    ///
    /// # Errors
    /// When `out` gives one.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let head: Vec<String> = self.columns.iter().map(|name| name.to_uppercase().replace('_', " ")).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        let is_right = |column: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| **cell != Cell::Empty);
            cells.next().is_some_and(Cell::is_number) && cells.all(Cell::is_number)
        };
        let right: Vec<bool> = (0..head.len()).map(is_right).collect();
        let lines = || std::iter::once(&head).chain(&rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        for line in lines() {
            let cells = line.iter().zip(&widths).zip(&right).map(|((cell, width), right)| match right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Writes a list of objects.
    ///
    /// # Errors
    /// When `out` gives one.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let row = |row: &Vec<Cell>| {
            let fields = self.columns.iter().zip(row).map(|(name, cell)| (name.clone(), cell.json()));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        writeln!(out, "{}", steerless(&format!("{:#}", Value::Array(rows))))
    }

    /// Writes CSV as RFC 4180 has it, with a line of names.
    ///
    /// # Errors
    /// When `out` gives one.
    pub fn write_csv(&self, out: &mut impl Write, formulas: Formulas) -> io::Result<()> {
        write_csv_row(out, self.columns.iter().cloned().map(Cell::Text), formulas)?;
        self.rows.iter().try_for_each(|row| write_csv_row(out, row.iter().cloned(), formulas))
    }
}

/// What becomes of text in CSV that a spreadsheet would take for a formula: logs hold text from strangers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formulas {
    /// It gets an apostrophe in front, and is text to a spreadsheet.
    #[default]
    Disarmed,
    /// It stands as it is: every reader gets the very text, and a spreadsheet may run it.
    Kept,
}

/// Writes one row of CSV: fields in quotes where they need them, ended by CR LF.
///
/// # Errors
/// When `out` gives one.
pub fn write_csv_row(
    out: &mut impl Write,
    cells: impl IntoIterator<Item = Cell>,
    formulas: Formulas,
) -> io::Result<()> {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        let text = match cell {
            Cell::Text(text)
                if formulas == Formulas::Disarmed && text.starts_with(['=', '+', '-', '@', '\t', '\r']) =>
            {
                format!("'{text}")
            }
            Cell::Text(text) | Cell::Written(text) => text,
            Cell::Number(_) | Cell::Share(_) => cell.json().to_string(),
            other => other.shown(),
        };
        match text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
            true => write!(out, "\"{}\"", text.replace('"', "\"\""))?,
            false => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\r\n")
}

/// Returns a number as people read it: six digits that count.
fn rounded(number: f64) -> String {
    if let Some(whole) = whole(number) {
        return whole.to_string();
    }
    if !(1e-4..1e15).contains(&number.abs()) {
        return format!("{number:.3e}");
    }
    let before = (number.abs().log10().floor() as i64 + 1).max(0);
    let behind = usize::try_from(6 - before).unwrap_or(0);
    let text = format!("{number:.behind$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Returns hundredths; what there is of something is never shown as nothing.
fn percent(part: f64) -> String {
    let tenths = (part * 1_000.0).round() / 10.0;
    match tenths {
        0.0 if part > 0.0 => "<0.1%".into(),
        _ => format!("{tenths}%"),
    }
}

/// Returns a number that is whole, and exact as a floating number.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// Returns a moment as the schema writes it. Years before 1970 and beyond 9999 have no such form, and are cut.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    const MOST: u64 = 253_402_300_799_999_999;
    let micros = u64::try_from(moment.micros).unwrap_or(0).min(MOST);
    humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + Duration::from_micros(micros)).to_string()
}

/// Shows what steers a terminal, or ends a line, by its number.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            _ if is_steering(letter) || letter.is_control() => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Returns JSON in which nothing steers a terminal: JSON itself escapes only what is below a blank.
pub fn steerless(json: &str) -> std::borrow::Cow<'_, str> {
    if !json.chars().any(is_steering) {
        return json.into();
    }
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        match is_steering(letter) {
            // They can stand in strings only, where an escape means the same.
            true => shown.push_str(&format!("\\u{:04x}", u32::from(letter))),
            false => shown.push(letter),
        }
    }
    shown.into()
}

/// Says whether a letter that JSON does not escape steers a terminal, turns text round or ends a line for some.
fn is_steering(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn table() -> Table {
        let mut table = Table::new(["component", "lines", "p95"]);
        table.rows = vec![
            vec![Cell::Text("cache.redis".into()), Cell::Count(12), Cell::Number(1.25)],
            vec![Cell::Text("=1+1,\"x\"\n\u{1b}[31m".into()), Cell::Count(3), Cell::Empty],
        ];
        table
    }

    #[test]
    fn people_get_columns_in_line_and_nothing_that_steers() {
        let expected = "COMPONENT                       LINES   P95\n\
            cache.redis                        12  1.25\n=1+1,\"x\"\\n\\u{1b}[31m      3\n";
        let shown = written(|out| table().write_text(out));
        assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn programs_get_objects() {
        let rows: Value = serde_json::from_str(&written(|out| table().write_json(out))).unwrap();
        assert_eq!(rows[0], serde_json::json!({ "component": "cache.redis", "lines": 12, "p95": 1.25 }));
        assert_eq!(rows[1]["p95"], Value::Null);
    }

    #[test]
    fn csv_is_quoted_where_it_must_be_and_formulas_are_disarmed() {
        let disarmed = written(|out| table().write_csv(out, Formulas::Disarmed));
        assert_eq!(disarmed, "component,lines,p95\r\ncache.redis,12,1.25\r\n\"'=1+1,\"\"x\"\"\n\u{1b}[31m\",3,\r\n");
        let kept = written(|out| table().write_csv(out, Formulas::Kept));
        assert_eq!(kept, disarmed.replace("'=", "="));
    }

    #[test]
    fn numbers_are_rounded_for_people_only() {
        let cases = [
            (0.0, "0"),
            (1e9, "1000000000"),
            (1.0 / 3.0, "0.333333"),
            (1234.5678, "1234.57"),
            (1e-9, "1.000e-9"),
            (123456.7, "123457"),
            (1e300, "1.000e300"),
            (-2.5, "-2.5"),
        ];
        for (number, expected) in cases {
            assert_eq!(rounded(number), expected);
        }
        assert_eq!(Cell::Number(f64::NAN).json(), Value::Null);
        let shares = [(0.5, "50%"), (1.0 / 3.0, "33.3%"), (1e-6, "<0.1%"), (0.0, "0%"), (1.0, "100%")];
        for (part, expected) in shares {
            assert_eq!(percent(part), expected);
        }
    }
}
