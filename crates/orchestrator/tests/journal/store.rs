//! A store in a temporary folder, and runs to put into it.

use std::path::PathBuf;

use rusqlite::{Connection, Params};
use segno_orchestrator::journal::{Batch, Journal, SqliteJournal};
use segno_orchestrator::model::{CacheNote, Event, Fact, Inputs, Owner, Pinned, RunId, Timestamp};
use tempfile::TempDir;

/// The store of a test; the folder goes with it.
pub(crate) struct Store {
    folder: TempDir,
}

impl Store {
    pub(crate) fn new() -> Store {
        Store { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("segno.db")
    }

    pub(crate) fn open(&self) -> SqliteJournal {
        SqliteJournal::open(&self.path()).unwrap()
    }

    /// Fills the store with runs of `count` events each and closes it.
    pub(crate) fn fill(&self, runs: &[RunId], count: u64) {
        let journal = self.open();
        runs.iter().for_each(|run| append(&journal, run, &events(count)).unwrap());
    }

    /// Changes the database behind the journal's back.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> usize {
        Connection::open(self.path()).unwrap().execute(sql, params).unwrap()
    }
}

/// Waits for something of the journal.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Appends events to a run.
pub(crate) fn append(journal: &SqliteJournal, run: &RunId, events: &[Event]) -> Result<(), segno_errors::Fault> {
    let pins = vec![("00".to_owned(), "steps: [{ run: [true] }]".into())];
    wait(journal.append(Batch { run: run.clone(), events: events.into(), pins }))
}

/// Names `count` runs.
pub(crate) fn runs(prefix: &str, count: usize) -> Vec<RunId> {
    (0..count).map(|number| RunId::new(&format!("{prefix}-{number:03}")).unwrap()).collect()
}

/// Makes the first `count` events of a run: its start, then attempts.
pub(crate) fn events(count: u64) -> Vec<Event> {
    (1..=count).map(event).collect()
}

/// Makes the event of a run with this number.
pub(crate) fn event(seq: u64) -> Event {
    let fact = match seq {
        1 => Fact::RunStarted {
            flow: "flow".into(),
            pinned: Pinned { path: "flow.yaml".into(), hash: "00".into(), parts: Vec::new() },
            inputs: Inputs::default(),
            owner: Owner::default(),
            parent: None,
            only: Vec::new(),
        },
        _ => Fact::StepStarted {
            step: format!("review[{seq}]").parse().unwrap(),
            attempt: 1,
            label: Some(format!("item {seq}")),
            cache: CacheNote::Off,
        },
    };
    Event { seq, at: Timestamp(1_767_323_045_000 + seq), fact }
}
