//! The spans of a trace as a body for OTLP over HTTP in JSON.

use serde_json::{Map, Value, json};

use super::otlp::{attributes, resource, root_of};
use crate::read::Timestamp;
use crate::read::analyze::fnv;
use crate::read::trace::{Kind, Node, Seen};

/// So many lines of a branch are events of its span; OpenTelemetry's own limit.
const MAX_EVENTS: usize = 128;

/// Returns a body with the spans of a tree: one a branch, its lines as events. `None` when no branch says a time.
///
/// The ids are made of the work's id and the names on the way to the branch: the same log gives the same spans.
pub fn spans(service: &str, tree: &Node) -> Option<Value> {
    let (trace, root) = root_of(&tree.name);
    let mut spans = Vec::new();
    let way = Way { trace: &trace, id: root, parent: None, path: tree.name.clone() };
    add(&mut spans, tree, &way);
    let scopes = json!([{ "scope": { "name": "segno" }, "spans": spans }]);
    let body = json!({ "resourceSpans": [{ "resource": resource(service), "scopeSpans": scopes }] });
    (!spans.is_empty()).then_some(body)
}

/// The way to a branch.
struct Way<'a> {
    trace: &'a str,
    id: String,
    parent: Option<&'a str>,
    path: String,
}

fn add(spans: &mut Vec<Value>, node: &Node, way: &Way<'_>) {
    let times = node.begin.zip(node.end).and_then(|(begin, end)| Some((nanos(begin)?, nanos(end)?)));
    let Some((begin, end)) = times else { return };
    let events = node.lines().filter_map(event);
    let mut span = json!({
        "traceId": way.trace,
        "spanId": way.id,
        "name": node.name,
        // Internal: nothing here is a request from or to another program.
        "kind": 1,
        "startTimeUnixNano": begin.to_string(),
        "endTimeUnixNano": end.max(begin).to_string(),
        "attributes": [{ "key": "segno.kind", "value": { "stringValue": node.kind.name() } }],
        "events": events.take(MAX_EVENTS).collect::<Vec<_>>(),
        "droppedEventsCount": node.lines().count().saturating_sub(MAX_EVENTS),
        "status": { "code": if node.failed { 2 } else { 1 } },
    });
    if let Some(parent) = way.parent {
        span["parentSpanId"] = parent.into();
    }
    spans.push(span);
    for (place, inner) in node.nodes().enumerate() {
        // Operations of one name are told apart by their place.
        let place = if inner.kind == Kind::Operation { format!("#{place}") } else { String::new() };
        let path = format!("{}\u{ff}{}{place}", way.path, inner.name);
        let id = format!("{:016x}", fnv(path.as_bytes()).max(1));
        add(spans, inner, &Way { trace: way.trace, id, parent: Some(&way.id), path });
    }
}

fn event(seen: &Seen) -> Option<Value> {
    let mut fields: Map<String, Value> =
        seen.fields.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    fields.insert("level".into(), seen.level_name().into());
    fields.insert("component".into(), seen.component.clone().into());
    let time = nanos(seen.at?)?.to_string();
    Some(json!({ "timeUnixNano": time, "name": seen.message, "attributes": attributes(&fields) }))
}

fn nanos(moment: Timestamp) -> Option<u64> {
    u64::try_from(moment.micros).ok()?.checked_mul(1_000)
}
