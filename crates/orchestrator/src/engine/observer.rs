//! Who looks at events once they are durable: the log, the progress view, the monitor. They cannot hold a run up.

use segno_errors::Fault;

use crate::model::{Event, Fact, Outcome, RunId, RunStatus, Source};

/// The component of a run's lines is `segno.run`, wherever this file lies: people set levels and filter by it.
const TARGET: &str = "segno::run";

/// Somebody who is shown events.
pub trait Observer: Send + Sync {
    /// Shows events that are durable now, in their order. Must not block for long.
    fn see(&self, run: &RunId, events: &[Event]);

    /// Says that the run is to be logged at other levels from now on, as text: `info,database=debug`.
    fn log_at(&self, _run: &RunId, _levels: &str) {}
}

/// Writes events as `tracing` events, correlated by run and task.
pub fn trace_events(run: &RunId, events: &[Event]) {
    for event in events {
        trace(run, event);
    }
}

fn trace(run: &RunId, event: &Event) {
    let correlation_id = run.as_str();
    let seq = event.seq;
    let step = event.fact.step().map(ToString::to_string).unwrap_or_default();
    match &event.fact {
        Fact::RunStarted { flow, pinned, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, flow, file = pinned.path, "run started");
        }
        Fact::RunResumed { owner } => {
            tracing::info!(target: TARGET, correlation_id, seq, pid = owner.pid, "run resumed")
        }
        Fact::Decided { left_out: true, .. } => {
            tracing::warn!(target: TARGET, correlation_id, seq, step, "step left out")
        }
        Fact::Decided { taken, .. } => tracing::info!(target: TARGET, correlation_id, seq, step, taken, "guard asked"),
        Fact::Chose { case, value, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, case, value, "case chosen")
        }
        Fact::Looped { rounds, verdict, score, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, rounds, verdict = ?verdict, score, "loop asked");
        }
        Fact::Entered { .. } => tracing::info!(target: TARGET, correlation_id, seq, step, "workflow entered"),
        Fact::Concluded { outputs, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, outputs = outputs.len(), "outputs made")
        }
        Fact::StepReplied { attempt, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, attempt, "step replied")
        }
        Fact::FellBack { attempt, fault, agent, .. } => fell_back(run, seq, &step, *attempt, fault, agent),
        Fact::DataPut { key, .. } => tracing::info!(target: TARGET, correlation_id, seq, step, key, "value put"),
        Fact::DataGot { values, .. } => {
            tracing::debug!(target: TARGET, correlation_id, seq, step, values = values.len(), "values got")
        }
        Fact::Expanded { items, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, items = items.len(), "list made")
        }
        Fact::StepStarted { attempt, label, .. } => {
            tracing::info!(target: TARGET, correlation_id, seq, step, attempt, item = label.as_deref(), "step started");
        }
        Fact::Spawned { pid, .. } => tracing::debug!(target: TARGET, correlation_id, seq, step, pid, "process started"),
        Fact::StepRetried { attempt, fault, until, .. } => retried(run, seq, &step, *attempt, fault, until.0),
        Fact::StepEnded { outcome, source, took_ms, .. } => ended(run, seq, &step, outcome, source, *took_ms),
        Fact::RunPaused { reason } => tracing::warn!(target: TARGET, correlation_id, seq, reason, "run paused"),
        Fact::RunEnded { status: RunStatus::Degraded, .. } => {
            tracing::warn!(target: TARGET, correlation_id, seq, status = "degraded", "run ended");
        }
        Fact::RunEnded { status, reason } => {
            tracing::info!(target: TARGET, correlation_id, seq, status = status.name(), reason, "run ended");
        }
    }
}

fn fell_back(run: &RunId, seq: u64, step: &str, attempt: u32, fault: &Fault, agent: &str) {
    let (correlation_id, code, fault) = (run.as_str(), fault.kind().code(), fault.message());
    tracing::warn!(target: TARGET, correlation_id, seq, step, attempt, agent, code, fault, "fallback takes over");
}

fn retried(run: &RunId, seq: u64, step: &str, attempt: u32, fault: &Fault, until: u64) {
    let (correlation_id, code, fault) = (run.as_str(), fault.kind().code(), fault.message());
    tracing::warn!(target: TARGET, correlation_id, seq, step, attempt, code, fault, until, "step will be tried again");
}

fn ended(run: &RunId, seq: u64, step: &str, outcome: &Outcome, source: &Source, took_ms: u64) {
    let correlation_id = run.as_str();
    let status = outcome.status().name();
    let cached = matches!(source, Source::Cache { .. });
    match outcome.fault() {
        None => tracing::info!(target: TARGET, correlation_id, seq, step, status, cached, took_ms, "step ended"),
        Some(fault) => {
            let (code, message) = (fault.kind().code(), fault.message());
            tracing::error!(
                target: TARGET,
                correlation_id,
                seq,
                step,
                status,
                took_ms,
                code,
                fault = message,
                "step failed"
            );
        }
    }
}

/// Tells the log of a fault that is not a step's.
pub(crate) fn trace_fault(run: &RunId, fault: &Fault, what: &str) {
    let (code, message) = (fault.kind().code(), fault.message());
    tracing::error!(target: TARGET, correlation_id = run.as_str(), code, fault = message, "{what}");
}
