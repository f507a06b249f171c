//! A value without a schema, as a settings file holds it: read by any format of serde, written into a key.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::part::KeyPart;
use super::writer::PartWriter;

/// How a time of TOML travels through serde: as a table with this one key.
const TOML_TIME: &str = "$__toml_private_datetime";

/// A value without a schema: JSON, YAML and TOML all read into it.
///
/// The order of a map makes no difference. A number keeps whether it was written with a fraction.
///
/// ```
/// use segno_cache::Value;
///
/// let value: Value = serde_json::from_str(r#"{"b": 1, "a": [true, null]}"#).unwrap();
/// assert_eq!(value.to_string(), r#"{"a":[true,null],"b":1}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(String),
    /// Values in an order.
    List(Vec<Value>),
    /// Values by name.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Returns the value under a name of a map, or at a place of a list.
    pub fn at(&self, step: &str) -> Option<&Value> {
        match self {
            Value::Map(values) => values.get(step),
            Value::List(values) => values.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }
}

impl KeyPart for Value {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Value::Null => writer.state("null"),
            Value::Bool(value) => writer.bool(*value),
            Value::Integer(number) => writer.integer(*number),
            Value::Float(number) => writer.float(*number),
            Value::Text(text) => writer.text(text),
            Value::List(values) => writer.list(values.iter()),
            Value::Map(values) => writer.map(values.iter()),
        };
    }
}

/// Writes the value as JSON does.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => formatter.write_str("null"),
            Value::Bool(value) => value.fmt(formatter),
            Value::Integer(number) => number.fmt(formatter),
            Value::Float(number) => fmt::Debug::fmt(number, formatter),
            Value::Text(text) => fmt::Debug::fmt(text, formatter),
            Value::List(values) => {
                formatter.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    write!(formatter, "{}{value}", if place == 0 { "" } else { "," })?;
                }
                formatter.write_str("]")
            }
            Value::Map(values) => {
                formatter.write_str("{")?;
                for (place, (name, value)) in values.iter().enumerate() {
                    write!(formatter, "{}{name:?}:{value}", if place == 0 { "" } else { "," })?;
                }
                formatter.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Value, E> {
        let number = i128::try_from(number).map_err(|_| E::custom(format!("the number {number} is too large")))?;
        Ok(Value::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((Name(name), value)) = pairs.next_entry::<Name, Value>()? {
            // Which of the two counts is another matter in each program that reads the file.
            if values.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the name `{name}` stands twice")));
            }
        }
        match values.remove(TOML_TIME) {
            Some(time) if values.is_empty() => Ok(time),
            Some(time) => {
                values.insert(TOML_TIME.to_owned(), time);
                Ok(Value::Map(values))
            }
            None => Ok(Value::Map(values)),
        }
    }
}

/// A name of a map, which YAML lets be a number or a word like `true` too.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(text) => Ok(Name(text)),
            other => Ok(Name(other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        let shown =
            serde_json::from_str::<Value>(json).map_or_else(|error| error.to_string(), |value| value.to_string());
        assert!(shown.starts_with(expected), "{json}: {shown}");
    }

    #[test]
    fn json_is_read_into_it_and_shown_as_json() {
        check(r#"{"b":[1,-2,1.5,true,null],"a":"x"}"#, r#"{"a":"x","b":[1,-2,1.5,true,null]}"#);
        check("18446744073709551615", "18446744073709551615");
        check(r#"{"$__toml_private_datetime":"2026-01-01"}"#, "\"2026-01-01\"");
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        check(r#"{"a":1,"a":1}"#, "the name `a` stands twice");
    }
}
