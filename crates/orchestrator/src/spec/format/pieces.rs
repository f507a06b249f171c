//! The lines of a text, each given to what it belongs to: a key, an item of a list, or the end of a map or list.

use super::super::Mistake;
use super::layout::{Block, Form, unusual};

/// A text in pieces.
#[derive(Debug)]
pub(super) struct Document {
    /// The lines above the first key: they stay on top.
    pub(super) head: Vec<String>,
    pub(super) root: Piece,
}

/// A value with the lines that belong to it.
#[derive(Debug)]
pub(super) enum Piece {
    /// Lines as they are, the first from its own beginning on, the others with the column that they are counted from.
    Leaf { lines: Vec<String>, column: usize, is_text: bool },
    /// A map in block style.
    Map(Part),
    /// A list in block style.
    List(Part),
}

/// What lists and maps have in common.
#[derive(Debug)]
pub(super) struct Part {
    /// The column of its keys or dashes, as it was.
    column: usize,
    pub(super) rows: Vec<Row>,
    /// Comments below the last row.
    pub(super) foot: Vec<String>,
}

/// A key with its value, or an item of a list.
#[derive(Debug)]
pub(super) struct Row {
    /// The key's name; empty for an item.
    pub(super) name: String,
    /// Comments and blank lines above it, without their indentation.
    pub(super) above: Vec<String>,
    /// The line of a key whose value stands below it; empty where the value has the line.
    pub(super) head: String,
    pub(super) value: Piece,
}

/// Gives each line of `source` to its piece.
pub(super) fn read(source: &str, root: &Block) -> Result<Document, Mistake> {
    let Form::Map(rows) = &root.form else {
        return Err(unusual(root.line, "what is no map in block style"));
    };
    let first = rows.first().map_or(0, |(key, _)| key.line);
    let mut reader = Reader { lines: source.lines().collect(), next: first };
    let head = reader.lines[..first].iter().map(|line| line.trim_end().to_owned());
    let head = head.skip_while(String::is_empty).collect();
    let mut root = reader.block(root)?;
    let mut between = reader.gap(reader.lines.len())?;
    while between.last().is_some_and(|line| line.column.is_none()) {
        between.pop();
    }
    // What stands at the very left belongs to the file, whatever stands before it.
    let deeper = between.iter().rposition(|line| line.column.is_some_and(|column| column > 0));
    let last = between.split_off(deeper.map_or(0, |last| last + 1));
    root.add_feet(between);
    root.foot(last);
    Ok(Document { head, root })
}

struct Reader<'s> {
    lines: Vec<&'s str>,
    /// The first line that belongs to nothing yet.
    next: usize,
}

/// A comment or a blank line between two rows.
#[derive(Debug)]
struct Between {
    /// Where its `#` stands; `None` for a blank line.
    column: Option<usize>,
    text: String,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block) -> Result<Piece, Mistake> {
        let mut part = match &block.form {
            Form::Map(rows) => Part::new(rows.first().map_or(block.column, |(key, _)| key.column)),
            Form::List(_) => Part::new(0),
            _ => unreachable!("leaves are read by their row"),
        };
        match &block.form {
            Form::Map(rows) => {
                for (key, value) in rows {
                    let above = self.above(key.line, key.column, &mut part.rows)?;
                    self.clear_before(key.line, key.column)?;
                    let (head, value) = self.value(value, (key.line, key.column), key.column)?;
                    part.rows.push(Row { name: key.name.clone(), above, head, value });
                }
                Ok(Piece::Map(part))
            }
            Form::List(items) => {
                for item in items {
                    let (line, dash) = self.dash(item)?;
                    let mut above = self.above(line, dash, &mut part.rows)?;
                    part.column = dash;
                    // A comment behind a lonely dash has no place once the item stands there.
                    if line != item.line {
                        let comment = self.lines[line].trim().trim_start_matches('-').trim().to_owned();
                        above.extend((!comment.is_empty()).then_some(comment));
                        self.next = line + 1;
                    }
                    let (head, value) = self.value(item, (item.line, item.column), dash)?;
                    part.rows.push(Row { name: String::new(), above, head, value });
                }
                Ok(Piece::List(part))
            }
            _ => unreachable!("leaves are read by their row"),
        }
    }

    /// Reads the value of a row whose key or item begins at a place, with the rest of the row's own line. What stands
    /// no deeper than `outside` is not the row's.
    fn value(&mut self, block: &Block, place: (usize, usize), outside: usize) -> Result<(String, Piece), Mistake> {
        let (line, column) = place;
        let begin: String = self.lines[line].chars().skip(column).collect();
        let begin = begin.trim_end().to_owned();
        match &block.form {
            Form::Map(_) | Form::List(_) => {
                let is_below = block.line > line;
                if is_below {
                    self.next = line + 1;
                }
                Ok((if is_below { begin } else { String::new() }, self.block(block)?))
            }
            form => {
                let is_text = matches!(form, Form::Text);
                let end = match form {
                    Form::Empty => line,
                    Form::Text => self.text_end(line, outside, &begin),
                    _ => block.end,
                };
                let rest = self.lines[(line + 1).min(end + 1)..=end].iter().map(|line| (*line).to_owned());
                // Blanks at the end of the first of several lines may be part of a quoted text.
                let first =
                    if end == line || is_text { begin } else { self.lines[line].chars().skip(column).collect() };
                self.next = end + 1;
                Ok((
                    String::new(),
                    Piece::Leaf { lines: std::iter::once(first).chain(rest).collect(), column, is_text },
                ))
            }
        }
    }

    /// Returns the last line of a text below its key. Blank lines behind it are its own only when it keeps them (`|+`).
    fn text_end(&self, line: usize, outside: usize, begin: &str) -> usize {
        let is_inside = |line: &&&str| line.trim().is_empty() || line.len() - line.trim_start().len() > outside;
        let end = line + self.lines[line + 1..].iter().take_while(is_inside).count();
        let sign = begin.rsplit(['|', '>']).next().unwrap_or_default();
        if sign.split('#').next().unwrap_or_default().contains('+') {
            return end;
        }
        (line..=end).rev().find(|line| !self.lines[*line].trim().is_empty()).unwrap_or(line)
    }

    /// Takes the lines up to the next row, and gives to the rows before it what stands deeper than it.
    fn above(&mut self, line: usize, column: usize, rows: &mut [Row]) -> Result<Vec<String>, Mistake> {
        if line < self.next {
            return Ok(Vec::new());
        }
        let mut between = self.gap(line)?;
        let deeper = between.iter().rposition(|line| line.column.is_some_and(|found| found > column));
        let above = between.split_off(deeper.map_or(0, |last| last + 1));
        if let Some(row) = rows.last_mut() {
            row.value.add_feet(between);
        } else if !between.is_empty() {
            return Ok(between.into_iter().chain(above).map(|line| line.text).collect());
        }
        Ok(above.into_iter().map(|line| line.text).collect())
    }

    fn gap(&mut self, end: usize) -> Result<Vec<Between>, Mistake> {
        let mut between = Vec::new();
        for (index, line) in self.lines.iter().enumerate().take(end).skip(self.next) {
            let text = line.trim();
            if !text.is_empty() && !text.starts_with('#') {
                return Err(unusual(index, &format!("'{}'", text.chars().take(20).collect::<String>())));
            }
            let column = (!text.is_empty()).then(|| line.len() - line.trim_start().len());
            between.push(Between { column, text: text.to_owned() });
        }
        self.next = end.max(self.next);
        Ok(between)
    }

    /// Returns the line and the column of an item's dash.
    fn dash(&self, item: &Block) -> Result<(usize, usize), Mistake> {
        let (first, column) = match &item.form {
            Form::Map(rows) => rows.first().map_or((item.line, item.column), |(key, _)| (key.line, key.column)),
            Form::List(items) => match items.first() {
                Some(inner) => self.dash(inner)?,
                None => (item.line, item.column),
            },
            _ => (item.line, item.column),
        };
        let before: String = self.lines[first].chars().take(column).collect();
        if let Some(dash) = before.trim_end().rfind('-').filter(|dash| before.trim_end().len() == dash + 1) {
            self.clear_before(first, column)?;
            return Ok((first, dash));
        }
        let is_bare = |line: &str| line.is_empty() || line.starts_with('#');
        let above = (0..first).rev().find(|line| !is_bare(self.lines[*line].trim()));
        match above.map(|line| (line, self.lines[line].trim())) {
            Some((line, text))
                if before.trim().is_empty() && text.strip_prefix('-').is_some_and(|rest| is_bare(rest.trim())) =>
            {
                Ok((line, self.lines[line].len() - self.lines[line].trim_start().len()))
            }
            _ => Err(unusual(first, "an item with something between its dash and its value")),
        }
    }

    /// Refuses what is neither indentation nor a dash before a key: `? key`, an anchor, a tag.
    fn clear_before(&self, line: usize, column: usize) -> Result<(), Mistake> {
        let is_clear = self.lines[line].chars().take(column).all(|letter| letter == ' ' || letter == '-');
        if is_clear { Ok(()) } else { Err(unusual(line, "a key with something before it")) }
    }
}

impl Part {
    fn new(column: usize) -> Part {
        Part { column, rows: Vec::new(), foot: Vec::new() }
    }
}

impl Piece {
    fn part(&mut self) -> Option<&mut Part> {
        match self {
            Piece::Leaf { .. } => None,
            Piece::Map(part) | Piece::List(part) => Some(part),
        }
    }

    /// Puts lines at the end of the piece itself.
    fn foot(&mut self, lines: Vec<Between>) {
        if let Some(part) = self.part() {
            part.foot.extend(lines.into_iter().map(|line| line.text));
        }
    }

    /// Puts comments at the ends of the parts that they are indented as far as. A blank line goes with the comment below.
    fn add_feet(&mut self, between: Vec<Between>) {
        let mut follows_blank = false;
        for Between { column, text } in between {
            match column {
                Some(column) => self.add_foot(column, std::mem::take(&mut follows_blank), text),
                None => follows_blank = true,
            }
        }
    }

    fn add_foot(&mut self, column: usize, follows_blank: bool, text: String) {
        let Some(part) = self.part() else { return };
        let inner = part.rows.last_mut().map(|row| &mut row.value);
        match inner {
            Some(inner) if inner.is_left_of(column) => inner.add_foot(column, follows_blank, text),
            _ => {
                part.foot.extend(follows_blank.then(String::new));
                part.foot.push(text);
            }
        }
    }

    /// Says whether a comment in this column may belong to the piece.
    fn is_left_of(&self, column: usize) -> bool {
        match self {
            Piece::Leaf { .. } => false,
            Piece::Map(part) | Piece::List(part) => part.column <= column,
        }
    }
}
