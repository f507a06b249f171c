//! What can be asked of one field.

use std::cmp::Ordering;

use regex::bytes::Regex;

use super::{Line, Path, Value};

/// A test of one field.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The field.
    pub path: Path,
    /// What must be true of it.
    pub test: Test,
}

/// What can be asked of a field.
#[derive(Debug, Clone)]
pub enum Test {
    /// `=`: the same number, or the same text.
    Equal(Literal),
    /// `!=`: everything else, a missing field too.
    Unequal(Literal),
    /// `<`
    Less(Literal),
    /// `<=`
    AtMost(Literal),
    /// `>`
    Greater(Literal),
    /// `>=`
    AtLeast(Literal),
    /// `~`: the regular expression matches somewhere in the value's text.
    Matches(Regex),
    /// The field is there, `null` or not.
    Exists,
}

/// What a field is compared with. Numbers are compared as numbers, strings as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    text: String,
    number: Option<Number>,
}

/// A number, exact while it is whole.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Whole(i128),
    Float(f64),
}

impl Literal {
    /// Takes the text as it is written.
    pub fn new(text: impl Into<String>) -> Literal {
        let text = text.into();
        let number = Number::parse(&text);
        Literal { text, number }
    }

    /// Returns the text that a line must hold for a field to be equal, if there is one.
    pub(super) fn needle(&self) -> Option<&str> {
        self.number.is_none().then_some(&self.text)
    }

    fn compare(&self, value: &Value<'_>) -> Option<Ordering> {
        match value {
            Value::Number(number) => Number::parse(number)?.compare(self.number?),
            Value::Text(text) => Some(text.as_ref().cmp(self.text.as_str())),
            Value::Null | Value::Bool(_) | Value::Nested(_) => None,
        }
    }

    fn equals(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Number(_) | Value::Text(_) => self.compare(value) == Some(Ordering::Equal),
            other => other.text() == self.text,
        }
    }
}

impl Number {
    fn parse(text: &str) -> Option<Number> {
        let digit = |first: char| first.is_ascii_digit();
        if !text.strip_prefix('-').unwrap_or(text).starts_with(digit) {
            return None;
        }
        let whole = text.parse().ok().map(Number::Whole);
        whole.or_else(|| text.parse().ok().map(Number::Float))
    }

    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(left), Number::Whole(right)) => Some(left.cmp(&right)),
            _ => self.float().partial_cmp(&other.float()),
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Float(float) => float,
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, line: &Line<'_>) -> bool {
        self.test.holds(line.field(&self.path).as_ref())
    }
}

impl Test {
    /// Returns whether it is true of the field, or of its absence.
    pub fn holds(&self, value: Option<&Value<'_>>) -> bool {
        let Some(value) = value else {
            return matches!(self, Test::Unequal(_));
        };
        match self {
            Test::Equal(literal) => literal.equals(value),
            Test::Unequal(literal) => !literal.equals(value),
            Test::Less(literal) => literal.compare(value) == Some(Ordering::Less),
            Test::AtMost(literal) => literal.compare(value).is_some_and(Ordering::is_le),
            Test::Greater(literal) => literal.compare(value) == Some(Ordering::Greater),
            Test::AtLeast(literal) => literal.compare(value).is_some_and(Ordering::is_ge),
            Test::Matches(regex) => regex.is_match(value.text().as_bytes()),
            Test::Exists => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each of `= != < <= > >=` whether it holds.
    fn check(raw: &str, literal: &str, expected: &str) {
        let literal = || Literal::new(literal);
        let tests = [
            Test::Equal(literal()),
            Test::Unequal(literal()),
            Test::Less(literal()),
            Test::AtMost(literal()),
            Test::Greater(literal()),
            Test::AtLeast(literal()),
        ];
        let value = (!raw.is_empty()).then(|| Value::of(raw.as_bytes()));
        let holds = tests.map(|test| if test.holds(value.as_ref()) { 'y' } else { '-' });
        assert_eq!(String::from_iter(holds), expected, "{raw} with {literal:?}", literal = literal());
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        check("100", "100.0", "y--y-y");
        check("9", "10", "-yyy--");
        check("1.5e2", "149", "-y--yy");
        check("9007199254740993", "9007199254740992", "-y--yy");
        check("123456789012345678901234567890123456789012345678901234567890", "1", "-y--yy");
        check("5", "five", "-y----");
    }

    #[test]
    fn text_is_compared_as_text() {
        check(r#""b""#, "a", "-y--yy");
        check(r#""\u0061""#, "a", "y--y-y");
        check(r#""9""#, "10", "-y--yy");
        check(r#""100""#, "100", "y--y-y");
    }

    #[test]
    fn everything_else_is_equal_or_not() {
        check("true", "true", "y-----");
        check("null", "0", "-y----");
        check("[1]", "[1]", "y-----");
        check("", "x", "-y----");
    }

    #[test]
    fn a_field_exists_even_when_it_is_null() {
        assert!(Test::Exists.holds(Some(&Value::Null)));
        assert!(!Test::Exists.holds(None));
    }

    #[test]
    fn a_regular_expression_sees_the_decoded_text() {
        let test = Test::Matches(Regex::new("^a\n.b$").unwrap());
        assert!(test.holds(Some(&Value::of(br#""a\n\u00e9b""#))));
        assert!(!test.holds(Some(&Value::of(br#""a""#))));
        assert!(!test.holds(None));
    }
}
