//! The agent of random flows, and what the laws read out of a run's events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Agent, Answer, Call, Failed, Registry, Request};
use segno_orchestrator::model::{Address, Event, Fact, Outcome, Reply};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::random_flows::AGENT;

/// Attempts as they were called: the task and its number.
pub(crate) type Calls = Arc<Mutex<Vec<(Address, u32)>>>;

/// An agent whose answer follows from its arguments, its attempt and the seed; only when it answers does not.
pub(crate) struct Worker {
    pub(crate) seed: u64,
    /// Draws how often it lets others go first, so that completion order differs.
    pub(crate) pace: u64,
    pub(crate) calls: Calls,
}

impl Worker {
    /// Returns the agents of a run.
    pub(crate) fn registry(self) -> Registry {
        let mut agents = Registry::default();
        agents.agent(AGENT, self);
        agents
    }
}

impl Agent for Worker {
    fn call<'a>(&'a self, call: &'a Call) -> Answer<'a> {
        Box::pin(async move {
            self.calls.lock().unwrap().push((call.task.clone(), call.attempt));
            let pace = blake3::hash(format!("{} {}", self.pace, call.task).as_bytes());
            for _ in 0..pace.as_bytes()[0] % 8 {
                tokio::task::yield_now().await;
            }
            let Request::Agent { arguments, .. } = &call.request else { panic!("flows call only agents") };
            answer(self.seed, arguments, call.attempt)
        })
    }
}

/// One in four fails at first, one in eight always; what succeeds gives a list and a mark, rarely a text too long to
/// stand in an event.
fn answer(seed: u64, arguments: &Map<String, Value>, attempt: u32) -> Result<Reply, Failed> {
    let hash = blake3::hash(format!("{seed} {}", Value::from(arguments.clone())).as_bytes());
    let mark = &hash.to_hex()[..8];
    let [first, then, width, items @ ..] = hash.as_bytes();
    let failures = match first % 8 {
        0 => 1,
        1 => 2,
        _ => 0,
    };
    if attempt <= failures {
        return Err(Fault::new(Kind::Network, format!("no answer to attempt {attempt}")).into());
    }
    let list = &items[..usize::from(width % 4)];
    let score = f64::from_bits(0x3ff0_0000_0000_0000 | seed_of(items) >> 12) - 1.0;
    let reply = Reply::value(json!({ "mark": mark, "list": list, "score": score }));
    match then % 32 {
        0..4 => Err(Failed::with(Fault::new(Kind::Validation, "it will not do"), reply)),
        4..6 => Ok(Reply { partial: true, ..reply }),
        6 => Ok(Reply::value(mark.repeat(3_000))),
        7 => Ok(Reply::value(json!({ "blob": mark, "bytes": 3, "list": list }))),
        _ => Ok(reply),
    }
}

fn seed_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().unwrap())
}

/// Reads a flow; whatever the generator makes is good.
pub(crate) fn definition(flow: &str, agents: &Registry) -> Definition {
    Definition::parse(flow, "random.json", agents).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Waits for one case. All cases of a law share a runtime, because each of its own would cost threads.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// Returns how each task ended. None ends twice, and nothing happens to one that has ended.
pub(crate) fn ends(events: &[Event]) -> BTreeMap<Address, Outcome> {
    let mut ends = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.seq, index as u64 + 1, "events are numbered without a gap");
        let Some(step) = event.fact.step() else { continue };
        assert!(!ends.contains_key(step), "after its end: {:?}", event.fact);
        if let Fact::StepEnded { outcome, .. } = &event.fact {
            ends.insert(step.clone(), outcome.clone());
        }
    }
    ends
}
