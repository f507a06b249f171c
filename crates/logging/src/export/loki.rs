//! Bodies for Loki's push API. Sending them, and what to do about an answer, is left to others.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::record::Record;

/// The path at which Loki takes them.
pub const PATH: &str = "/loki/api/v1/push";
/// A body is full with so many lines.
const MAX_LINES: usize = 5_000;
/// A body is full with so many bytes of lines; Loki takes 4 MB.
const MAX_BYTES: usize = 1 << 20;
/// Components beyond so many have one label together: every label value is a stream, and Loki bears few. A line names its
/// component itself.
const MAX_COMPONENTS: usize = 64;
const OTHERS: &str = "(others)";

/// Gathers lines into bodies: streams with the labels `service_name`, `level` and `component`, each in the order of time.
/// A line that says no time has the time of the line before it, because Loki takes none without; at the beginning that of the
/// first line that says one, or `now` if none does.
///
/// ```
/// use segno_logging::export::{Record, loki::Batches};
/// use segno_logging::read::Level;
///
/// let mut batches = Batches::new("shop", std::time::SystemTime::now());
/// let paid = Record { nanos: Some(1_795_742_891_000_000_000), level: Some(Level::Info), raw: "{}".into(), ..Record::default() };
/// assert_eq!(batches.add(&paid), None);
/// let body: serde_json::Value = serde_json::from_str(&batches.rest().unwrap()).unwrap();
/// assert_eq!(body["streams"][0]["stream"]["level"], "info");
/// assert_eq!(body["streams"][0]["values"][0][0], "1795742891000000000");
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    service: String,
    components: Vec<String>,
    /// Lines by level and component.
    streams: BTreeMap<(String, String), Vec<(u64, String)>>,
    lines: usize,
    bytes: usize,
    /// The time of the line before.
    before: Option<u64>,
    /// Lines that came before the first time, with their level and component.
    waiting: Vec<((String, String), String)>,
    /// Nanoseconds since 1970.
    now: u64,
}

impl Batches {
    /// Begins for a service; `now` is the time of lines near which none says one.
    pub fn new(service: impl Into<String>, now: SystemTime) -> Batches {
        let (components, streams, waiting) = (Vec::new(), BTreeMap::new(), Vec::new());
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        Batches { service: service.into(), components, streams, lines: 0, bytes: 0, before: None, waiting, now }
    }

    /// Adds a line, and returns a body when one is full.
    pub fn add(&mut self, record: &Record) -> Option<String> {
        let component = self.label(&record.component);
        let level = record.level_name().unwrap_or("unknown").to_lowercase();
        self.before = record.nanos.or(self.before);
        self.lines += 1;
        self.bytes += record.raw.len();
        self.waiting.push(((level, component), record.raw.clone()));
        if let Some(before) = self.before {
            self.place(before);
        }
        let is_full = self.lines >= MAX_LINES || self.bytes >= MAX_BYTES;
        if is_full { self.rest() } else { None }
    }

    /// Returns a body of what is left.
    pub fn rest(&mut self) -> Option<String> {
        if self.lines == 0 {
            return None;
        }
        (self.lines, self.bytes) = (0, 0);
        self.place(self.now);
        let streams = std::mem::take(&mut self.streams).into_iter().map(|((level, component), mut values)| {
            // Stable: lines of one moment stay in their order.
            values.sort_by_key(|(nanos, _)| *nanos);
            let values: Vec<Value> = values.into_iter().map(|(nanos, line)| json!([nanos.to_string(), line])).collect();
            let mut labels = json!({ "service_name": self.service, "level": level });
            if !component.is_empty() {
                labels["component"] = component.into();
            }
            json!({ "stream": labels, "values": values })
        });
        Some(json!({ "streams": streams.collect::<Vec<_>>() }).to_string())
    }

    /// Gives the lines that wait for a time this one.
    fn place(&mut self, nanos: u64) {
        for (stream, line) in self.waiting.drain(..) {
            self.streams.entry(stream).or_default().push((nanos, line));
        }
    }

    fn label(&mut self, component: &str) -> String {
        if !self.components.iter().any(|known| known == component) {
            if self.components.len() >= MAX_COMPONENTS {
                return OTHERS.into();
            }
            self.components.push(component.to_owned());
        }
        component.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::record;
    use super::*;

    fn line(second: u32, level: &str, component: &str) -> Record {
        record(&format!(
            r#"{{"timestamp":"2026-11-27T00:00:{second:02}Z","level":"{level}","component":"{component}","message":"m"}}"#
        ))
    }

    fn batches() -> Batches {
        Batches::new("s", UNIX_EPOCH + std::time::Duration::from_secs(1))
    }

    fn rest(batches: &mut Batches) -> Value {
        serde_json::from_str(&batches.rest().unwrap()).unwrap()
    }

    #[test]
    fn lines_of_a_stream_are_in_the_order_of_time() {
        let mut batches = batches();
        for second in [3, 1, 2] {
            assert_eq!(batches.add(&line(second, "WARN", "a")), None);
        }
        let body = rest(&mut batches);
        assert_eq!(body["streams"][0]["stream"], json!({ "service_name": "s", "level": "warn", "component": "a" }));
        let times: Vec<u64> = body["streams"][0]["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value[0].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(times.is_sorted() && times.len() == 3);
        assert_eq!(batches.rest(), None);
    }

    #[test]
    fn streams_are_few_whatever_the_components() {
        let mut batches = batches();
        for number in 0..1_000 {
            assert_eq!(batches.add(&line(0, "INFO", &format!("c{number}"))), None);
        }
        let body = rest(&mut batches);
        let streams = body["streams"].as_array().unwrap();
        assert_eq!(streams.len(), MAX_COMPONENTS + 1);
        let lines: usize = streams.iter().map(|stream| stream["values"].as_array().unwrap().len()).sum();
        assert_eq!(lines, 1_000);
    }

    #[test]
    fn a_body_is_full_before_loki_refuses_it() {
        let mut batches = batches();
        let bodies = (0..2 * MAX_LINES).filter_map(|_| batches.add(&line(0, "INFO", "a"))).count();
        assert_eq!((bodies, batches.rest()), (2, None));
        let long = Record { raw: "x".repeat(MAX_BYTES), ..line(0, "INFO", "a") };
        assert!(batches.add(&long).is_some());
    }

    #[test]
    fn lines_before_the_first_time_have_that_time_or_the_present_one() {
        let timeless = Record { nanos: None, ..line(0, "INFO", "a") };
        let mut batches = batches();
        assert_eq!((batches.add(&timeless), batches.add(&line(7, "WARN", "b"))), (None, None));
        let times = |body: Value| -> Vec<String> {
            let streams = body["streams"].as_array().unwrap();
            let values = streams.iter().flat_map(|stream| stream["values"].as_array().unwrap());
            values.map(|value| value[0].as_str().unwrap().to_owned()).collect()
        };
        let seven = line(7, "INFO", "a").nanos.unwrap().to_string();
        assert_eq!(times(rest(&mut batches)), [seven.clone(), seven]);
        let mut batches = self::batches();
        assert_eq!(batches.add(&timeless), None);
        assert_eq!(times(rest(&mut batches)), ["1000000000"]);
    }

    #[test]
    fn a_line_without_a_time_stays_behind_the_one_before_it() {
        let mut batches = batches();
        for record in [line(7, "INFO", "a"), Record { nanos: None, raw: "{}".into(), ..line(0, "INFO", "a") }] {
            assert_eq!(batches.add(&record), None);
        }
        let body = rest(&mut batches);
        let values = &body["streams"][0]["values"];
        assert_eq!((&values[0][0], &values[1][1]), (&values[1][0], &"{}".into()));
    }
}
