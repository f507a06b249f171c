//! Where the blocks of a YAML text stand: maps and lists in block style, with everything else as a leaf.

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Span, StructureStyle};

use super::super::Mistake;
use crate::model::Place;

/// A value and the lines on which it stands; lines and columns count from 0.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) line: usize,
    pub(super) column: usize,
    /// The last line that belongs to it; of lists and maps the caller knows it from what is inside.
    pub(super) end: usize,
    pub(super) form: Form,
}

/// What a value looks like.
#[derive(Debug)]
pub(super) enum Form {
    /// A scalar in one of the styles on a line, or something in braces.
    Leaf,
    /// A text below its key, whose blanks may matter.
    Text,
    /// Nothing.
    Empty,
    /// A map in block style.
    Map(Vec<(Key, Block)>),
    /// A list in block style.
    List(Vec<Block>),
}

/// A key of a map in block style.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Reads the one document of a text. What the text says is the checker's business.
pub(super) fn read(source: &str) -> Result<Block, Mistake> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut builder = Builder { open: Vec::new(), root: None };
    for step in Parser::new_from_str_with_options(source, options) {
        // The reader of workflow files says more about this, and the caller has asked it first.
        let (event, span) = step.map_err(|error| {
            let message = format!("the file cannot be read from here on: {}", error.kind());
            Mistake::at(place(error.marker()), message)
        })?;
        builder.see(event, &span)?;
    }
    builder.root.ok_or_else(|| Mistake::whole("the file holds nothing but comments"))
}

/// Makes a mistake about something that is not moved.
pub(super) fn unusual(line: usize, what: &str) -> Mistake {
    let line = u32::try_from(line + 1).unwrap_or(u32::MAX);
    Mistake::at(Place { line, column: 1 }, format!("{what} cannot be formatted, so the file is left alone"))
}

struct Builder {
    open: Vec<Open>,
    root: Option<Block>,
}

/// A list or map whose end has not come yet.
struct Open {
    start: Marker,
    holds: Holds,
}

enum Holds {
    List(Vec<Block>),
    Map(Vec<(Key, Block)>, Option<Key>),
    /// In braces, and so many of them.
    Braces(usize),
}

impl Builder {
    fn see(&mut self, event: Event<'_>, span: &Span) -> Result<(), Mistake> {
        match event {
            Event::SequenceStart(style, ..) => self.start(style, span, Holds::List(Vec::new())),
            Event::MappingStart(style, ..) => self.start(style, span, Holds::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Scalar(text, style, ..) => {
                let form = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => Form::Text,
                    ScalarStyle::Plain if text.is_empty() => Form::Empty,
                    _ => Form::Leaf,
                };
                self.leaf(&text, form, span)
            }
            Event::Alias(_) => self.leaf("", Form::Leaf, span),
            Event::DocumentStart(..) if self.root.is_some() => Err(unusual(line(&span.start), "a second document")),
            _ => Ok(()),
        }
    }

    fn start(&mut self, style: StructureStyle, span: &Span, holds: Holds) -> Result<(), Mistake> {
        match self.open.last_mut() {
            Some(Open { holds: Holds::Braces(depth), .. }) => *depth += 1,
            Some(Open { holds: Holds::Map(_, None), .. }) => {
                return Err(unusual(line(&span.start), "a key that is a list or a map"));
            }
            _ => {
                let is_block = style == StructureStyle::Block;
                self.open.push(Open { start: span.start, holds: if is_block { holds } else { Holds::Braces(1) } });
            }
        }
        Ok(())
    }

    fn end(&mut self, span: &Span) -> Result<(), Mistake> {
        if let Some(Open { holds: Holds::Braces(depth), .. }) = self.open.last_mut()
            && *depth > 1
        {
            *depth -= 1;
            return Ok(());
        }
        let Open { start, holds } = self.open.pop().expect("the parser closes only what it opened");
        let form = match holds {
            Holds::List(items) => Form::List(items),
            Holds::Map(rows, _) => Form::Map(rows),
            Holds::Braces(_) => Form::Leaf,
        };
        self.put("", Block { line: line(&start), column: start.col(), end: line(&span.end), form })
    }

    fn leaf(&mut self, text: &str, form: Form, span: &Span) -> Result<(), Mistake> {
        if matches!(self.open.last(), Some(Open { holds: Holds::Braces(_), .. })) {
            return Ok(());
        }
        // The end of a text below its key is where the next thing begins.
        let end = if span.end.col() == 0 { line(&span.end).saturating_sub(1) } else { line(&span.end) };
        let begin = line(&span.start);
        self.put(text, Block { line: begin, column: span.start.col(), end: end.max(begin), form })
    }

    fn put(&mut self, text: &str, block: Block) -> Result<(), Mistake> {
        match self.open.last_mut().map(|open| &mut open.holds) {
            None => self.root = Some(block),
            Some(Holds::List(items)) => items.push(block),
            Some(Holds::Map(rows, key)) => match key.take() {
                Some(key) => rows.push((key, block)),
                None if block.line != block.end => return Err(unusual(block.line, "a key of several lines")),
                None => *key = Some(Key { name: text.to_owned(), line: block.line, column: block.column }),
            },
            Some(Holds::Braces(_)) => {}
        }
        Ok(())
    }
}

fn line(marker: &Marker) -> usize {
    marker.line().saturating_sub(1)
}

fn place(marker: &Marker) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Place { line: number(marker.line()), column: number(marker.col() + 1) }
}
