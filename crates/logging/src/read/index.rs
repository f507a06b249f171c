//! Where the members of a line's object stand, so that each is found without reading the line again.

use std::collections::HashSet;
use std::sync::Arc;

/// Pieces of glue in one line of a known shape; a line with more is not learnt.
pub(super) const MOST_PIECES: usize = 128;

/// One member, by places relative to the line's beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// Tells most keys apart at once.
    pub(super) tag: u32,
    /// Behind the key's first quote.
    pub(super) key: u32,
    /// The value's first byte.
    pub(super) value: u32,
    /// Behind the value.
    pub(super) end: u32,
}

/// The members of one line, in their order. It is used again for the next line.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The members of a line that was checked by the whole grammar.
    pub(super) pairs: Vec<Pair>,
    /// A key has an escape in it.
    pub(super) escaped: bool,
    /// The shape of a line that has a known one.
    shape: Option<Shape>,
    /// Where in that line its pieces of glue begin.
    places: Vec<u32>,
}

/// The members of all lines of one shape.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    members: Arc<[Member]>,
    /// No two members have the same tag, so that the first one is the last one.
    distinct: bool,
}

/// One member, by places relative to pieces of glue.
#[derive(Debug)]
struct Member {
    tag: u32,
    key: Spot,
    value: Spot,
    end: Spot,
}

/// A place: so many bytes behind the beginning of a piece of glue.
#[derive(Debug)]
struct Spot {
    piece: u32,
    bytes: u32,
}

impl Shape {
    /// Takes the shape of an indexed line whose pieces of glue begin at these places.
    pub(super) fn new(index: &Index, places: &[u32]) -> Shape {
        let spot = |place: u32| {
            let piece = places.partition_point(|begin| *begin <= place) - 1;
            Spot { piece: piece as u32, bytes: place - places[piece] }
        };
        let member =
            |&Pair { tag, key, value, end }: &Pair| Member { tag, key: spot(key), value: spot(value), end: spot(end) };
        let mut tags = HashSet::new();
        Shape {
            members: index.pairs.iter().map(member).collect(),
            distinct: index.pairs.iter().all(|pair| tags.insert(pair.tag)),
        }
    }
}

impl Member {
    #[inline]
    fn pair(&self, places: &[u32]) -> Pair {
        let place = |spot: &Spot| places[spot.piece as usize] + spot.bytes;
        Pair { tag: self.tag, key: place(&self.key), value: place(&self.value), end: place(&self.end) }
    }
}

impl Index {
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.escaped = false;
        self.shape = None;
    }

    /// Returns where to write the places of a line's glue.
    #[inline]
    pub(super) fn places(&mut self) -> &mut [u32] {
        if self.places.is_empty() {
            self.places.resize(MOST_PIECES, 0);
        }
        &mut self.places
    }

    /// The line whose places were written has this shape.
    #[inline]
    pub(super) fn take_shape(&mut self, shape: &Shape) {
        // Nearly always it is that of the line before.
        if !self.shape.as_ref().is_some_and(|known| Arc::ptr_eq(&known.members, &shape.members)) {
            self.clear();
            self.shape = Some(shape.clone());
        }
    }

    /// Finds the last member with this key; `line` is what was indexed.
    #[inline]
    pub(super) fn find<'a>(&self, line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        if self.escaped {
            return self.find_decoded(line, key);
        }
        let tag = tag(key);
        let pair = match &self.shape {
            Some(shape) if shape.distinct => {
                let pair = shape.members.iter().find(|member| member.tag == tag)?.pair(&self.places);
                has_key(line, &pair, key).then_some(pair)?
            }
            Some(shape) => {
                let members = shape.members.iter().rev().filter(|member| member.tag == tag);
                members.map(|member| member.pair(&self.places)).find(|pair| has_key(line, pair, key))?
            }
            None => *self.pairs.iter().rev().find(|pair| pair.tag == tag && has_key(line, pair, key))?,
        };
        Some(&line[pair.value as usize..pair.end as usize])
    }

    #[cold]
    fn find_decoded<'a>(&self, line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        let mut members = self.members(line).rev();
        members.find(|(raw, _)| super::value::decode(raw).as_bytes() == key).map(|(_, value)| value)
    }

    /// Returns keys, with their escapes, and values.
    pub(super) fn members<'a>(&self, line: &'a [u8]) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a [u8])> {
        let members = self.shape.iter().flat_map(|shape| shape.members.iter());
        // A line has either a shape or pairs of its own.
        let pairs = members.map(|member| member.pair(&self.places)).chain(self.own_pairs());
        pairs.map(move |pair| {
            let key = &line[pair.key as usize..pair.value as usize];
            (&key[..key_length(key)], &line[pair.value as usize..pair.end as usize])
        })
    }

    fn own_pairs(&self) -> impl DoubleEndedIterator<Item = Pair> {
        let pairs: &[Pair] = if self.shape.is_some() { &[] } else { &self.pairs };
        pairs.iter().copied()
    }
}

/// A key without escapes stands there with a quote behind it.
#[inline(always)]
fn has_key(line: &[u8], pair: &Pair, key: &[u8]) -> bool {
    let rest = &line[pair.key as usize..];
    let inside = pair.key as usize + key.len() < pair.value as usize;
    inside && rest.starts_with(key) && rest[key.len()] == b'"'
}

/// The key's length within what stands between it and its value: up to the last quote.
fn key_length(key: &[u8]) -> usize {
    memchr::memrchr(b'"', key).unwrap_or(key.len())
}

/// A key's length and two of its bytes.
#[inline(always)]
pub(super) fn tag(key: &[u8]) -> u32 {
    match key {
        [] => 0,
        [first, .., last] => (key.len() as u32) << 16 | u32::from(*first) << 8 | u32::from(*last),
        [only] => 1 << 16 | u32::from(*only) << 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::check;

    fn check(line: &str, key: &str, expected: Option<&str>) {
        let mut index = Index::default();
        check::alone(line.as_bytes(), &mut index).unwrap();
        let found = index.find(line.as_bytes(), key.as_bytes());
        assert_eq!(found.map(|value| std::str::from_utf8(value).unwrap()), expected);
    }

    #[test]
    fn a_member_is_found_by_its_whole_key() {
        check(r#"{"a":1,"ab":"x","abc":[2]}"#, "ab", Some(r#""x""#));
        check(r#"{"a":1,"ab":"x","abc":[2]}"#, "abc", Some("[2]"));
        check(r#"{"a":1}"#, "b", None);
        check(r#"{"":1,"x":2}"#, "", Some("1"));
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        check(r#"{"a":1,"b":2,"a":3}"#, "a", Some("3"));
        check(r#"{"a":1,"\u0061":2}"#, "a", Some("2"));
        check(r#"{"\u0061":2,"a":1}"#, "a", Some("1"));
    }

    #[test]
    fn nested_keys_are_not_found() {
        check(r#"{"a":{"b":1},"c":"\"b\":2"}"#, "b", None);
    }

    #[test]
    fn keys_with_quotes_and_spaces_are_found() {
        check(r#"{"a\"b" : 1}"#, "a\"b", Some("1"));
        check(r#"{"a b"  :  1}"#, "a b", Some("1"));
    }
}
