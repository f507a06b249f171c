//! The spans of traces as bodies for OTLP over HTTP in JSON: many small traces in one, a long one in several. Sending them is
//! left to others.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::slice;

use serde_json::json;

use super::any_value::{Attributes, quote};
use super::otlp::{MAX_BYTES, resource, root_of};
use crate::read::Timestamp;
use crate::read::analyze::fnv;
use crate::read::trace::{Item, Kind, Node, Seen};

/// So many lines of a branch are events of its span; OpenTelemetry's own limit.
const MAX_EVENTS: usize = 128;
/// A body is full with so many spans.
const MAX_SPANS: usize = 2_000;

/// Gathers the spans of traces into bodies: one a branch, its lines as events.
///
/// The ids are made of the work's id and the names on the way to the branch: the same log gives the same spans.
#[derive(Clone, Debug)]
pub struct Spans {
    resource: String,
    /// The spans as they are written: as values they would take many times that.
    text: String,
    count: usize,
}

impl Spans {
    /// Begins for a service.
    pub fn new(service: &str) -> Spans {
        Spans { resource: resource(service).to_string(), text: String::new(), count: 0 }
    }

    /// Adds the spans of a tree, and passes each body that is full to `send`, until that breaks. A branch without a time has no
    /// span, and nothing in it either.
    pub fn add(&mut self, tree: &Node, mut send: impl FnMut(String) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut walk = Walk::new(tree);
        while let Some(span) = walk.span() {
            if self.count > 0 {
                self.text.push(',');
            }
            self.text.push_str(&span);
            self.count += 1;
            if (self.count >= MAX_SPANS || self.text.len() >= MAX_BYTES)
                && let Some(body) = self.rest()
            {
                send(body)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns how many spans wait for a body.
    pub fn waiting(&self) -> usize {
        self.count
    }

    /// Returns a body of what is left.
    pub fn rest(&mut self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let (resource, spans) = (&self.resource, &self.text);
        let scope = format!(r#"{{"scope":{{"name":"segno"}},"spans":[{spans}]}}"#);
        let body = format!(r#"{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{scope}]}}]}}"#);
        self.text.clear();
        self.count = 0;
        Some(body)
    }
}

/// The way through a tree, from span to span: a branch before what is in it.
struct Walk<'a> {
    trace: String,
    next: Option<Branch<'a>>,
    /// The way down to where the next branch is looked for.
    ways: Vec<Way<'a>>,
}

/// A branch whose span is to be made.
struct Branch<'a> {
    node: &'a Node,
    id: String,
    parent: Option<String>,
    /// The names on the way to it.
    path: String,
}

/// A branch whose span is made, and what of it is left.
struct Way<'a> {
    id: String,
    path: String,
    items: slice::Iter<'a, Item>,
    /// So many branches of it were passed.
    place: usize,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a Node) -> Walk<'a> {
        let (trace, root) = root_of(&tree.name);
        let first = Branch { node: tree, id: root, parent: None, path: tree.name.clone() };
        Walk { trace, next: Some(first), ways: Vec::new() }
    }

    /// Makes the next span.
    fn span(&mut self) -> Option<String> {
        while let Some(branch) = self.next.take().or_else(|| self.branch()) {
            if let Some(span) = span(&self.trace, &branch) {
                let Branch { node, id, path, .. } = branch;
                self.ways.push(Way { id, path, items: node.items.iter(), place: 0 });
                return Some(span);
            }
        }
        None
    }

    /// Looks for the next branch, upwards where there is none any more.
    fn branch(&mut self) -> Option<Branch<'a>> {
        loop {
            let way = self.ways.last_mut()?;
            let inner = way.items.find_map(|item| match item {
                Item::Node(node) => Some(node),
                Item::Line(_) => None,
            });
            let Some(node) = inner else {
                self.ways.pop();
                continue;
            };
            // Operations of one name are told apart by their place.
            let place = if node.kind == Kind::Operation { format!("#{}", way.place) } else { String::new() };
            way.place += 1;
            let path = format!("{}\u{ff}{}{place}", way.path, node.name);
            let id = format!("{:016x}", fnv(path.as_bytes()).max(1));
            return Some(Branch { node, id, parent: Some(way.id.clone()), path });
        }
    }
}

/// Writes a span, with its events one by one: as values they would take many times their text.
fn span(trace: &str, branch: &Branch<'_>) -> Option<String> {
    let Branch { node, id, parent, .. } = branch;
    let (begin, end) = (nanos(node.begin?)?, nanos(node.end?)?);
    let mut span = json!({
        "traceId": trace,
        "spanId": id,
        "name": node.name,
        // Internal: nothing here is a request from or to another program.
        "kind": 1,
        "startTimeUnixNano": begin.to_string(),
        "endTimeUnixNano": end.max(begin).to_string(),
        "attributes": [{ "key": "segno.kind", "value": { "stringValue": node.kind.name() } }],
        "droppedEventsCount": node.lines().count().saturating_sub(MAX_EVENTS),
        "status": { "code": if node.failed { 2 } else { 1 } },
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = parent.as_str().into();
    }
    let mut text = span.to_string();
    text.truncate(text.len() - 1);
    text.push_str(r#","events":["#);
    let timed = node.lines().filter_map(|seen| Some((nanos(seen.at?)?, seen)));
    for (place, (nanos, seen)) in timed.take(MAX_EVENTS).enumerate() {
        text.push_str(if place == 0 { "" } else { "," });
        event(&mut text, nanos, seen);
    }
    text.push_str("]}");
    Some(text)
}

fn event(into: &mut String, nanos: u64, seen: &Seen) {
    // Nothing can go wrong with a text.
    _ = write!(into, r#"{{"timeUnixNano":"{nanos}","name":"#);
    quote(into, &seen.message);
    into.push_str(r#","attributes":"#);
    let mut attributes = Attributes::begin(into);
    for (place, (key, value)) in seen.fields.iter().enumerate() {
        // Of a key that stands twice the last counts.
        let is_last = seen.fields[place + 1..].iter().all(|(later, _)| later != key);
        if is_last && !["level", "component"].contains(&key.as_str()) {
            attributes.text(key, value);
        }
    }
    if let Some(level) = seen.level {
        attributes.text("level", level.name());
    }
    attributes.text("component", &seen.component);
    attributes.end();
    into.push('}');
}

fn nanos(moment: Timestamp) -> Option<u64> {
    u64::try_from(moment.micros).ok()?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::read::trace::Trace;
    use crate::read::{Filter, Query, Sources, each};

    /// Expects the names of the spans of these lines, each behind its parent's, and returns the number of bodies.
    fn check(lines: &[String], expected: &[&str]) -> usize {
        let mut trace = Trace::new("r");
        let sources = Sources::reader("memory", std::io::Cursor::new(lines.join("\n")));
        each(sources, &Query::new(Filter::default()), |line| {
            trace.see(line);
            ControlFlow::Continue(())
        })
        .unwrap();
        let tree = trace.into_tree();
        let (mut spans, mut bodies) = (Spans::new("s"), Vec::new());
        _ = spans.add(&tree, |body| {
            bodies.push(body);
            ControlFlow::Continue(())
        });
        bodies.extend(spans.rest());
        let bodies: Vec<Value> = bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
        let all: Vec<&Value> = bodies
            .iter()
            .flat_map(|body| {
                let made = &body["resourceSpans"][0];
                assert_eq!(made["resource"], resource("s"));
                made["scopeSpans"][0]["spans"].as_array().unwrap()
            })
            .collect();
        let names: Vec<&str> = all.iter().map(|span| span["name"].as_str().unwrap()).collect();
        assert_eq!(names[..expected.len().min(names.len())], *expected);
        for (place, span) in all.iter().enumerate() {
            let parent = span.get("parentSpanId");
            assert_eq!(parent.is_none(), place == 0);
            assert!(parent.is_none_or(|parent| all[..place].iter().any(|before| before["spanId"] == *parent)));
            assert!(all[..place].iter().all(|before| before["spanId"] != span["spanId"]), "{place}");
        }
        bodies.len()
    }

    fn line(more: &str) -> String {
        format!(r#"{{"timestamp":"2026-11-27T10:00:00Z","message":"m","correlation_id":"r"{more}}}"#)
    }

    #[test]
    fn branches_are_spans_before_what_is_in_them() {
        let lines = [
            r#","step":"a","attempt":1"#,
            r#","step":"b[0]""#,
            r#","operation":"o","took_ms":1"#,
            r#","operation":"o","took_ms":1"#,
            r#","step":"a","attempt":2"#,
        ];
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        assert_eq!(check(&lines, &["r", "a", "attempt 1", "attempt 2", "b", "b[0]", "o", "o"]), 1);
    }

    #[test]
    fn a_trace_without_a_time_has_no_spans() {
        assert_eq!(check(&[r#"{"message":"m","correlation_id":"r"}"#.to_owned()], &[]), 0);
    }

    #[test]
    fn many_traces_share_a_body() {
        let mut spans = Spans::new("s");
        let at = Some(Timestamp { micros: 1 });
        for id in 0..MAX_SPANS - 1 {
            let tree = Trace::new(format!("id {id}")).into_tree();
            let full = spans.add(&Node { begin: at, end: at, ..tree }, |_| ControlFlow::Break(()));
            assert!(full.is_continue());
        }
        let tree = Node { begin: at, end: at, ..Trace::new("last").into_tree() };
        assert!(spans.add(&tree, |_| ControlFlow::Break(())).is_break());
        assert_eq!(spans.rest(), None);
    }

    #[test]
    fn a_long_trace_has_several_bodies() {
        let steps: Vec<String> = (0..MAX_SPANS * 2 - 1).map(|step| line(&format!(r#","step":"s{step}""#))).collect();
        assert_eq!(check(&steps[..MAX_SPANS - 1], &["r", "s0"]), 1);
        assert_eq!(check(&steps, &["r", "s0"]), 2);
    }
}
