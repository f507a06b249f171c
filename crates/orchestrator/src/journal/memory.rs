//! The journal in memory: for tests, benches and runs that need not survive. Its twin is SQLite.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use segno_errors::{Fault, Kind};

use super::hashes::named;
use super::stored::{Batch, Compacted, Damage, Journal, Pending, RunEntry, See};
use crate::inbox::{Filed, Request};
use crate::model::{Event, RunId, RunStatus};

/// Events in memory. With a limit it refuses everything past a number of events, as a full disk or a kill would.
///
/// ```
/// use segno_orchestrator::journal::{Journal, MemoryJournal};
/// let journal = MemoryJournal::default();
/// assert!(journal.runs(10)?.is_empty());
/// # Ok::<(), segno_errors::Fault>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryJournal {
    held: Mutex<Held>,
    limit: Option<usize>,
}

#[derive(Debug, Default)]
struct Held {
    runs: BTreeMap<RunId, (RunEntry, Vec<Event>)>,
    pins: BTreeMap<String, String>,
    requests: BTreeMap<RunId, Vec<Filed>>,
    events: usize,
}

impl MemoryJournal {
    /// Makes a journal that takes `limit` events more than it is given later and then fails.
    pub fn with_limit(limit: usize) -> MemoryJournal {
        MemoryJournal { limit: Some(limit), ..MemoryJournal::default() }
    }

    /// Returns a journal with the same content and without a limit: what is found after the kill.
    pub fn survivor(&self) -> MemoryJournal {
        let held = self.held();
        let held = Held {
            runs: held.runs.clone(),
            pins: held.pins.clone(),
            requests: held.requests.clone(),
            events: held.events,
        };
        MemoryJournal { held: Mutex::new(held), limit: None }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves whole batches only, so what a poisoned lock holds is good.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, batch: Batch) -> Result<(), Fault> {
        let mut held = self.held();
        held.pins.extend(batch.pins.into_iter().map(|(hash, text)| (hash, text.to_string())));
        for event in batch.events.iter() {
            if self.limit.is_some_and(|limit| held.events >= limit) {
                return Err(Fault::new(Kind::Database, "the journal takes no more events").reason("limit"));
            }
            held.events += 1;
            held.put(&batch.run, event)?;
        }
        Ok(())
    }
}

impl Held {
    fn put(&mut self, run: &RunId, event: &Event) -> Result<(), Fault> {
        if let Some((entry, events)) = self.runs.get_mut(run) {
            entry.see(event);
            events.push(event.clone());
            return Ok(());
        }
        let entry = RunEntry::first(run, event)
            .ok_or_else(|| Fault::new(Kind::Internal, "a run must begin with its start").with("run", run))?;
        self.runs.insert(run.clone(), (entry, vec![event.clone()]));
        Ok(())
    }
}

impl Journal for MemoryJournal {
    fn append(&self, batch: Batch) -> Pending {
        let result = self.put(batch);
        Box::pin(std::future::ready(result))
    }

    fn replay(&self, run: &RunId, see: &mut dyn FnMut(Event)) -> Result<Option<Damage>, Fault> {
        let events = self.held().runs.get(run).map(|(_, events)| events.clone());
        events.ok_or_else(|| no_run(run))?.into_iter().for_each(see);
        Ok(None)
    }

    fn set_aside(&self, run: &RunId, seq: u64) -> Result<(), Fault> {
        if let Some((entry, events)) = self.held().runs.get_mut(run) {
            events.retain(|event| event.seq < seq);
            (entry.status, entry.reason) = (RunStatus::Running, None);
        }
        Ok(())
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, Fault> {
        Ok(self.held().runs.values().rev().take(limit).map(|(entry, _)| entry.clone()).collect())
    }

    fn file(&self, run: &RunId, request: &Request) -> Result<(), Fault> {
        let mut held = self.held();
        if !held.runs.contains_key(run) {
            return Err(no_run(run));
        }
        let requests = held.requests.entry(run.clone()).or_default();
        let id = requests.last().map_or(1, |last| last.id + 1);
        requests.push(Filed { id, request: request.clone() });
        Ok(())
    }

    fn filed(&self, run: &RunId) -> Result<Vec<Filed>, Fault> {
        Ok(self.held().requests.get(run).cloned().unwrap_or_default())
    }

    fn done(&self, run: &RunId, id: u64) -> Result<(), Fault> {
        if let Some(requests) = self.held().requests.get_mut(run) {
            requests.retain(|filed| filed.id > id);
        }
        Ok(())
    }

    fn pinned(&self, hash: &str) -> Result<String, Fault> {
        self.held().pins.get(hash).cloned().ok_or_else(|| no_definition(hash))
    }

    fn keep(&self, run: &RunId, kept: bool) -> Result<(), Fault> {
        let mut held = self.held();
        let (entry, _) = held.runs.get_mut(run).ok_or_else(|| no_run(run))?;
        entry.kept = kept;
        Ok(())
    }

    fn remove(&self, run: &RunId) -> Result<bool, Fault> {
        let mut held = self.held();
        let may_go = held.runs.get(run).is_some_and(|(entry, _)| !entry.kept);
        if may_go {
            held.runs.remove(run);
            held.requests.remove(run);
        }
        Ok(may_go)
    }

    fn texts(&self, see: &mut See<'_>) -> Result<(), Fault> {
        // Copied, so that what sees may ask the journal.
        let runs = self.held().runs.clone();
        for (run, event) in runs.iter().flat_map(|(run, (_, events))| events.iter().map(move |event| (run, event))) {
            if see(run.as_str(), &text(event)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn bytes(&self) -> Result<u64, Fault> {
        let mut bytes = 0;
        self.texts(&mut |_, text| {
            bytes += text.len() as u64;
            ControlFlow::Continue(())
        })?;
        Ok(bytes)
    }

    fn compact(&self, _go_on: &dyn Fn() -> bool) -> Result<Compacted, Fault> {
        let mut used = HashSet::new();
        self.texts(&mut |_, text| {
            used.extend(named(text).map(str::to_owned));
            ControlFlow::Continue(())
        })?;
        let mut held = self.held();
        let before: usize = held.pins.len();
        held.pins.retain(|hash, _| used.contains(hash));
        Ok(Compacted { definitions: before - held.pins.len(), bytes: 0 })
    }
}

fn text(event: &Event) -> Result<String, Fault> {
    serde_json::to_string(event)
        .map_err(|error| Fault::new(Kind::Internal, "an event cannot be written").caused_by(error))
}

pub(crate) fn no_run(run: &RunId) -> Fault {
    Fault::new(Kind::Validation, format!("there is no run '{run}'")).reason("not_found").hint("segno runs lists them")
}

pub(super) fn no_definition(hash: &str) -> Fault {
    Fault::new(Kind::Database, "the definition that the run is pinned to is gone").with("hash", hash)
}
