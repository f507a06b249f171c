//! What the loop needs of the world: a clock, a die, a journal, hands. Injected, so that tests and other hosts can be it.

use std::sync::Arc;
use std::time::Duration;

use segno_errors::{Decision, Fault};
use serde_json::Value;

use super::prepare::Prepared;
use crate::agents::{Failed, Stopped};
use crate::inbox::Filed;
use crate::model::{Address, Event, Inputs, Reply, Source, Timestamp};
use crate::patterns::iterative::Answers;
use crate::plan::{Call, NodeId, Scope};
use crate::state::FrameId;

/// The world as the loop sees it.
pub(crate) trait World {
    /// Returns the time.
    fn now(&self) -> Timestamp;

    /// Returns a random number in [0, 1).
    fn unit(&mut self) -> f64;

    /// Makes events durable and then shows them to the observers.
    fn commit(&mut self, events: Arc<[Event]>) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Has the run logged at other levels from now on.
    fn log_at(&mut self, _levels: &str) {}

    /// Says that a request was acted on, once what it led to is durable.
    fn acted(&mut self, request: u64);

    /// Ends what runs, because the run is to end.
    fn halt(&mut self);

    /// Says whether fallbacks are ranked; else they are tried as they are written.
    fn ranks(&self) -> bool;

    /// Takes a retry of this call out of the budgets that it is paid from; says whether there was one.
    fn pays_retry(&mut self, call: &Call) -> bool;

    /// Begins a piece of work; its end comes back as a signal.
    fn launch(&mut self, work: Launch);

    /// Waits for signals: at least one, or none when `until` has come.
    fn next(&mut self, until: Option<Timestamp>) -> impl Future<Output = Vec<Signal>> + Send;
}

/// A piece of work.
#[derive(Debug)]
pub(crate) enum Launch {
    /// Work out what a group must know.
    Decide(Dispatch),
    /// Ask the cache for these tasks, all at once.
    Ask(Vec<Dispatch>),
    /// Make the next part of an attempt: the call itself, or what verifies it; what was rendered already is given along.
    Attempt(Dispatch, Option<Arc<Prepared>>),
    /// Find out who takes the place of an agent that was given up.
    Rank(Box<GivenUp>),
}

/// An attempt after which its agent is given up, with who may take its place.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) dispatch: Dispatch,
    pub(crate) fault: Fault,
    /// The numbers of the fallbacks that were not tried yet, as they are written. Never empty.
    pub(crate) left: Vec<u32>,
    /// Why it was given up.
    pub(crate) decision: Option<Box<Decision>>,
}

/// A frame with all that its templates can see.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) frame: FrameId,
    pub(crate) node: NodeId,
    pub(crate) address: Address,
    /// The attempt, from 1; 0 for groups.
    pub(crate) attempt: u32,
    /// Which of the task's calls: 0 is its own, then its fallbacks.
    pub(crate) call: u32,
    /// What came back of this attempt already.
    pub(crate) replies: Vec<Arc<Reply>>,
    pub(crate) scope: Scope,
    /// The items round it, as people see them: part of what "the same step" means.
    pub(crate) items: Vec<String>,
}

impl Dispatch {
    /// Returns what a person calls the task besides its address.
    pub(crate) fn label(&self) -> Option<String> {
        self.items.last().cloned()
    }
}

/// Something that came back.
#[derive(Debug)]
pub(crate) enum Signal {
    /// What a group must know.
    Decided(FrameId, Result<Answer, Fault>),
    /// The cache's answers.
    Asked(Vec<(Dispatch, Asked)>),
    /// A child process lives: its pid and birth.
    Spawned(FrameId, u32, u64),
    /// A part of an attempt came back, and there is more to do before it counts.
    Replied(Box<Dispatch>, Box<Reply>),
    /// An attempt ended.
    Attempted(Box<Dispatch>, Box<Result<Reply, Failed>>, Duration),
    /// The number of the fallback that takes the place of an agent.
    Ranked(Box<GivenUp>, u32),
    /// The run is told to stop.
    Stop(Stopped),
    /// Somebody outside asks for something.
    Requested(Filed),
}

/// What a group must know before it goes on.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A guard's: whether the body runs, and whether it is given up.
    Guard { taken: bool, left_out: bool },
    /// The number of the case, and the value by which it was chosen.
    Case(Option<u32>, String),
    /// A list.
    Items(Vec<Value>),
    /// A loop's conditions and score.
    Turn(Answers),
    /// The inputs of a sub-workflow.
    Inputs(Inputs),
    /// The outputs of a workflow.
    Outputs(Inputs),
}

/// What the cache says about a task.
#[derive(Debug)]
pub(crate) enum Asked {
    /// It is remembered.
    Hit {
        /// What came back then.
        reply: Box<Reply>,
        /// Its key, and the files that were restored.
        source: Source,
        /// How long it took then.
        took: Duration,
    },
    /// It is not.
    Miss {
        /// What will be asked of the agent, and the key to remember it by.
        prepared: Arc<Prepared>,
        /// Why, in sentences.
        because: Vec<String>,
    },
    /// Its templates cannot be rendered.
    Broken(Fault),
}
