//! The report as JSON. Names and meanings are part of the command line's interface.

use serde_json::{Map, Value, json};

use super::fold::{Report, TaskReport};
use crate::model::Output;

impl Report {
    /// Returns the report as JSON: the run, then every task.
    pub fn to_json(&self) -> Value {
        json!({
            "run": self.run.as_str(),
            "flow": self.flow,
            "file": self.path,
            "status": self.status.name(),
            "reason": self.reason,
            "resumable": self.status.is_resumable(),
            "started_ms": self.started.0,
            "took_ms": millis(self.took()),
            "resumed": self.resumed,
            "left_out": self.left_out.iter().map(|left| json!({ "step": left.step, "what": left.what })).collect::<Value>(),
            "tasks": self.tasks().map(task).collect::<Vec<_>>(),
        })
    }
}

fn task(task: &TaskReport) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| _ = fields.insert(name.into(), value);
    put("task", json!(task.address.to_string()));
    if let Some(label) = &task.label {
        put("item", json!(label));
    }
    put("status", json!(task.status().map(|status| status.name())));
    put("cached", json!(task.cached));
    put("attempts", json!(task.attempts));
    put("took_ms", millis(task.took));
    if !task.because.is_empty() {
        put("because", json!(task.because));
    }
    if !task.restored.is_empty() {
        put("restored", json!(task.restored));
    }
    if let Some(reply) = task.outcome.as_ref().and_then(|outcome| outcome.reply()) {
        put("code", json!(reply.code));
        match &reply.output {
            Output::Inline(value) => put("output", (**value).clone()),
            Output::Blob { blob, bytes } => put("output", json!({ "blob": blob, "bytes": bytes })),
        }
    }
    if let Some(fault) = task.outcome.as_ref().and_then(|outcome| outcome.fault()) {
        put("fault", json!(fault));
    }
    Value::Object(fields)
}

fn millis(duration: std::time::Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
