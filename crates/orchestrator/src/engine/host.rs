//! The world on tokio: attempts are tasks, rendering and the cache are on the blocking pool, signals come by a channel.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use minijinja::Value as Dynamic;
use segno_errors::{Fault, Kind};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::observer::{Observer, trace_fault};
use super::prepare::{self, Prepared};
use super::remember::Memory;
use super::world::{Asked, Dispatch, Launch, Signal, World};
use crate::agents::{Answer, Call, Failed, Registry, Stop, Stopped, interrupted};
use crate::journal::{Batch, Blobs, Journal};
use crate::model::{Event, Reply, RunId, Timestamp};
use crate::plan::{BadValue, ItemTemplate, Items, Kind as NodeKind, Plan};

/// The most signals that are taken at once.
const MAX_SIGNALS: usize = 4_096;

/// What all pieces of work of a run share.
pub(crate) struct Shared {
    pub(crate) run: RunId,
    pub(crate) plan: Arc<Plan>,
    pub(crate) root: PathBuf,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) agents: Registry,
    pub(crate) memory: Option<Memory>,
    pub(crate) stop: Stop,
    /// The places for attempts.
    pub(crate) places: Semaphore,
}

/// The world on tokio.
pub(crate) struct Host {
    shared: Arc<Shared>,
    journal: Arc<dyn Journal>,
    observers: Vec<Arc<dyn Observer>>,
    pins: Vec<(String, Arc<str>)>,
    attempts: JoinSet<()>,
    sender: UnboundedSender<Signal>,
    signals: UnboundedReceiver<Signal>,
    heard: Option<Stopped>,
}

impl Host {
    pub(crate) fn new(
        shared: Shared,
        journal: Arc<dyn Journal>,
        observers: Vec<Arc<dyn Observer>>,
        pins: Vec<(String, Arc<str>)>,
    ) -> Host {
        let (sender, signals) = unbounded_channel();
        let attempts = JoinSet::new();
        Host { shared: Arc::new(shared), journal, observers, pins, attempts, sender, signals, heard: None }
    }

    /// Waits until nothing of the run is left running. After a failure what runs is told to end first.
    pub(crate) async fn finish(mut self, failed: bool) {
        if failed {
            self.attempts.abort_all();
        }
        while self.attempts.join_next().await.is_some() {}
    }

    fn attempt(&mut self, dispatch: Dispatch, prepared: Option<Arc<Prepared>>) {
        let (shared, sender) = (self.shared.clone(), self.sender.clone());
        let signals = sender.clone();
        let frame = dispatch.frame;
        let work = async move {
            let note = Arc::new(move |pid, birth| _ = sender.send(Signal::Spawned(frame, pid, birth)));
            let (result, took) = place(&shared, &dispatch, prepared, note).await;
            // The loop has gone: the run was given up, and nobody needs the answer.
            _ = signals.send(Signal::Attempted(Box::new(dispatch), result, took));
        };
        let id = segno_logging::correlation::Id::new(self.shared.run.as_str());
        self.attempts.spawn(segno_logging::correlation::scope(&id, work));
    }

    /// Does what may take a while but never waits for anybody on the blocking pool.
    fn blocking(&mut self, work: impl FnOnce(&Shared) -> Signal + Send + 'static) {
        let (shared, sender) = (self.shared.clone(), self.sender.clone());
        self.attempts.spawn_blocking(move || _ = sender.send(work(&shared)));
    }
}

impl World for Host {
    fn now(&self) -> Timestamp {
        Timestamp::from_system(SystemTime::now())
    }

    fn unit(&mut self) -> f64 {
        rand::random()
    }

    async fn commit(&mut self, events: Arc<[Event]>) -> Result<(), Fault> {
        let Shared { run, .. } = &*self.shared;
        let batch = Batch { run: run.clone(), events: events.clone(), pins: std::mem::take(&mut self.pins) };
        self.journal.append(batch).await.inspect_err(|fault| trace_fault(run, fault, "the run cannot be recorded"))?;
        self.observers.iter().for_each(|observer| observer.see(run, &events));
        // Ended attempts are taken out so that they do not add up.
        while self.attempts.try_join_next().is_some() {}
        Ok(())
    }

    fn launch(&mut self, work: Launch) {
        match work {
            Launch::Attempt(dispatch, prepared) => self.attempt(dispatch, prepared),
            Launch::Decide(dispatch) => self.blocking(move |shared| decide(shared, dispatch)),
            Launch::Expand(dispatch) => self.blocking(move |shared| expand(shared, dispatch)),
            Launch::Ask(dispatches) => self.blocking(move |shared| ask(shared, dispatches)),
        }
    }

    async fn next(&mut self, until: Option<Timestamp>) -> Vec<Signal> {
        let mut taken = Vec::new();
        let wait = until.map(|until| until.since(self.now()));
        let stop = self.shared.stop.clone();
        tokio::select! {
            biased;
            _ = self.signals.recv_many(&mut taken, MAX_SIGNALS) => {}
            stopped = stop.wait(), if self.heard.is_none() => {
                self.heard = Some(stopped);
                taken.push(Signal::Stop(stopped));
            }
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
        }
        taken
    }
}

/// Waits for a place and makes the attempt there; its time counts from then.
async fn place(
    shared: &Arc<Shared>,
    dispatch: &Dispatch,
    prepared: Option<Arc<Prepared>>,
    spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
) -> (Result<Reply, Failed>, Duration) {
    let place = tokio::select! {
        biased;
        place = shared.places.acquire() => place,
        _ = shared.stop.wait() => return (Err(interrupted().into()), Duration::ZERO),
    };
    let began = Instant::now();
    let result = attempt(shared, dispatch, prepared, spawned, began).await;
    drop(place);
    (result, began.elapsed())
}

/// Makes one attempt: renders what was not yet, calls the agent, keeps large outputs, remembers the result.
async fn attempt(
    shared: &Arc<Shared>,
    dispatch: &Dispatch,
    prepared: Option<Arc<Prepared>>,
    spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
    began: Instant,
) -> Result<Reply, Failed> {
    let prepared = match prepared {
        Some(prepared) => prepared,
        None => Arc::new(render(shared, dispatch)?),
    };
    let agent = shared.agents.find(&prepared.request)?;
    let call = Call {
        run: shared.run.clone(),
        task: dispatch.address.clone(),
        attempt: dispatch.attempt,
        root: shared.root.clone(),
        request: prepared.request.clone(),
        timeout: shared.plan.node(dispatch.node).task().and_then(|task| task.timeout),
        stop: shared.stop.clone(),
        spawned,
    };
    let result = contained(agent.call(&call)).await;
    settle(shared, prepared, result, began.elapsed()).await
}

/// Polls a call so that a panic in it is a fault of its step and of nothing else.
async fn contained(mut answer: Answer<'_>) -> Result<Reply, Failed> {
    std::future::poll_fn(|context| {
        let poll = || answer.as_mut().poll(context);
        std::panic::catch_unwind(AssertUnwindSafe(poll))
            .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic).into())))
    })
    .await
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Fault {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    Fault::new(Kind::Internal, "the agent panicked").reason("panic").detail(text)
}

/// Keeps large outputs as blobs and remembers a good result, before the loop hears of it.
async fn settle(
    shared: &Arc<Shared>,
    prepared: Arc<Prepared>,
    result: Result<Reply, Failed>,
    took: Duration,
) -> Result<Reply, Failed> {
    let large = |reply: &Reply| reply.is_larger_than(crate::journal::INLINE_LIMIT);
    let is_heavy = match &result {
        Ok(reply) => large(reply) || prepared.remembered.is_some(),
        Err(failed) => failed.reply.as_ref().is_some_and(large),
    };
    if !is_heavy {
        return result;
    }
    let shared = shared.clone();
    let keep = move || match result {
        Ok(reply) => {
            let mut reply = shared.blobs.settle(reply)?;
            if let (Some(memory), Some(remembered)) = (&shared.memory, &prepared.remembered)
                && !reply.partial
            {
                reply.unremembered = memory.store(remembered, &reply, took, SystemTime::now());
            }
            Ok(reply)
        }
        Err(Failed { fault, reply }) => {
            let reply = reply.map(|reply| shared.blobs.settle(reply)).transpose()?;
            Err(Failed { fault, reply })
        }
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    kept.unwrap_or_else(|error| Err(Fault::new(Kind::Internal, "the output could not be kept").caused_by(error).into()))
}

fn render(shared: &Shared, dispatch: &Dispatch) -> Result<Prepared, Fault> {
    let task = shared.plan.node(dispatch.node).task();
    let task = task.ok_or_else(|| Fault::new(Kind::Internal, "only tasks are called"))?;
    let request = prepare::request(task, &dispatch.scope.clone().into_value())?;
    Ok(Prepared { request, remembered: None })
}

fn ask(shared: &Shared, dispatches: Vec<Dispatch>) -> Signal {
    let answers = match &shared.memory {
        Some(memory) => memory.ask(&shared.plan, dispatches, &shared.blobs, SystemTime::now(), true),
        None => dispatches.into_iter().map(|dispatch| unremembered(shared, dispatch)).collect(),
    };
    Signal::Asked(answers)
}

/// Without a cache every task is a miss.
fn unremembered(shared: &Shared, dispatch: Dispatch) -> (Dispatch, Asked) {
    let asked = match render(shared, &dispatch) {
        Ok(prepared) => Asked::Miss { prepared: Arc::new(prepared), because: Vec::new() },
        Err(fault) => Asked::Broken(fault),
    };
    (dispatch, asked)
}

fn decide(shared: &Shared, dispatch: Dispatch) -> Signal {
    Signal::Decided(dispatch.frame, guard(&shared.plan, &dispatch))
}

fn expand(shared: &Shared, dispatch: Dispatch) -> Signal {
    Signal::Expanded(dispatch.frame, list(&shared.plan, &dispatch))
}

/// Asks a guard.
pub(super) fn guard(plan: &Plan, dispatch: &Dispatch) -> Result<bool, Fault> {
    let NodeKind::Conditional(guard) = &plan.node(dispatch.node).kind else {
        return Err(Fault::new(Kind::Internal, "only a conditional has a guard"));
    };
    let value = guard.value(&dispatch.scope.clone().into_value());
    value.map(|value| value.is_true()).map_err(|bad| unworkable("if", &bad))
}

/// Works out a list.
pub(super) fn list(plan: &Plan, dispatch: &Dispatch) -> Result<Vec<Value>, Fault> {
    let context = dispatch.scope.clone().into_value();
    let bad = |bad: BadValue| unworkable("each", &bad);
    match &plan.node(dispatch.node).kind {
        NodeKind::Each(Items::Template(template)) => {
            let value = template.value(&context).map_err(bad)?;
            match json(&value)? {
                Value::Array(items) => Ok(items),
                other => {
                    let message = format!("'each' needs a list, and {} is {}", template.source().trim(), kind(&other));
                    Err(Fault::new(Kind::Validation, message).hint("split a text into lines with: value | lines"))
                }
            }
        }
        NodeKind::Each(Items::List(items)) => {
            let item = |item: &ItemTemplate| match item {
                ItemTemplate::Plain(value) => Ok(value.clone()),
                ItemTemplate::Template(template) => json(&template.value(&context).map_err(bad)?),
            };
            items.iter().map(item).collect()
        }
        _ => Err(Fault::new(Kind::Internal, "only an each has a list")),
    }
}

fn json(value: &Dynamic) -> Result<Value, Fault> {
    serde_json::to_value(value)
        .map_err(|error| Fault::new(Kind::Validation, "the list holds something that is no value").caused_by(error))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn unworkable(what: &str, bad: &BadValue) -> Fault {
    Fault::new(Kind::Validation, format!("'{what}' cannot be worked out: {bad}"))
        .reason("template")
        .hint("a step that was skipped or failed has no output; test steps.NAME.ok first")
}
