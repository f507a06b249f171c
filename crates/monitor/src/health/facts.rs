//! What is known of a run when a workflow is judged by it: what its row says, and more when its events were read.

use std::collections::BTreeSet;

use segno_errors::Severity;
use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::{RunId, RunStatus, Status, StepId, Timestamp};
use segno_orchestrator::report::{Quality, Report, Role};

/// A run as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts {
    /// The run.
    pub run: RunId,
    /// Its workflow.
    pub flow: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it stands there, where that is not plain.
    pub reason: Option<String>,
    /// When something was last recorded of it.
    pub touched: Timestamp,
    /// What its events say; `None` when they were not read.
    pub detail: Option<RunDetail>,
}

/// What the events of a run say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDetail {
    /// How good it was.
    pub quality: Option<Quality>,
    /// Failures of the severity critical.
    pub critical: Vec<CriticalFault>,
    /// Steps of which every task ended well.
    pub well: BTreeSet<StepId>,
    /// How many results could not be remembered though they were to be, and why the first was not.
    pub unremembered: usize,
    /// Why the first of them was not.
    pub unremembered_because: Option<String>,
}

/// A failure that is critical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalFault {
    /// The step that failed.
    pub step: StepId,
    /// What happened.
    pub message: String,
}

/// What is wrong with the project's own storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// Why steps run without the cache.
    pub cache: Option<String>,
    /// What is damaged in the store.
    pub store: Option<String>,
}

impl RunFacts {
    /// Takes what a list of runs says.
    pub fn of_entry(entry: &RunEntry) -> RunFacts {
        RunFacts {
            run: entry.id.clone(),
            flow: entry.flow.clone(),
            status: entry.status,
            reason: entry.reason.clone(),
            touched: entry.touched,
            detail: None,
        }
    }

    /// Takes what a report says.
    pub fn of_report(report: &Report) -> RunFacts {
        RunFacts {
            run: report.run.clone(),
            flow: report.flow.clone(),
            status: report.status,
            reason: report.reason.clone(),
            touched: report.touched,
            detail: Some(RunDetail::of(report)),
        }
    }

    /// Says whether it counts for shares: it ended, and not because somebody wanted it to.
    pub(super) fn counts(&self) -> bool {
        !self.status.is_resumable() && self.reason.as_deref() != Some("cancelled")
    }
}

impl RunDetail {
    fn of(report: &Report) -> RunDetail {
        let mut detail = RunDetail { quality: report.quality(), ..RunDetail::default() };
        for step in report.steps.iter().filter(|step| step.role == Role::Work) {
            let kept = || step.tasks.iter().filter(|task| task.kept);
            let critical =
                kept().filter_map(|task| task.fault()).filter(|fault| fault.severity_level() == Severity::Critical);
            detail.critical.extend(
                critical.map(|fault| CriticalFault { step: step.step.clone(), message: fault.message().to_owned() }),
            );
            let is_well = |status| matches!(status, Some(Status::Succeeded | Status::Partial));
            if kept().count() > 0 && kept().all(|task| is_well(task.status())) {
                detail.well.insert(step.step.clone());
            }
            for reason in kept().filter_map(|task| task.reply()?.unremembered.as_ref()) {
                detail.unremembered += 1;
                detail.unremembered_because.get_or_insert_with(|| reason.clone());
            }
        }
        detail
    }
}
