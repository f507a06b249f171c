//! Runs and resumes: what stands round the loop. Both are the same loop; a resumed one begins with a longer list.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use segno_errors::{Fault, Kind, Later};
use segno_logging::Redactor;
use segno_logging::correlation::TraceContext;
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use super::context::Context;
use super::drive::drive;
use super::fork::find_mark;
use super::host::{Host, Shared};
use super::learn::learn_plan;
use super::observer::Observer;
use super::rank::Ranking;
use super::remember::{Memory, ReadVariable};
use super::upstream::Upstreams;
use crate::agents::{GRACE, Registry, Stop, StopHandle, Stopped, end_strays};
use crate::definition::Definition;
use crate::journal::{Batch, Blobs, Damage, Journal, Locks, Log, MemoryJournal, RunLock};
use crate::model::{Event, Fact, Owner, RunId, RunStatus, StepId, Timestamp};
use crate::plan::{BadInputs, ListFiles};
use crate::spec::{Mistake, Mistakes, SETTINGS_FILE};
use crate::state::RunState;

/// What an engine works with. The default lives in memory and remembers nothing.
#[derive(Clone)]
pub struct Setup {
    /// The project's folder, in which steps run.
    pub root: PathBuf,
    /// Where events are kept.
    pub journal: Arc<dyn Journal>,
    /// Where large outputs are kept.
    pub blobs: Arc<Blobs>,
    /// Where results are remembered.
    pub memory: Option<Memory>,
    /// Where runs are locked; without it nothing keeps two processes from one run.
    pub locks: Option<Locks>,
    /// The agents that steps may call.
    pub agents: Registry,
    /// Who is shown events.
    pub observers: Vec<Arc<dyn Observer>>,
    /// How many attempts run at once.
    pub jobs: usize,
    /// What the memory is used for.
    pub cache: CacheMode,
    /// What stands between attempts and the agents that they call. Clones of the set-up share it.
    pub upstreams: Upstreams,
    /// Which of several fallbacks is tried next; without it they are tried as they are written.
    pub ranking: Option<Arc<Ranking>>,
    /// The trace of another program that runs belong to; without it each run is a trace.
    pub trace: Option<TraceContext>,
    /// What hides secrets in all that comes back, before it is recorded, remembered or shown. Clones of the set-up share it.
    pub redactor: Redactor,
    /// Reads the variables that steps name as their `secrets`; without it only those that a step sets itself are known.
    pub variables: Option<Arc<ReadVariable>>,
}

/// What remembered results are used for in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// They are used, and new ones are kept.
    #[default]
    Use,
    /// They are not used, and new ones take their place.
    Refresh,
    /// They are used, and no new ones are kept.
    ReadOnly,
    /// They are neither used nor kept.
    Off,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            root: PathBuf::from("."),
            journal: Arc::new(MemoryJournal::default()),
            blobs: Arc::new(Blobs::default()),
            memory: None,
            locks: None,
            agents: Registry::default(),
            observers: Vec::new(),
            jobs: std::thread::available_parallelism().map_or(2, Into::into),
            cache: CacheMode::default(),
            upstreams: Upstreams::default(),
            ranking: None,
            trace: None,
            redactor: Redactor::new(),
            variables: None,
        }
    }
}

/// Runs workflows.
///
/// ```
/// use segno_orchestrator::{Definition, agents::{Registry, Stop}, engine::{Engine, Setup}, model::{Reply, RunStatus}};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let mut agents = Registry::default();
/// agents.function("double", |arguments| async move { Ok(Reply::value(arguments["n"].as_i64().unwrap_or(0) * 2)) });
/// let flow = "steps: [{ id: a, agent: double, with: { n: '{{ 21 }}' } }]";
/// let definition = Definition::parse(flow, "double.yaml", &agents)?;
/// let engine = Engine::new(Setup { agents, ..Setup::default() });
/// let run = engine.begin(&definition, Default::default())?;
/// assert_eq!(engine.run(run, Stop::never()).await?, RunStatus::Succeeded);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Engine {
    setup: Setup,
}

/// A run that this process owns and has not gone on with yet.
#[derive(Debug)]
pub struct Begun {
    /// Its name.
    pub id: RunId,
    /// What it is pinned to.
    pub definition: Definition,
    pub(super) state: RunState,
    pub(super) first: Vec<Fact>,
    pub(super) pins: Vec<(String, Arc<str>)>,
    pub(super) _lock: Option<RunLock>,
}

impl Begun {
    /// Says whether something was recorded of the run before.
    pub fn is_resumed(&self) -> bool {
        self.state.events() > 0
    }
}

/// A run taken up again, with what was found.
#[derive(Debug)]
pub struct Resumed {
    /// The run.
    pub run: Begun,
    /// Where its list had been damaged; what stood after that is set aside.
    pub damage: Option<Damage>,
    /// How many processes of the dead owner were ended.
    pub strays: usize,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("root", &self.setup.root).field("jobs", &self.setup.jobs).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine.
    pub fn new(setup: Setup) -> Engine {
        Engine { setup }
    }

    /// Returns what it works with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Returns what lists files for `files()` in templates.
    pub fn list_files(&self) -> Arc<ListFiles> {
        match self.setup.memory.clone() {
            Some(memory) => Arc::new(move |glob: &str| memory.list(glob)),
            None => Arc::new(|_: &str| Err("files() needs a project with a cache".to_owned())),
        }
    }

    /// Begins a run with these inputs. Nothing is recorded before `run` goes on with it.
    ///
    /// # Errors
    /// When the inputs do not fit (kind `Validation`) or the run cannot be locked.
    pub fn begin(&self, definition: &Definition, given: Map<String, Value>) -> Result<Begun, Fault> {
        self.begin_only(definition, given, Vec::new())
    }

    /// Begins a run of these steps only; without any, of all. Others are skipped, and what uses them cannot be rendered:
    /// see `Plan::with_needs`.
    ///
    /// # Errors
    /// As for `begin`.
    pub fn begin_only(
        &self,
        definition: &Definition,
        given: Map<String, Value>,
        only: Vec<StepId>,
    ) -> Result<Begun, Fault> {
        let inputs = definition.plan.bind(given, &self.list_files()).map_err(|bad| unfit(&bad))?;
        let id = fresh_id(SystemTime::now());
        let lock = self.setup.locks.as_ref().map(|locks| locks.own(&id)).transpose()?;
        let (pinned, pins) = definition.pins();
        let flow = definition.plan.name.clone();
        let first = vec![Fact::RunStarted { flow, pinned, inputs, owner: owner(), parent: None, only }];
        let state = RunState::new(definition.plan.clone());
        Ok(Begun { id, definition: definition.clone(), state, first, pins, _lock: lock })
    }

    /// Takes a run up again: with its pinned definition, after what its dead owner left has been ended.
    ///
    /// # Errors
    /// When it is owned by a living process (reason `locked`), has ended (reason `ended`), or its list cannot be read.
    pub async fn resume(&self, id: &RunId) -> Result<Resumed, Fault> {
        self.take_up(id, None).await
    }

    /// Takes a run up again from one of its marks. What was recorded after it is set aside, not thrown away; the run may
    /// have ended.
    ///
    /// # Errors
    /// As for `resume`, and when there is no such mark (reason `not_found`).
    pub async fn resume_at(&self, id: &RunId, mark: &str) -> Result<Resumed, Fault> {
        self.take_up(id, Some(mark)).await
    }

    async fn take_up(&self, id: &RunId, mark: Option<&str>) -> Result<Resumed, Fault> {
        let lock = self.setup.locks.as_ref().map(|locks| locks.own(id)).transpose()?;
        let Log { mut events, damage } = self.setup.journal.read(id)?;
        if let Some(damage) = &damage {
            tracing::warn!(correlation_id = id.as_str(), seq = damage.seq, reason = damage.reason, "events set aside");
            self.setup.journal.set_aside(id, damage.seq)?;
        }
        let definition = self.pinned(id, events.first().map(|event| &event.fact))?;
        let mut state = RunState::of(definition.plan.clone(), &events);
        let mark = mark.map(|name| find_mark(id, &definition.plan, &events, name)).transpose()?;
        if let (None, Some(status)) = (&mark, state.run_status()) {
            let message = format!("run {id} has ended: {}", status.name());
            let hint = "start it again with: segno run; what is remembered is not run again";
            return Err(Fault::new(Kind::BusinessLogic, message).reason("ended").hint(hint));
        }
        let strays = end_left_behind(id, &state.processes().collect::<Vec<_>>()).await?;
        if let Some(mark) = mark.filter(|mark| mark.seq < state.events()) {
            tracing::warn!(correlation_id = id.as_str(), mark = mark.name, seq = mark.seq, "events set aside");
            self.setup.journal.set_aside(id, mark.seq + 1)?;
            events.retain(|event| event.seq <= mark.seq);
            state = RunState::of(definition.plan.clone(), &events);
        }
        let first = vec![Fact::RunResumed { owner: owner() }];
        let run = Begun { id: id.clone(), definition, state, first, pins: Vec::new(), _lock: lock };
        Ok(Resumed { run, damage, strays })
    }

    /// Goes on with a run to its end or its pause. The loop is a task of the runtime, so that it and its attempts wake
    /// each other on one thread; dropping the future ends the run as a kill would.
    ///
    /// # Errors
    /// When an event could not be made durable; what was recorded before stands, and the run can be resumed.
    pub async fn run(&self, run: Begun, stop: Stop) -> Result<RunStatus, Fault> {
        let Begun { id, definition, state, first, pins, _lock } = run;
        // Before the first step, which may print what only a later one names, or one that is not called at all.
        learn_plan(&self.setup.redactor, &definition.plan, self.setup.variables.as_deref());
        // A request from outside ends what runs like a signal does, so both go by one handle.
        let (handle, inner) = StopHandle::new();
        let mut around = JoinSet::new();
        around.spawn(forward(stop, handle.clone()));
        let stop = inner;
        let shared = Shared {
            run: id,
            plan: definition.plan,
            root: self.setup.root.clone(),
            blobs: self.setup.blobs.clone(),
            agents: self.setup.agents.clone(),
            upstreams: self.setup.upstreams.clone(),
            memory: self.memory(),
            files: self.list_files(),
            ranking: self.setup.ranking.clone(),
            stop,
            trace: self.setup.trace.clone(),
            redactor: self.setup.redactor.clone(),
            variables: self.setup.variables.clone(),
            places: tokio::sync::Semaphore::new(self.setup.jobs.max(1)),
        };
        let mut host = Host::new(shared, self.setup.journal.clone(), self.setup.observers.clone(), pins, handle);
        around.spawn(host.listen());
        let context = Context::new(self.setup.blobs.clone(), self.list_files());
        let jobs = self.setup.jobs;
        let mut alone = JoinSet::new();
        alone.spawn(async move {
            let ended = drive(&mut host, state, context, jobs, first).await;
            host.finish(ended.is_err()).await;
            ended
        });
        let ended = alone.join_next().await.and_then(Result::ok).unwrap_or_else(|| {
            Err(Fault::new(Kind::Internal, "the loop itself failed").hint("this is a bug of segno: please report it"))
        });
        if let Some(memory) = self.memory() {
            // It hashes files and waits for a server; that it panicked must not change how the run ended.
            let _ = tokio::task::spawn_blocking(move || memory.flush()).await;
        }
        ended
    }

    /// Ends a run for good that nobody is at work on: what its dead owner left is ended, and it cannot be resumed.
    ///
    /// # Errors
    /// When it is owned by a living process (reason `locked`): then file a `Request::Cancel` for it; or has ended.
    pub async fn cancel(&self, id: &RunId) -> Result<(), Fault> {
        let Resumed { run, .. } = self.resume(id).await?;
        let seq = run.state.events();
        let facts = [
            Fact::RunResumed { owner: owner() },
            Fact::RunEnded { status: RunStatus::Failed, reason: Some("cancelled".into()) },
        ];
        let at = Timestamp::from_system(SystemTime::now());
        let events = facts.into_iter().zip(seq + 1..).map(|(fact, seq)| Event { seq, at, fact }).collect();
        self.setup.journal.append(Batch { run: id.clone(), events, pins: Vec::new() }).await
    }

    /// Returns the remembered results, as far as they are used.
    fn memory(&self) -> Option<Memory> {
        let memory = self.setup.memory.clone();
        match self.setup.cache {
            CacheMode::Use => memory,
            CacheMode::Refresh => memory.map(Memory::refreshing),
            CacheMode::ReadOnly => memory.map(Memory::reading),
            CacheMode::Off => None,
        }
    }

    /// Returns the definition that a run is pinned to.
    ///
    /// # Errors
    /// When it is gone, or cannot be understood by this version.
    pub fn pinned(&self, id: &RunId, first: Option<&Fact>) -> Result<Definition, Fault> {
        let Some(Fact::RunStarted { pinned, .. }) = first else {
            let fault = Fault::new(Kind::Database, format!("the beginning of run {id} is lost"));
            return Err(fault.later(Later::Never).hint("start it again with: segno run"));
        };
        let source = self.setup.journal.pinned(&pinned.hash)?;
        let mut parts = BTreeMap::new();
        for part in &pinned.parts {
            parts.insert(part.path.as_str(), self.setup.journal.pinned(&part.hash)?);
        }
        let read = |path: &str| {
            let gone = || Mistakes::new(path, "", vec![Mistake::whole("it was not kept with the run")]);
            parts.get(path).cloned().ok_or_else(gone)
        };
        let mut agents = self.setup.agents.clone();
        match parts.get(SETTINGS_FILE) {
            // They were read when the run began; what this segno does not understand is told with the definition.
            Some(settings) => _ = agents.settings(settings),
            None => agents.forget_settings(),
        }
        Definition::assemble(&source, &pinned.path, &agents, &read).map_err(|mistakes| {
            let message = format!("the pinned definition of run {id} is not understood by this segno");
            Fault::new(Kind::Configuration, message).detail(mistakes.to_string())
        })
    }
}

/// Passes on how far the application says the run is to stop.
async fn forward(from: Stop, to: StopHandle) {
    if from.wait().await == Stopped::Gently {
        to.stop();
        from.wait_at_once().await;
    }
    to.stop_at_once();
}

/// Ends what a dead owner of a run has left running; returns how many processes that were.
pub(super) async fn end_left_behind(id: &RunId, recorded: &[(u32, u64)]) -> Result<usize, Fault> {
    end_strays(id.as_str(), recorded, GRACE).await.map_err(|living| alive(id, &living))
}

pub(super) fn unfit(bad: &BadInputs) -> Fault {
    Fault::new(Kind::Validation, bad.to_string()).reason("inputs")
}

pub(super) fn owner() -> Owner {
    Owner { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").into() }
}

fn alive(id: &RunId, living: &[u32]) -> Fault {
    let pids: Vec<String> = living.iter().map(ToString::to_string).collect();
    let message = format!("processes of run {id} are still alive and cannot be ended: {}", pids.join(", "));
    Fault::new(Kind::Resource, message).reason("orphans").hint("end them by hand, then resume")
}

/// Makes a run's name: the moment it began and four random letters.
pub(super) fn fresh_id(now: SystemTime) -> RunId {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let moment = humantime::format_rfc3339_seconds(Timestamp::from_system(now).to_system()).to_string();
    let digits: String = moment.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at(digits.len().min(8));
    let random: [u8; 4] = rand::random();
    let letters: String = random.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % 32])).collect();
    RunId::new(&format!("{day}-{time}-{letters}")).expect("made of digits and letters")
}
