//! What the project's agents came to in its newest runs, and the order of fallbacks that follows from it. How records and
//! their order are made is left to `segno-monitor`.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use segno_monitor::{TrackRecord, TrackRecords, order_by_track_record};
use segno_orchestrator::engine::Ranking;
use segno_orchestrator::history::Filter;
use segno_orchestrator::model::RunId;
use segno_orchestrator::report::short_duration;

use crate::exit::Failure;
use crate::session::{Session, Stored};

/// From how many of the newest runs records are made.
pub(crate) const RECENT_RUNS: usize = 100;

/// For so long runs are read while a step waits for who takes over, and perhaps a person who stops it.
const BUDGET: Duration = Duration::from_secs(2);

/// What every command is called.
const COMMAND: &str = "run";

/// Makes the records of all agents that were called in the newest runs.
pub(crate) fn track_records(
    session: &Session,
    runs: usize,
    read: impl Fn(&Session, &RunId) -> Result<Stored, Failure>,
    in_time: impl Fn() -> bool,
) -> Result<Vec<TrackRecord>, Failure> {
    let mut records = TrackRecords::default();
    let entries = session.history().list(&Filter::default(), runs)?;
    // A run whose definition this segno does not understand says nothing of its agents.
    let stored = entries.iter().map_while(|entry| in_time().then(|| read(session, &entry.id).ok()));
    stored.flatten().for_each(|stored| records.see(&stored.report));
    Ok(records.finish())
}

/// Ranks fallbacks by their track records. The runs are read when an agent is given up for the first time, and not again:
/// the command that asks keeps one opinion of each agent.
pub(crate) fn by_track_record(session: Session, min_calls: u64) -> Arc<Ranking> {
    let records = OnceLock::new();
    Arc::new(move |names: &[&str]| {
        let records = records.get_or_init(|| {
            // The screen may be a live view now, so nothing is said of damaged runs.
            let begun = Instant::now();
            track_records(&session, RECENT_RUNS, Session::read_in_silence, || begun.elapsed() < BUDGET).unwrap_or_else(
                |failure| {
                    tracing::warn!(?failure, "the newest runs cannot be read; fallbacks are tried as they are written");
                    Vec::new()
                },
            )
        });
        let order = order_by_track_record(names, records, min_calls);
        let told: Vec<String> = order.iter().map(|place| told(names[*place], records)).collect();
        tracing::info!(order = told.join("; "), min_calls, "fallbacks ranked by their track record");
        order
    })
}

/// Says what an agent came to: `codex: 12 calls, 92 % usable, quality 0.90, p95 4.2s, $0.0100 a call`.
fn told(name: &str, records: &[TrackRecord]) -> String {
    if name == COMMAND {
        return "a command, which keeps its place".into();
    }
    let Some(record) = records.iter().find(|record| record.agent == name) else {
        return format!("{name}: never called");
    };
    let TrackRecord { calls, success_rate, quality, p95, cost_per_call_usd, .. } = record;
    let cost = cost_per_call_usd.map(|cost| format!(", ${cost:.4} a call")).unwrap_or_default();
    let usable = success_rate * 100.0;
    format!("{name}: {calls} calls, {usable:.0} % usable, quality {quality:.2}, p95 {}{cost}", short_duration(*p95))
}
