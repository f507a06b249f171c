//! Who looks at events once they are durable: the log, the progress view, the monitor. They cannot hold a run up.

use segno_errors::Fault;

use crate::model::{Event, Fact, Outcome, RunId, RunStatus, Source};

/// The component of a run's lines is `segno.run`, wherever this file lies: people set levels and filter by it.
const TARGET: &str = "segno::run";

/// Writes a `tracing` event of a run.
macro_rules! tell {
    ($level:ident, $($fields:tt)*) => { tracing::$level!(target: TARGET, $($fields)*) };
}

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
            tell!(info, correlation_id, seq, flow, file = pinned.path, "run started");
        }
        Fact::RunResumed { owner } => tell!(info, correlation_id, seq, pid = owner.pid, "run resumed"),
        Fact::Decided { left_out: true, .. } => tell!(warn, correlation_id, seq, step, "step left out"),
        Fact::Decided { taken, .. } => tell!(info, correlation_id, seq, step, taken, "guard asked"),
        Fact::Chose { case, value, .. } => tell!(info, correlation_id, seq, step, case, value, "case chosen"),
        Fact::Looped { rounds, verdict, score, .. } => {
            tell!(info, correlation_id, seq, step, rounds, verdict = ?verdict, score, "loop asked");
        }
        Fact::Entered { .. } => tell!(info, correlation_id, seq, step, "workflow entered"),
        Fact::Concluded { outputs, .. } => {
            tell!(info, correlation_id, seq, step, outputs = outputs.len(), "outputs made")
        }
        Fact::StepReplied { attempt, .. } => tell!(info, correlation_id, seq, step, attempt, "step replied"),
        Fact::FellBack { attempt, fault, agent, .. } => {
            let (fault, code) = (fault.message(), fault.kind().code());
            tell!(warn, correlation_id, seq, step, attempt, agent, code, fault, "fallback takes over");
        }
        Fact::DataPut { key, .. } => tell!(info, correlation_id, seq, step, key, "value put"),
        Fact::DataGot { values, .. } => tell!(debug, correlation_id, seq, step, values = values.len(), "values got"),
        Fact::Expanded { items, .. } => tell!(info, correlation_id, seq, step, items = items.len(), "list made"),
        Fact::StepStarted { attempt, label, .. } => {
            tell!(info, correlation_id, seq, step, attempt, item = label.as_deref(), "step started");
        }
        Fact::Spawned { pid, .. } => tell!(debug, correlation_id, seq, step, pid, "process started"),
        Fact::StepRetried { attempt, fault, until, .. } => {
            let (fault, code) = (fault.message(), fault.kind().code());
            tell!(warn, correlation_id, seq, step, attempt, code, fault, until = until.0, "step will be tried again");
        }
        Fact::StepEnded { outcome, source, took_ms, .. } => ended(run, seq, &step, outcome, source, *took_ms),
        Fact::RunPaused { reason } => tell!(warn, correlation_id, seq, reason, "run paused"),
        Fact::RunEnded { status: RunStatus::Degraded, .. } => {
            tell!(warn, correlation_id, seq, status = "degraded", "run ended");
        }
        Fact::RunEnded { status, reason } => {
            tell!(info, correlation_id, seq, status = status.name(), reason, "run ended");
        }
    }
}

fn ended(run: &RunId, seq: u64, step: &str, outcome: &Outcome, source: &Source, took_ms: u64) {
    let correlation_id = run.as_str();
    let status = outcome.status().name();
    let cached = matches!(source, Source::Cache { .. });
    match outcome.fault() {
        None => tell!(info, correlation_id, seq, step, status, cached, took_ms, "step ended"),
        Some(fault) => {
            let (code, message) = (fault.kind().code(), fault.message());
            tell!(error, correlation_id, seq, step, status, took_ms, code, fault = message, "step failed");
        }
    }
}

/// Tells the log of a fault that is not a step's.
pub(crate) fn trace_fault(run: &RunId, fault: &Fault, what: &str) {
    let (code, message) = (fault.kind().code(), fault.message());
    tell!(error, correlation_id = run.as_str(), code, fault = message, "{what}");
}
