//! Where the members of a line's object stand, so that each is found without reading the line again.

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
    pub(super) pairs: Vec<Pair>,
    /// A key has an escape in it.
    pub(super) escaped: bool,
}

impl Index {
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.escaped = false;
    }

    /// Finds the last member with this key; `line` is what was indexed.
    #[inline]
    pub(super) fn find<'a>(&self, line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        if self.escaped {
            return self.find_decoded(line, key);
        }
        let tag = tag(key);
        let pair = self.pairs.iter().rev().find(|pair| pair.tag == tag && has_key(line, pair, key))?;
        Some(&line[pair.value as usize..pair.end as usize])
    }

    #[cold]
    fn find_decoded<'a>(&self, line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        let mut members = self.members(line).rev();
        members.find(|(raw, _)| super::value::decode(raw).as_bytes() == key).map(|(_, value)| value)
    }

    /// Returns keys, with their escapes, and values.
    pub(super) fn members<'a>(&self, line: &'a [u8]) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a [u8])> {
        self.pairs.iter().map(move |pair| {
            let key = &line[pair.key as usize..pair.value as usize];
            (&key[..key_length(key)], &line[pair.value as usize..pair.end as usize])
        })
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
