//! Puts one line together: the leading keys, then the spans' fields, then the event's, and the context last.
//! Leaves rendering of values to `record` and writing to the sink.

use super::plan::{self, Plan};
use super::record::Record;

/// The version of the schema that the crate's page describes.
///
/// It grows when a reader of older lines would misread newer ones; a new key is no such change.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes the line of `event`, seen inside the spans that `outer` sums up. `stamp` is the line's beginning.
pub(crate) fn write(line: &mut Vec<u8>, stamp: &[u8], plan: &Plan, outer: Option<&Record>, event: &Record) {
    line.extend_from_slice(stamp);
    match innermost(outer, event, |record| &record.component) {
        None if !event.fatal => line.extend_from_slice(&plan.head),
        component => {
            plan::open_head(plan.level, event.fatal, line);
            match component {
                Some(component) => line.extend_from_slice(component),
                None => plan::component_of(plan.target, line),
            }
            line.extend_from_slice(plan::MESSAGE);
        }
    }
    match event.message.as_slice() {
        [] => line.extend_from_slice(br#""""#),
        message => line.extend_from_slice(message),
    }
    if let Some(id) = innermost(outer, event, |record| &record.correlation_id) {
        line.extend_from_slice(br#","correlation_id":"#);
        line.extend_from_slice(id);
    }
    if let Some(outer) = outer {
        outer.fields.write_outside(&event.fields, line);
    }
    event.fields.write(line);
    if let Some(one_of) = plan.gate.as_ref().and_then(super::gate::Gate::one_of) {
        line.extend_from_slice(br#","sampled":"#);
        line.extend_from_slice(itoa::Buffer::new().format(one_of.get()).as_bytes());
    }
    if let Some(context) = innermost(outer, event, |record| &record.context) {
        line.extend_from_slice(br#","context":"#);
        line.extend_from_slice(context);
    }
    line.extend_from_slice(b"}\n");
}

fn innermost<'a>(outer: Option<&'a Record>, event: &'a Record, value: fn(&Record) -> &Vec<u8>) -> Option<&'a [u8]> {
    let own = value(event).as_slice();
    if !own.is_empty() {
        return Some(own);
    }
    outer.map(|outer| value(outer).as_slice()).filter(|value| !value.is_empty())
}
