//! The report as JSON. Names and meanings are part of the command line's interface.

use serde_json::{Map, Value, json};

use super::fold::Report;
use super::left_out::LeftOut;
use super::quality::StepQuality;
use super::rounds::LoopReport;
use super::task::{FailedAgent, TaskReport};
use crate::model::{Output, Reply};

impl Report {
    /// Returns the report as JSON: the run, then every task; `docs/schema/report.schema.json` says what may stand there.
    pub fn to_json(&self) -> Value {
        let quality = self.quality();
        let evidence = quality.as_ref().map(|quality| quality.evidence.iter().map(step_quality).collect::<Vec<_>>());
        json!({
            "run": self.run.as_str(),
            "flow": self.flow,
            "file": self.path,
            "status": self.status.name(),
            "reason": self.reason,
            "resumable": self.status.is_resumable(),
            "started_ms": self.started.0,
            "ended_ms": (!self.status.is_resumable()).then_some(self.touched.0),
            "took_ms": millis(self.took()),
            "resumed": self.resumed,
            "forked_from": self.parent,
            "only": self.only,
            "quality": quality.as_ref().map(|quality| quality.value),
            "quality_evidence": evidence.unwrap_or_default(),
            "usage": self.usage(),
            "left_out": self.left_out.iter().map(left_out).collect::<Vec<_>>(),
            "loops": self.loops().map(own_loop).collect::<Vec<_>>(),
            "tasks": self.tasks().map(task).collect::<Vec<_>>(),
        })
    }
}

fn step_quality(step: &StepQuality) -> Value {
    json!({
        "step": step.step.as_str(),
        "weight": step.weight,
        "quality": step.value,
        "tasks": step.tasks,
        "because": step.because,
    })
}

fn left_out(left: &LeftOut) -> Value {
    json!({ "step": left.step, "what": left.what, "failed": left.failed })
}

fn own_loop(own: &LoopReport) -> Value {
    json!({
        "step": own.address.to_string(),
        "rounds": own.rounds,
        "limit": own.limit,
        "verdict": own.verdict,
        "kept": own.kept + 1,
        "score": own.score,
    })
}

fn task(task: &TaskReport) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| _ = fields.insert(name.into(), value);
    put("task", json!(task.address.to_string()));
    if let Some(label) = &task.label {
        put("item", json!(label));
    }
    put("status", json!(task.status().map(|status| status.name())));
    put("agent", json!(task.agent.as_deref()));
    if !task.failed_agents.is_empty() {
        put("failed_agents", task.failed_agents.iter().map(failed_agent).collect());
    }
    put("cached", json!(task.cached));
    if task.taken_over {
        put("taken_over", json!(true));
    }
    put("kept", json!(task.kept));
    put("attempts", json!(task.attempts));
    put("started_ms", json!(task.began.map(|began| began.0)));
    put("ended_ms", json!(task.ended.map(|ended| ended.0)));
    put("took_ms", millis(task.took));
    put("quality", json!(task.quality()));
    if !task.because.is_empty() {
        put("because", json!(task.because));
    }
    if !task.restored.is_empty() {
        put("restored", json!(task.restored));
    }
    if let Some(said) = task.reply() {
        reply(said, &mut put);
    }
    if let Some(fault) = task.fault() {
        put("fault", json!(fault));
        if let Some(decision) = &task.decision {
            put("decision", json!({ "did": decision.step.advice().name(), "because": decision.sentence() }));
        }
    }
    Value::Object(fields)
}

fn failed_agent(failed: &FailedAgent) -> Value {
    json!({ "agent": failed.agent, "fault": failed.fault, "took_ms": millis(failed.took) })
}

/// Writes what came back, as far as there is something to write.
fn reply(reply: &Reply, put: &mut impl FnMut(&str, Value)) {
    put("code", json!(reply.code));
    match &reply.output {
        // A stored run does not tell nothing from an empty text.
        output if output.is_empty() => put("output", Value::Null),
        Output::Inline(value) => put("output", (**value).clone()),
        Output::Blob { blob, bytes } => put("output", json!({ "blob": blob, "bytes": bytes })),
    }
    if reply.hidden > 0 {
        put("hidden", json!(reply.hidden));
    }
    if let Some(summary) = &reply.summary {
        put("summary", json!(summary));
    }
    if !reply.metrics.is_empty() {
        put("metrics", json!(reply.metrics));
    }
    if !reply.usage.is_empty() {
        put("usage", json!(reply.usage));
    }
    if !reply.checks.is_empty() {
        put("checks", json!(reply.checks));
    }
}

fn millis(duration: std::time::Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
