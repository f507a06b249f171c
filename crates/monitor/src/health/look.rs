//! Two looks at a project: a quick one at the list of its runs, and a detailed one that reads those that count.

use std::collections::HashMap;

use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::{RunId, Timestamp};
use segno_orchestrator::report::Report;

use super::facts::{RunFacts, Storage};
use super::score::{ProjectHealth, counted};

impl ProjectHealth {
    /// Judges a project by the list of its runs, newest first. Quality and critical failures are not known then.
    pub fn quick(entries: &[RunEntry], storage: &Storage, now: Timestamp) -> ProjectHealth {
        let runs: Vec<RunFacts> = entries.iter().map(RunFacts::of_entry).collect();
        ProjectHealth::of(&runs, storage, now)
    }

    /// Returns the runs that are worth reading for a detailed look: of each workflow the last 20 that ended.
    pub fn counted(entries: &[RunEntry]) -> Vec<RunId> {
        let runs: Vec<RunFacts> = entries.iter().map(RunFacts::of_entry).collect();
        counted(&runs).into_iter().map(|run| run.run.clone()).collect()
    }

    /// Judges a project by its runs, newest first, with the reports of those that count. One whose report is not given
    /// counts by its status alone.
    pub fn detailed(entries: &[RunEntry], reports: &[Report], storage: &Storage, now: Timestamp) -> ProjectHealth {
        let known: HashMap<&RunId, &Report> = reports.iter().map(|report| (&report.run, report)).collect();
        let facts = |entry: &RunEntry| {
            known.get(&entry.id).map_or_else(|| RunFacts::of_entry(entry), |report| RunFacts::of_report(report))
        };
        let runs: Vec<RunFacts> = entries.iter().map(facts).collect();
        ProjectHealth::of(&runs, storage, now)
    }
}
