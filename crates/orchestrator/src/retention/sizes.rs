//! What each run takes, for a limit on the size: its events, its log, and large outputs that go with it.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use segno_errors::Fault;

use super::collect::Collector;
use crate::journal::{RunEntry, named};

/// What an event takes beside its text: its sum, its numbers, its place in the tree; about.
const ROW_BYTES: u64 = 40;

/// The sizes of runs.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// What becomes free with each run, in the order of the list, when it goes after all older ones.
    pub(super) freed: Vec<u64>,
    /// What all there is takes.
    pub(super) total: u64,
}

/// Where a large output is named.
#[derive(Clone, Copy)]
struct Use {
    bytes: u64,
    /// The place in the list of the newest run that names it; the list is newest first.
    newest: Option<usize>,
    /// A run that may not go names it, or the cache.
    stays: bool,
}

impl Collector {
    /// Says whether all there is is within a size, by looks that need not read every event.
    pub(super) fn is_surely_within(&self, max_bytes: u64, runs: &[(RunEntry, bool)]) -> Result<bool, Fault> {
        let logs: u64 = runs.iter().map(|(entry, _)| self.history.log_bytes(&entry.id)).sum();
        let blobs: u64 = self.blobs.stored()?.iter().map(|blob| blob.bytes).sum();
        Ok(logs + blobs + self.history.journal().bytes()? <= max_bytes)
    }

    /// Measures the runs of a list, which comes newest first with whether each may go. That reads every event.
    pub(super) fn sizes(&self, runs: &[(RunEntry, bool)]) -> Result<Sizes, Fault> {
        let places: HashMap<&str, usize> =
            runs.iter().enumerate().map(|(index, (entry, _))| (entry.id.as_str(), index)).collect();
        let mut freed: Vec<u64> = runs.iter().map(|(entry, _)| self.history.log_bytes(&entry.id)).collect();
        let mut uses = HashMap::new();
        for blob in self.blobs.stored()? {
            uses.extend(blob.hash.map(|hash| (hash, Use { bytes: blob.bytes, newest: None, stays: false })));
        }
        self.history.journal().texts(&mut |run, text| {
            let Some(place) = places.get(run).copied() else { return ControlFlow::Continue(()) };
            freed[place] += text.len() as u64 + ROW_BYTES;
            for hash in named(text) {
                if let Some(found) = uses.get_mut(hash) {
                    found.newest = Some(found.newest.map_or(place, |newest| newest.min(place)));
                    found.stays |= !runs[place].1;
                }
            }
            ControlFlow::Continue(())
        })?;
        let remembered = self.remembered(&uses.keys().map(String::as_str).collect())?;
        let total = freed.iter().sum::<u64>() + uses.values().map(|found| found.bytes).sum::<u64>();
        for (_, found) in uses.iter().filter(|(hash, found)| !found.stays && !remembered.contains(*hash)) {
            if let Some(newest) = found.newest {
                freed[newest] += found.bytes;
            }
        }
        Ok(Sizes { freed, total })
    }

    /// Returns which of these hashes the cache names.
    fn remembered(&self, hashes: &HashSet<&str>) -> Result<HashSet<String>, Fault> {
        let mut found = HashSet::new();
        if let Some(memory) = &self.memory {
            memory.texts(&mut |text| {
                found.extend(named(text).filter(|hash| hashes.contains(hash)).map(str::to_owned));
            })?;
        }
        Ok(found)
    }
}
