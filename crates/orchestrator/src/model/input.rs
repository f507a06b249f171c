//! Inputs of a workflow: their types, and how a word on the command line becomes a value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The values a run was started with, after defaults.
pub type Inputs = Arc<Map<String, Value>>;

/// What kind of value an input takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Any text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
}

impl InputType {
    /// All types, in the order in which messages name them.
    pub const ALL: [InputType; 6] =
        [InputType::String, InputType::Integer, InputType::Number, InputType::Boolean, InputType::List, InputType::Map];

    /// Returns the type's name in a workflow file.
    pub fn name(self) -> &'static str {
        match self {
            InputType::String => "string",
            InputType::Integer => "integer",
            InputType::Number => "number",
            InputType::Boolean => "boolean",
            InputType::List => "list",
            InputType::Map => "map",
        }
    }

    /// Says whether `value` is of this type.
    pub fn admits(self, value: &Value) -> bool {
        match self {
            InputType::String => value.is_string(),
            InputType::Integer => value.is_i64() || value.is_u64(),
            InputType::Number => value.is_number(),
            InputType::Boolean => value.is_boolean(),
            InputType::List => value.is_array(),
            InputType::Map => value.is_object(),
        }
    }

    /// Reads a value of this type from a word, as given on a command line.
    ///
    /// A list is JSON (`["a","b"]`) or words parted by commas; a map is JSON. `None`: not of this type.
    pub fn read(self, word: &str) -> Option<Value> {
        let value = match self {
            InputType::String => Value::String(word.into()),
            InputType::List if !word.trim_start().starts_with('[') => {
                let words = word.split(',').map(str::trim).filter(|word| !word.is_empty());
                words.map(|word| Value::String(word.into())).collect()
            }
            _ => serde_json::from_str(word).ok()?,
        };
        self.admits(&value).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_becomes_a_value_of_its_type_or_nothing() {
        let cases = [
            (InputType::String, "17", Some(json!("17"))),
            (InputType::Integer, "17", Some(json!(17))),
            (InputType::Integer, "1.5", None),
            (InputType::Number, "1.5", Some(json!(1.5))),
            (InputType::Boolean, "true", Some(json!(true))),
            (InputType::Boolean, "yes", None),
            (InputType::List, "a, b,,c", Some(json!(["a", "b", "c"]))),
            (InputType::List, "[1, 2]", Some(json!([1, 2]))),
            (InputType::List, "", Some(json!([]))),
            (InputType::Map, "{\"a\": 1}", Some(json!({"a": 1}))),
            (InputType::Map, "a=1", None),
        ];
        for (input_type, word, expected) in cases {
            assert_eq!(input_type.read(word), expected, "{input_type:?} {word}");
        }
    }
}
