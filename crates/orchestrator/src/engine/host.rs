//! The world on tokio: attempts are tasks, rendering and the cache are on the blocking pool, signals come by a channel.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use segno_errors::{Effect, Fault, Kind, Later};
use segno_logging::Redactor;
use segno_logging::correlation::{self, Id, TraceContext};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tracing::{Instrument, Span};

use super::answer::answer;
use super::hide;
use super::learn;
use super::observer::{Observer, trace_fault};
use super::part::{self, Part};
use super::prepare::Prepared;
use super::rank::{self, Ranking};
use super::remember::{Memory, ReadVariable};
use super::upstream::{Upstreams, Way, is_refused};
use super::world::{Dispatch, GivenUp, Launch, Signal, World};
use crate::agents::{Answer, Call, Failed, Registry, Request, Stop, StopHandle, Stopped, interrupted};
use crate::journal::{Batch, Blobs, Journal};
use crate::model::{Event, Reply, RunId, Timestamp};
use crate::plan::{self, ListFiles, Plan};

/// The most signals that are taken at once.
const MAX_SIGNALS: usize = 4_096;
/// How often the inbox is looked into.
const LISTEN_EVERY: Duration = Duration::from_millis(200);

/// What all pieces of work of a run share.
pub(crate) struct Shared {
    pub(crate) run: RunId,
    pub(crate) plan: Arc<Plan>,
    pub(crate) root: PathBuf,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) agents: Registry,
    pub(crate) upstreams: Upstreams,
    pub(crate) memory: Option<Memory>,
    pub(crate) files: Arc<ListFiles>,
    pub(crate) ranking: Option<Arc<Ranking>>,
    pub(crate) stop: Stop,
    /// What hides secrets before anybody sees what came back.
    pub(crate) redactor: Redactor,
    /// Reads variables of the environment, if the application lets it.
    pub(crate) variables: Option<Arc<ReadVariable>>,
    pub(crate) trace: Option<TraceContext>,
    /// The places for attempts.
    pub(crate) places: Semaphore,
}

impl Shared {
    /// Returns a span whose lines belong to the run.
    fn span(&self) -> Span {
        let id = Id::new(self.run.as_str());
        self.trace.as_ref().map_or_else(|| correlation::span(&id), |trace| correlation::span_within(&id, trace))
    }
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
    handle: StopHandle,
}

impl Host {
    pub(crate) fn new(
        shared: Shared,
        journal: Arc<dyn Journal>,
        observers: Vec<Arc<dyn Observer>>,
        pins: Vec<(String, Arc<str>)>,
        handle: StopHandle,
    ) -> Host {
        let (sender, signals) = unbounded_channel();
        let attempts = JoinSet::new();
        Host { shared: Arc::new(shared), journal, observers, pins, attempts, sender, signals, heard: None, handle }
    }

    /// Looks for requests from outside now and then, until nobody needs the answer.
    pub(crate) fn listen(&self) -> impl Future<Output = ()> + Send + 'static {
        let (journal, run, sender) = (self.journal.clone(), self.shared.run.clone(), self.sender.clone());
        async move {
            let mut seen = 0;
            loop {
                tokio::time::sleep(LISTEN_EVERY).await;
                // A store that cannot be read now is asked again; the run does not hang on its inbox.
                let filed = journal.filed(&run).unwrap_or_default();
                for filed in filed {
                    if filed.id > seen {
                        seen = filed.id;
                        if sender.send(Signal::Requested(filed)).is_err() {
                            return;
                        }
                    }
                }
            }
        }
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
            let (result, took) = timed(&shared, &dispatch, prepared, note).await;
            let signal = match result {
                Ok(Part::More(reply)) => Signal::Replied(Box::new(dispatch), Box::new(reply)),
                Ok(Part::Last(reply)) => Signal::Attempted(Box::new(dispatch), Box::new(Ok(reply)), took),
                Err(failed) => {
                    // What failed before the call or after it says more than the call's own result.
                    let failed = Failed { fault: hide::fault(&shared.redactor, failed.fault), ..failed };
                    Signal::Attempted(Box::new(dispatch), Box::new(Err(failed)), took)
                }
            };
            // The loop has gone: the run was given up, and nobody needs the answer.
            _ = signals.send(signal);
        };
        let span = self.shared.span();
        self.attempts.spawn(work.instrument(span));
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

    fn acted(&mut self, request: u64) {
        if let Err(fault) = self.journal.done(&self.shared.run, request) {
            // It is acted on again when the run is resumed; each request may be.
            trace_fault(&self.shared.run, &fault, "a request cannot be marked as done");
        }
    }

    fn log_at(&mut self, levels: &str) {
        self.observers.iter().for_each(|observer| observer.log_at(&self.shared.run, levels));
    }

    fn halt(&mut self) {
        self.handle.stop();
    }

    fn ranks(&self) -> bool {
        self.shared.ranking.is_some()
    }

    fn pays_retry(&mut self, call: &plan::Call) -> bool {
        way(&self.shared, call).pays_retry()
    }

    fn launch(&mut self, work: Launch) {
        match work {
            Launch::Rank(given_up) => self.blocking(move |shared| rank(shared, given_up)),
            Launch::Attempt(dispatch, prepared) => self.attempt(dispatch, prepared),
            Launch::Decide(dispatch) => self.blocking(move |shared| decide(shared, dispatch)),
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

/// Makes the next part of an attempt; its time counts from when it had its place.
async fn timed(
    shared: &Arc<Shared>,
    dispatch: &Dispatch,
    prepared: Option<Arc<Prepared>>,
    spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
) -> (Result<Part, Failed>, Duration) {
    let began = OnceLock::new();
    let result = attempt(shared, dispatch, prepared, spawned, &began).await;
    (result, began.get().map(Instant::elapsed).unwrap_or_default())
}

/// Makes the next part of an attempt: the call itself, or what verifies what it left. After the last part large outputs
/// are kept and the result is remembered.
async fn attempt(
    shared: &Arc<Shared>,
    dispatch: &Dispatch,
    prepared: Option<Arc<Prepared>>,
    spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
    began: &OnceLock<Instant>,
) -> Result<Part, Failed> {
    let task = shared.plan.node(dispatch.node).task();
    let task = task.ok_or_else(|| Fault::new(Kind::Internal, "only tasks are called"))?;
    let prepared = match prepared {
        Some(prepared) => prepared,
        None => Arc::new(part::render(task, dispatch)?),
    };
    let timeout = task.alternative(dispatch.call).timeout;
    let way = way(shared, part::called(task, dispatch)?);
    let mut waits = 0;
    let result = loop {
        let request = part::request(task, dispatch, &prepared, &shared.blobs)?;
        let call = call(shared, dispatch, request, timeout, spawned.clone());
        let result = passed(shared, &way, timeout, began, call).await;
        match &result {
            // The agent has done its work: it is not asked again because who checks it is not to be called for a while.
            Err(failed) if !dispatch.replies.is_empty() && is_refused(&failed.fault) && waits < MAX_WAITS => {
                waits += 1;
                tokio::select! {
                    () = tokio::time::sleep(pause(&failed.fault)) => {}
                    _ = shared.stop.wait() => break Err(interrupted().into()),
                }
            }
            _ => break result,
        }
    };
    match part::taken_in(task, dispatch, result, &shared.blobs)? {
        Part::Last(reply) => {
            let took = began.get().map(Instant::elapsed).unwrap_or_default();
            settle(shared, prepared, Ok(reply), took).await.map(Part::Last)
        }
        more => Ok(more),
    }
}

/// How often a check or judge that is not to be called is waited for.
const MAX_WAITS: u32 = 20;

/// Returns how long to wait after a call that was not let through.
fn pause(fault: &Fault) -> Duration {
    match fault.may_work_later() {
        Later::Throttled(Some(pause)) => pause.clamp(Duration::from_millis(100), Duration::from_secs(60)),
        _ => Duration::from_secs(1),
    }
}

/// Makes a call through its policies and then in a place of its own, so that who waits for a rate holds no place up. One
/// that still waits when the run is told to stop is not begun; nor is one that waits longer than an attempt may take. One
/// that has begun hears of both itself.
async fn passed(
    shared: &Shared,
    way: &Way,
    timeout: Option<Duration>,
    began: &OnceLock<Instant>,
    call: impl Future<Output = Result<Reply, Failed>>,
) -> Result<Reply, Failed> {
    let call = async {
        let _place = shared.places.acquire().await;
        // Only the first part of several begins the time.
        began.get_or_init(Instant::now);
        call.await
    };
    let stopped = async {
        shared.stop.wait().await;
        if began.get().is_some() {
            std::future::pending().await
        }
    };
    let late = async {
        match timeout.filter(|_| way.can_hold_up()) {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
        if began.get().is_some() {
            std::future::pending().await
        }
    };
    tokio::select! {
        biased;
        result = way.pass(call) => result,
        () = stopped => Err(interrupted().into()),
        () = late => Err(queued_too_long(timeout.unwrap_or_default()).into()),
    }
}

fn queued_too_long(timeout: Duration) -> Fault {
    let message = format!("the step waited longer than {timeout:?} for its turn");
    let fault = Fault::new(Kind::Timeout, message).reason("queued").effect(Effect::None);
    fault.hint("give it more time with 'timeout', or raise the limits of its agent in segno.toml")
}

/// Returns the policies that a call passes.
fn way(shared: &Shared, call: &plan::Call) -> Way {
    match call {
        plan::Call::Program(_) => Way::default(),
        plan::Call::Declared { name, provider, .. } => shared.upstreams.way(name, provider.as_deref()),
        plan::Call::Agent { name, .. } => shared.upstreams.way(name, shared.agents.provider_of(name)),
    }
}

async fn call(
    shared: &Arc<Shared>,
    dispatch: &Dispatch,
    request: Request,
    timeout: Option<Duration>,
    spawned: Arc<dyn Fn(u32, u64) + Send + Sync>,
) -> Result<Reply, Failed> {
    let agent = shared.agents.find(&request)?;
    learn::learn(&shared.redactor, &request, shared.variables.as_deref());
    let call = Call {
        run: shared.run.clone(),
        task: dispatch.address.clone(),
        attempt: dispatch.attempt,
        root: shared.root.clone(),
        request,
        trace: shared.trace.clone(),
        timeout,
        stop: shared.stop.clone(),
        redactor: shared.redactor.clone(),
        spawned,
    };
    hide::result(&shared.redactor, contained(agent.call(&call)).await)
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
        Err(failed) => failed.reply.as_deref().is_some_and(large),
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
                reply.unremembered = memory.store(remembered, &reply, took, &shared.blobs, SystemTime::now());
            }
            Ok(reply)
        }
        Err(Failed { fault, reply }) => {
            let reply = reply.map(|reply| shared.blobs.settle(*reply)).transpose()?;
            Err(Failed { fault, reply: reply.map(Box::new) })
        }
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    kept.unwrap_or_else(|error| Err(Fault::new(Kind::Internal, "the output could not be kept").caused_by(error).into()))
}

fn ask(shared: &Shared, dispatches: Vec<Dispatch>) -> Signal {
    let answers = match &shared.memory {
        Some(memory) => memory.ask(&shared.plan, dispatches, &shared.blobs, SystemTime::now(), true),
        None => dispatches.into_iter().map(|dispatch| part::unremembered(&shared.plan, dispatch)).collect(),
    };
    Signal::Asked(
        answers.into_iter().map(|(dispatch, asked)| (dispatch, hide::asked(&shared.redactor, asked))).collect(),
    )
}

fn decide(shared: &Shared, dispatch: Dispatch) -> Signal {
    let answer = answer(&shared.plan, &dispatch, &shared.files);
    Signal::Decided(dispatch.frame, answer.map_err(|fault| hide::fault(&shared.redactor, fault)))
}

fn rank(shared: &Shared, given_up: Box<GivenUp>) -> Signal {
    let GivenUp { dispatch, left, .. } = &*given_up;
    let task = shared.plan.node(dispatch.node).task();
    // What the ranking logs of its reasons belongs to the run.
    let next = || task.and_then(|task| rank::next(task, left, shared.ranking.as_deref()));
    let to = shared.span().in_scope(next);
    let to = to.unwrap_or(left[0]);
    Signal::Ranked(given_up, to)
}
