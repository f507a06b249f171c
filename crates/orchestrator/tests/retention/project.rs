//! A project with a real store, real runs in it, and a look at all that lies on the disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Engine, Setup};
use segno_orchestrator::journal::Batch;
use segno_orchestrator::model::{Event, Fact, RunId, Timestamp};
use segno_orchestrator::retention::{Collected, Collector, Retention};
use segno_orchestrator::{Definition, Project};
use tempfile::TempDir;

/// A project in a temporary folder.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) project: Project,
    pub(crate) setup: Setup,
}

/// Writes a flow with one step whose output is too large for the journal: `letter` many times.
pub(crate) fn large(letter: char, cache: &str) -> String {
    format!(
        "{{ flow: large, steps: [{{ id: a, run: 'head -c 20000 /dev/zero | tr \\\\000 {letter}', cache: {cache} }}] }}"
    )
}

impl World {
    pub(crate) fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(folder.path());
        let setup = project.open(Arc::new(|_: &str| None)).unwrap();
        World { folder, project, setup }
    }

    /// Runs a workflow to its end. The run has a log, as one that an application runs.
    pub(crate) fn run(&self, flow: &str) -> RunId {
        let definition = Definition::parse(flow, "flow.yaml", &Registry::default()).unwrap();
        let engine = Engine::new(self.setup.clone());
        let begun = engine.begin(&definition, Default::default()).unwrap();
        let run = begun.id.clone();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(engine.run(begun, Stop::never())).unwrap();
        fs::write(self.project.log(&run), "a line\n").unwrap();
        run
    }

    /// Begins a run whose owner dies at once.
    pub(crate) fn interrupted(&self, name: &str) -> RunId {
        let run = RunId::new(name).unwrap();
        let fact = serde_json::from_value(serde_json::json!({
            "type": "run_started", "flow": "dead", "pinned": { "path": "flow.yaml", "hash": "00".repeat(32) },
            "inputs": {}, "owner": { "pid": 1, "version": "" },
        }));
        let fact: Fact = fact.unwrap();
        let event = Event { seq: 1, at: Timestamp::from_system(SystemTime::now()), fact };
        let pins = vec![("00".repeat(32), "steps: []".into())];
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(self.setup.journal.append(Batch { run: run.clone(), events: [event].into(), pins })).unwrap();
        run
    }

    pub(crate) fn collector(&self) -> Collector {
        self.project.collector(&self.setup)
    }

    /// Collects as if `days` had passed.
    pub(crate) fn collect(&self, retention: &Retention, days: u64) -> Collected {
        self.collector().collect(retention, after(days), &|| true).unwrap()
    }

    /// Names all that is left: runs, logs, locks, and how many blobs and definitions.
    pub(crate) fn left(&self) -> Left {
        let names = |folder: &str| names(&self.folder.path().join(".segno").join(folder));
        let runs: BTreeSet<String> =
            self.setup.journal.runs(100).unwrap().into_iter().map(|entry| entry.id.to_string()).collect();
        let stems =
            |folder: &str| names(folder).iter().map(|name| name.split('.').next().unwrap().to_owned()).collect();
        let blobs = self.setup.blobs.stored().unwrap();
        Left { runs, logs: stems("logs"), locks: stems("locks"), blobs: blobs.len() }
    }

    /// Checks that every output of every run can still be read.
    pub(crate) fn check_whole(&self) {
        for entry in self.setup.journal.runs(100).unwrap() {
            let log = self.setup.journal.read(&entry.id).unwrap();
            assert_eq!(log.damage, None);
            for event in &log.events {
                match &event.fact {
                    Fact::StepEnded { outcome, .. } => {
                        let output = &outcome.reply().unwrap().output;
                        self.setup.blobs.value(output).unwrap();
                    }
                    Fact::RunStarted { pinned, .. } => _ = self.setup.journal.pinned(&pinned.hash).unwrap(),
                    _ => {}
                }
            }
        }
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }
}

/// What is left on the disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) runs: BTreeSet<String>,
    pub(crate) logs: BTreeSet<String>,
    pub(crate) locks: BTreeSet<String>,
    pub(crate) blobs: usize,
}

/// Returns the moment so many days from now.
pub(crate) fn after(days: u64) -> Timestamp {
    Timestamp::from_system(SystemTime::now() + Duration::from_secs(days * 86_400))
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
