//! Differences as JSON: each pair is a list of what the first and what the second run has.

use serde_json::{Value, json};

use super::between::{Diff, OutputChange, RunFacts, Side, TaskDiff};
use super::lines::Line;

impl Diff {
    /// Returns what differs as JSON. `definition` says in words how the second definition differs from the first.
    pub fn to_json(&self, definition: &[String]) -> Value {
        let input = |change: &super::InputChange| json!({ "name": change.name, "values": change.values });
        json!({
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "inputs": self.inputs.iter().map(input).collect::<Vec<_>>(),
            "definition": definition,
            "tasks": self.tasks.iter().map(task).collect::<Vec<_>>(),
            "same": self.same,
        })
    }
}

fn run(run: &RunFacts) -> Value {
    json!({
        "run": run.run.as_str(),
        "flow": run.flow,
        "file": run.path,
        "status": run.status.name(),
        "took_ms": millis(run.took),
        "quality": run.quality,
    })
}

fn task(task: &TaskDiff) -> Value {
    json!({
        "task": task.address.to_string(),
        "item": task.label,
        "sides": task.sides.iter().map(|side| side.as_ref().map(self::side)).collect::<Vec<_>>(),
        "output": task.output.as_ref().map(output),
    })
}

fn side(side: &Side) -> Value {
    json!({
        "status": side.status.map(|status| status.name()),
        "cached": side.cached,
        "taken_over": side.taken_over,
        "agent": side.agent,
        "attempts": side.attempts,
        "took_ms": millis(side.took),
        "cost_usd": side.cost_usd,
        "quality": side.quality,
        "because": side.because,
        "fault": side.fault,
    })
}

fn output(change: &OutputChange) -> Value {
    let line = |line: &Line| match line {
        Line::Gone(words) => format!("-{words}"),
        Line::New(words) => format!("+{words}"),
    };
    json!({ "lines": change.lines.iter().map(line).collect::<Vec<_>>(), "more": change.more })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
