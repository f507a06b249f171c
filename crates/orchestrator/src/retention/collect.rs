//! A collection: removes what the limits say, then what nothing names any more, in an order that may end anywhere.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use segno_errors::Fault;

use super::policy::{Candidate, Retention, Why, names};
use super::sizes::Sizes;
use crate::engine::Memory;
use crate::history::{Filter, History};
use crate::journal::{Blobs, Compacted, RunEntry};
use crate::model::{RunId, Timestamp};

/// What is younger than this is never swept, whether anything names it or not.
const YOUNG: Duration = Duration::from_secs(3_600);

/// What a collection works on.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The runs.
    pub history: History,
    /// The large outputs.
    pub blobs: Arc<Blobs>,
    /// The cache, whose entries name large outputs too.
    pub memory: Option<Memory>,
    /// Large outputs may be swept: nothing that cannot be read names any.
    pub may_sweep: bool,
}

/// What a collection removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Runs, oldest first.
    pub runs: Vec<(RunEntry, Why)>,
    /// Runs that can be resumed and that nobody touched for longer than ended ones are kept. They stay.
    pub stale: Vec<RunEntry>,
    /// Logs.
    pub logs: Freed,
    /// Locks of runs that were removed before.
    pub locks: usize,
    /// Large outputs.
    pub blobs: Freed,
    /// What the store gave back; unknown before it is done.
    pub store: Compacted,
    /// It came to its end; otherwise its time was over, and the next one goes on.
    pub is_complete: bool,
}

/// A number of things and their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// How many.
    pub count: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// What the limits say: runs that go, oldest first, and runs that were left alone.
struct Outdated {
    runs: Vec<(RunEntry, Why)>,
    stale: Vec<RunEntry>,
}

impl Freed {
    pub(super) fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl Collector {
    /// Says what `collect` would remove, and removes nothing.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn foresee(&self, retention: &Retention, now: Timestamp) -> Result<Collected, Fault> {
        let Outdated { runs, stale } = self.outdated(retention, now)?;
        let gone = names(&runs);
        let until = now.to_system() - YOUNG;
        let known = self.known()?;
        let mut logs = self.sweep_logs(&known, until, true);
        runs.iter()
            .map(|(entry, _)| self.history.log_bytes(&entry.id))
            .filter(|bytes| *bytes > 0)
            .for_each(|bytes| logs.add(bytes));
        let blobs = match self.may_sweep {
            true => self.sweep_blobs(&gone, until, true, &|| true)?.unwrap_or_default(),
            false => Freed::default(),
        };
        let locks = self.sweep_locks(&known, until, true);
        Ok(Collected { runs, stale, logs, locks, blobs, store: Compacted::default(), is_complete: true })
    }

    /// Removes what is no longer kept, as long as `go_on` says so. Killed anywhere, or stopped, it has done less, never
    /// something else: the next one finds what is left.
    ///
    /// # Errors
    /// When something cannot be read or written; what was removed by then stays removed.
    pub fn collect(&self, retention: &Retention, now: Timestamp, go_on: &dyn Fn() -> bool) -> Result<Collected, Fault> {
        let mut done = Collected::default();
        let Outdated { runs, stale } = self.outdated(retention, now)?;
        done.stale = stale;
        for (entry, why) in runs {
            if !go_on() {
                return Ok(done);
            }
            // Somebody may have taken it up or pinned it since it was listed.
            let Ok(lock) = self.history.claim(&entry)? else { continue };
            let Some(bytes) = self.history.take(&entry.id, lock)? else { continue };
            if bytes > 0 {
                done.logs.add(bytes);
            }
            done.runs.push((entry, why));
        }
        let (until, known) = (now.to_system() - YOUNG, self.known()?);
        let strays = self.sweep_logs(&known, until, false);
        (done.logs.count, done.logs.bytes) = (done.logs.count + strays.count, done.logs.bytes + strays.bytes);
        done.locks = self.sweep_locks(&known, until, false);
        if self.may_sweep {
            let Some(blobs) = self.sweep_blobs(&HashSet::new(), until, false, go_on)? else {
                return Ok(done);
            };
            done.blobs = blobs;
        }
        done.store = self.history.journal().compact(go_on)?;
        done.is_complete = go_on();
        Ok(done)
    }

    /// Returns the runs that go, oldest first, and those that were left alone.
    fn outdated(&self, retention: &Retention, now: Timestamp) -> Result<Outdated, Fault> {
        let entries = self.history.list(&Filter::default(), usize::MAX)?;
        let runs: Vec<(RunEntry, bool)> = entries
            .into_iter()
            .map(|entry| {
                let is_removable = self.history.why_left(&entry).is_none();
                (entry, is_removable)
            })
            .collect();
        let sizes = match retention.max_bytes {
            Some(max_bytes) if !self.is_surely_within(max_bytes, &runs)? => self.sizes(&runs)?,
            _ => Sizes { freed: vec![0; runs.len()], total: 0 },
        };
        let stale =
            runs.iter().map(|(entry, _)| entry).filter(|entry| retention.is_stale(entry, now)).cloned().collect();
        let candidates: Vec<Candidate> = runs
            .into_iter()
            .zip(sizes.freed)
            .map(|((entry, is_removable), bytes)| Candidate { entry, is_removable, bytes })
            .collect();
        Ok(Outdated { runs: retention.outdated(&candidates, sizes.total, now), stale })
    }

    fn known(&self) -> Result<HashSet<RunId>, Fault> {
        Ok(self.history.journal().runs(usize::MAX)?.into_iter().map(|entry| entry.id).collect())
    }
}
