//! A text of which the end may not have come yet. Whoever asks for a byte behind the end is told to wait; so a decision
//! is the same whether the text comes whole or in pieces.

/// The decision depends on bytes that have not come yet.
#[derive(Debug)]
pub(super) struct More;

/// What was seen, unless more has to come.
pub(super) type Seen<T> = Result<T, More>;

/// How far a decision looks back, at most. A stream keeps so much of what it has given out already.
pub(super) const LOOK_BACK: usize = 256;

/// A text, and how it may be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'b> {
    pub(super) bytes: &'b [u8],
    /// Nobody looks behind this place: a secret ended here, or the text begins.
    pub(super) floor: usize,
    /// What stands before the floor.
    pub(super) edge: u8,
    /// Nothing comes behind the end.
    pub(super) is_last: bool,
}

impl<'b> View<'b> {
    /// Returns the view of a whole text.
    pub(super) fn whole(bytes: &'b [u8]) -> View<'b> {
        View { bytes, floor: 0, edge: b'\n', is_last: true }
    }

    /// Returns the byte at a place; `None` at the end of the text.
    pub(super) fn at(&self, place: usize) -> Seen<Option<u8>> {
        match self.bytes.get(place) {
            Some(byte) => Ok(Some(*byte)),
            None if self.is_last => Ok(None),
            None => Err(More),
        }
    }

    /// Returns the byte before a place.
    pub(super) fn before(&self, place: usize) -> u8 {
        match place > self.floor {
            true => self.bytes[place - 1],
            false => self.edge,
        }
    }

    /// Returns where the bytes end for which it holds, `limit` of them at most.
    pub(super) fn while_within(&self, start: usize, limit: usize, holds: impl Fn(u8) -> bool) -> Seen<usize> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let window = &rest[..rest.len().min(limit)];
        match window.iter().position(|byte| !holds(*byte)) {
            Some(length) => Ok(start + length),
            None if window.len() == limit || self.is_last => Ok(start + window.len()),
            None => Err(More),
        }
    }

    /// Returns where the bytes before a place begin for which it holds, `limit` of them at most.
    pub(super) fn back_while(&self, end: usize, limit: usize, holds: impl Fn(u8) -> bool) -> usize {
        let low = self.floor.max(end.saturating_sub(limit));
        self.bytes[low..end].iter().rposition(|byte| !holds(*byte)).map_or(low, |found| low + found + 1)
    }

    /// Says whether these bytes stand at a place.
    pub(super) fn starts_with(&self, place: usize, expected: &[u8]) -> Seen<bool> {
        self.compare(place, expected, |own, expected| own == expected)
    }

    /// Says whether these letters stand at a place, in any case.
    pub(super) fn starts_with_any_case(&self, place: usize, expected: &[u8]) -> Seen<bool> {
        self.compare(place, expected, <[u8]>::eq_ignore_ascii_case)
    }

    fn compare(&self, place: usize, expected: &[u8], is_same: impl Fn(&[u8], &[u8]) -> bool) -> Seen<bool> {
        let rest = self.bytes.get(place..).unwrap_or_default();
        let shared = rest.len().min(expected.len());
        match is_same(&rest[..shared], &expected[..shared]) {
            false => Ok(false),
            true if shared == expected.len() => Ok(true),
            true if self.is_last => Ok(false),
            true => Err(More),
        }
    }

    /// Says whether a word may begin here: behind what is no letter, digit, `_` or `-`, or behind an escape such as `\n`,
    /// a byte of a URL or a terminal's colour, whose letters are none of the word's.
    pub(super) fn is_start(&self, place: usize) -> bool {
        !is_name(self.before(place)) || self.is_behind_escape(place)
    }

    fn is_behind_escape(&self, place: usize) -> bool {
        let low = self.floor.max(place.saturating_sub(20));
        match &self.bytes[low..place] {
            [.., b'\\', b'n' | b't' | b'r'] => true,
            [.., b'\\', b'u', a, b, c, d] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => true,
            [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
            [parameters @ .., b'm'] => {
                let digits = parameters.iter().rposition(|byte| !byte.is_ascii_digit() && *byte != b';');
                digits.is_some_and(|before| parameters[before] == b'[')
            }
            _ => false,
        }
    }
}

/// Says whether a byte may stand in a name.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Says whether a byte is a blank within a line.
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
