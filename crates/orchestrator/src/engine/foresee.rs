//! What a run would do, without doing it: the same fold and the same keys, with the cache asked and no agent called.

use std::collections::HashSet;
use std::time::SystemTime;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::answer::answer;
use super::context::Context;
use super::prepare;
use super::run::Engine;
use super::world::{Answer, Asked, Dispatch};
use crate::agents::Request;
use crate::definition::Definition;
use crate::model::{Address, Event, Fact, Outcome, Owner, Reply, Source, StepId, Timestamp};
use crate::plan::{Kind as NodeKind, NodeId, StepRef};
use crate::state::{FrameId, Ready, RunState, Work};

/// A step as it would go.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreseen {
    /// The task, or for what cannot be counted yet, its step.
    pub address: Address,
    /// Its item.
    pub label: Option<String>,
    /// How it would go.
    pub forecast: Forecast,
    /// What would be asked of its agent, as far as that can be told now.
    pub request: Option<Request>,
}

/// How a step would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// It is remembered.
    Hit,
    /// It may be remembered, but is not; why, in sentences (empty: nothing is stored for it yet).
    Miss(Vec<String>),
    /// It runs each time: it is not cached.
    Runs,
    /// It does not run.
    Skipped,
    /// It depends on what will only be known then.
    Unknown(String),
    /// It will fail: its templates cannot be worked out.
    Fails(String),
}

/// Foresees a run with these inputs.
///
/// # Errors
/// When the inputs do not fit.
pub fn foresee(engine: &Engine, definition: &Definition, given: Map<String, Value>) -> Result<Vec<Foreseen>, Fault> {
    let inputs = definition.plan.bind(given, &engine.list_files());
    let inputs = inputs.map_err(|bad| Fault::new(Kind::Validation, bad.to_string()).reason("inputs"))?;
    let context = Context::new(engine.setup().blobs.clone(), engine.list_files());
    let state = RunState::new(definition.plan.clone());
    let mut foresight = Foresight { engine, state, context, unknown: HashSet::new(), rows: Vec::new() };
    let (pinned, _) = definition.pins();
    let flow = definition.plan.name.clone();
    let (parent, only) = (None, Vec::new());
    foresight.apply(Fact::RunStarted { flow, pinned, inputs, owner: Owner::default(), parent, only });
    foresight.run();
    let order = |row: &Foreseen| (definition.plan.step(&row.address.step), row.address.indices.clone());
    foresight.rows.sort_by_key(order);
    Ok(foresight.rows)
}

struct Foresight<'e> {
    engine: &'e Engine,
    state: RunState,
    context: Context,
    /// Nodes, in their items, whose results will only be known when the run is there.
    unknown: HashSet<(NodeId, Vec<u32>)>,
    rows: Vec<Foreseen>,
}

impl Foresight<'_> {
    fn run(&mut self) {
        loop {
            let mut questions = Vec::new();
            while let Some(ready) = self.state.take_duty() {
                self.duty(ready);
            }
            while let Some(ready) = self.state.take_task() {
                questions.extend(self.question(ready));
            }
            if !questions.is_empty() {
                self.ask(questions);
            } else if self.state.is_idle() {
                return;
            }
        }
    }

    fn duty(&mut self, ready: Ready) {
        if let Some(cause) = self.unknown_cause(ready.frame) {
            let because = format!("depends on '{cause}', which will run");
            return self.unknowable(ready.frame, &because);
        }
        let frame = ready.frame;
        let plan = self.state.plan().clone();
        let dispatch = self.context.dispatch(&self.state, &ready);
        let step = dispatch.address.clone();
        if let Work::Skip(because) = ready.work {
            self.row(&dispatch, Forecast::Skipped);
            let outcome = RunState::skipped(because);
            return self.apply(Fact::StepEnded {
                step,
                outcome,
                source: Source::Ran,
                took_ms: 0,
                decision: None,
                label: None,
            });
        }
        match answer(&plan, &dispatch, &self.engine.list_files()) {
            Ok(answer) => self.answered(&dispatch, answer),
            Err(fault) => {
                self.row(&dispatch, Forecast::Fails(fault.message().into()));
                self.ends_unknown(frame);
            }
        }
    }

    fn answered(&mut self, dispatch: &Dispatch, answer: Answer) {
        if matches!(answer, Answer::Guard { taken: false, .. }) {
            self.row(dispatch, Forecast::Skipped);
        }
        if let Some(fact) = answer.into_fact(dispatch.frame, &self.state) {
            self.apply(fact);
        }
    }

    /// Returns a task whose cache entry is to be looked up; all others are settled here.
    fn question(&mut self, ready: Ready) -> Option<Dispatch> {
        let frame = ready.frame;
        let cause = self.unknown_cause(frame);
        let task = self.state.plan_node(frame).task();
        let cached = task.is_some_and(|task| task.alternative(0).cache.is_some());
        let dispatch = self.context.dispatch(&self.state, &ready);
        let forecast = match cause {
            _ if !cached => Forecast::Runs,
            Some(cause) => Forecast::Unknown(format!("depends on '{cause}', which will run")),
            None if self.engine.setup().memory.is_none() => Forecast::Miss(Vec::new()),
            None => return Some(dispatch),
        };
        self.row(&dispatch, forecast);
        self.ends_unknown(frame);
        None
    }

    fn ask(&mut self, questions: Vec<Dispatch>) {
        let Some(memory) = &self.engine.setup().memory else {
            return;
        };
        let plan = self.state.plan().clone();
        for (dispatch, asked) in memory.ask(&plan, questions, &self.engine.setup().blobs, SystemTime::now(), false) {
            match asked {
                Asked::Hit { reply, source, .. } => {
                    self.row(&dispatch, Forecast::Hit);
                    self.ends(dispatch.frame, *reply, source);
                }
                Asked::Miss { because, .. } => {
                    self.row(&dispatch, Forecast::Miss(because));
                    self.ends_unknown(dispatch.frame);
                }
                Asked::Broken(fault) => {
                    self.row(&dispatch, Forecast::Fails(fault.message().into()));
                    self.ends_unknown(dispatch.frame);
                }
            }
        }
    }

    /// Settles a guard or list that cannot be worked out yet, with all the steps inside.
    fn unknowable(&mut self, frame: FrameId, because: &str) {
        let indices = self.state.address(frame).indices;
        let plan = self.state.plan().clone();
        let inside = |id: NodeId| plan.is_inside(id, self.state.plan_node(frame).id);
        let tasks: Vec<StepId> = plan
            .nodes()
            .iter()
            .filter(|node| node.task().is_some() && inside(node.id))
            .map(|node| node.step.clone())
            .collect();
        for step in tasks {
            let address = Address { step, indices: indices.clone() };
            self.rows.push(Foreseen {
                address,
                label: None,
                forecast: Forecast::Unknown(because.into()),
                request: None,
            });
        }
        self.ends_unknown(frame);
    }

    /// Returns the first step that a frame's templates use and whose result is not known yet. A loop that knows nothing of
    /// its first round knows nothing of how often it goes round.
    fn unknown_cause(&self, frame: FrameId) -> Option<StepId> {
        let node = self.state.plan_node(frame);
        let is_unknown = |step_ref: &&StepRef| self.is_unknown(frame, step_ref.target);
        node.refs.iter().find(is_unknown).map(|step_ref| step_ref.step.clone())
    }

    fn is_unknown(&self, frame: FrameId, target: NodeId) -> bool {
        let plan = self.state.plan();
        let indices = self.state.address(frame).indices;
        let (mine, theirs) = (&self.state.plan_node(frame).scope, &plan.node(target).scope);
        let shared = mine.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
        // What is inside something that repeats is known when all of that is.
        let seen = plan.path(target).into_iter().take_while(|id| plan.node(*id).scope.len() <= shared).last();
        let known_as = seen.unwrap_or(target);
        self.unknown.contains(&(known_as, indices[..shared.min(plan.node(known_as).scope.len())].to_vec()))
    }

    /// Goes on as if a frame had ended well, but remembers that its result, and that of all round it, is not known.
    fn ends_unknown(&mut self, frame: FrameId) {
        let indices = self.state.address(frame).indices;
        let plan = self.state.plan().clone();
        for id in plan.path(self.state.plan_node(frame).id) {
            self.unknown.insert((id, indices[..plan.node(id).scope.len()].to_vec()));
        }
        self.ends(frame, Reply::default(), Source::Ran);
    }

    fn ends(&mut self, frame: FrameId, reply: Reply, source: Source) {
        let (step, outcome) = (self.state.address(frame), Outcome::of_reply(reply));
        self.apply(Fact::StepEnded { step, outcome, source, took_ms: 0, decision: None, label: None });
    }

    fn apply(&mut self, fact: Fact) {
        let seq = self.state.events() + 1;
        self.state.apply(&Event { seq, at: Timestamp(0), fact });
    }

    /// Adds a row; a group's guard or list has one only when it says something.
    fn row(&mut self, dispatch: &Dispatch, forecast: Forecast) {
        let node = self.state.plan().node(dispatch.node);
        let is_hidden = node.is_hidden() && !matches!(node.kind, NodeKind::Task(_));
        if !is_hidden {
            // What depends on results that are not there cannot be rendered; the plan then shows it as written.
            let request =
                node.task().and_then(|task| prepare::request(&task.alternative(0).call, &dispatch.scope).ok());
            let (address, label) = (dispatch.address.clone(), dispatch.label());
            self.rows.push(Foreseen { address, label, forecast, request });
        }
    }
}
