//! The named deductions, each a formula over runs with the evidence that it was made from.
//!
//! | name | points |
//! |---|---|
//! | `failed_runs` | 100 x the share of runs that failed |
//! | `degraded_runs` | 30 x the share of runs that were degraded |
//! | `quality` | 40 x (1 - the mean quality of the runs that did not fail) |
//! | `critical_faults` | 25 for each critical failure that no later run has made good, at most 50 |
//! | `stale_checkpoints` | 5 for each paused run that nobody touched for a day, at most 20 |
//! | `cache` | 10 when steps run without it, or results cannot be remembered |
//! | `store` | 30 when it is damaged |
//!
//! Shares are those of the last 20 runs of each workflow that ended; a run that somebody cancelled is none.

use std::time::Duration;

use segno_orchestrator::model::{RunStatus, Timestamp};
use serde::Serialize;

use super::facts::{RunFacts, Storage};
use crate::quality::FlowQuality;

/// Points for all runs failed.
const FAILED: f64 = 100.0;
/// Points for all runs degraded.
const DEGRADED: f64 = 30.0;
/// Points for a quality of nothing.
const QUALITY: f64 = 40.0;
/// Points for a critical failure, and for all of them at most.
const CRITICAL: (f64, f64) = (25.0, 50.0);
/// Points for a checkpoint that was left alone, and for all of them at most.
const STALE: (f64, f64) = (5.0, 20.0);
/// Points for a cache that is not of use.
const CACHE: f64 = 10.0;
/// Points for a damaged store.
const STORE: f64 = 30.0;
/// How long a paused run may be left alone.
const PATIENCE: Duration = Duration::from_secs(86_400);
/// The most pieces of evidence for one deduction.
const MAX_EVIDENCE: usize = 5;

/// Points that are taken off, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deduction {
    /// Its name.
    pub name: &'static str,
    /// How many points.
    pub points: f64,
    /// How they were worked out, with the numbers in it.
    pub formula: String,
    /// What they were worked out from, a sentence each.
    pub evidence: Vec<String>,
}

/// Returns what is deducted for runs. `ended` are those that count for shares, newest first; `all` are the paused ones too.
pub(super) fn of_runs(ended: &[&RunFacts], all: &[&RunFacts], now: Timestamp) -> Vec<Deduction> {
    let found = [
        share("failed_runs", RunStatus::Failed, "failed", FAILED, ended),
        share("degraded_runs", RunStatus::Degraded, "degraded", DEGRADED, ended),
        quality(ended),
        critical(ended),
        stale(all, now),
    ];
    found.into_iter().flatten().collect()
}

/// Returns what is deducted for the project's storage and for what runs say of the cache.
pub(super) fn of_storage(storage: &Storage, ended: &[&RunFacts]) -> Vec<Deduction> {
    let unremembered = ended.iter().find_map(|run| {
        let detail = run.detail.as_ref()?;
        let because = detail.unremembered_because.as_ref()?;
        Some(format!("{}: {} results were not remembered: {because}", run.run, detail.unremembered))
    });
    let fixed = |name, points: f64, evidence: String| Deduction {
        name,
        points,
        formula: format!("{points}"),
        evidence: vec![evidence],
    };
    let cache = storage.cache.clone().or(unremembered).map(|evidence| fixed("cache", CACHE, evidence));
    let store = storage.store.clone().map(|evidence| fixed("store", STORE, evidence));
    cache.into_iter().chain(store).collect()
}

fn share(name: &'static str, status: RunStatus, word: &str, most: f64, ended: &[&RunFacts]) -> Option<Deduction> {
    let found: Vec<&&RunFacts> = ended.iter().filter(|run| run.status == status).collect();
    if found.is_empty() {
        return None;
    }
    let points = most * found.len() as f64 / ended.len() as f64;
    let formula = format!("{most} x {} of {} runs {word}", found.len(), ended.len());
    Some(Deduction { name, points, formula, evidence: evidence(found.iter().map(|run| format!("{} {word}", run.run))) })
}

fn quality(ended: &[&RunFacts]) -> Option<Deduction> {
    let done = ended.iter().filter(|run| run.status != RunStatus::Failed);
    let qualities = done.filter_map(|run| run.detail.as_ref()?.quality.as_ref());
    let flow = FlowQuality::of(qualities).filter(|flow| flow.mean < 1.0)?;
    let points = QUALITY * (1.0 - flow.mean);
    let formula =
        format!("{QUALITY} x (1 - {:.2}), the mean quality of {} runs that did not fail", flow.mean, flow.runs);
    let weak = flow.weakest.iter().map(|step| format!("{} has {:.2} on average", step.step, step.mean));
    Some(Deduction { name: "quality", points, formula, evidence: evidence(weak) })
}

/// A critical failure is open until its step ended well in a later run of the same workflow.
fn critical(ended: &[&RunFacts]) -> Option<Deduction> {
    let mut open = Vec::new();
    for (index, run) in ended.iter().enumerate() {
        let Some(detail) = &run.detail else { continue };
        for fault in &detail.critical {
            let later = ended[..index].iter().filter(|later| later.flow == run.flow);
            let is_mended =
                later.filter_map(|later| later.detail.as_ref()).any(|later| later.well.contains(&fault.step));
            if !is_mended {
                open.push(format!("{} {}: {}", run.run, fault.step, fault.message));
            }
        }
    }
    let (each, most) = CRITICAL;
    limited("critical_faults", "critical failures that no later run has made good", each, most, open)
}

fn stale(all: &[&RunFacts], now: Timestamp) -> Option<Deduction> {
    let is_stale = |run: &&&RunFacts| run.status == RunStatus::Paused && now.since(run.touched) > PATIENCE;
    let stale = all.iter().filter(is_stale).map(|run| {
        let days = now.since(run.touched).as_secs() / 86_400;
        let reason = run.reason.as_deref().unwrap_or("no reason given");
        format!("{} is paused ({reason}), left alone for {days} days", run.run)
    });
    let (each, most) = STALE;
    limited("stale_checkpoints", "paused runs that nobody touched for a day", each, most, stale.collect())
}

fn limited(name: &'static str, what: &str, each: f64, most: f64, found: Vec<String>) -> Option<Deduction> {
    if found.is_empty() {
        return None;
    }
    let points = (each * found.len() as f64).min(most);
    let formula = format!("{each} x {} {what}, at most {most}", found.len());
    Some(Deduction { name, points, formula, evidence: evidence(found.into_iter()) })
}

/// Keeps the first pieces of evidence and says how many more there are.
fn evidence(mut pieces: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = pieces.len().saturating_sub(MAX_EVIDENCE);
    let mut kept: Vec<String> = pieces.by_ref().take(MAX_EVIDENCE).collect();
    kept.extend((more > 0).then(|| format!(".. and {more} more")));
    kept
}
