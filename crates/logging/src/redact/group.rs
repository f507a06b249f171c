//! Walks the values of a name that has several: `password: ["a", "b"]`, and a list of lines below the name. Leaves finding
//! such a name to `value`, and what stands on the lines below it to `below`.

use super::below;
use super::code::{Manner, is_code, is_code_item};
use super::quoted::{Quoted, quoted};
use super::redactor::HIDDEN;
use super::scan::Secret;
use super::swallow::{Until, is_value};
use super::value::{between, is_ordinary, is_short_word};
use super::view::{Seen, View, is_blank};

/// The most bytes between two items.
const MAX_GAP: usize = 256;
/// The most brackets within one another.
const MAX_DEPTH: u8 = 8;
/// The most quotes and backslashes behind an item.
const MAX_QUOTES: usize = 20;
/// So much of an item without quotes is looked at.
const MAX_ITEM: usize = 256;

/// A number in code is a secret when it has so many letters.
const LONG_NUMBER: usize = 6;

/// What stands for the name of an item, which has none.
pub(super) const NAMELESS: &[u8] = b"-";

/// Several values under one name, of which some were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) shape: Shape,
    pub(super) manner: Manner,
    /// The name is that of a secret and of nothing else.
    pub(super) is_certain: bool,
    /// The name stands in quotes, so that a number must not lose its quotes.
    pub(super) is_json: bool,
    /// An item comes next; else what stands between two.
    expects_item: bool,
}

/// How the values stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Within brackets, so many that are open.
    Brackets(u8),
    /// Behind a dash each, in lines that begin with so many blanks.
    Lines(usize),
}

/// What comes next in a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A secret, and what is known behind it.
    Secret(Secret, Group),
    /// Nothing of its own up to here.
    Left(usize, Group),
    /// The group has ended, or is none.
    Over,
}

impl Group {
    pub(super) fn new(shape: Shape, manner: Manner, is_certain: bool, is_json: bool) -> Group {
        Group { shape, manner, is_certain, is_json, expects_item: true }
    }

    /// Says what comes next. Of a group that waits for more nothing is changed.
    pub(super) fn next(self, view: &View<'_>, at: usize) -> Seen<Step> {
        match (self.shape, self.expects_item) {
            (Shape::Brackets(depth), true) => self.item(view, depth, at),
            (Shape::Brackets(depth), false) => self.sign(view, depth, at),
            (Shape::Lines(_), true) => below::item(self, view, at),
            (Shape::Lines(indent), false) => below::next_dash(self, view, indent, at),
        }
    }

    /// Says that an item was read.
    pub(super) fn read(self) -> Group {
        Group { expects_item: false, ..self }
    }

    /// Says that an item comes next.
    pub(super) fn reading(self) -> Group {
        Group { expects_item: true, ..self }
    }

    /// Reads what stands between two items: a comma, or a bracket that closes.
    fn sign(self, view: &View<'_>, depth: u8, at: usize) -> Seen<Step> {
        let at = view.while_within(behind_quotes(view, at)?, MAX_GAP, |byte| byte.is_ascii_whitespace())?;
        Ok(match view.at(at)? {
            Some(b',') => Step::Left(at + 1, self.reading()),
            Some(b']') => self.closed(depth, at),
            _ => Step::Over,
        })
    }

    fn closed(self, depth: u8, at: usize) -> Step {
        match depth {
            0 | 1 => Step::Over,
            _ => Step::Left(at + 1, Group { shape: Shape::Brackets(depth - 1), ..self }.read()),
        }
    }

    fn item(self, view: &View<'_>, depth: u8, at: usize) -> Seen<Step> {
        let start = view.while_within(at, MAX_GAP, |byte| byte.is_ascii_whitespace())?;
        if let Some(quoted) = quoted(view, start)? {
            return self.text(view, start, quoted);
        }
        if let Some(step) = self.hidden(view, start)? {
            return Ok(step);
        }
        match view.at(start)? {
            Some(b'[') if depth < MAX_DEPTH => {
                Ok(Step::Left(start + 1, Group { shape: Shape::Brackets(depth + 1), ..self }))
            }
            Some(b']') => Ok(self.closed(depth, start)),
            Some(_) => self.bare(view, start),
            None => Ok(Step::Over),
        }
    }

    /// Reads an item between quotes.
    pub(super) fn text(self, view: &View<'_>, start: usize, quoted: Quoted) -> Seen<Step> {
        let is_left = !self.is_certain && is_ordinary(view, start)? || is_sentence(view, quoted);
        let secret = if is_left { None } else { between(view, quoted)? };
        Ok(match (secret, quoted.close) {
            (Some(secret), _) => Step::Secret(secret, self.read()),
            (None, Some(close)) => Step::Left(behind_quotes(view, close)?, self.read()),
            (None, None) => Step::Over,
        })
    }

    /// Reads an item that is hidden already, with what stands right behind that.
    pub(super) fn hidden(self, view: &View<'_>, start: usize) -> Seen<Option<Step>> {
        if !view.starts_with(start, HIDDEN.as_bytes())? {
            return Ok(None);
        }
        let end = view.while_within(start + HIDDEN.len(), MAX_ITEM, is_value)?;
        Ok(Some(Step::Left(end, self.read())))
    }

    /// Reads an item without quotes, behind which the list must go on or end.
    fn bare(self, view: &View<'_>, start: usize) -> Seen<Step> {
        let Some(end) = bare_item(view, start)? else { return Ok(Step::Over) };
        let value = &view.bytes[start..end];
        let is_number = self.is_json && value.iter().all(|byte| byte.is_ascii_digit() || b"-.".contains(byte));
        // The bytes of a constant are code; a number as long as a password is not.
        let is_byte = self.manner == Manner::Spaced && value.len() < LONG_NUMBER && value[0].is_ascii_digit();
        let is_code = is_byte || is_code(view, NAMELESS, start, self.manner)? || is_code_item(value, self.manner);
        Ok(match is_code || !self.is_certain && is_short_word(value) {
            true => Step::Left(end, self.read()),
            false => Step::Secret(Secret { is_bare: is_number, ..Secret::new(start, Until::Word) }, self.read()),
        })
    }
}

/// Says whether a list opens here: with a text, with a word behind which it goes on, or with nothing in it.
pub(super) fn is_list(view: &View<'_>, start: usize) -> Seen<bool> {
    if view.at(start)? != Some(b'[') || view.starts_with(start, HIDDEN.as_bytes())? {
        return Ok(false);
    }
    let first = view.while_within(start + 1, MAX_GAP, |byte| byte.is_ascii_whitespace())?;
    Ok(match view.at(first)? {
        Some(b'[') => {
            view.starts_with(first, HIDDEN.as_bytes())?
                || view.at(first + 1)?.is_some_and(|byte| matches!(byte, b'"' | b'\''))
        }
        Some(b']' | b'"' | b'\'') => true,
        Some(b'\\') => quoted(view, first)?.is_some(),
        Some(_) => bare_item(view, first)?.is_some(),
        None => false,
    })
}

/// Returns the end of an item without quotes, if a comma or a bracket stands behind it.
fn bare_item(view: &View<'_>, start: usize) -> Seen<Option<usize>> {
    let end = view.while_within(start, MAX_ITEM, |byte| is_value(byte) && byte != b'[')?;
    let behind = view.while_within(end, MAX_GAP, is_blank)?;
    Ok(match view.at(behind)? {
        Some(b',' | b']' | b'\n' | b'\r') if end > start => Some(end),
        _ => None,
    })
}

/// Returns the place behind the quotes that close an item.
pub(super) fn behind_quotes(view: &View<'_>, at: usize) -> Seen<usize> {
    view.while_within(at, MAX_QUOTES, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
}

/// Says whether a text is a sentence, as services write under the name of a field: `"password": ["It is too short."]`.
fn is_sentence(view: &View<'_>, quoted: Quoted) -> bool {
    let text = quoted.close.map(|close| &view.bytes[quoted.open..close]).unwrap_or_default();
    let blanks = text.iter().filter(|byte| **byte == b' ').count();
    blanks > 1 && text.first().is_some_and(u8::is_ascii_uppercase) && text.last() == Some(&b'.')
}
