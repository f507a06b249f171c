//! One value of a line, borrowed from it where possible.

use std::borrow::Cow;

use super::check;

/// A value as it stands in a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written; it fits a 64-bit float.
    Number(&'a str),
    /// A string without its escapes.
    Text(Cow<'a, str>),
    /// A list or an object, as its JSON is written.
    Nested(&'a str),
}

impl<'a> Value<'a> {
    /// Takes a value out of a line that was checked.
    pub(super) fn of(raw: &'a [u8]) -> Value<'a> {
        match raw {
            [b'"', inside @ .., b'"'] => Value::Text(decode(inside)),
            [b'{' | b'[', ..] => Value::Nested(text(raw)),
            [b't', ..] => Value::Bool(true),
            [b'f', ..] => Value::Bool(false),
            [b'n', ..] => Value::Null,
            _ => Value::Number(text(raw)),
        }
    }

    /// Returns the number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// Returns the value as text: strings without quotes, everything else as its JSON.
    pub fn text(&self) -> &str {
        match self {
            Value::Null => "null",
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Number(text) | Value::Nested(text) => text,
            Value::Text(text) => text,
        }
    }

    /// Like [`Value::text`], kept as long as the line.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Value::Null => Cow::Borrowed("null"),
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Number(text) | Value::Nested(text) => Cow::Borrowed(text),
            Value::Text(text) => text,
        }
    }
}

/// Returns what a string says, from between its quotes.
pub(super) fn decode(inside: &[u8]) -> Cow<'_, str> {
    match memchr::memchr(b'\\', inside) {
        None => Cow::Borrowed(text(inside)),
        Some(_) => {
            let quoted = [b"\"", inside, b"\""].concat();
            Cow::Owned(serde_json::from_slice(&quoted).expect("the line's strings were checked"))
        }
    }
}

pub(super) fn text(raw: &[u8]) -> &str {
    std::str::from_utf8(raw).expect("the line was checked to be UTF-8")
}

/// Returns the element of a list that was checked.
pub(super) fn element(list: &[u8], place: usize) -> Option<&[u8]> {
    check::elements(list).nth(place).map(|(begin, end)| &list[begin..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Value<'_>, text: &str) {
        let value = Value::of(raw.as_bytes());
        assert_eq!(value, expected);
        assert_eq!(value.text(), text);
        assert_eq!(value.into_text(), text);
    }

    #[test]
    fn a_value_is_what_its_json_says() {
        check("null", Value::Null, "null");
        check("true", Value::Bool(true), "true");
        check("false", Value::Bool(false), "false");
        check("-1.50", Value::Number("-1.50"), "-1.50");
        check(r#""a b""#, Value::Text(Cow::Borrowed("a b")), "a b");
        check(r#""\u0041\n""#, Value::Text(Cow::Borrowed("A\n")), "A\n");
        check(r#"[1,"x"]"#, Value::Nested(r#"[1,"x"]"#), r#"[1,"x"]"#);
    }

    #[test]
    fn only_text_with_escapes_is_copied() {
        let borrowed = |raw: &str| matches!(Value::of(raw.as_bytes()), Value::Text(Cow::Borrowed(_)));
        assert!(borrowed(r#""plain""#));
        assert!(!borrowed(r#""\n""#));
    }

    #[test]
    fn an_element_is_found_by_its_place() {
        let at = |place| element(br#"[ 1 , [2,3] ,"x"]"#, place).map(text);
        assert_eq!([at(0), at(1), at(2), at(3)], [Some("1"), Some("[2,3]"), Some("\"x\""), None]);
        assert_eq!(element(b"[]", 0), None);
    }
}
