//! What stands between steps and agents: breakers, budgets and limits, shared by all runs of a process, and what is
//! recorded of what they decided.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use segno_errors::{Advice, Fault, Kind, Later, Obstacle};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Stop, StopHandle};
use segno_orchestrator::engine::{Engine, Setup, Upstreams};
use segno_orchestrator::journal::{Journal, MemoryJournal};
use segno_orchestrator::model::{Event, Fact, Outcome, Reply, RunStatus};
use segno_orchestrator::spec::{CallPolicy, Choice};
use segno_resilience::{Algorithm, BreakerConfig, BulkheadConfig, ConcurrencyConfig, State};

/// A process with agents, of which every call is written down.
struct Process {
    setup: Setup,
    journal: Arc<MemoryJournal>,
    called: Arc<Mutex<Vec<&'static str>>>,
}

impl Process {
    fn new(policies: BTreeMap<String, CallPolicy>) -> Process {
        let journal = Arc::new(MemoryJournal::default());
        let upstreams = Upstreams::new(&policies).unwrap();
        let setup = Setup { journal: journal.clone(), upstreams, jobs: 1, ..Setup::default() };
        Process { setup, journal, called: Arc::default() }
    }

    /// Registers an agent that does this.
    fn agent(mut self, name: &'static str, answer: fn() -> Result<Reply, Fault>) -> Process {
        let called = self.called.clone();
        self.setup.agents.function(name, move |_| {
            called.lock().unwrap().push(name);
            async move { answer() }
        });
        self
    }

    fn provided_by(mut self, provider: &str, agents: &[&str]) -> Process {
        for agent in agents {
            self.setup.agents.provided_by(agent, provider);
        }
        self
    }

    async fn run(&self, flow: &str) -> (RunStatus, Vec<Event>) {
        self.run_until(flow, Stop::never()).await
    }

    async fn run_until(&self, flow: &str, stop: Stop) -> (RunStatus, Vec<Event>) {
        let definition = Definition::parse(flow, "flow.yaml", &self.setup.agents).unwrap();
        let engine = Engine::new(self.setup.clone());
        let run = engine.begin(&definition, serde_json::Map::new()).unwrap();
        let id = run.id.clone();
        let status = engine.run(run, stop).await.unwrap();
        (status, self.journal.read(&id).unwrap().events)
    }

    /// Returns who was called since the last time this was asked.
    fn called(&self) -> String {
        std::mem::take(&mut *self.called.lock().unwrap()).join(" ")
    }

    fn state(&self, policy: &str) -> Option<State> {
        self.setup.upstreams.registry().find(policy)?.breaker().map(|breaker| breaker.state())
    }
}

fn down() -> Result<Reply, Fault> {
    Err(Fault::new(Kind::ExternalService, "the service is down").reason("unavailable"))
}

fn wrong() -> Result<Reply, Fault> {
    Err(Fault::new(Kind::Validation, "that is no question").reason("bad_input"))
}

fn spent() -> Result<Reply, Fault> {
    Err(Fault::new(Kind::QuotaExceeded, "the month is used up").reason("quota"))
}

fn good() -> Result<Reply, Fault> {
    Ok(Reply::value("done"))
}

/// The reasons of all faults that were recorded, and what was decided about each.
fn decided(events: &[Event]) -> String {
    let told = events.iter().filter_map(|event| match &event.fact {
        Fact::StepRetried { fault, decision, .. } | Fact::FellBack { fault, decision, .. } => {
            Some((fault.clone(), decision.clone()))
        }
        Fact::StepEnded { outcome: Outcome::Failed { fault, .. }, decision, .. } => {
            Some((fault.clone(), decision.clone()))
        }
        _ => None,
    });
    let told = told.map(|(fault, decision)| {
        let step = decision.map_or("nothing", |decision| decision.step.advice().name());
        format!("{} {step}", fault.why().unwrap_or_default())
    });
    told.collect::<Vec<_>>().join(", ")
}

fn once(steps: usize, agent: &str) -> String {
    let step = |number| format!("{{ id: s{number}, agent: {agent}, retry: 1, optional: true }}");
    format!("steps: [{}]", (0..steps).map(step).collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn an_agent_that_keeps_failing_is_not_called_for_a_while() {
    let process = Process::new(BTreeMap::new()).agent("a", down);
    let (_, events) = process.run(&once(7, "a")).await;
    assert_eq!(process.called(), "a a a a a");
    assert_eq!(process.state("a"), Some(State::Open));
    let told = decided(&events);
    assert!(told.ends_with("unavailable skip, circuit_open skip, circuit_open skip"), "{told}");
    // The next run of the process knows.
    process.run(&once(1, "a")).await;
    assert_eq!(process.called(), "");
}

#[tokio::test]
async fn mistakes_of_the_caller_open_nothing() {
    let process = Process::new(BTreeMap::new()).agent("a", wrong);
    process.run(&once(7, "a")).await;
    assert_eq!((process.called().as_str(), process.state("a")), ("a a a a a a a", Some(State::Closed)));
}

#[tokio::test]
async fn a_fallback_takes_over_at_once_from_an_agent_that_is_not_called() {
    let process = Process::new(BTreeMap::new()).agent("a", down).agent("b", good);
    process.run(&once(5, "a")).await;
    process.called();
    let (status, events) = process.run("steps: [{ id: s, agent: a, fallback: [b] }]").await;
    assert_eq!((status, process.called().as_str()), (RunStatus::Succeeded, "b"));
    assert_eq!(decided(&events), "circuit_open fallback");
}

#[tokio::test]
async fn an_agent_without_a_fallback_is_waited_for() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let answer = || if CALLS.fetch_add(1, Ordering::Relaxed) < 5 { down() } else { good() };
    let open_for = Some(Duration::from_millis(200));
    let breaker = Choice::Set(BreakerConfig { in_a_row: Some(5), open_for, ..BreakerConfig::default() });
    let policy = CallPolicy { breaker, ..CallPolicy::default() };
    let process = Process::new([("a".to_owned(), policy)].into()).agent("a", answer);
    process.run(&once(5, "a")).await;
    let (status, events) = process.run("steps: [{ id: s, agent: a, retry: { wait: 1ms, max_wait: 1ms } }]").await;
    assert_eq!((status, decided(&events).as_str()), (RunStatus::Succeeded, "circuit_open retry_after"));
}

#[tokio::test]
async fn agents_of_one_provider_share_what_is_known_of_it() {
    let process = Process::new(BTreeMap::new()).agent("a", down).agent("b", good).provided_by("cloud", &["a", "b"]);
    process.run(&once(5, "a")).await;
    process.called();
    let (_, events) = process.run(&once(1, "b")).await;
    assert_eq!((process.called().as_str(), decided(&events).as_str()), ("", "circuit_open skip"));
}

#[tokio::test]
async fn a_quota_that_is_used_up_stops_calls_at_once() {
    let process = Process::new(BTreeMap::new()).agent("a", spent);
    let (_, events) = process.run(&once(2, "a")).await;
    assert_eq!((process.called().as_str(), decided(&events).as_str()), ("a", "quota skip, circuit_open skip"));
    // Nobody waits for an hour.
    let (status, _) = process.run("steps: [{ id: s, agent: a }]").await;
    assert_eq!((status, process.called().as_str()), (RunStatus::Failed, ""));
}

#[tokio::test]
async fn a_quota_stops_calls_until_its_reset() {
    let soon = || Err(Fault::new(Kind::QuotaExceeded, "used up").reason("quota").resets_in(Duration::from_millis(150)));
    let process = Process::new(BTreeMap::new()).agent("a", soon);
    process.run(&once(2, "a")).await;
    assert_eq!(process.called(), "a");
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.run(&once(1, "a")).await;
    assert_eq!(process.called(), "a");
}

#[tokio::test]
async fn retries_come_out_of_a_budget_and_the_record_says_when_it_is_empty() {
    let unbroken = CallPolicy { breaker: Choice::Off, ..CallPolicy::default() };
    let process = Process::new([("a".to_owned(), unbroken)].into()).agent("a", down);
    let flow = "steps: [{ id: s, each: '{{ range(30) }}', at_least: 1%, agent: a, retry: { attempts: 2, wait: 1ms, max_wait: 1ms } }]";
    let (_, events) = process.run(flow).await;
    assert_eq!(process.called().split(' ').count(), 30 + 20);
    let unpaid = |fault: &Fault| fault.context().iter().any(|(key, _)| key == "retry_budget");
    let mut unpaid = events.iter().filter_map(|event| match &event.fact {
        Fact::StepEnded { outcome: Outcome::Failed { fault, .. }, decision: Some(decision), .. } if unpaid(fault) => {
            Some((fault.clone(), decision.clone()))
        }
        _ => None,
    });
    let (fault, decision) = unpaid.next().unwrap();
    assert_eq!(unpaid.count(), 9);
    assert!(decision.passed_over.contains(&(Advice::RetryAfter, Obstacle::NoRetriesLeft)));
    // Played back, it is not tried again either.
    assert_eq!(fault.may_work_later(), Later::Persistent);
}

#[tokio::test]
async fn a_budget_can_be_switched_off() {
    let free = CallPolicy { breaker: Choice::Off, budget: Choice::Off, ..CallPolicy::default() };
    let process = Process::new([("a".to_owned(), free)].into()).agent("a", down);
    process.run("steps: [{ id: s, each: '{{ range(30) }}', at_least: 1%, agent: a, retry: { attempts: 2, wait: 1ms, max_wait: 1ms } }]").await;
    assert_eq!(process.called().split(' ').count(), 60);
}

/// How many calls of the agent below run now, and the most that ever did.
static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(start_paused = true)]
async fn a_bulkhead_holds_over_all_steps_and_who_waits_in_it_can_be_stopped() {
    let one = BulkheadConfig { max: 1, queue: None, max_wait: None };
    let policy = CallPolicy { bulkhead: Some(one), ..CallPolicy::default() };
    let mut process = Process::new([("slow".to_owned(), policy)].into());
    process.setup.jobs = 8;
    process.setup.agents.function("slow", |_| async {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(10)).await;
        NOW.fetch_sub(1, Ordering::Relaxed);
        Ok(Reply::value("done"))
    });
    let flow = "steps: [{ id: s, each: '{{ range(4) }}', agent: slow }]";
    let (status, _) = process.run(flow).await;
    assert_eq!((status, MOST.load(Ordering::Relaxed)), (RunStatus::Succeeded, 1));

    let (handle, stop) = StopHandle::new();
    let stopped = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        handle.stop();
    };
    let ((status, events), ()) = tokio::join!(process.run_until(flow, stop), stopped);
    assert_eq!(status, RunStatus::Paused);
    let ended = events.iter().filter(|event| matches!(event.fact, Fact::StepEnded { .. })).count();
    assert!(ended <= 2, "who waited was not begun: {ended}");
}

const PAUSE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_pause_that_an_agent_asks_for_is_kept() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let answer = || match CALLS.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let pause = Later::Throttled(Some(PAUSE));
            Err(Fault::new(Kind::RateLimit, "slow down").reason("overloaded").later(pause))
        }
        _ => good(),
    };
    let process = Process::new(BTreeMap::new()).agent("a", answer);
    let start = tokio::time::Instant::now();
    let (status, events) = process.run("steps: [{ id: s, agent: a, retry: { wait: 1ms, max_wait: 1ms } }]").await;
    assert_eq!((status, decided(&events).as_str()), (RunStatus::Succeeded, "overloaded retry_after"));
    assert!(start.elapsed() >= PAUSE);
}

#[tokio::test]
async fn an_agent_that_is_called_like_its_provider_passes_its_policy_once() {
    let one = BulkheadConfig { max: 1, queue: None, max_wait: None };
    let policy = CallPolicy { bulkhead: Some(one), ..CallPolicy::default() };
    let process = Process::new([("a".to_owned(), policy)].into()).agent("a", down).provided_by("a", &["a"]);
    process.run(&once(6, "a")).await;
    assert_eq!(process.called(), "a a a a a");
}

#[tokio::test]
async fn the_limit_of_one_agent_says_nothing_about_its_provider() {
    let none = BulkheadConfig { max: 1, queue: Some(0), max_wait: None };
    let policy = CallPolicy { bulkhead: Some(none), ..CallPolicy::default() };
    let limit = ConcurrencyConfig {
        algorithm: Algorithm::Aimd,
        initial: Some(20),
        min: None,
        max: None,
        queue: None,
        max_wait: None,
    };
    let provider = CallPolicy { concurrency: Some(limit), ..CallPolicy::default() };
    let mut process = Process::new([("slow".to_owned(), policy), ("cloud".to_owned(), provider)].into());
    process.setup.jobs = 4;
    process.setup.agents.function("slow", |_| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(Reply::value("done"))
    });
    let process = process.provided_by("cloud", &["slow"]);
    process.run("steps: [{ id: s, each: '{{ range(4) }}', at_least: 1%, agent: slow, retry: 1 }]").await;
    let state = process.setup.upstreams.registry().find("cloud").unwrap().state();
    assert_eq!(state.concurrency_limit, Some(20));
}

#[tokio::test]
async fn calls_that_are_not_let_through_are_no_attempts() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let open_for = Some(Duration::from_millis(50));
    let breaker = Choice::Set(BreakerConfig { in_a_row: Some(2), open_for, ..BreakerConfig::default() });
    let policy = CallPolicy { breaker, ..CallPolicy::default() };
    let mut process = Process::new([("a".to_owned(), policy)].into());
    process.setup.jobs = 4;
    process.setup.agents.function("a", |_| async {
        match CALLS.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => down(),
            _ => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                good()
            }
        }
    });
    process.run(&once(2, "a")).await;
    let flow = "steps: [{ id: s, each: '{{ range(3) }}', agent: a, retry: { attempts: 2, wait: 1ms, max_wait: 1ms } }]";
    let (status, events) = process.run(flow).await;
    assert_eq!(status, RunStatus::Succeeded, "{}", decided(&events));
}

#[tokio::test]
async fn work_that_is_done_is_not_done_again_because_its_judge_is_not_to_be_called() {
    let open_for = Some(Duration::from_millis(300));
    let breaker = Choice::Set(BreakerConfig { in_a_row: Some(1), open_for, ..BreakerConfig::default() });
    let policy = CallPolicy { breaker, ..CallPolicy::default() };
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let judge = || match CALLS.fetch_add(1, Ordering::Relaxed) {
        0 => down(),
        _ => Ok(Reply::value(1.0)),
    };
    let process = Process::new([("critic".to_owned(), policy)].into()).agent("coder", good).agent("critic", judge);
    process.run(&once(1, "critic")).await;
    process.called();
    let (status, _) = process.run("steps: [{ id: s, agent: coder, judge: { agent: critic, min: 0.5 } }]").await;
    assert_eq!((status, process.called().as_str()), (RunStatus::Succeeded, "coder critic"));
}

#[tokio::test]
async fn the_budget_of_a_provider_counts_too() {
    let unbroken = || CallPolicy { breaker: Choice::Off, ..CallPolicy::default() };
    let agent = CallPolicy { budget: Choice::Off, ..unbroken() };
    let policies = [("a".to_owned(), agent), ("cloud".to_owned(), unbroken())];
    let process = Process::new(policies.into()).agent("a", down).provided_by("cloud", &["a"]);
    let wait = "retry: { attempts: 2, wait: 1ms, max_wait: 1ms }";
    process.run(&format!("steps: [{{ id: s, each: '{{{{ range(30) }}}}', at_least: 1%, agent: a, {wait} }}]")).await;
    assert_eq!(process.called().split(' ').count(), 30 + 20);
}

#[tokio::test]
async fn who_waits_for_his_turn_longer_than_an_attempt_may_take_is_told_so() {
    let one = BulkheadConfig { max: 1, queue: None, max_wait: None };
    let policy = CallPolicy { bulkhead: Some(one), ..CallPolicy::default() };
    let mut process = Process::new([("slow".to_owned(), policy)].into());
    process.setup.jobs = 2;
    process.setup.agents.function("slow", |_| async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        Ok(Reply::value("done"))
    });
    let flow = "steps: [{ parallel: [{ id: x, agent: slow }, { id: y, agent: slow, retry: 1, timeout: 200ms }] }]";
    let (_, events) = process.run(flow).await;
    assert_eq!(decided(&events), "queued abort");
}
