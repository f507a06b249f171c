//! A value that goes into a statement or comes out of one, and how it counts in a key.

use std::fmt;

/// A parameter of a statement, or a value of a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; in a key, by its bits, so that NaN is itself and 0.0 is not -0.0.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// Feeds the value to a hash: its type, its length and what it is, so that no two lists of values are the same.
    pub(super) fn feed(&self, hasher: &mut blake3::Hasher) {
        let mut put = |kind: u8, bytes: &[u8]| {
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        match self {
            Value::Null => put(0, &[]),
            Value::Boolean(value) => put(1, &[u8::from(*value)]),
            Value::Integer(value) => put(2, &value.to_le_bytes()),
            Value::Real(value) => put(3, &value.to_bits().to_le_bytes()),
            Value::Text(value) => put(4, value.as_bytes()),
            Value::Bytes(value) => put(5, value),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => formatter.write_str("NULL"),
            Value::Boolean(value) => write!(formatter, "{value}"),
            Value::Integer(value) => write!(formatter, "{value}"),
            Value::Real(value) => write!(formatter, "{value}"),
            Value::Text(value) => formatter.write_str(value),
            Value::Bytes(value) => write!(formatter, "{} bytes", value.len()),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::$variant(value.into())
            }
        })+
    };
}

from!(bool => Boolean, i64 => Integer, i32 => Integer, u32 => Integer, f64 => Real, f32 => Real);
from!(String => Text, &str => Text, Vec<u8> => Bytes, &[u8] => Bytes);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks whether two lists of values have one key.
    fn check(one: &[Value], two: &[Value], expected: bool) {
        let hash = |values: &[Value]| {
            let mut hasher = blake3::Hasher::new();
            values.iter().for_each(|value| value.feed(&mut hasher));
            hasher.finalize()
        };
        assert_eq!(hash(one) == hash(two), expected, "{one:?} {two:?}");
    }

    #[test]
    fn values_that_look_alike_are_not_the_same() {
        check(&["ab".into(), "c".into()], &["a".into(), "bc".into()], false);
        check(&[1i64.into()], &[1.0.into()], false);
        check(&[1i64.into()], &["1".into()], false);
        check(&["a".into()], &[b"a"[..].into()], false);
        check(&[Value::Null], &["".into()], false);
        check(&[Value::Null], &[], false);
        check(&[true.into()], &[1i64.into()], false);
        check(&[0.0.into()], &[(-0.0).into()], false);
    }

    #[test]
    fn a_value_is_itself_even_if_it_is_no_number() {
        check(&[f64::NAN.into()], &[f64::NAN.into()], true);
        check(&[Option::<i64>::None.into()], &[Value::Null], true);
    }
}
