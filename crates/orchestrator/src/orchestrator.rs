//! The library's front door: agents are registered, workflows are run, what they left is read, and all of it is shut down.
//!
//! It adds nothing to what the engine does: each method is a few calls of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use crate::agents::{Agent, AgentEntry, Registry, StopHandle};
use crate::builder::Flow;
use crate::definition::Definition;
use crate::engine::{Engine, Observer, Setup};
use crate::inbox::Request;
use crate::journal::RunEntry;
use crate::model::{Event, Fact, Reply, RunId};
use crate::report::Report;

/// Runs workflows for an application.
///
/// ```
/// use segno_orchestrator::{Orchestrator, builder::{Flow, Step}, model::{Reply, RunStatus}};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let segno = Orchestrator::in_memory();
/// segno.function("greet", |with| async move { Ok(Reply::value(format!("hello {}", with["name"]))) })?;
/// let flow = Flow::new("hello").step(Step::agent("say", "greet").with("name", "you"));
/// let run = segno.run(&flow, Default::default()).await?;
/// assert_eq!(run.status, RunStatus::Succeeded);
/// segno.shutdown().await;
/// # Ok::<(), segno_errors::Fault>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Orchestrator {
    setup: Setup,
    agents: Arc<Mutex<Registry>>,
    going: Arc<Going>,
}

/// The runs that go on now.
#[derive(Default)]
struct Going {
    runs: Mutex<Runs>,
    ended: tokio::sync::Notify,
}

/// Who comes in and whether anybody may: under one lock, so that nobody comes in behind a shutdown's back.
#[derive(Default)]
struct Runs {
    closed: bool,
    last: u64,
    /// By the number of their coming; a run has no name before it is begun.
    going: BTreeMap<u64, (Option<RunId>, StopHandle)>,
}

impl std::fmt::Debug for Orchestrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orchestrator").field("agents", &self.agents()).finish_non_exhaustive()
    }
}

impl Orchestrator {
    /// Makes an orchestrator that keeps nothing after the process.
    pub fn in_memory() -> Orchestrator {
        Orchestrator::new(Setup::default())
    }

    /// Makes an orchestrator of a set-up, such as that of a project on disk.
    pub fn new(setup: Setup) -> Orchestrator {
        let agents = Arc::new(Mutex::new(setup.agents.clone()));
        Orchestrator { setup, agents, going: Arc::default() }
    }

    /// Adds somebody who is shown every event once it is durable.
    #[must_use]
    pub fn observed_by(mut self, observer: impl Observer + 'static) -> Orchestrator {
        self.setup.observers.push(Arc::new(observer));
        self
    }

    /// Says which of several fallbacks is tried next: see [`Ranking`](crate::engine::Ranking).
    ///
    /// ```
    /// use segno_orchestrator::Orchestrator;
    ///
    /// // The last one that is written is tried first.
    /// let segno = Orchestrator::in_memory().ranked_by(|names| (0..names.len()).rev().collect());
    /// ```
    #[must_use]
    pub fn ranked_by(mut self, ranking: impl Fn(&[&str]) -> Vec<usize> + Send + Sync + 'static) -> Orchestrator {
        self.setup.ranking = Some(Arc::new(ranking));
        self
    }

    /// Registers an agent.
    ///
    /// # Errors
    /// When the name is no name (letters, digits, `-` and `_`, at most 64) or is taken; the reason says which.
    pub fn register(&self, name: &str, agent: impl Agent + 'static) -> Result<(), Fault> {
        self.registry().register(name, agent)
    }

    /// Registers an async closure over the arguments as an agent.
    ///
    /// # Errors
    /// As for `register`.
    pub fn function<F, Fut>(&self, name: &str, function: F) -> Result<(), Fault>
    where
        F: Fn(Map<String, Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Fault>> + Send + 'static,
    {
        self.register(name, crate::agents::FunctionAgent::new(function))
    }

    /// Returns an agent by its name.
    pub fn agent(&self, name: &str) -> Option<AgentEntry> {
        self.registry().list().into_iter().find(|entry| entry.name == name)
    }

    /// Returns all agents, by name.
    pub fn agents(&self) -> Vec<AgentEntry> {
        self.registry().list()
    }

    /// Removes an agent; says whether there was one. Runs that go on keep the agents that they began with.
    pub fn remove(&self, name: &str) -> bool {
        self.registry().remove(name)
    }

    /// Runs a workflow that was built in code to its end, and reports.
    ///
    /// # Errors
    /// When the workflow or the inputs have mistakes, when the orchestrator was shut down, or when an event could not
    /// be made durable. That a step failed is no error: the report says so.
    pub async fn run(&self, flow: &Flow, inputs: Map<String, Value>) -> Result<Report, Fault> {
        let agents = self.registry().clone();
        let definition = flow.build(&agents).map_err(|mistakes| {
            Fault::new(Kind::Validation, "the workflow has mistakes").reason("workflow").detail(mistakes.to_string())
        })?;
        self.run_definition(&definition, inputs).await
    }

    /// Runs a workflow of a file to its end, and reports.
    ///
    /// # Errors
    /// As for `run`.
    pub async fn run_definition(&self, definition: &Definition, inputs: Map<String, Value>) -> Result<Report, Fault> {
        let (handle, stop) = StopHandle::new();
        let place = Place::take(&self.going, handle)?;
        let engine = self.engine();
        let begun = engine.begin(definition, inputs)?;
        let run = begun.id.clone();
        place.name(&run);
        engine.run(begun, stop).await?;
        let log = self.setup.journal.read(&run)?;
        Ok(Report::of(&run, &definition.plan, &log.events, false))
    }

    /// Returns the runs that go on now.
    pub fn going(&self) -> Vec<RunId> {
        self.going.runs().going.values().filter_map(|(run, _)| run.clone()).collect()
    }

    /// Asks a run that goes on to end for good.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn cancel(&self, run: &RunId) -> Result<(), Fault> {
        self.setup.journal.file(run, &Request::Cancel)
    }

    /// Returns the newest runs, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, Fault> {
        self.setup.journal.runs(limit)
    }

    /// Returns what the steps of a run have left for each other, by key, as it stands in the journal.
    ///
    /// # Errors
    /// When there is no such run or the store cannot be read.
    pub fn data(&self, run: &RunId) -> Result<BTreeMap<String, Value>, Fault> {
        let mut data = BTreeMap::new();
        self.setup.journal.replay(run, &mut |event: Event| {
            if let Fact::DataPut { key, value, .. } = event.fact {
                match value {
                    Value::Null => _ = data.remove(&key),
                    value => _ = data.insert(key, value),
                }
            }
        })?;
        Ok(data)
    }

    /// Leaves a value in the shared data of a run that goes on; the run records it when it comes to it.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn put(&self, run: &RunId, key: &str, value: Value) -> Result<(), Fault> {
        self.setup.journal.file(run, &Request::Put { key: key.to_owned(), value })
    }

    /// Empties the shared data of a run that goes on.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn clear(&self, run: &RunId) -> Result<(), Fault> {
        self.setup.journal.file(run, &Request::Clear)
    }

    /// Begins anew: the agents stay, the shared data of all runs that go on is emptied.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn reset(&self) -> Result<(), Fault> {
        self.going().iter().try_for_each(|run| self.clear(run))
    }

    /// Takes no more runs, lets those that go on pause as soon as what they do can be ended gently, and returns when
    /// none is left. They can be resumed where the journal survives the process.
    pub async fn shutdown(&self) {
        self.going.runs().closed = true;
        loop {
            let ended = self.going.ended.notified();
            let handles: Vec<StopHandle> = self.going.runs().going.values().map(|(_, handle)| handle.clone()).collect();
            if handles.is_empty() {
                return;
            }
            handles.iter().for_each(StopHandle::stop_gently);
            ended.await;
        }
    }

    fn engine(&self) -> Engine {
        let agents = self.registry().clone();
        Engine::new(Setup { agents, ..self.setup.clone() })
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // A panic while it is held leaves a whole registry: each change is one insertion.
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Going {
    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run's place among those that go on, from before it begins until it ended, whichever way.
struct Place {
    going: Arc<Going>,
    number: u64,
}

impl Place {
    fn take(going: &Arc<Going>, handle: StopHandle) -> Result<Place, Fault> {
        let mut runs = going.runs();
        if runs.closed {
            return Err(Fault::new(Kind::BusinessLogic, "the orchestrator was shut down").reason("shut_down"));
        }
        runs.last += 1;
        let number = runs.last;
        runs.going.insert(number, (None, handle));
        Ok(Place { going: going.clone(), number })
    }

    fn name(&self, run: &RunId) {
        if let Some((name, _)) = self.going.runs().going.get_mut(&self.number) {
            *name = Some(run.clone());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.going.runs().going.remove(&self.number);
        self.going.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::builder::Step;
    use crate::engine::{Fork, Point};
    use crate::model::RunStatus;

    fn double() -> Orchestrator {
        let segno = Orchestrator::in_memory();
        let double = |with: Map<String, Value>| async move { Ok(Reply::value(with["n"].as_i64().unwrap_or(0) * 2)) };
        segno.function("double", double).unwrap();
        segno
    }

    #[test]
    fn agents_are_registered_listed_and_removed_and_bad_ones_refused_with_a_reason() {
        let segno = double();
        let nothing = |_| async { Ok(Reply::default()) };
        for (name, reason) in [("double", "taken"), ("", "name"), ("a b", "name"), (&"x".repeat(65), "name")] {
            assert_eq!(segno.function(name, nothing).unwrap_err().why(), Some(reason), "{name}");
        }
        segno.function("other-one", nothing).unwrap();
        let names: Vec<String> = segno.agents().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["double", "other-one"]);
        assert!(segno.agent("double").is_some() && segno.remove("double") && !segno.remove("double"));
        assert!(segno.agent("double").is_none());
    }

    #[tokio::test]
    async fn a_flow_of_code_runs_and_what_its_steps_left_can_be_read() {
        struct Count(Arc<AtomicU64>);
        impl Observer for Count {
            fn see(&self, _: &RunId, events: &[Event]) {
                self.0.fetch_add(events.len() as u64, Ordering::Relaxed);
            }
        }
        let seen = Arc::new(AtomicU64::new(0));
        let segno = double().observed_by(Count(seen.clone()));
        let put = serde_json::json!({ "twice": "{{ this.output }}" });
        let flow = Flow::new("twice").step(Step::agent("a", "double").with("n", "{{ 21 }}").field("put", put));
        let report = segno.run(&flow, Map::new()).await.unwrap();
        assert_eq!((report.status, report.tasks().count()), (RunStatus::Succeeded, 1));
        assert_eq!(segno.data(&report.run).unwrap()["twice"], 42);
        assert_eq!(segno.runs(9).unwrap().len(), 1);
        assert_eq!(seen.load(Ordering::Relaxed), segno.setup.journal.read(&report.run).unwrap().events.len() as u64);
    }

    #[tokio::test]
    async fn what_was_put_from_outside_is_there_in_a_fork_too() {
        let segno = Orchestrator::in_memory();
        let (began, begun) = tokio::sync::oneshot::channel();
        let began = Mutex::new(Some(began));
        let (go, goes) = tokio::sync::watch::channel(false);
        let wait = move |_| {
            _ = began.lock().unwrap().take().map(|began| began.send(()));
            let mut goes = goes.clone();
            async move {
                goes.wait_for(|goes| *goes).await.unwrap();
                Ok(Reply::default())
            }
        };
        segno.function("wait", wait).unwrap();
        let tell = |with: Map<String, Value>| async move { Ok(Reply::value(with["word"].clone())) };
        segno.function("tell", tell).unwrap();
        let told = Step::agent("b", "tell").with("word", "{{ data.word }}").field("get", serde_json::json!(["word"]));
        let flow = Flow::new("given").step(Step::agent("a", "wait")).step(told);
        let (other, going) = (segno.clone(), flow.clone());
        let run = tokio::spawn(async move { other.run(&going, Map::new()).await });
        begun.await.unwrap();
        let id = segno.going().remove(0);
        segno.put(&id, "word", "given".into()).unwrap();
        while segno.data(&id).unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        go.send(true).unwrap();
        assert_eq!(run.await.unwrap().unwrap().status, RunStatus::Succeeded);
        let engine = segno.engine();
        let point = Point::Step("b".parse().unwrap());
        let branch = engine.branch(&id, Fork { point, inputs: Map::new(), definition: None }).unwrap();
        let fork = engine.fork(branch).await.unwrap();
        let name = fork.id.clone();
        let (_handle, stop) = StopHandle::new();
        assert_eq!(engine.run(fork, stop).await.unwrap(), RunStatus::Succeeded);
        assert_eq!(segno.data(&name).unwrap()["word"], "given");
    }

    #[tokio::test]
    async fn shutdown_lets_what_goes_on_end_and_takes_nothing_new() {
        let segno = Orchestrator::in_memory();
        let (began, begun) = tokio::sync::oneshot::channel();
        let began = Mutex::new(Some(began));
        let forever = move |_| {
            _ = began.lock().unwrap().take().map(|began| began.send(()));
            std::future::pending()
        };
        segno.function("forever", forever).unwrap();
        let flow = Flow::new("long").step(Step::agent("a", "forever"));
        let (other, going) = (segno.clone(), flow.clone());
        let run = tokio::spawn(async move { other.run(&going, Map::new()).await });
        begun.await.unwrap();
        assert_eq!(segno.going().len(), 1);
        segno.shutdown().await;
        assert!(segno.going().is_empty());
        assert_eq!(run.await.unwrap().unwrap().status, RunStatus::Paused);
        let refused = segno.run(&flow, Map::new()).await.unwrap_err();
        assert_eq!(refused.why(), Some("shut_down"));
    }
}
