//! Pieces as text again: keys in the order of the vocabulary, two spaces for each level.

use super::pieces::{Document, Part, Piece, Row};
use crate::spec::vocabulary::{Document as Words, Shape, Table};

/// How much deeper each level stands.
const STEP: usize = 2;

pub(super) fn write(document: &Document) -> String {
    let mut lines = document.head.clone();
    let tables = Words::Workflow.tables();
    lines.extend(piece(&document.root, 0, tables.first().map(|table| Shape::Table(table.name))).join());
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Lines of a value, and what stands above the first of them.
struct Written {
    above: Vec<String>,
    lines: Vec<String>,
}

impl Written {
    fn join(self) -> Vec<String> {
        [self.above, self.lines].concat()
    }
}

/// Writes a value whose first line stands at `indent`.
fn piece(piece: &Piece, indent: usize, shape: Option<Shape>) -> Written {
    match piece {
        Piece::Leaf { lines, column, is_text } => {
            let first = std::iter::once(format!("{:indent$}{}", "", lines[0]));
            let rest = lines[1..].iter().map(|line| moved(line, *column, indent, *is_text));
            Written { above: Vec::new(), lines: first.chain(rest).collect() }
        }
        Piece::Map(part) => {
            let table = table(shape);
            let mut rows: Vec<&Row> = part.rows.iter().collect();
            let position = |name: &str| table?.keys.iter().position(|key| key.name == name);
            if table.is_some() {
                // Keys that nobody knows go last, as they stood.
                rows.sort_by_key(|row| position(&row.name).unwrap_or(usize::MAX));
            }
            part_lines(part, &rows, indent, |row| {
                self::piece(&row.value, value_indent(row, indent), below(shape, &row.name))
            })
        }
        Piece::List(part) => {
            let rows: Vec<&Row> = part.rows.iter().collect();
            part_lines(part, &rows, indent, |row| item(row, indent, items(shape)))
        }
    }
}

/// A value that has its key's line begins where the key does, another one a level deeper.
fn value_indent(row: &Row, indent: usize) -> usize {
    if row.head.is_empty() { indent } else { indent + STEP }
}

/// Writes an item: its value, with a dash before the first line.
fn item(row: &Row, indent: usize, shape: Option<Shape>) -> Written {
    let mut written = piece(&row.value, indent + STEP, shape);
    if let Some(first) = written.lines.first_mut() {
        *first = format!("{:indent$}- {}", "", first.trim_start());
    }
    // Nothing stands between a dash and its first line.
    written.above = written
        .above
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .map(|line| indented(line, indent))
        .collect();
    written
}

fn part_lines(part: &Part, rows: &[&Row], indent: usize, value: impl Fn(&Row) -> Written) -> Written {
    let mut all = Written { above: Vec::new(), lines: Vec::new() };
    for (index, row) in rows.iter().enumerate() {
        let above = tidied(&row.above, indent, index == 0);
        let written = value(row);
        if index == 0 {
            all.above = above;
        } else {
            all.lines.extend(above);
        }
        let head = (!row.head.is_empty()).then(|| indented(&row.head, indent));
        match (head, index) {
            (Some(head), _) => all.lines.extend(std::iter::once(head).chain(written.join())),
            (None, 0) => {
                all.above.extend(written.above);
                all.lines.extend(written.lines);
            }
            (None, _) => all.lines.extend(written.join()),
        }
    }
    all.lines.extend(tidied(&part.foot, indent, false));
    all
}

/// Indents comments, and leaves one blank line where there are several, none where nothing stands above them.
fn tidied(lines: &[String], indent: usize, is_first: bool) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::new();
    for line in lines {
        let follows_blank = tidy.last().map_or(is_first, String::is_empty);
        if !(line.is_empty() && follows_blank) {
            tidy.push(indented(line, indent));
        }
    }
    tidy
}

fn indented(line: &str, indent: usize) -> String {
    if line.is_empty() { String::new() } else { format!("{:indent$}{line}", "") }
}

/// Moves a further line of a value as far as its first one was moved. Blanks that a text below its key may hold stay.
fn moved(line: &str, from: usize, to: usize, is_text: bool) -> String {
    if line.trim().is_empty() && !(is_text && line.len() > from) {
        return String::new();
    }
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let blanks = (blanks + to).saturating_sub(from);
    format!("{:blanks$}{}", "", line.trim_start_matches(' '))
}

/// Returns the table that a map follows, if it follows one.
fn table(shape: Option<Shape>) -> Option<&'static Table> {
    match shape? {
        Shape::Table(name) => Words::Workflow.table(name),
        Shape::Any(shapes) => shapes.iter().find_map(|shape| table(Some(*shape))),
        _ => None,
    }
}

/// Returns the shape of the value of a key.
fn below(shape: Option<Shape>, name: &str) -> Option<Shape> {
    match shape? {
        Shape::Table(table) => {
            let table = Words::Workflow.table(table)?;
            table.keys.iter().find(|key| key.name == name).map(|key| key.shape)
        }
        Shape::Map(inner) | Shape::SomeMap(inner) => Some(*inner),
        Shape::Any(shapes) => shapes.iter().find_map(|shape| below(Some(*shape), name)),
        _ => None,
    }
}

/// Returns the shape of the items of a list.
fn items(shape: Option<Shape>) -> Option<Shape> {
    match shape? {
        Shape::List(inner) | Shape::Some(inner) => Some(*inner),
        Shape::Any(shapes) => shapes.iter().find_map(|shape| items(Some(*shape))),
        _ => None,
    }
}
