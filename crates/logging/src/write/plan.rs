//! What is known of a call site before its first event: how its lines begin, and what each of its fields is.
//! Leaves the values to `record`; is made once a call site and layer.

use tracing::field::Field;
use tracing::{Level, Metadata};

use super::escape::Text;
use super::gate::Gate;
use super::names::Key;
use crate::Redactor;
use crate::loggers::Logger;

/// How the events of one call site, or the spans of one, are written.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) level: Level,
    pub(super) target: &'static str,
    /// Where it stands in the source, if that is known.
    pub(super) file: Option<&'static str>,
    pub(super) line: Option<u32>,
    /// What stands between time and message: `,"level":"INFO","component":"shop.cart","message":`.
    pub(super) head: Vec<u8>,
    /// One for each field, in the order of the call site.
    slots: Vec<Slot>,
    /// Which of the layer's sinks takes the lines.
    pub(super) place: usize,
    /// What holds events back, if anything does.
    pub(super) gate: Option<Gate>,
}

/// A field of a call site.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(super) role: Role,
    pub(super) key: Key,
}

/// What the name of a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Component,
    Message,
    CorrelationId,
    Context,
    /// Of an error: whether it is fatal, if the value is a boolean.
    Fatal,
    /// Of a record of the `log` crate: its target, which `tracing-log` passes on so.
    LogTarget,
    /// The value is a secret, which is not even rendered.
    Secret,
    Plain,
}

impl Plan {
    /// Looks a call site over; its lines go to the sink at `place` among the layer's.
    pub(crate) fn new(
        metadata: &'static Metadata<'static>,
        redactor: Option<&Redactor>,
        place: usize,
        logger: &Logger,
    ) -> Plan {
        let level = *metadata.level();
        let mut head = Vec::new();
        open_head(level, false, &mut head);
        component_of(metadata.target(), &mut head);
        head.extend_from_slice(MESSAGE);
        Plan {
            level,
            target: metadata.target(),
            file: metadata.file(),
            line: metadata.line(),
            head,
            slots: metadata.fields().iter().map(|field| Slot::new(&field, metadata, redactor)).collect(),
            place,
            gate: if metadata.is_event() { Gate::new(logger, level) } else { None },
        }
    }

    /// Writes what names the call site in the source, for a line about it.
    pub(super) fn write_source(&self, out: &mut String) {
        out.push_str(self.file.unwrap_or(self.target));
        if let Some(line) = self.line {
            out.push(':');
            out.push_str(itoa::Buffer::new().format(line));
        }
    }

    /// Returns what is known of a field, if it is one of this call site.
    #[inline]
    pub(super) fn slot(&self, field: &Field) -> Option<&Slot> {
        self.slots.get(field.index())
    }
}

impl Slot {
    fn new(field: &Field, metadata: &Metadata<'static>, redactor: Option<&Redactor>) -> Slot {
        // Rust's raw identifiers are spelling, not part of the name.
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        let (role, name) = match name {
            "component" => (Role::Component, name),
            "correlation_id" => (Role::CorrelationId, name),
            "context" => (Role::Context, name),
            "log.target" if metadata.is_event() && metadata.target() == "log" => (Role::LogTarget, name),
            "message" if metadata.is_event() => (Role::Message, name),
            "message" => (Role::Plain, "message_"),
            "timestamp" => (Role::Plain, "timestamp_"),
            "level" => (Role::Plain, "level_"),
            "sampled" => (Role::Plain, "sampled_"),
            "fatal" if metadata.is_event() && *metadata.level() == Level::ERROR => (Role::Fatal, name),
            _ if redactor.is_some_and(|redactor| redactor.is_secret_name(name)) => (Role::Secret, name),
            _ => (Role::Plain, name),
        };
        Slot { role, key: Key::new(name) }
    }
}

/// What stands before the message.
pub(super) const MESSAGE: &[u8] = br#","message":"#;

/// Writes `,"level":"…","component":`.
pub(super) fn open_head(level: Level, fatal: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(br#","level":""#);
    out.extend_from_slice(level_name(level, fatal).as_bytes());
    out.extend_from_slice(br#"","component":"#);
}

/// Writes a target as the name of a component.
pub(super) fn component_of(target: &str, out: &mut Vec<u8>) {
    let mut string = Text::open(out);
    for (index, segment) in target.split("::").enumerate() {
        if index > 0 {
            string.push(".");
        }
        string.push(segment);
    }
    string.close();
}

fn level_name(level: Level, fatal: bool) -> &'static str {
    match level {
        Level::ERROR if fatal => "FATAL",
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}
