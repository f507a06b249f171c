//! The score: 100 minus the deductions, and what it says.

use std::collections::BTreeMap;

use segno_orchestrator::model::Timestamp;
use serde::{Serialize, Serializer};

use super::deductions::{Deduction, of_runs, of_storage};
use super::facts::{RunFacts, Storage};

/// Over how many of its newest ended runs a workflow is judged.
const RUNS: usize = 20;
/// From here on it is healthy.
const HEALTHY: u8 = 80;
/// From here on it is degraded, below critical.
const DEGRADED: u8 = 50;

/// How healthy something is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// The workflow's name, or `project`.
    pub name: String,
    /// From 0 to 100, rounded down.
    pub score: u8,
    /// What that says.
    pub verdict: Verdict,
    /// How many ended runs it was judged by.
    pub runs: usize,
    /// What was deducted from 100, largest first.
    pub deductions: Vec<Deduction>,
    /// The events of the runs were read: quality and critical failures are known.
    pub is_detailed: bool,
}

/// What a score says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No run has ended yet, so nothing speaks for it and nothing against it.
    Unknown,
    /// 80 and more.
    Healthy,
    /// 50 and more.
    Degraded,
    /// Less than 50.
    Critical,
}

impl Verdict {
    /// Returns the verdict in lower-case letters.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Unknown => "unknown",
            Verdict::Healthy => "healthy",
            Verdict::Degraded => "degraded",
            Verdict::Critical => "critical",
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The health of a project and of each of its workflows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProjectHealth {
    /// Of all together.
    pub project: Health,
    /// Of each workflow, by name.
    pub flows: Vec<Health>,
}

impl ProjectHealth {
    /// Judges a project by its runs, which come newest first. Each workflow counts with its last 20 ended runs.
    ///
    /// ```
    /// use segno_monitor::{ProjectHealth, RunFacts, Storage, Verdict};
    /// use segno_orchestrator::model::{RunId, RunStatus, Timestamp};
    ///
    /// let run = |name: &str, status| RunFacts {
    ///     run: RunId::new(name).unwrap(),
    ///     flow: "nightly".into(),
    ///     status,
    ///     reason: None,
    ///     touched: Timestamp(0),
    ///     detail: None,
    /// };
    /// let runs = [run("c", RunStatus::Failed), run("b", RunStatus::Succeeded), run("a", RunStatus::Succeeded)];
    /// let health = ProjectHealth::of(&runs, &Storage::default(), Timestamp(0)).flows.remove(0);
    /// assert_eq!((health.score, health.verdict), (66, Verdict::Degraded));
    /// assert_eq!(health.deductions[0].formula, "100 x 1 of 3 runs failed");
    /// ```
    pub fn of(runs: &[RunFacts], storage: &Storage, now: Timestamp) -> ProjectHealth {
        let mut by_flow: BTreeMap<&str, Vec<&RunFacts>> = BTreeMap::new();
        runs.iter().for_each(|run| by_flow.entry(&run.flow).or_default().push(run));
        let mut all_ended = Vec::new();
        let mut flows = Vec::new();
        for (flow, runs) in by_flow {
            let ended: Vec<&RunFacts> = runs.iter().copied().filter(|run| run.counts()).take(RUNS).collect();
            flows.push(Health::of(flow, &ended, of_runs(&ended, &runs, now)));
            all_ended.extend(ended);
        }
        let all: Vec<&RunFacts> = runs.iter().collect();
        let mut deductions = of_runs(&all_ended, &all, now);
        deductions.extend(of_storage(storage, &all_ended));
        ProjectHealth { project: Health::of("project", &all_ended, deductions), flows }
    }
}

impl Health {
    fn of(name: &str, ended: &[&RunFacts], mut deductions: Vec<Deduction>) -> Health {
        deductions.sort_by(|one, other| other.points.total_cmp(&one.points).then_with(|| one.name.cmp(other.name)));
        let points: f64 = deductions.iter().map(|deduction| deduction.points).sum();
        // Rounded to a thousandth first: three times a third of the points must not take one more off.
        let score = (((100.0 - points) * 1_000.0).round() / 1_000.0).clamp(0.0, 100.0).floor() as u8;
        let verdict = match score {
            _ if ended.is_empty() && deductions.is_empty() => Verdict::Unknown,
            HEALTHY.. => Verdict::Healthy,
            DEGRADED.. => Verdict::Degraded,
            _ => Verdict::Critical,
        };
        let is_detailed = !ended.is_empty() && ended.iter().all(|run| run.detail.is_some());
        Health { name: name.to_owned(), score, verdict, runs: ended.len(), deductions, is_detailed }
    }
}

/// Returns the runs of a list that count: of each workflow the last 20 that ended.
pub(super) fn counted(runs: &[RunFacts]) -> Vec<&RunFacts> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counted = Vec::new();
    for run in runs.iter().filter(|run| run.counts()) {
        let seen = seen.entry(&run.flow).or_default();
        *seen += 1;
        counted.extend((*seen <= RUNS).then_some(run));
    }
    counted
}
