//! Renders the fields of one span or one event, each value once, by its type.
//! Leaves the order of a line to `line` and the joining of spans to `span`.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};

use crate::escape::{self, Text};
use crate::fields::Fields;

/// What a span or an event has to say, rendered.
///
/// The first three are JSON strings, empty when not set; they stand ahead of all fields.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    pub(crate) component: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) correlation_id: Vec<u8>,
    pub(crate) fields: Fields,
    /// An error with `fatal = true`.
    pub(crate) fatal: bool,
}

/// Whose fields are read: some names mean something only in one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Owner {
    Span,
    Event,
    /// An event at level ERROR, which may be fatal.
    Error,
}

impl Record {
    /// Forgets everything and keeps the memory, up to `retained` bytes a buffer.
    pub(crate) fn clear(&mut self, retained: usize) {
        for text in [&mut self.component, &mut self.message, &mut self.correlation_id] {
            text.clear();
            text.shrink_to(retained);
        }
        self.fields.clear(retained);
        self.fatal = false;
    }

    /// Takes over what an inner scope says.
    pub(crate) fn merge(&mut self, inner: &Record) {
        if !inner.component.is_empty() {
            self.component.clone_from(&inner.component);
        }
        if !inner.correlation_id.is_empty() {
            self.correlation_id.clone_from(&inner.correlation_id);
        }
        self.fields.merge(&inner.fields);
    }

    /// Returns the visitor that fills this record.
    pub(crate) fn visitor(&mut self, owner: Owner) -> Visitor<'_> {
        Visitor { record: self, owner }
    }
}

/// Fills a record with the fields that `tracing` shows it.
pub(crate) struct Visitor<'a> {
    record: &'a mut Record,
    owner: Owner,
}

impl Visitor<'_> {
    fn put(&mut self, field: &Field, render: impl FnOnce(&mut Vec<u8>)) {
        // Rust's raw identifiers are spelling, not part of the name.
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        match name {
            "component" => head(&mut self.record.component, render),
            "correlation_id" => head(&mut self.record.correlation_id, render),
            "message" if self.owner != Owner::Span => head(&mut self.record.message, render),
            "message" => self.record.fields.set("message_", render),
            "timestamp" => self.record.fields.set("timestamp_", render),
            "level" => self.record.fields.set("level_", render),
            _ => self.record.fields.set(name, render),
        }
    }

    fn put_number(&mut self, field: &Field, value: impl std::fmt::Display) {
        self.put(field, |out| write!(out, "{value}").expect("a Vec takes every byte"));
    }
}

impl Visit for Visitor<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put_number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put_number(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, |out| text(&value, out));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, |out| text(&value, out));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // serde_json's form keeps "1.0" apart from 1, and writes null for what JSON cannot say.
        self.put(field, |out| serde_json::to_writer(out, &value).expect("a Vec takes every byte"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if self.owner == Owner::Error && field.name() == "fatal" {
            self.record.fatal = value;
            return;
        }
        self.put_number(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |out| escape::string(value, out));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, |out| {
            let mut string = Text::open(out);
            push(&mut string, format_args!("{value}"));
            let mut cause = value.source();
            // A chain that leads back to itself ends at the limit of a sensible one.
            for _ in 0..MAX_CAUSES {
                let Some(error) = cause else { break };
                push(&mut string, format_args!(": {error}"));
                cause = error.source();
            }
            string.close();
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, |out| text(&value, out));
    }
}

/// How many causes of an error are written.
const MAX_CAUSES: usize = 16;

fn text(value: &dyn Debug, out: &mut Vec<u8>) {
    let mut string = Text::open(out);
    push(&mut string, format_args!("{value:?}"));
    string.close();
}

fn push(string: &mut Text<'_>, arguments: std::fmt::Arguments<'_>) {
    // Only the value's own `fmt` can fail; what it wrote before that is the best there is.
    let _ = string.write_fmt(arguments);
}

/// Renders one of the leading values, which are strings whatever they were made of.
fn head(slot: &mut Vec<u8>, render: impl FnOnce(&mut Vec<u8>)) {
    slot.clear();
    render(slot);
    if !slot.starts_with(b"\"") {
        slot.insert(0, b'"');
        slot.push(b'"');
    }
}
