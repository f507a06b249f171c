//! What a journal is: append, read, list. Says nothing of how.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

use segno_errors::Fault;

use crate::inbox::{Filed, Request};
use crate::model::{Event, Fact, RunId, RunStatus, Timestamp};

/// A promise that resolves once what was appended is durable.
pub type Pending = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// What is appended in one piece: all of it becomes durable, or nothing.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The run.
    pub run: RunId,
    /// Its next events, numbered on without a gap.
    pub events: Arc<[Event]>,
    /// Definitions to keep, by hash.
    pub pins: Vec<(String, Arc<str>)>,
}

/// An append-only list of events for each run.
pub trait Journal: Send + Sync {
    /// Appends a batch; the promise resolves when it is durable. The call itself may block for one sync of the disk when
    /// nobody else writes.
    ///
    /// # Errors
    /// When the batch could not be made durable; then nothing of it counts.
    fn append(&self, batch: Batch) -> Pending;

    /// Shows a run's events one after the other, as far as they are whole, and says where they stop being so.
    ///
    /// # Errors
    /// When there is no such run or the store cannot be read.
    fn replay(&self, run: &RunId, see: &mut dyn FnMut(Event)) -> Result<Option<Damage>, Fault>;

    /// Reads a run's events at once; a long run takes memory.
    ///
    /// # Errors
    /// As for `replay`.
    fn read(&self, run: &RunId) -> Result<Log, Fault> {
        let mut events = Vec::new();
        let damage = self.replay(run, &mut |event| events.push(event))?;
        Ok(Log { events, damage })
    }

    /// Sets aside a run's events from number `seq` on, so that the run can go on from what is whole.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn set_aside(&self, run: &RunId, seq: u64) -> Result<(), Fault>;

    /// Lists runs, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, Fault>;

    /// Files a request to a run's owner.
    ///
    /// # Errors
    /// When there is no such run or the store cannot be written.
    fn file(&self, run: &RunId, request: &Request) -> Result<(), Fault>;

    /// Returns the requests to a run that its owner has not acted on, in the order in which they were filed.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn filed(&self, run: &RunId) -> Result<Vec<Filed>, Fault>;

    /// Marks requests of a run as acted on: those up to this number.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn done(&self, run: &RunId, id: u64) -> Result<(), Fault>;

    /// Returns a definition that was kept.
    ///
    /// # Errors
    /// When it is not there or the store cannot be read.
    fn pinned(&self, hash: &str) -> Result<String, Fault>;

    /// Marks a run as one that is kept for ever, or takes the mark away.
    ///
    /// # Errors
    /// When there is no such run or the store cannot be written.
    fn keep(&self, run: &RunId, kept: bool) -> Result<(), Fault>;

    /// Removes a run with all its events, all or nothing; says whether it did: one that is kept for ever is not removed. Only
    /// its owner may do that: see `History`, which asks. The definition that it was pinned to goes with `compact`.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn remove(&self, run: &RunId) -> Result<bool, Fault>;

    /// Shows every event of every run as it is stored, also what was set aside, until `see` has seen enough. What an event
    /// refers to (blobs, definitions) stands in its text, whatever version wrote it.
    ///
    /// # Errors
    /// When the store cannot be read; then nothing may be concluded from what was not shown.
    fn texts(&self, see: &mut See<'_>) -> Result<(), Fault>;

    /// Returns how many bytes the store takes, without free space; at least as many as the texts of all events have.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn bytes(&self) -> Result<u64, Fault>;

    /// Removes definitions that no event names and gives the space of what was removed back, as long as `go_on` says so.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn compact(&self, go_on: &dyn Fn() -> bool) -> Result<Compacted, Fault>;
}

/// Sees a run's name and the text of one of its events.
pub type See<'a> = dyn FnMut(&str, &str) -> ControlFlow<()> + 'a;

/// What `compact` gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Definitions that were removed.
    pub definitions: usize,
    /// By how much the store became smaller, in bytes.
    pub bytes: u64,
}

/// A run's events as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The events up to the first damage.
    pub events: Vec<Event>,
    /// Where the list stopped being whole.
    pub damage: Option<Damage>,
}

/// The first event of a run that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its number.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEntry {
    /// Its name.
    pub id: RunId,
    /// Its workflow.
    pub flow: String,
    /// Its workflow file.
    pub path: String,
    /// When it began.
    pub started: Timestamp,
    /// When something was last recorded of it.
    pub touched: Timestamp,
    /// Where it stands; `Running` also when its owner died without a word.
    pub status: RunStatus,
    /// Why it is paused.
    pub reason: Option<String>,
    /// It is kept for ever.
    pub kept: bool,
}

impl RunEntry {
    /// Takes in what an event says about the run as a whole.
    pub(super) fn see(&mut self, event: &Event) {
        self.touched = event.at;
        match &event.fact {
            Fact::RunResumed { .. } => {
                self.status = RunStatus::Running;
                self.reason = None;
            }
            Fact::RunPaused { reason } => {
                self.status = RunStatus::Paused;
                self.reason = Some(reason.clone());
            }
            Fact::RunEnded { status, reason } => {
                self.status = *status;
                self.reason.clone_from(reason);
            }
            _ => {}
        }
    }

    /// Makes an entry that says nothing yet but that the run goes on.
    #[cfg(feature = "sqlite")]
    pub(super) fn blank(at: Timestamp) -> RunEntry {
        let id = RunId::new("none").expect("a good name");
        let (flow, path) = (String::new(), String::new());
        RunEntry { id, flow, path, started: at, touched: at, status: RunStatus::Running, reason: None, kept: false }
    }

    /// Makes the entry of a run from its first event, if that is one.
    pub(super) fn first(run: &RunId, event: &Event) -> Option<RunEntry> {
        let Fact::RunStarted { flow, pinned, .. } = &event.fact else {
            return None;
        };
        Some(RunEntry {
            id: run.clone(),
            flow: flow.clone(),
            path: pinned.path.clone(),
            started: event.at,
            touched: event.at,
            status: RunStatus::Running,
            reason: None,
            kept: false,
        })
    }
}
