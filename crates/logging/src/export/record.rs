//! A line with all it says, owned: what the exporters take.

use serde_json::{Map, Value};

use crate::read::{self, Keys, Level, Line};

/// So many bytes of the lists and objects of a line are taken apart, all together: as values they take many times their text.
const MAX_NESTED: usize = 8 << 10;
/// Of the text of one that is not, so many bytes are kept.
const MAX_TEXT: usize = 256 << 10;
/// So many fields of a line are kept.
const MAX_FIELDS: usize = 4_096;

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
    /// All other fields. Lists and objects beyond 8 KiB of a line are text: their JSON, of which 256 KiB stand.
    pub fields: Map<String, Value>,
    /// How many fields are not there, because it would be more than 4,096.
    pub left_out: usize,
    /// The line as it is written.
    pub raw: String,
}

impl Record {
    /// Takes a line; `keys` say which of its fields are not left among the others.
    pub fn of(line: &Line<'_>, keys: &Keys) -> Record {
        let named = [&keys.timestamp, &keys.level, &keys.component, &keys.message, &keys.correlation_id];
        let is_named = |key: &str| named.iter().any(|paths| paths.iter().any(|path| path.as_str() == key));
        let others = line.fields().filter(|(key, _)| !is_named(key));
        let (mut fields, mut left_out, mut room) = (Map::new(), 0, MAX_NESTED);
        for (key, value) in others {
            if fields.len() < MAX_FIELDS || fields.contains_key(&*key) {
                fields.insert(key.into_owned(), owned(&value, &mut room));
            } else {
                left_out += 1;
            }
        }
        let nanos = line.timestamp().and_then(|moment| u64::try_from(moment.micros).ok());
        Record {
            nanos: nanos.and_then(|micros| micros.checked_mul(1_000)),
            level: line.level(),
            component: line.component().unwrap_or_default().into_owned(),
            message: line.message().unwrap_or_default().into_owned(),
            correlation_id: line.correlation_id().map(|id| id.into_owned()).filter(|id| !id.is_empty()),
            fields,
            left_out,
            raw: line.raw().to_owned(),
        }
    }

    /// Returns the level as the schema writes it.
    pub fn level_name(&self) -> Option<&'static str> {
        self.level.map(Level::name)
    }
}

/// Returns a value of a line, taken apart if there is room; one that is nested was checked when the line was read.
fn owned(value: &read::Value<'_>, room: &mut usize) -> Value {
    match value {
        read::Value::Null => Value::Null,
        read::Value::Bool(value) => Value::Bool(*value),
        read::Value::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).into())),
        read::Value::Text(text) => Value::String(text.clone().into_owned()),
        read::Value::Nested(text) if text.len() <= *room => {
            *room -= text.len();
            serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).into()))
        }
        read::Value::Nested(text) => Value::String(cut(text)),
    }
}

/// Returns a text, or its beginning with a word on what is missing.
fn cut(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let (kept, rest) = text.split_at(text.floor_char_boundary(MAX_TEXT));
    format!("{kept}… ({} bytes more)", rest.len())
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
    Record { nanos, level, component, message, correlation_id, fields, left_out: 0, raw: line.into() }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::read::{Filter, Query, Sources, each};

    /// Expects these values of a line's fields.
    fn check(fields: &[&str], expected: &[Value]) {
        let line = format!(
            "{{{}}}",
            (0..).zip(fields).map(|(at, value)| format!("\"f{at}\":{value}")).collect::<Vec<_>>().join(",")
        );
        let (query, mut seen) = (Query::new(Filter::default()), Vec::new());
        each(Sources::reader("memory", std::io::Cursor::new(line)), &query, |line| {
            seen.extend(Record::of(line, &query.keys).fields.into_iter().map(|(_, value)| value));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(seen == expected, "{fields:.100?}");
    }

    #[test]
    fn what_is_nested_is_taken_apart_while_there_is_room() {
        let list = |length: usize| format!("[{}]", vec!["7"; length].join(","));
        let (half, more) = (list(MAX_NESTED / 4 - 1), list(MAX_NESTED / 4 + 1));
        let apart = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        check(&[&half, &half, "{}", "1"], &[apart(&half), apart(&half), apart("{}"), 1.into()]);
        check(&[&half, &more, "[8]"], &[apart(&half), more.as_str().into(), apart("[8]")]);
        check(&[&more, &half, "[8]"], &[apart(&more), half.as_str().into(), apart("[8]")]);
    }

    #[test]
    fn of_very_many_fields_the_first_are_kept() {
        let query = Query::new(Filter::default());
        let fields = (0..MAX_FIELDS + 2).map(|at| format!("\"f{at}\":1,")).collect::<String>();
        let line = format!("{{{fields}\"f0\":2}}");
        let mut seen = None;
        each(Sources::reader("memory", std::io::Cursor::new(line)), &query, |line| {
            seen = Some(Record::of(line, &query.keys));
            ControlFlow::Continue(())
        })
        .unwrap();
        let Record { fields, left_out, .. } = seen.unwrap();
        assert_eq!((fields.len(), left_out, &fields["f0"]), (MAX_FIELDS, 2, &2.into()));
    }

    #[test]
    fn a_long_text_of_what_is_nested_is_cut_with_a_word() {
        let text = |length: usize| format!("[\"x{}\"]", "é".repeat(length));
        let (fits, long) = (text(MAX_TEXT / 2 - 3), text(MAX_TEXT / 2));
        let kept = long.strip_suffix("éé\"]").unwrap();
        check(&[&fits, &long], &[fits.as_str().into(), format!("{kept}… (6 bytes more)").into()]);
    }
}
