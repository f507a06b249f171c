//! Which runs are no longer kept: a pure function of the runs, the limits and the time.

use std::collections::HashSet;
use std::time::Duration;

use crate::journal::RunEntry;
use crate::model::{RunId, Timestamp};
use crate::spec::Retention as Settings;

/// How much of the past is kept. A run goes as soon as one limit says so; runs that can be resumed, are being worked on or
/// are pinned never do. `None` is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So many ended runs are kept, the newest; pinned ones are not counted.
    pub keep_runs: Option<usize>,
    /// So long after its last event an ended run is kept. A paused one that nobody touched for so long is told.
    pub keep_for: Option<Duration>,
    /// So large may events, logs and large outputs become together, in bytes; the cache has a limit of its own.
    pub max_bytes: Option<u64>,
}

impl Default for Retention {
    /// Returns 200 runs and 90 days.
    fn default() -> Retention {
        Retention { keep_runs: Some(200), keep_for: Some(Duration::from_secs(90 * 86_400)), max_bytes: None }
    }
}

impl From<Settings> for Retention {
    fn from(settings: Settings) -> Retention {
        Retention {
            keep_runs: Some(usize::try_from(settings.keep_runs).unwrap_or(usize::MAX)),
            keep_for: Some(settings.keep),
            max_bytes: Some(settings.max_size),
        }
    }
}

/// Why a run is no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There are so many newer ones.
    TooMany,
    /// It ended so long ago.
    TooOld,
    /// All together are too large.
    TooLarge,
}

/// A run with what is known of it for this decision.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) entry: RunEntry,
    /// It may go at all.
    pub(super) is_removable: bool,
    /// How many bytes become free when it goes and all older ones have gone; unknown sizes are 0.
    pub(super) bytes: u64,
}

impl Retention {
    /// Returns the runs that go, oldest first. `runs` come newest first; `total` is the size of all there is.
    pub(super) fn outdated(&self, runs: &[Candidate], total: u64, now: Timestamp) -> Vec<(RunEntry, Why)> {
        let removable: Vec<&Candidate> = runs.iter().filter(|run| run.is_removable).collect();
        let mut outdated = Vec::new();
        let mut left = total;
        for (newer, run) in removable.iter().enumerate().rev() {
            let age = now.since(run.entry.touched);
            let why = match self {
                _ if self.keep_for.is_some_and(|keep_for| age > keep_for) => Why::TooOld,
                _ if self.keep_runs.is_some_and(|keep_runs| newer >= keep_runs) => Why::TooMany,
                _ if self.max_bytes.is_some_and(|max_bytes| left > max_bytes) => Why::TooLarge,
                _ => continue,
            };
            left = left.saturating_sub(run.bytes);
            outdated.push((run.entry.clone(), why));
        }
        outdated
    }

    /// Says whether a run that can be resumed has been left alone for longer than an ended one is kept.
    pub(super) fn is_stale(&self, entry: &RunEntry, now: Timestamp) -> bool {
        entry.status.is_resumable() && self.keep_for.is_some_and(|keep_for| now.since(entry.touched) > keep_for)
    }
}

/// Returns the names of runs.
pub(super) fn names(runs: &[(RunEntry, Why)]) -> HashSet<RunId> {
    runs.iter().map(|(entry, _)| entry.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::RunStatus;

    const DAY: u64 = 86_400_000;

    fn candidate(name: &str, days: u64, is_removable: bool, bytes: u64) -> Candidate {
        let entry = RunEntry {
            id: RunId::new(name).unwrap(),
            flow: "f".into(),
            path: "f.yaml".into(),
            started: Timestamp(0),
            touched: Timestamp((1_000 - days) * DAY),
            status: RunStatus::Succeeded,
            reason: None,
            kept: false,
        };
        Candidate { entry, is_removable, bytes }
    }

    /// Runs are written newest first, as `name@days:bytes`, with `!` for one that may not go.
    fn check(retention: &Retention, runs: &str, expected: &str) {
        let read = |word: &str| {
            let (name, rest) = word.trim_start_matches('!').split_once('@').unwrap();
            let (days, bytes) = rest.split_once(':').unwrap_or((rest, "1"));
            candidate(name, days.parse().unwrap(), !word.starts_with('!'), bytes.parse().unwrap())
        };
        let runs: Vec<Candidate> = runs.split(' ').map(read).collect();
        let total = runs.iter().map(|run| run.bytes).sum();
        let outdated = retention.outdated(&runs, total, Timestamp(1_000 * DAY));
        let said: Vec<String> = outdated.iter().map(|(entry, why)| format!("{} {why:?}", entry.id)).collect();
        assert_eq!(said.join(", "), expected);
    }

    #[test]
    fn a_run_goes_when_it_is_old_or_when_there_are_enough_newer_ones() {
        let two = Retention { keep_runs: Some(2), ..Retention::default() };
        check(&two, "d@1 c@2 b@3 a@91", "a TooOld, b TooMany");
        check(&two, "d@1 !c@2 b@3 !a@400", "");
        check(&Retention { keep_runs: None, keep_for: None, max_bytes: None }, "b@1 a@900", "");
        check(&Retention { keep_runs: Some(0), ..Retention::default() }, "!c@0 b@0 a@0", "a TooMany, b TooMany");
        check(&Retention::default(), "b@90 a@91", "a TooOld");
    }

    #[test]
    fn the_oldest_go_until_the_rest_is_small_enough() {
        let small = |max_bytes| Retention { max_bytes: Some(max_bytes), ..Retention::default() };
        check(&small(10), "d@1:4 c@2:4 b@3:4 a@4:4", "a TooLarge, b TooLarge");
        check(&small(16), "d@1:4 c@2:4 b@3:4 a@4:4", "");
        check(&small(0), "d@1:4 !c@2:90 b@3:4", "b TooLarge, d TooLarge");
        check(&small(8), "d@1:4 c@2:4 a@91:4", "a TooOld");
    }

    proptest! {
        #[test]
        fn what_is_left_is_within_all_limits_or_may_not_go(
            runs in prop::collection::vec((0u64..200, any::<bool>(), 0u64..50), 0..12),
            keep_runs in 0usize..8, keep_days in 0u64..150, max_bytes in 0u64..300,
        ) {
            let mut days = 0;
            let runs: Vec<Candidate> = runs.iter().enumerate().map(|(index, (step, is_removable, bytes))| {
                days += step / 12;
                candidate(&format!("r{index}"), days, *is_removable, *bytes)
            }).collect();
            let total = runs.iter().map(|run| run.bytes).sum();
            let keep_for = Some(Duration::from_millis(keep_days * DAY));
            let retention = Retention { keep_runs: Some(keep_runs), keep_for, max_bytes: Some(max_bytes) };
            let gone = names(&retention.outdated(&runs, total, Timestamp(1_000 * DAY)));
            let left: Vec<&Candidate> = runs.iter().filter(|run| !gone.contains(&run.entry.id)).collect();
            let ended: Vec<&&Candidate> = left.iter().filter(|run| run.is_removable).collect();
            prop_assert!(runs.iter().all(|run| run.is_removable || !gone.contains(&run.entry.id)));
            prop_assert!(ended.len() <= keep_runs);
            prop_assert!(ended.iter().all(|run| Timestamp(1_000 * DAY).since(run.entry.touched) <= Duration::from_millis(keep_days * DAY)));
            prop_assert!(ended.is_empty() || left.iter().map(|run| run.bytes).sum::<u64>() <= max_bytes);
        }
    }
}
