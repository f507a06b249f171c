//! The fold: one event in, the state changed. Events that do not fit the state are ignored, never a panic.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value;

use super::early::Early;
use super::frame::{End, Frame, FrameId, Next, Phase, Ready, Waiter, Work};
use super::places::Places;
use crate::model::{Address, Event, Fact, Inputs, Outcome, Reply, RunStatus, Skip, Source, Status, StepId, Timestamp};
use crate::plan::{Node, Plan};

/// Where a run stands, worked out from its events.
///
/// ```
/// use std::sync::Arc;
/// use segno_orchestrator::{plan, spec, state::RunState};
///
/// let workflow = spec::parse("steps: [{ run: [echo, hello] }]", "hello.yaml")?;
/// let plan = Arc::new(plan::compile(&workflow, "hello.yaml", &plan::Catalog::default()).expect("no mistakes in it"));
/// let state = RunState::new(plan);
/// assert_eq!(state.status(), None); // nothing has happened yet
/// # Ok::<(), spec::Mistakes>(())
/// ```
#[derive(Debug)]
pub struct RunState {
    pub(super) plan: Arc<Plan>,
    pub(super) frames: Vec<Frame>,
    pub(super) places: Places,
    pub(super) waiters: HashMap<FrameId, Vec<Waiter>>,
    /// What follows from the last event and is not done yet, the next last.
    pub(super) agenda: Vec<Next>,
    /// Attempts that may start, oldest first. Entries whose frame has moved on are passed over.
    pub(super) tasks: VecDeque<FrameId>,
    /// What else is ready: guards, lists, skips.
    pub(super) duties: VecDeque<FrameId>,
    /// Tasks whose effect can be taken back, with the number of the event that ended them.
    pub(super) done: Vec<(u64, FrameId)>,
    /// Facts that came before what they are about: a fork knows of items that a limit has not let in yet.
    pub(super) early: Early,
    /// All that ended, in the order of ending.
    pub(super) ends: Vec<FrameId>,
    /// The only steps that are to run; empty: all.
    pub(super) only: BTreeSet<StepId>,
    /// What steps left for each other, by key.
    data: BTreeMap<String, Value>,
    /// What tasks left is kept, and not only how they ended.
    pub(super) keeps_outcomes: bool,
    resting: BTreeSet<(Timestamp, FrameId)>,
    processes: HashMap<FrameId, (u32, u64)>,
    running: BTreeSet<FrameId>,
    inputs: Inputs,
    events: u64,
    ended: Option<RunStatus>,
}

impl RunState {
    /// Makes the state of a run in which nothing has happened.
    pub fn new(plan: Arc<Plan>) -> RunState {
        RunState {
            plan,
            frames: Vec::new(),
            places: Places::default(),
            waiters: HashMap::new(),
            agenda: Vec::new(),
            tasks: VecDeque::new(),
            duties: VecDeque::new(),
            done: Vec::new(),
            early: Early::default(),
            ends: Vec::new(),
            only: BTreeSet::new(),
            data: BTreeMap::new(),
            keeps_outcomes: true,
            resting: BTreeSet::new(),
            processes: HashMap::new(),
            running: BTreeSet::new(),
            inputs: Inputs::default(),
            events: 0,
            ended: None,
        }
    }

    /// Makes the state after these events.
    pub fn of(plan: Arc<Plan>, events: &[Event]) -> RunState {
        let mut state = RunState::new(plan);
        events.iter().for_each(|event| state.apply(event));
        state
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.seq;
        match &event.fact {
            Fact::RunStarted { inputs, only, .. } => self.start(inputs, only),
            Fact::RunResumed { .. } | Fact::RunPaused { .. } => self.forget_running(),
            Fact::RunEnded { status, .. } => self.ended = Some(*status),
            Fact::DataPut { key, value, .. } => self.put(key, value),
            fact => self.take_in(event.seq, fact),
        }
        self.recall();
    }

    fn start(&mut self, inputs: &Inputs, only: &[StepId]) {
        if self.frames.is_empty() {
            self.inputs = inputs.clone();
            self.only = only.iter().cloned().collect();
            self.open(self.plan.root(), None, Arc::from([]));
            self.follow();
        }
    }

    /// A value of nothing takes the key away.
    fn put(&mut self, key: &str, value: &Value) {
        match value {
            Value::Null => _ = self.data.remove(key),
            value => _ = self.data.insert(key.to_owned(), value.clone()),
        }
    }

    pub(super) fn apply_to(&mut self, id: FrameId, seq: u64, fact: &Fact) {
        if self.frame(id).end().is_some() {
            return;
        }
        if let Phase::Resting(until) = self.frame(id).phase {
            self.resting.remove(&(until, id));
        }
        match fact {
            Fact::Decided { left_out: true, .. } => {
                self.end(id, End::Task(Arc::new(Outcome::Skipped { because: Skip::LeftOut })));
            }
            Fact::Decided { taken, .. } => {
                let otherwise = (self.plan_node(id).children.len() > 1).then_some(1);
                self.choose(id, if *taken { Some(0) } else { otherwise });
            }
            Fact::Chose { case, .. } => {
                let children = self.plan_node(id).children.len();
                self.choose(id, case.filter(|case| (*case as usize) < children));
            }
            Fact::Expanded { items, .. } => {
                self.frame_mut(id).more_mut().items = Some(Arc::new(items.clone()));
                self.widen(id, items.len());
            }
            Fact::Looped { verdict, score, .. } => self.turn(id, *verdict, *score),
            Fact::Entered { inputs, .. } => {
                self.frame_mut(id).more_mut().inputs = Some(inputs.clone());
                self.grow(id, 1);
            }
            Fact::Concluded { outputs, .. } => {
                let frame = self.frame_mut(id);
                frame.more_mut().outputs = Some(outputs.clone());
                let width = frame.tally.width as usize;
                self.widen(id, width);
            }
            fact => self.apply_to_task(id, seq, fact),
        }
        self.follow();
    }

    fn apply_to_task(&mut self, id: FrameId, seq: u64, fact: &Fact) {
        match fact {
            Fact::StepStarted { attempt, .. } => {
                let frame = self.frame_mut(id);
                frame.phase = Phase::Running;
                frame.attempt = *attempt;
                self.running.insert(id);
            }
            Fact::Spawned { pid, birth, .. } => _ = self.processes.insert(id, (*pid, *birth)),
            Fact::DataGot { values, .. } => self.frame_mut(id).more_mut().data = Some(values.clone()),
            Fact::StepReplied { reply, .. } => self.frame_mut(id).more_mut().replies.push(Arc::clone(reply)),
            Fact::FellBack { attempt, to, .. } => {
                self.stop_running(id);
                let frame = self.frame_mut(id);
                frame.attempt = *attempt;
                let more = frame.more_mut();
                (more.call, more.spent) = (*to, *attempt);
                frame.more_mut().took_over.push(*to);
                self.offer(id, Work::Attempt(*attempt + 1));
            }
            Fact::StepRetried { attempt, until, .. } => {
                self.stop_running(id);
                let frame = self.frame_mut(id);
                frame.phase = Phase::Resting(*until);
                frame.attempt = *attempt;
                self.resting.insert((*until, id));
            }
            Fact::StepEnded { outcome, source, .. } => {
                self.stop_running(id);
                let ran = matches!(outcome, Outcome::Succeeded { .. } | Outcome::Partial { .. });
                if ran && *source == Source::Ran && self.plan_node(id).undo.is_some() {
                    self.done.push((seq, id));
                }
                let end = self.end_by(outcome);
                self.end(id, end);
            }
            _ => {}
        }
    }

    /// Returns the end that an outcome makes. Why something was skipped is part of how groups end by it.
    fn end_by(&self, outcome: &Outcome) -> End {
        let is_skipped = matches!(outcome, Outcome::Skipped { .. });
        if self.keeps_outcomes || is_skipped {
            return End::Task(Arc::new(outcome.clone()));
        }
        End::Group(outcome.status())
    }

    fn stop_running(&mut self, id: FrameId) {
        self.running.remove(&id);
        self.processes.remove(&id);
        if let Some(more) = &mut self.frame_mut(id).more {
            more.replies.clear();
        }
    }

    /// What was in flight when its owner went is ready again, for the same attempt.
    fn forget_running(&mut self) {
        for id in std::mem::take(&mut self.running) {
            let attempt = self.frame(id).attempt;
            self.offer(id, Work::Attempt(attempt));
        }
        self.processes.clear();
    }

    /// Moves attempts whose wait is over to what is ready.
    pub fn wake_due(&mut self, now: Timestamp) {
        while let Some((until, id)) = self.resting.first().copied().filter(|(until, _)| *until <= now) {
            self.resting.remove(&(until, id));
            let attempt = self.frame(id).attempt + 1;
            self.offer(id, Work::Attempt(attempt));
        }
    }

    /// Returns when the next waiting attempt may begin.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.resting.first().map(|(until, _)| *until)
    }

    /// Takes the oldest thing that is ready and no attempt: a guard, a list, a skip.
    pub fn take_duty(&mut self) -> Option<Ready> {
        while let Some(id) = self.duties.pop_front() {
            if let Some(ready) = self.take(id) {
                return Some(ready);
            }
        }
        None
    }

    /// Returns the task whose attempt has been ready longest.
    pub fn next_task(&mut self) -> Option<FrameId> {
        while let Some(id) = self.tasks.front() {
            if matches!(self.frame(*id).phase, Phase::Ready(_)) {
                return Some(*id);
            }
            self.tasks.pop_front();
        }
        None
    }

    /// Takes the attempt that `next_task` named.
    pub fn take_task(&mut self) -> Option<Ready> {
        let id = self.next_task()?;
        self.tasks.pop_front();
        self.take(id)
    }

    fn take(&mut self, id: FrameId) -> Option<Ready> {
        match std::mem::replace(&mut self.frame_mut(id).phase, Phase::Taken) {
            Phase::Ready(work) => Some(Ready { frame: id, work }),
            phase => {
                self.frame_mut(id).phase = phase;
                None
            }
        }
    }

    /// Returns all that is ready, in the order of the frames.
    pub fn ready(&self) -> Vec<Ready> {
        let ready = |(index, frame): (usize, &Frame)| match &frame.phase {
            Phase::Ready(work) => {
                let frame = FrameId(u32::try_from(index).expect("frames are counted in 32 bits"));
                Some(Ready { frame, work: work.clone() })
            }
            _ => None,
        };
        self.frames.iter().enumerate().filter_map(ready).collect()
    }

    /// Returns how the whole workflow ended, once it has.
    pub fn status(&self) -> Option<Status> {
        self.frames.first().and_then(Frame::end).map(End::status)
    }

    /// Returns how the run was recorded to have ended.
    pub fn run_status(&self) -> Option<RunStatus> {
        self.ended
    }

    /// Returns the number of the last event.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns all frames that ended, in the order of ending.
    pub fn ends(&self) -> &[FrameId] {
        &self.ends
    }

    /// Returns the run's inputs.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Returns the address of a frame.
    pub fn address(&self, id: FrameId) -> Address {
        self.plan_node(id).address(&self.frame(id).indices)
    }

    /// Returns the node of a frame.
    pub fn plan_node(&self, id: FrameId) -> &Node {
        self.plan.node(self.frame(id).node)
    }

    /// Returns the processes that were recorded as living: pid and birth.
    pub fn processes(&self) -> impl Iterator<Item = (u32, u64)> {
        self.processes.values().copied()
    }

    pub(super) fn frame(&self, id: FrameId) -> &Frame {
        &self.frames[id.0 as usize]
    }

    pub(super) fn frame_mut(&mut self, id: FrameId) -> &mut Frame {
        &mut self.frames[id.0 as usize]
    }

    /// Returns the inputs that a frame's templates see: those of its workflow.
    pub fn inputs_of(&self, id: FrameId) -> &Inputs {
        let Some(home) = self.plan_node(id).home else {
            return &self.inputs;
        };
        let depth = self.plan.node(home).scope.len();
        let frame = self.frame_at(home, &self.frame(id).indices[..depth]);
        let more = frame.and_then(|frame| self.frame(frame).more());
        more.and_then(|more| more.inputs.as_ref()).unwrap_or(&self.inputs)
    }

    /// Returns the inputs of the workflow that a frame calls, once it has begun.
    pub fn own_inputs(&self, id: FrameId) -> Option<&Inputs> {
        self.frame(id).more().and_then(|more| more.inputs.as_ref())
    }

    /// Returns the outputs of the workflow, once they are known.
    pub fn outputs(&self) -> Option<&Inputs> {
        self.frames.first().and_then(Frame::more).and_then(|more| more.outputs.as_ref())
    }

    /// Returns which of a task's calls is to be made: 0 is its own, then its fallbacks.
    pub fn call(&self, id: FrameId) -> u32 {
        self.frame(id).more().map_or(0, |more| more.call)
    }

    /// Returns the fallbacks of a task that have not taken over yet, by their numbers from 1, as they are written.
    pub fn untried(&self, id: FrameId) -> Vec<u32> {
        let calls = self.plan_node(id).task().map_or(0, |task| task.calls.len());
        let tried = self.frame(id).more().map(|more| &more.took_over[..]).unwrap_or_default();
        let numbers = 1..u32::try_from(calls).expect("a step has far fewer fallbacks");
        numbers.filter(|number| !tried.contains(number)).collect()
    }

    /// Returns how many attempts the calls before this one made.
    pub fn spent(&self, id: FrameId) -> u32 {
        self.frame(id).more().map_or(0, |more| more.spent)
    }

    /// Returns what has come back of the attempt that runs.
    pub fn replies(&self, id: FrameId) -> &[Arc<Reply>] {
        self.frame(id).more().map(|more| &more.replies[..]).unwrap_or_default()
    }

    /// Returns the values of the shared data that a task was given; `None` before it was.
    pub fn given(&self, id: FrameId) -> Option<&Inputs> {
        self.frame(id).more().and_then(|more| more.data.as_ref())
    }

    /// Returns what steps have left for each other.
    pub fn data(&self) -> &BTreeMap<String, Value> {
        &self.data
    }

    /// Returns how many rounds of a loop were opened.
    pub fn rounds(&self, id: FrameId) -> u32 {
        self.frame(id).tally.opened
    }

    /// Returns the tasks that have not ended and will not be undone: what a cancelled run leaves.
    pub fn open_tasks(&self) -> impl Iterator<Item = FrameId> + '_ {
        let open = |id: &FrameId| self.frame(*id).end().is_none() && self.plan_node(*id).task().is_some();
        (0..u32::try_from(self.frames.len()).unwrap_or(u32::MAX)).map(FrameId).filter(open)
    }

    /// Returns the innermost open frame with this address: `if`, `each` and body of a step share one.
    pub fn find(&self, address: &Address) -> Option<FrameId> {
        let nodes = self.plan.nodes_of(&address.step).iter().rev();
        let mut fitting = nodes.filter(|node| node.scope.len() == address.indices.len());
        fitting.find_map(|node| self.frame_at(node.id, &address.indices))
    }

    /// Says whether nothing runs, rests or is ready: a run in this state that has not ended never will.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty() && self.resting.is_empty() && self.ready().is_empty()
    }
}
