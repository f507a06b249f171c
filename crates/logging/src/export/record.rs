//! A line with all it says, owned: what the exporters take.

use serde_json::{Map, Value};

use crate::read::{self, Keys, Level, Line};

/// A line as exporters take it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Nanoseconds since 1970; `None` when the line says no time, or one before.
    pub nanos: Option<u64>,
    /// How grave it is.
    pub level: Option<Level>,
    /// Which part of the program said it; empty when the line does not say.
    pub component: String,
    /// What was said.
    pub message: String,
    /// What work it belongs to.
    pub correlation_id: Option<String>,
    /// All other fields.
    pub fields: Map<String, Value>,
    /// The line as it is written.
    pub raw: String,
}

impl Record {
    /// Takes a line; `keys` say which of its fields are not left among the others.
    pub fn of(line: &Line<'_>, keys: &Keys) -> Record {
        let named = [&keys.timestamp, &keys.level, &keys.component, &keys.message, &keys.correlation_id];
        let is_named = |key: &str| named.iter().any(|paths| paths.iter().any(|path| path.as_str() == key));
        let others = line.fields().filter(|(key, _)| !is_named(key));
        let nanos = line.timestamp().and_then(|moment| u64::try_from(moment.micros).ok());
        Record {
            nanos: nanos.and_then(|micros| micros.checked_mul(1_000)),
            level: line.level(),
            component: line.component().unwrap_or_default().into_owned(),
            message: line.message().unwrap_or_default().into_owned(),
            correlation_id: line.correlation_id().map(|id| id.into_owned()).filter(|id| !id.is_empty()),
            fields: others.map(|(key, value)| (key.into_owned(), owned(&value))).collect(),
            raw: line.raw().to_owned(),
        }
    }

    /// Returns the level as the schema writes it.
    pub fn level_name(&self) -> Option<&'static str> {
        self.level.map(Level::name)
    }
}

/// Returns a value of a line; one that is nested was checked when the line was read.
fn owned(value: &read::Value<'_>) -> Value {
    match value {
        read::Value::Null => Value::Null,
        read::Value::Bool(value) => Value::Bool(*value),
        read::Value::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).into())),
        read::Value::Text(text) => Value::String(text.clone().into_owned()),
        read::Value::Nested(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).into())),
    }
}

/// Reads a line of segno's schema the slow way.
#[cfg(test)]
pub(super) fn record(line: &str) -> Record {
    let mut fields: Map<String, Value> = serde_json::from_str(line).unwrap();
    let mut text = |key: &str| fields.shift_remove(key).map(|value| value.as_str().unwrap().to_owned());
    let nanos = text("timestamp").map(|stamp| {
        let moment = humantime::parse_rfc3339(&stamp).unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(moment.as_nanos()).unwrap()
    });
    let level = text("level").map(|level| match &*level {
        "INFO" => Level::Info,
        "WARN" => Level::Warn,
        _ => Level::Error,
    });
    let component = text("component").unwrap_or_default();
    let message = text("message").unwrap_or_default();
    let correlation_id = text("correlation_id");
    Record { nanos, level, component, message, correlation_id, fields, raw: line.into() }
}
