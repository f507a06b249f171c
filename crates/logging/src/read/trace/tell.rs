//! A trace as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::super::Timestamp;
use super::super::table::{harmless, rfc3339};
use super::{Item, Node, Seen};

impl Node {
    /// Returns the tree as people read it: times from its beginning, lines under their branches.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, self.begin);
        text
    }

    /// Returns the tree as JSON.
    pub fn json(&self) -> Value {
        json!({
            "kind": self.kind.name(),
            "name": self.name,
            "begin": self.begin.map(rfc3339),
            "end": self.end.map(rfc3339),
            "took_ms": self.took.map(|took| took.as_secs_f64() * 1e3),
            "failed": self.failed,
            "lines": self.lines().map(Seen::json).collect::<Vec<_>>(),
            "inner": self.nodes().map(Node::json).collect::<Vec<_>>(),
        })
    }

    fn write(&self, text: &mut String, depth: usize, begin: Option<Timestamp>) {
        let took = self.took.map(|took| format!("  {:.3}s", took.as_secs_f64())).unwrap_or_default();
        let failed = if self.failed { "  failed" } else { "" };
        // Writing into a text cannot fail.
        _ = writeln!(text, "{:1$}{2}{took}{failed}", "", 2 * depth, harmless(&self.name));
        for item in &self.items {
            match item {
                Item::Node(node) => node.write(text, depth + 1, begin),
                Item::Line(seen) => seen.write(text, depth + 1, begin),
            }
        }
    }
}

impl Seen {
    fn write(&self, text: &mut String, depth: usize, begin: Option<Timestamp>) {
        let since = self.at.zip(begin).map(|(at, begin)| at.micros.saturating_sub(begin.micros) as f64 / 1e6);
        let since = since.map_or_else(|| "?".into(), |seconds| format!("+{seconds:.3}s"));
        _ = write!(text, "{:1$}{since}  {2:<5}  {3}", "", 2 * depth, self.level_name(), harmless(&self.message));
        for (key, value) in &self.fields {
            _ = write!(text, "  {}={}", harmless(key), harmless(value));
        }
        text.push('\n');
    }

    fn json(&self) -> Value {
        let fields = self.fields.iter().map(|(key, value)| (key.clone(), Value::String(value.clone())));
        json!({
            "timestamp": self.at.map(rfc3339),
            "level": self.level.map(|_| self.level_name()),
            "component": self.component,
            "message": self.message,
            "fields": fields.collect::<Map<_, _>>(),
        })
    }
}
