//! Track records: what each agent came to over many runs, and in which order agents are best tried.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use segno_orchestrator::model::{Address, RunId, Status, Timestamp, Usage};
use segno_orchestrator::report::{Report, TaskReport};
use serde::{Serialize, Serializer};

/// Of how many of its calls an agent's durations are kept; the first ones that are seen.
const MAX_DURATIONS: usize = 1_000;
/// Shares and qualities that differ by less are taken for equal: a call more or less says nothing.
const GRAIN: f64 = 0.05;

/// What all commands are called together.
const COMMANDS: &str = "run";

/// What an agent came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrackRecord {
    /// Its name; `run` for all commands together.
    pub agent: String,
    /// In how many runs it was called.
    pub runs: usize,
    /// How often it was called. A call is all attempts at one task; what was remembered, interrupted or never begun is none.
    pub calls: u64,
    /// How many calls gave all that was wanted.
    pub succeeded: u64,
    /// How many gave a part.
    pub partial: u64,
    /// How many failed for good.
    pub failed: u64,
    /// How many attempts these calls took.
    pub attempts: u64,
    /// The share of calls that gave something usable.
    pub success_rate: f64,
    /// The mean quality of all calls; a failed one has none.
    pub quality: f64,
    /// The duration that 95 of 100 calls do not exceed, by nearest rank: of n durations in order, the one with the number
    /// 0.95 x n, rounded up. It is one that was measured, and with fewer than 20 calls it is the longest.
    #[serde(rename = "p95_ms", serialize_with = "millis")]
    pub p95: Duration,
    /// What all calls cost together, as far as that is known.
    pub usage: Usage,
    /// What a call cost on average, of those whose cost is known.
    pub cost_per_call_usd: Option<f64>,
    /// Its newest failure.
    pub last_failure: Option<LastFailure>,
}

/// The newest failure of an agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastFailure {
    /// The run.
    pub run: RunId,
    /// The task.
    pub task: Address,
    /// When it failed.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// Why.
    pub message: String,
}

/// Track records in the making: shown one report after the other, newest first.
#[derive(Clone, Debug, Default)]
pub struct TrackRecords {
    tallies: BTreeMap<String, Tally>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    runs: BTreeSet<RunId>,
    statuses: [u64; 3],
    attempts: u64,
    quality: f64,
    durations: Vec<Duration>,
    usage: Usage,
    priced: u64,
    last_failure: Option<LastFailure>,
}

/// One call of an agent.
struct Call<'r> {
    agent: &'r str,
    status: Status,
    attempts: u64,
    quality: f64,
    took: Duration,
    usage: Usage,
    failure: Option<LastFailure>,
}

impl TrackRecords {
    /// Takes the tasks of a run in. Runs come newest first, so that the durations that are kept are the newest.
    pub fn see(&mut self, report: &Report) {
        for task in report.tasks() {
            // What was taken over from another run counts there.
            let calls = given_up(report, task).chain(own(report, task)).filter(|_| !task.taken_over);
            calls.for_each(|call| self.tallies.entry(call.agent.to_owned()).or_default().see(&report.run, call));
        }
    }

    /// Returns the record of each agent, by name.
    pub fn finish(self) -> Vec<TrackRecord> {
        self.tallies.into_iter().map(|(agent, tally)| tally.record(agent)).collect()
    }
}

/// Returns the calls of agents that failed for good before another took their place. How many attempts each of them took is
/// not recorded; the last one counts.
fn given_up<'r>(report: &'r Report, task: &'r TaskReport) -> impl Iterator<Item = Call<'r>> {
    task.failed_agents.iter().map(|failed| Call {
        agent: &failed.agent,
        status: Status::Failed,
        attempts: 1,
        quality: 0.0,
        took: failed.took,
        usage: Usage::default(),
        failure: Some(LastFailure {
            run: report.run.clone(),
            task: task.address.clone(),
            at: failed.at,
            message: failed.fault.message().to_owned(),
        }),
    })
}

/// Returns the call that gave the result, or failed last.
fn own<'r>(report: &Report, task: &'r TaskReport) -> Option<Call<'r>> {
    let (agent, status, ended) = (task.agent.as_deref()?, task.status()?, task.ended?);
    let was_interrupted = task.fault().is_some_and(|fault| fault.why() == Some("interrupted"));
    if task.cached || task.attempts == 0 || was_interrupted || status == Status::Skipped {
        return None;
    }
    let failure = task.fault().map(|fault| LastFailure {
        run: report.run.clone(),
        task: task.address.clone(),
        at: ended,
        message: fault.message().to_owned(),
    });
    let given_up = task.failed_agents.len() as u64;
    Some(Call {
        agent,
        status,
        attempts: u64::from(task.attempts).saturating_sub(given_up).max(1),
        quality: task.quality().unwrap_or(0.0),
        took: task.took,
        usage: task.usage(),
        failure,
    })
}

impl Tally {
    fn see(&mut self, run: &RunId, call: Call<'_>) {
        self.runs.insert(run.clone());
        let place = match call.status {
            Status::Succeeded => 0,
            Status::Partial => 1,
            Status::Failed | Status::Skipped => 2,
        };
        self.statuses[place] += 1;
        self.attempts += call.attempts;
        self.quality += call.quality;
        if self.durations.len() < MAX_DURATIONS {
            self.durations.push(call.took);
        }
        self.priced += u64::from(call.usage.cost_usd.is_some());
        self.usage.add(&call.usage);
        let newest = self.last_failure.as_ref().map(|failure| failure.at);
        if let Some(failure) = call.failure.filter(|failure| newest.is_none_or(|newest| failure.at > newest)) {
            self.last_failure = Some(failure);
        }
    }

    fn record(mut self, agent: String) -> TrackRecord {
        let [succeeded, partial, failed] = self.statuses;
        let calls = succeeded + partial + failed;
        self.durations.sort_unstable();
        let cost = self.usage.cost_usd.filter(|_| self.priced > 0);
        TrackRecord {
            agent,
            runs: self.runs.len(),
            calls,
            succeeded,
            partial,
            failed,
            attempts: self.attempts,
            success_rate: (succeeded + partial) as f64 / calls as f64,
            quality: (self.quality / calls as f64).clamp(0.0, 1.0),
            p95: nearest_rank(&self.durations, 95),
            usage: self.usage,
            cost_per_call_usd: cost.map(|cost| cost / self.priced as f64),
            last_failure: self.last_failure,
        }
    }
}

/// Returns the duration that so many of a hundred do not exceed, of durations in order.
fn nearest_rank(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Returns in which order agents are best tried, as places in the list: by success rate, then quality (both in steps of
/// 0.05), then the 95th percentile of the duration, then the cost of a call; an unknown cost comes after a known one.
///
/// Agents with fewer than `min_calls` keep their place, and so do equal ones their order: a list whose agents nobody has
/// called yet stays as it was written. So does a command, because the record `run` is that of all commands together. The
/// same records always give the same order.
///
/// ```
/// use segno_monitor::{TrackRecord, order_by_track_record};
///
/// let records: Vec<TrackRecord> = Vec::new();
/// assert_eq!(order_by_track_record(&["claude", "codex"], &records, 5), [0, 1]);
/// ```
pub fn order_by_track_record(agents: &[impl AsRef<str>], records: &[TrackRecord], min_calls: u64) -> Vec<usize> {
    let record = |place: &usize| {
        let name = agents[*place].as_ref();
        let has_one = |record: &&TrackRecord| record.agent == name && record.calls >= min_calls.max(1);
        records.iter().find(has_one).filter(|_| name != COMMANDS)
    };
    let known: Vec<usize> = (0..agents.len()).filter(|place| record(place).is_some()).collect();
    let mut best = known.clone();
    best.sort_by(|one, other| match (record(one), record(other)) {
        (Some(one), Some(other)) => better_first(one, other),
        // Only agents with a record are sorted.
        _ => Ordering::Equal,
    });
    let mut order: Vec<usize> = (0..agents.len()).collect();
    known.into_iter().zip(best).for_each(|(place, agent)| order[place] = agent);
    order
}

fn better_first(one: &TrackRecord, other: &TrackRecord) -> Ordering {
    let step = |share: f64| (share / GRAIN).round() as i64;
    let cost = |record: &TrackRecord| record.cost_per_call_usd.unwrap_or(f64::INFINITY);
    step(other.success_rate)
        .cmp(&step(one.success_rate))
        .then_with(|| step(other.quality).cmp(&step(one.quality)))
        .then_with(|| one.p95.cmp(&other.p95))
        .then_with(|| cost(one).total_cmp(&cost(other)))
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
