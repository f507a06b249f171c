//! Values and attributes as OTLP's JSON has them, written while they are walked: as values of their own they would take many
//! times the memory of their text.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes a list of attributes; one without a value is left out.
pub(super) struct Attributes<'a> {
    into: &'a mut String,
    is_first: bool,
}

impl<'a> Attributes<'a> {
    /// Begins the list.
    pub(super) fn begin(into: &'a mut String) -> Attributes<'a> {
        into.push('[');
        Attributes { into, is_first: true }
    }

    /// Writes one.
    pub(super) fn value(&mut self, key: &str, value: &Value) {
        if value.is_null() {
            return;
        }
        self.key(key);
        any_value(self.into, value);
        self.into.push('}');
    }

    /// Writes one that is a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        string_value(self.into, text);
        self.into.push('}');
    }

    /// Ends the list.
    pub(super) fn end(self) {
        self.into.push(']');
    }

    fn key(&mut self, key: &str) {
        self.into.push_str(if self.is_first { r#"{"key":"# } else { r#",{"key":"# });
        self.is_first = false;
        quote(self.into, key);
        self.into.push_str(r#","value":"#);
    }
}

/// Writes a text as OTLP has it.
pub(super) fn string_value(into: &mut String, text: &str) {
    into.push_str(r#"{"stringValue":"#);
    quote(into, text);
    into.push('}');
}

/// Writes a text in quotes.
pub(super) fn quote(into: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        into.push('"');
        into.push_str(text);
        into.push('"');
    } else {
        into.push_str(&serde_json::to_string(text).expect("a text is JSON in quotes"));
    }
}

/// Writes a value as OTLP has it: whole numbers are text there, because 64 bits do not fit into JSON's numbers.
fn any_value(into: &mut String, value: &Value) {
    // Nothing can go wrong with a text.
    match value {
        Value::Null => into.push_str("{}"),
        Value::Bool(value) => _ = write!(into, r#"{{"boolValue":{value}}}"#),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => _ = write!(into, r#"{{"intValue":"{whole}"}}"#),
            (None, Some(number)) => _ = write!(into, r#"{{"doubleValue":{}}}"#, Value::from(number)),
            (None, None) => string_value(into, &number.to_string()),
        },
        Value::String(text) => string_value(into, text),
        Value::Array(values) => {
            into.push_str(r#"{"arrayValue":{"values":["#);
            for (place, value) in values.iter().enumerate() {
                into.push_str(if place == 0 { "" } else { "," });
                any_value(into, value);
            }
            into.push_str("]}}");
        }
        Value::Object(fields) => {
            into.push_str(r#"{"kvlistValue":{"values":"#);
            let mut attributes = Attributes::begin(into);
            for (key, value) in fields {
                attributes.value(key, value);
            }
            attributes.end();
            into.push_str("}}");
        }
    }
}
