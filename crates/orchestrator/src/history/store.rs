//! The runs of a journal as people see them: listed, searched, kept, removed. Never takes a run from its owner.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use segno_errors::{Fault, Kind};

use super::filter::Filter;
use super::search::Search;
use crate::journal::{Journal, Locks, RunEntry, RunLock};
use crate::model::{RunId, RunStatus};

/// The runs of a journal.
///
/// ```
/// use segno_orchestrator::agents::{Registry, Stop};
/// use segno_orchestrator::engine::{Engine, Setup};
/// use segno_orchestrator::history::{Filter, History};
/// use segno_orchestrator::{Definition, model::RunStatus};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let engine = Engine::new(Setup::default());
/// let definition = Definition::parse("{ flow: a, steps: [{ id: hello, run: [echo, hello] }] }", "a.yaml", &Registry::default())?;
/// engine.run(engine.begin(&definition, Default::default())?, Stop::never()).await?;
///
/// let history = History::new(engine.setup().journal.clone(), None);
/// let said_hello = Filter { text: Some("HELLO".into()), statuses: vec![RunStatus::Succeeded], ..Filter::default() };
/// assert_eq!(history.list(&said_hello, 10)?.len(), 1);
/// assert_eq!(history.clear(&said_hello)?.removed.len(), 1);
/// assert!(history.list(&Filter::default(), 10)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct History {
    journal: Arc<dyn Journal>,
    locks: Option<Locks>,
    logs: Option<PathBuf>,
}

/// What a clearing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Runs that were removed.
    pub removed: Vec<RunEntry>,
    /// Runs that were meant and are still there, with the reason.
    pub left: Vec<(RunEntry, Left)>,
}

/// Why a run is not removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Somebody is at work on it.
    Owned,
    /// It can be resumed.
    Resumable,
    /// It is kept for ever.
    Kept,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("locks", &self.locks).field("logs", &self.logs).finish_non_exhaustive()
    }
}

impl History {
    /// Opens the history of a journal. Without locks it is taken that nobody else works on its runs.
    pub fn new(journal: Arc<dyn Journal>, locks: Option<Locks>) -> History {
        History { journal, locks, logs: None }
    }

    /// Names the folder in which each run has a log of its own, which goes with the run.
    pub fn with_logs(mut self, folder: impl Into<PathBuf>) -> History {
        self.logs = Some(folder.into());
        self
    }

    /// Lists the runs that are meant, newest first, at most `limit`. One whose owner is gone shows as paused, interrupted.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self, filter: &Filter, limit: usize) -> Result<Vec<RunEntry>, Fault> {
        let search = filter.text.as_deref().map(Search::new);
        let rows = if *filter == Filter::default() { limit } else { usize::MAX };
        let mut found = Vec::new();
        for entry in self.journal.runs(rows)?.into_iter().map(|entry| self.as_it_stands(entry)) {
            let is_meant = filter.admits(&entry)
                && search.as_ref().map_or(Ok(true), |search| search.finds(&entry, &*self.journal))?;
            found.extend(is_meant.then_some(entry));
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Keeps a run for ever, or no longer.
    ///
    /// # Errors
    /// When there is no such run or the journal cannot be written.
    pub fn keep(&self, run: &RunId, kept: bool) -> Result<(), Fault> {
        self.journal.keep(run, kept)
    }

    /// Removes a run with its events, its log and its lock; returns how many bytes of log went. `force` removes one that
    /// could be resumed too.
    ///
    /// # Errors
    /// When somebody is at work on it (reason `locked`), when it can be resumed (`resumable`), when it is kept (`kept`), when
    /// it is not there (`not_found`), or when the journal cannot be written.
    pub fn remove(&self, run: &RunId, force: bool) -> Result<u64, Fault> {
        // Owned from here on, so nobody resumes what is being removed.
        let lock = self.locks.as_ref().map(|locks| locks.own(run)).transpose()?;
        let entry = self.journal.runs(usize::MAX)?.into_iter().find(|entry| entry.id == *run);
        let objection = match &entry {
            None => Some(crate::journal::no_run(run)),
            Some(entry) if entry.kept => Some(refused(run, Left::Kept)),
            Some(entry) if entry.status.is_resumable() && !force => Some(refused(run, Left::Resumable)),
            Some(_) => None,
        };
        if let Some(fault) = objection {
            return Err(fault);
        }
        self.take(run, lock)?.ok_or_else(|| refused(run, Left::Kept))
    }

    /// Removes the runs that are meant and have ended, unless they are kept.
    ///
    /// # Errors
    /// When the journal cannot be read or written; what was removed by then stays removed.
    pub fn clear(&self, filter: &Filter) -> Result<Cleared, Fault> {
        let mut cleared = Cleared::default();
        for entry in self.list(filter, usize::MAX)? {
            match self.claim(&entry)? {
                Ok(lock) => match self.take(&entry.id, lock)? {
                    Some(_) => cleared.removed.push(entry),
                    None => cleared.left.push((entry, Left::Kept)),
                },
                Err(left) => cleared.left.push((entry, left)),
            }
        }
        Ok(cleared)
    }

    /// Says what `clear` would do, and does nothing.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn foresee_clear(&self, filter: &Filter) -> Result<Cleared, Fault> {
        let mut cleared = Cleared::default();
        for entry in self.list(filter, usize::MAX)? {
            match self.why_left(&entry) {
                Some(left) => cleared.left.push((entry, left)),
                None => cleared.removed.push(entry),
            }
        }
        Ok(cleared)
    }

    /// Says why a listed run is not to be removed without a word, if so.
    pub fn why_left(&self, entry: &RunEntry) -> Option<Left> {
        let is_owned = || self.locks.as_ref().is_some_and(|locks| locks.is_owned(&entry.id));
        match entry {
            entry if entry.kept => Some(Left::Kept),
            entry if entry.status.is_resumable() && is_owned() => Some(Left::Owned),
            entry if entry.status.is_resumable() => Some(Left::Resumable),
            _ => None,
        }
    }

    /// Owns an ended run, or says why it is left alone.
    pub(crate) fn claim(&self, entry: &RunEntry) -> Result<Result<Option<RunLock>, Left>, Fault> {
        if let Some(left) = self.why_left(entry) {
            return Ok(Err(left));
        }
        match self.locks.as_ref().map(|locks| locks.own(&entry.id)).transpose() {
            Ok(lock) => Ok(Ok(lock)),
            Err(fault) if fault.why() == Some("locked") => Ok(Err(Left::Owned)),
            Err(fault) => Err(fault),
        }
    }

    /// Removes a run that is owned and returns how many bytes of log went; `None` when somebody pinned it meanwhile. Its rows
    /// go first: what is left of it after a kill has no run, and is found by that.
    pub(crate) fn take(&self, run: &RunId, lock: Option<RunLock>) -> Result<Option<u64>, Fault> {
        if !self.journal.remove(run)? {
            return Ok(None);
        }
        let bytes = self.log(run).map_or(0, |log| {
            let bytes = size(&log);
            // A log that stays is met again by the next collection.
            _ = fs::remove_file(&log);
            // What was kept of it beside it, if anybody ever asked.
            _ = fs::remove_file(log.with_extension("jsonl.idx"));
            bytes
        });
        if let (Some(locks), Some(lock)) = (&self.locks, lock) {
            locks.forget(run, lock);
        }
        Ok(Some(bytes))
    }

    /// Returns how large the log of a run is.
    pub(crate) fn log_bytes(&self, run: &RunId) -> u64 {
        self.log(run).map_or(0, |log| size(&log))
    }

    pub(crate) fn journal(&self) -> &dyn Journal {
        &*self.journal
    }

    pub(crate) fn locks(&self) -> Option<&Locks> {
        self.locks.as_ref()
    }

    pub(crate) fn logs(&self) -> Option<&Path> {
        self.logs.as_deref()
    }

    fn log(&self, run: &RunId) -> Option<PathBuf> {
        self.logs.as_ref().map(|folder| folder.join(format!("{run}.jsonl")))
    }

    fn as_it_stands(&self, mut entry: RunEntry) -> RunEntry {
        let is_owned = || self.locks.as_ref().is_some_and(|locks| locks.is_owned(&entry.id));
        if entry.status == RunStatus::Running && !is_owned() {
            (entry.status, entry.reason) = (RunStatus::Paused, Some("interrupted".into()));
        }
        entry
    }
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |facts| facts.len())
}

fn refused(run: &RunId, left: Left) -> Fault {
    let fault = |message: String| Fault::new(Kind::BusinessLogic, message);
    match left {
        Left::Kept => {
            fault(format!("run {run} is pinned")).reason("kept").hint(format!("segno unpin {run}, then remove it"))
        }
        Left::Resumable => fault(format!("run {run} has not ended"))
            .reason("resumable")
            .hint(format!("go on with: segno resume {run}; or remove it all the same with --force")),
        Left::Owned => fault(format!("run {run} is being worked on")).reason("locked"),
    }
}
