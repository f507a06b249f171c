//! Renders the fields of one span or one event, each value once, by its type.
//! Leaves the order of a line to `line`, the joining of spans to `span`, and what a name means to `plan`.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::fields::Fields;
use super::names::Key;
use super::plan::{Plan, Role};
use super::texts::{Draft, Texts};
use crate::redact::HIDDEN;

/// What a span or an event has to say, rendered.
///
/// The texts are JSON values, empty when not set; they stand ahead of all fields, and the context behind them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    pub(crate) component: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) correlation_id: Vec<u8>,
    pub(crate) context: Vec<u8>,
    pub(crate) fields: Fields,
    /// An error with `fatal = true`.
    pub(crate) fatal: bool,
}

impl Record {
    /// Forgets everything and keeps the memory, up to `retained` bytes a buffer.
    pub(crate) fn clear(&mut self, retained: usize) {
        for text in [&mut self.component, &mut self.message, &mut self.correlation_id, &mut self.context] {
            text.clear();
            text.shrink_to(retained);
        }
        self.fields.clear(retained);
        self.fatal = false;
    }

    /// Takes over what an inner scope says.
    pub(crate) fn merge(&mut self, inner: &Record) {
        for (ours, theirs) in [
            (&mut self.component, &inner.component),
            (&mut self.correlation_id, &inner.correlation_id),
            (&mut self.context, &inner.context),
        ] {
            if !theirs.is_empty() {
                ours.clone_from(theirs);
            }
        }
        self.fields.merge(&inner.fields);
    }
}

/// Fills a record with the fields that `tracing` shows it.
pub(crate) struct Visitor<'a> {
    pub(crate) record: &'a mut Record,
    pub(crate) plan: &'a Plan,
    pub(crate) texts: Texts<'a>,
}

impl Visitor<'_> {
    #[inline]
    fn put(&mut self, field: &Field, render: impl FnOnce(&mut Texts<'_>, &mut Vec<u8>)) {
        // `tracing` shows a call site's own fields alone.
        let Some(slot) = self.plan.slot(field) else { return };
        let texts = &mut self.texts;
        match slot.role {
            Role::Plain | Role::Fatal => self.record.fields.set(&slot.key, |out| render(texts, out)),
            Role::Message => head(&mut self.record.message, |out| render(texts, out)),
            Role::Secret => hide(&mut self.record.fields, &slot.key),
            Role::Component => head(&mut self.record.component, |out| render(texts, out)),
            Role::LogTarget => {
                head(&mut self.record.component, |out| render(texts, out));
                with_points(&mut self.record.component);
            }
            Role::CorrelationId => head(&mut self.record.correlation_id, |out| render(texts, out)),
            Role::Context => {
                self.record.context.clear();
                render(texts, &mut self.record.context);
            }
        }
    }

    /// A number may be a secret as a text may, but few programs know of one that is.
    #[inline]
    fn put_number(&mut self, field: &Field, text: &str) {
        match self.texts.hides_numbers() {
            false => self.put_plain(field, text),
            true => self.put(field, |texts, out| texts.number(text, out)),
        }
    }

    fn put_plain(&mut self, field: &Field, text: &str) {
        self.put(field, |_, out| out.extend_from_slice(text.as_bytes()));
    }
}

impl Visit for Visitor<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put_number(field, itoa::Buffer::new().format(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put_number(field, itoa::Buffer::new().format(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, |texts, out| texts.string(itoa::Buffer::new().format(value), out));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, |texts, out| texts.string(itoa::Buffer::new().format(value), out));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // This form keeps "1.0" apart from 1; the rest JSON cannot say.
        match value.is_finite() {
            true => self.put_number(field, zmij::Buffer::new().format_finite(value)),
            false => self.put_plain(field, "null"),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if self.plan.slot(field).is_some_and(|slot| slot.role == Role::Fatal) {
            self.record.fatal = value;
            return;
        }
        self.put_plain(field, if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |texts, out| texts.string(value, out));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, |texts, out| texts.format(|draft| with_causes(value, draft), out));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, |texts, out| texts.format(|draft| draft.add(format_args!("{value:?}")), out));
    }
}

/// How many causes of an error are written.
const MAX_CAUSES: usize = 16;

fn with_causes(error: &(dyn Error + 'static), draft: &mut Draft) {
    draft.add(format_args!("{error}"));
    let mut cause = error.source();
    // A chain that leads back to itself ends at the limit of a sensible one.
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        draft.add(format_args!(": {error}"));
        cause = error.source();
    }
}

fn hide(fields: &mut Fields, key: &Key) {
    fields.set(key, |out| {
        out.push(b'"');
        out.extend_from_slice(HIDDEN.as_bytes());
        out.push(b'"');
    });
}

/// Writes a target that was rendered as a component's name.
#[cold]
fn with_points(target: &mut Vec<u8>) {
    let (mut kept, mut at) = (0, 0);
    while at < target.len() {
        let is_end = target[at..].starts_with(b"::");
        target[kept] = if is_end { b'.' } else { target[at] };
        kept += 1;
        at += if is_end { 2 } else { 1 };
    }
    target.truncate(kept);
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
