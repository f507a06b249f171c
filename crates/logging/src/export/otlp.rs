//! Bodies for OTLP over HTTP in JSON: log records, and the spans of a trace. Sending them is left to others.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::any_value::{Attributes, string_value};
use super::record::Record;
use crate::correlation::{self, Id};
use crate::read::Level;

/// The path at which a collector takes log records.
pub const LOGS_PATH: &str = "/v1/logs";
/// The path at which it takes spans.
pub const TRACES_PATH: &str = "/v1/traces";
/// A body is full with so many records.
const MAX_RECORDS: usize = 2_000;
/// A body is full with so many bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// Gathers lines into bodies of log records, one scope for each component.
///
/// ```
/// use segno_logging::export::{Record, otlp::Logs};
/// use segno_logging::read::Level;
///
/// let mut logs = Logs::new("shop");
/// let lost = Record { level: Some(Level::Error), message: "lost".into(), ..Record::default() };
/// assert_eq!(logs.add(&lost), None);
/// let body: serde_json::Value = serde_json::from_str(&logs.rest().unwrap()).unwrap();
/// let record = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
/// assert_eq!((&record["severityNumber"], &record["body"]["stringValue"]), (&17.into(), &"lost".into()));
/// ```
#[derive(Clone, Debug)]
pub struct Logs {
    service: String,
    /// Components, and their records as they are written: as values they would take many times that.
    scopes: Vec<(String, String)>,
    records: usize,
    bytes: usize,
}

impl Logs {
    /// Begins for a service.
    pub fn new(service: impl Into<String>) -> Logs {
        Logs { service: service.into(), scopes: Vec::new(), records: 0, bytes: 0 }
    }

    /// Adds a line, and returns a body when one is full.
    pub fn add(&mut self, record: &Record) -> Option<String> {
        let made = log_record(record);
        self.records += 1;
        self.bytes += made.len();
        match self.scopes.iter_mut().find(|(component, _)| *component == record.component) {
            Some((_, records)) => {
                records.push(',');
                records.push_str(&made);
            }
            None => self.scopes.push((record.component.clone(), made)),
        }
        let is_full = self.records >= MAX_RECORDS || self.bytes >= MAX_BYTES;
        if is_full { self.rest() } else { None }
    }

    /// Returns a body of what is left.
    pub fn rest(&mut self) -> Option<String> {
        if self.records == 0 {
            return None;
        }
        (self.records, self.bytes) = (0, 0);
        let mut body = format!(r#"{{"resourceLogs":[{{"resource":{},"scopeLogs":["#, resource(&self.service));
        for (place, (component, records)) in self.scopes.drain(..).enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let scope = json!({ "name": component });
            // Nothing can go wrong with a text.
            _ = write!(body, r#"{comma}{{"scope":{scope},"logRecords":[{records}]}}"#);
        }
        body.push_str("]}]}");
        Some(body)
    }
}

/// What a collector took only in part, as it says in its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many records, or spans, it has not taken; none if it only warns.
    pub count: u64,
    /// Why.
    pub message: String,
}

/// Reads what a collector answers to a body that it took; `None` when it took all of it without a word.
pub fn rejected(answer: &Value) -> Option<Rejected> {
    let partial = answer.get("partialSuccess")?;
    // 64 bits are text in OTLP's JSON; some write them as numbers.
    let number = |key: &str| partial.get(key).and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    let count = number("rejectedLogRecords").or_else(|| number("rejectedSpans")).unwrap_or(0);
    let message = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default().to_owned();
    (count > 0 || !message.is_empty()).then_some(Rejected { count, message })
}

/// Writes a line as a log record.
fn log_record(record: &Record) -> String {
    let mut made = String::from("{");
    // Left out means unknown; the collector puts in when it received the record. Nothing can go wrong with a text.
    if let Some(nanos) = record.nanos {
        _ = write!(made, r#""timeUnixNano":"{nanos}","#);
    }
    if let Some(level) = record.level {
        _ = write!(made, r#""severityNumber":{},"severityText":"{}","#, severity(level), level.name());
    }
    made.push_str(r#""body":"#);
    string_value(&mut made, &record.message);
    if let Some(id) = &record.correlation_id {
        let (trace, span) = trace_of(id, record);
        _ = write!(made, r#","traceId":"{trace}","spanId":"{span}","flags":1"#);
    }
    made.push_str(r#","attributes":"#);
    let mut attributes = Attributes::begin(&mut made);
    let is_other = |key: &str| record.correlation_id.is_none() || key != "correlation_id";
    for (key, value) in record.fields.iter().filter(|(key, _)| is_other(key)) {
        attributes.value(key, value);
    }
    if let Some(id) = &record.correlation_id {
        attributes.text("correlation_id", id);
    }
    attributes.end();
    if record.left_out > 0 {
        _ = write!(made, r#","droppedAttributesCount":{}"#, record.left_out);
    }
    made.push('}');
    made
}

/// Returns the ids of trace and span that a line belongs to: those that it names, else the ones that its correlation id
/// gives everywhere.
pub(crate) fn trace_of(id: &str, record: &Record) -> (String, String) {
    let named = |name: &str, length: usize| {
        let text = record.fields.get(name)?.as_str()?;
        let is_id = text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && text.bytes().any(|byte| byte != b'0')).then(|| text.to_ascii_lowercase())
    };
    let (trace, root) = root_of(id);
    (named("trace_id", 32).unwrap_or(trace), named("span_id", 16).unwrap_or(root))
}

/// Returns the ids of a correlation id's trace and of its root span.
pub(crate) fn root_of(id: &str) -> (String, String) {
    let parent = correlation::traceparent(&Id::new(id), 0);
    let mut parts = parent.split('-').skip(1);
    let mut next = || parts.next().unwrap_or_default().to_owned();
    (next(), next())
}

/// Returns what is said of the service.
pub(crate) fn resource(service: &str) -> Value {
    json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": service } }] })
}

/// Returns the number that OpenTelemetry has for a level.
fn severity(level: Level) -> u8 {
    match level {
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warn => 13,
        Level::Error => 17,
        Level::Fatal => 21,
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::record;
    use super::*;

    fn made(fields: &str) -> Value {
        let line = format!(r#"{{"timestamp":"2026-11-27T00:00:00.000001Z","level":"WARN","message":"m"{fields}}}"#);
        serde_json::from_str(&log_record(&record(&line))).unwrap()
    }

    #[test]
    fn values_keep_their_kind() {
        let made = made(
            r#","a":1,"b":1.5,"c":true,"d":null,"e":[1,"x",null],"f":{"g":18446744073709551615,"\"h\\\n":null,"\"h\n":"\u0007é"}"#,
        );
        assert_eq!(
            made["attributes"],
            json!([
                { "key": "a", "value": { "intValue": "1" } },
                { "key": "b", "value": { "doubleValue": 1.5 } },
                { "key": "c", "value": { "boolValue": true } },
                { "key": "e", "value": { "arrayValue": { "values": [
                    { "intValue": "1" }, { "stringValue": "x" }, {}] } } },
                { "key": "f", "value": { "kvlistValue": { "values": [
                    { "key": "g", "value": { "doubleValue": 18446744073709551615.0 } },
                    { "key": "\"h\n", "value": { "stringValue": "\u{7}é" } }] } } },
            ])
        );
        assert_eq!((&made["severityNumber"], &made["timeUnixNano"]), (&13.into(), &"1795737600000001000".into()));
        assert_eq!(made.get("traceId"), None);
    }

    #[test]
    fn fields_that_are_left_out_are_counted() {
        let record = |left_out| Record { left_out, ..record("{}") };
        let count = |left_out| serde_json::from_str::<Value>(&log_record(&record(left_out))).unwrap();
        assert_eq!((count(0).get("droppedAttributesCount"), &count(3)["droppedAttributesCount"]), (None, &3.into()));
    }

    #[test]
    fn a_line_belongs_to_the_trace_of_its_correlation_id() {
        let by_id = made(r#","correlation_id":"run-7""#);
        assert_eq!(by_id["traceId"], "0e5d4745e283d94f70817ac771203a0e");
        assert_eq!(by_id["spanId"].as_str().unwrap().len(), 16);
        let named = made(
            r#","correlation_id":"run-7","trace_id":"ABCDEF0123456789abcdef0123456789","span_id":"00f067aa0ba902b7""#,
        );
        assert_eq!(
            (&named["traceId"], &named["spanId"]),
            (&"abcdef0123456789abcdef0123456789".into(), &"00f067aa0ba902b7".into())
        );
        let bad = made(r#","correlation_id":"run-7","trace_id":"00000000000000000000000000000000","span_id":"x""#);
        assert_eq!((&bad["traceId"], &bad["spanId"]), (&by_id["traceId"], &by_id["spanId"]));
    }

    #[test]
    fn what_a_collector_has_not_taken_is_read() {
        let cases = [
            (json!({}), None),
            (json!({ "partialSuccess": {} }), None),
            (json!({ "partialSuccess": { "rejectedLogRecords": "3", "errorMessage": "old" } }), Some((3, "old"))),
            (json!({ "partialSuccess": { "rejectedSpans": 2 } }), Some((2, ""))),
            (json!({ "partialSuccess": { "rejectedSpans": 0, "errorMessage": "beware" } }), Some((0, "beware"))),
            (json!({ "partialSuccess": { "rejectedSpans": "many" } }), None),
            (json!([]), None),
        ];
        for (answer, expected) in cases {
            let expected = expected.map(|(count, message)| Rejected { count, message: message.to_owned() });
            assert_eq!(rejected(&answer), expected, "{answer}");
        }
    }

    #[test]
    fn a_body_has_a_scope_for_each_component() {
        let mut logs = Logs::new("s\"");
        for component in ["a", "b\"", "a", ""] {
            assert_eq!(logs.add(&Record { component: component.into(), ..Record::default() }), None);
        }
        let body: Value = serde_json::from_str(&logs.rest().unwrap()).unwrap();
        let logs = &body["resourceLogs"][0];
        assert_eq!(logs["resource"], resource("s\""));
        let scopes = logs["scopeLogs"].as_array().unwrap().iter();
        let told = scopes
            .map(|scope| (scope["scope"]["name"].as_str().unwrap(), scope["logRecords"].as_array().unwrap().len()));
        assert_eq!(told.collect::<Vec<_>>(), [("a", 2), ("b\"", 1), ("", 1)]);
    }

    #[test]
    fn bodies_are_full_by_number_and_by_size() {
        let mut logs = Logs::new("s");
        let record = record(r#"{"timestamp":"2026-11-27T00:00:00Z","component":"a","message":"m"}"#);
        assert_eq!((0..2 * MAX_RECORDS).filter_map(|_| logs.add(&record)).count(), 2);
        assert_eq!(logs.rest(), None);
        let long = Record { message: "x".repeat(MAX_BYTES / 3), ..record };
        let bodies: Vec<String> = (0..6).filter_map(|_| logs.add(&long)).collect();
        assert!(bodies.len() == 2 && bodies.iter().all(|body| body.len() < MAX_BYTES + MAX_BYTES / 3));
    }
}
