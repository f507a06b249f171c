//! Where in a line a value stands.

use super::index::Index;
use super::{check, value};

/// A key, or keys of nested objects with points between them: `took_ms`, `span.name`, `errors.0.code`.
///
/// At each level the longest key counts, so that `http.status` finds `{"http.status":200}` as well as
/// `{"http":{"status":200}}`, and the first before the second. A number is the place in a list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    text: String,
}

impl Path {
    /// Takes the path as it is written. Every text is a path.
    pub fn new(text: impl Into<String>) -> Path {
        Path { text: text.into() }
    }

    /// Returns the path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Finds the value in a line that was checked and indexed.
    #[inline]
    pub(super) fn find<'a>(&self, line: &'a [u8], index: &Index) -> Option<&'a [u8]> {
        let path = self.text.as_bytes();
        match index.find(line, path) {
            Some(value) => Some(value),
            None if path.contains(&b'.') => deeper(line, index, path),
            None => None,
        }
    }
}

/// Finds a path that is more than one key.
fn deeper<'a>(line: &'a [u8], index: &Index, path: &[u8]) -> Option<&'a [u8]> {
    let (mut value, rest) = split(line, index, path)?;
    let mut rest = Some(rest);
    while let Some(path) = rest {
        (value, rest) = match value.first() {
            Some(b'{') => {
                let mut inner = Index::default();
                check::alone(value, &mut inner).ok()?;
                match inner.find(value, path) {
                    Some(found) => (found, None),
                    None => split(value, &inner, path).map(|(found, behind)| (found, Some(behind)))?,
                }
            }
            Some(b'[') => {
                let end = memchr::memchr(b'.', path).unwrap_or(path.len());
                let place = std::str::from_utf8(&path[..end]).ok()?.parse().ok()?;
                (value::element(value, place)?, path.get(end + 1..))
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Finds the longest key that ends at a point, and returns its value and the path behind the point.
fn split<'a, 'p>(line: &'a [u8], index: &Index, path: &'p [u8]) -> Option<(&'a [u8], &'p [u8])> {
    memchr::memrchr_iter(b'.', path).find_map(|point| {
        let value = index.find(line, &path[..point])?;
        Some((value, &path[point + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, path: &str, expected: Option<&str>) {
        let mut index = Index::default();
        check::alone(line.as_bytes(), &mut index).unwrap();
        let found = Path::new(path).find(line.as_bytes(), &index);
        assert_eq!(found.map(value::text), expected, "{path} in {line}");
    }

    #[test]
    fn points_lead_into_objects_and_lists() {
        let line = r#"{"a":{"b":{"c":1}},"l":[{"x":[5,6]}],"s":"a.b"}"#;
        check(line, "a.b.c", Some("1"));
        check(line, "a.b", Some(r#"{"c":1}"#));
        check(line, "l.0.x.1", Some("6"));
        for missing in ["a.c", "a.b.c.d", "l.1", "l.x", "s.a", "", ".", "a.", "l.-1", "l.99999999999999999999"] {
            check(line, missing, None);
        }
    }

    #[test]
    fn the_longest_key_counts() {
        check(r#"{"a":{"b":1},"a.b":2}"#, "a.b", Some("2"));
        check(r#"{"a":{"b":{"c":1}},"a.b":{"c":2}}"#, "a.b.c", Some("2"));
        check(r#"{"x":{"b.c":1,"b":{"c":2}}}"#, "x.b.c", Some("1"));
        check(r#"{"x":{"\u0062":{"c":2}}}"#, "x.b.c", Some("2"));
    }
}
