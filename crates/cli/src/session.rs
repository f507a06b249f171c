//! What most commands begin with: the project, its state, runs by short names.

use std::path::Path;
use std::sync::Arc;

use segno_errors::{Fault, Kind, from_io};
use segno_logging::Redactor;
use segno_logging::correlation::TraceContext;
use segno_logging::redact::Options;
use segno_monitor::Figures;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::engine::{Engine, Setup, Upstreams};
use segno_orchestrator::history::{Filter, History};
use segno_orchestrator::journal::{Damage, RunEntry};
use segno_orchestrator::model::{RunId, RunStatus};
use segno_orchestrator::report::{Report, ReportFold};
use segno_orchestrator::spec::{self, FallbackOrder, SETTINGS_FILE, Settings};
use segno_orchestrator::{Definition, Project};

use crate::exit::Failure;
use crate::terminal::say;
use crate::track::by_track_record;

/// How many runs are looked through for a short name.
const SEARCHED_RUNS: usize = 10_000;

/// The project that the working folder belongs to, with its state open.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) project: Project,
    pub(crate) setup: Setup,
    /// What the project has set.
    pub(crate) settings: Settings,
}

/// A run read from the journal.
pub(crate) struct Stored {
    pub(crate) definition: Definition,
    pub(crate) report: Report,
    pub(crate) figures: Figures,
    /// Where its list of events stops being whole.
    pub(crate) damage: Option<Damage>,
}

/// Finds the project of the working folder.
pub(crate) fn project() -> Result<Project, Failure> {
    let folder = std::env::current_dir().map_err(|error| from_io(error).operation("working folder"))?;
    Ok(Project::find(&folder))
}

/// Reads a workflow file, without touching any state.
pub(crate) fn definition(project: &Project, flow: &Path) -> Result<Definition, Failure> {
    let whole = std::path::absolute(flow).unwrap_or_else(|_| flow.to_owned());
    let shown = flow.display().to_string();
    let mut definition = Definition::load(flow, &shown, &agents(project)?)?;
    definition.path = project.name(&whole);
    Ok(definition)
}

/// Returns the agents that the project's settings declare.
pub(crate) fn agents(project: &Project) -> Result<Registry, Failure> {
    let path = project.root().join(SETTINGS_FILE);
    let mut agents = Registry::default();
    if path.exists() {
        agents.settings(&spec::load(&path, SETTINGS_FILE)?)?;
    }
    Ok(agents)
}

/// Returns what the project takes for secrets.
pub(crate) fn secrets(settings: &Settings) -> Options {
    Options { allowed: settings.allowed.clone(), ..Options::default() }
}

/// Reads the text of a workflow file that lies nowhere.
pub(crate) fn definition_of(project: &Project, source: &str, name: &str) -> Result<Definition, Failure> {
    Ok(Definition::parse(source, name, &agents(project)?)?)
}

impl Session {
    /// Opens the project's state, and makes it where it is missing.
    pub(crate) fn open() -> Result<Session, Failure> {
        let project = project()?;
        // A broken file of settings is told before anything is touched.
        let settings = Settings::load(project.root())?;
        let agents = agents(&project)?;
        let mut setup = project.open_with(&settings.cache, Arc::new(|name: &str| std::env::var(name).ok()))?;
        setup.agents = agents;
        setup.redactor = Redactor::with(&secrets(&settings));
        setup.learn_variables(std::env::vars_os());
        setup.upstreams = Upstreams::new(&settings.policies)?;
        setup.trace = TraceContext::from_env();
        setup.jobs = settings.jobs.limit.map_or(setup.jobs, usize::from);
        if setup.memory.is_none() {
            say("segno: the cache cannot be used, so steps run without it");
            let folder = project.cache_folder(&settings.cache);
            say(&format!("  hint: it may be thrown away at any time: rm -r {}", folder.display()));
        }
        let mut session = Session { project, setup, settings };
        if let FallbackOrder::TrackRecord { min_calls } = session.settings.fallback {
            session.setup.ranking = Some(by_track_record(session.clone(), min_calls));
        }
        Ok(session)
    }

    /// Opens the state of a project that has some.
    pub(crate) fn open_existing() -> Result<Session, Failure> {
        match project()?.has_state() {
            true => Session::open(),
            false => {
                let fault = Fault::new(Kind::Validation, "nothing has been run in this project yet");
                Err(fault.hint("start with: segno run FLOW").into())
            }
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::new(self.setup.clone())
    }

    /// Says whether some process is at work on the run.
    pub(crate) fn is_owned(&self, run: &RunId) -> bool {
        self.setup.locks.as_ref().is_some_and(|locks| locks.is_owned(run))
    }

    /// Returns the history of the project's runs.
    pub(crate) fn history(&self) -> History {
        self.project.history(&self.setup)
    }

    /// Returns the newest runs; one whose owner is gone shows as paused, interrupted.
    fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, Failure> {
        Ok(self.history().list(&Filter::default(), limit)?)
    }

    /// Finds a run by its name, the end of it, or `latest`.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<RunId, Failure> {
        Ok(self.entry(name)?.id)
    }

    /// Finds what the store says of a run as a whole.
    pub(crate) fn entry(&self, name: Option<&str>) -> Result<RunEntry, Failure> {
        let runs = self.runs(SEARCHED_RUNS)?;
        let name = name.unwrap_or("latest");
        let found: Vec<&RunEntry> = match name {
            "latest" => runs.first().into_iter().collect(),
            name => runs.iter().filter(|entry| entry.id.as_str().ends_with(name)).collect(),
        };
        match found[..] {
            [entry] => Ok(entry.clone()),
            [] => Err(Fault::new(Kind::Validation, format!("there is no run '{name}'"))
                .hint("segno runs lists them")
                .into()),
            _ => {
                let fault = Fault::new(Kind::Validation, format!("'{name}' is the end of {} runs' names", found.len()));
                Err(fault.hint("give more of the name; segno runs lists them").into())
            }
        }
    }

    /// Finds the newest run of a workflow file.
    pub(crate) fn newest_of(&self, path: &str) -> Result<Option<RunId>, Failure> {
        let runs = self.runs(SEARCHED_RUNS)?;
        Ok(runs.into_iter().find(|entry| entry.path == path).map(|entry| entry.id))
    }

    /// Finds the run to resume: the named one, or the newest that can be.
    pub(crate) fn find_resumable(&self, name: Option<&str>) -> Result<RunId, Failure> {
        if name.is_some() {
            return self.find(name);
        }
        let runs = self.runs(SEARCHED_RUNS)?;
        let paused = runs.into_iter().find(|entry| entry.status == RunStatus::Paused);
        paused.map(|entry| entry.id).ok_or_else(|| {
            let fault = Fault::new(Kind::Validation, "no run is waiting to be resumed");
            fault.hint("segno runs lists them; start one with: segno run FLOW").into()
        })
    }

    /// Reads a run, and says where it is damaged.
    pub(crate) fn read(&self, run: &RunId) -> Result<Stored, Failure> {
        self.read_telling(run, |Damage { seq, reason }| {
            say(&format!("segno: run {run} is damaged from event {seq} on ({reason}); what stands before is shown"));
            say("  hint: segno repair");
        })
    }

    /// Reads a run that nobody asked for by itself.
    pub(crate) fn read_in_silence(&self, run: &RunId) -> Result<Stored, Failure> {
        self.read_telling(run, |_| {})
    }

    /// Reads a run: its definition, its report, its figures. Its events pass by and are not held.
    fn read_telling(&self, run: &RunId, tell: impl Fn(&Damage)) -> Result<Stored, Failure> {
        let mut first = None;
        let mut fold = ReportFold::new(run);
        let mut figures = Figures::default();
        let damage = self.setup.journal.replay(run, &mut |event| {
            fold.see(&event);
            figures.see(&event);
            first.get_or_insert(event.fact);
        })?;
        damage.iter().for_each(tell);
        let definition = self.engine().pinned(run, first.as_ref())?;
        let report = fold.finish(&definition.plan, self.is_owned(run));
        Ok(Stored { definition, report, figures, damage })
    }
}
