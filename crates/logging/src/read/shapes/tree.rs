//! The tree of glue: which piece follows which, in whatever lines were learnt. Leaves to others what stands between them.

use super::super::token::byte;
use super::values::{Then, is_scalar};

/// Pieces of glue that are kept at most.
const MOST_GLUES: usize = 512;
/// Bytes of them that are kept at most.
const MOST_TEXT: usize = 64 * 1024;
/// Pieces that may follow one piece: so many are compared before a line is given up.
const MOST_BRANCHES: usize = 8;
/// So many bytes are compared at once.
pub(super) const WIDE: usize = 16;
/// No glue: the root follows none.
const NONE: u32 = 0;

/// Pieces of glue, the first of which is the root: it has no text.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    glues: Vec<Glue>,
    text: Vec<u8>,
}

/// What stands between the end of one value and the beginning of the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glue {
    /// Its first bytes, and ones where they count.
    head: u128,
    mask: u128,
    /// Its last bytes, when it is longer than its head.
    last: u128,
    /// Where it begins in the text of all.
    text: u32,
    pub(super) length: u32,
    pub(super) then: Then,
    /// The shape of lines that end with it.
    pub(super) shape: u32,
    /// The first glue that follows, and the next that follows the same as this one does.
    first: u32,
    other: u32,
}

impl Default for Tree {
    fn default() -> Tree {
        let root = Glue {
            head: 0,
            mask: 0,
            last: 0,
            text: 0,
            length: 0,
            then: Then::Glue,
            shape: 0,
            first: NONE,
            other: NONE,
        };
        Tree { glues: vec![root], text: Vec::new() }
    }
}

impl Tree {
    /// Returns how many pieces there are.
    pub(super) fn len(&self) -> usize {
        self.glues.len()
    }

    #[inline(always)]
    pub(super) fn root(&self) -> &Glue {
        &self.glues[0]
    }

    /// Lines that end with this glue have this shape.
    pub(super) fn set_shape(&mut self, glue: usize, shape: usize) {
        self.glues[glue].shape = shape as u32;
    }

    /// Returns the glue behind another one's value that stands at `at`.
    #[inline(always)]
    pub(super) fn next(&self, before: &Glue, bytes: &[u8], at: usize) -> Option<&Glue> {
        let rest = bytes.get(at..)?;
        let head = wide(rest, 0)?;
        let mut place = before.first;
        while place != NONE {
            let glue = &self.glues[place as usize];
            if (head ^ glue.head) & glue.mask == 0 && self.is_at(glue, rest) {
                return Some(glue);
            }
            place = glue.other;
        }
        None
    }

    /// Says whether glue whose head is right is right to its end.
    #[inline(always)]
    fn is_at(&self, glue: &Glue, rest: &[u8]) -> bool {
        let length = glue.length as usize;
        if length > WIDE && wide(rest, length - WIDE) != Some(glue.last) {
            return false;
        }
        if length > 2 * WIDE && rest.get(WIDE..length) != self.text(glue).get(WIDE..) {
            return false;
        }
        // Glue before a number may be where other glue begins, before a string or a list.
        glue.then != Then::Scalar || is_scalar(byte(rest, length))
    }

    fn text(&self, glue: &Glue) -> &[u8] {
        &self.text[glue.text as usize..][..glue.length as usize]
    }

    /// Finds the glue that follows another, or makes it if there is room.
    pub(super) fn follower(&mut self, before: usize, text: &[u8], then: Then) -> Option<usize> {
        let mut place = self.glues[before].first;
        let mut branches = 0;
        while place != NONE {
            let glue = &self.glues[place as usize];
            if glue.then == then && self.text(glue) == text {
                return Some(place as usize);
            }
            place = glue.other;
            branches += 1;
        }
        let is_full = self.glues.len() == MOST_GLUES || self.text.len() + text.len() > MOST_TEXT;
        if is_full || branches == MOST_BRANCHES {
            return None;
        }
        let new = self.glues.len();
        let other = std::mem::replace(&mut self.glues[before].first, new as u32);
        let (begin, length) = (self.text.len() as u32, text.len() as u32);
        self.text.extend_from_slice(text);
        let (head, mask) = head(text);
        let last = text.len().checked_sub(WIDE).and_then(|from| wide(text, from)).unwrap_or(0);
        self.glues.push(Glue { head, mask, last, text: begin, length, then, shape: 0, first: NONE, other });
        Some(new)
    }

    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        self.glues.len() <= MOST_GLUES && self.text.len() <= MOST_TEXT
    }
}

/// The bytes at a place as a number, if there are so many.
#[inline(always)]
fn wide(bytes: &[u8], at: usize) -> Option<u128> {
    bytes.get(at..)?.first_chunk::<WIDE>().map(|bytes| u128::from_le_bytes(*bytes))
}

/// The first bytes of glue as a number, and ones where they count.
fn head(text: &[u8]) -> (u128, u128) {
    let mut head = [0; WIDE];
    let mut mask = [0; WIDE];
    for (place, byte) in text.iter().take(WIDE).enumerate() {
        (head[place], mask[place]) = (*byte, u8::MAX);
    }
    (u128::from_le_bytes(head), u128::from_le_bytes(mask))
}
