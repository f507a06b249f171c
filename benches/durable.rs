//! Runs of steps that do nothing but are durable: what the engine and the journal cost a step.

use std::path::Path;
use std::sync::Arc;

use segno_errors::{Fault, Kind, from_io};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Engine, Setup};
use segno_orchestrator::journal::{Blobs, SqliteJournal};
use segno_orchestrator::model::{Reply, RunStatus};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A flow of sequential steps whose function does nothing, with a journal on disk.
#[derive(Debug)]
pub struct DurableSteps {
    engine: Engine,
    definition: Definition,
    runtime: Runtime,
}

impl DurableSteps {
    /// Makes a flow of so many steps, with its store in `folder`.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn open(folder: &Path, steps: usize) -> Result<DurableSteps, Fault> {
        let mut agents = Registry::default();
        agents.function("nothing", |_| async { Ok(Reply::value("done")) });
        let flow = format!("steps:\n{}", "  - agent: nothing\n".repeat(steps));
        let definition = Definition::parse(&flow, "durable.yaml", &agents)
            .map_err(|mistakes| Fault::new(Kind::Validation, mistakes.to_string()))?;
        let setup = Setup {
            root: folder.to_owned(),
            journal: Arc::new(SqliteJournal::open(&folder.join("segno.db"))?),
            blobs: Arc::new(Blobs::Disk(folder.join("blobs"))),
            agents,
            jobs: 1,
            ..Setup::default()
        };
        let runtime = Runtime::new().map_err(from_io)?;
        Ok(DurableSteps { engine: Engine::new(setup), definition, runtime })
    }

    /// Runs the flow once, to its end.
    ///
    /// # Errors
    /// When an event could not be recorded, or the run did not succeed.
    pub fn run(&self) -> Result<(), Fault> {
        self.run_at_once(1)
    }

    /// Runs the flow so many times at once, all to their ends.
    ///
    /// # Errors
    /// As for `run`.
    pub fn run_at_once(&self, runs: usize) -> Result<(), Fault> {
        self.runtime.block_on(async {
            let mut going = JoinSet::new();
            for _ in 0..runs {
                let run = self.engine.begin(&self.definition, serde_json::Map::new())?;
                let engine = self.engine.clone();
                going.spawn(async move { engine.run(run, Stop::never()).await });
            }
            while let Some(ended) = going.join_next().await {
                let ended = ended.map_err(|error| Fault::new(Kind::Internal, "a run panicked").caused_by(error))?;
                succeeded(ended?)?;
            }
            Ok(())
        })
    }
}

fn succeeded(status: RunStatus) -> Result<(), Fault> {
    match status {
        RunStatus::Succeeded => Ok(()),
        status => Err(Fault::new(Kind::Internal, format!("the run is {}", status.name()))),
    }
}
