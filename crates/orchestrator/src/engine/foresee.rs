//! What a run would do, without doing it: the same fold and the same keys, with the cache asked and no agent called.

use std::collections::HashSet;
use std::time::SystemTime;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::context::Context;
use super::host::{guard, list};
use super::run::Engine;
use super::world::{Asked, Dispatch};
use crate::definition::Definition;
use crate::model::{Address, Event, Fact, Outcome, Owner, Pinned, Reply, Source, StepId, Timestamp};
use crate::plan::{Kind as NodeKind, NodeId};
use crate::state::{FrameId, Ready, RunState, Work};

/// A step as it would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The task, or for what cannot be counted yet, its step.
    pub address: Address,
    /// Its item.
    pub label: Option<String>,
    /// How it would go.
    pub forecast: Forecast,
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
    let pinned = Pinned { path: String::new(), hash: String::new() };
    let flow = definition.plan.name.clone();
    foresight.apply(Fact::RunStarted { flow, pinned, inputs, owner: Owner::default() });
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
        let (frame, is_guard) = (ready.frame, ready.work == Work::Decide);
        let plan = self.state.plan().clone();
        let dispatch = self.context.dispatch(&self.state, ready);
        let step = dispatch.address.clone();
        let fact = match is_guard {
            true => guard(&plan, &dispatch).map(|taken| Fact::Decided { step, taken }),
            false => list(&plan, &dispatch).map(|items| Fact::Expanded { step, items }),
        };
        match fact {
            Ok(fact) => {
                if matches!(fact, Fact::Decided { taken: false, .. }) {
                    self.row(&dispatch, Forecast::Skipped);
                }
                self.apply(fact);
            }
            Err(fault) => {
                self.row(&dispatch, Forecast::Fails(fault.message().into()));
                self.ends_unknown(frame);
            }
        }
    }

    /// Returns a task whose cache entry is to be looked up; all others are settled here.
    fn question(&mut self, ready: Ready) -> Option<Dispatch> {
        let frame = ready.frame;
        let cause = self.unknown_cause(frame);
        let cached = self.state.plan_node(frame).task().is_some_and(|task| task.cache.is_some());
        let dispatch = self.context.dispatch(&self.state, ready);
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
                    self.ends(dispatch.frame, reply, source);
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
        let inside = |id: NodeId| plan.path(id).contains(&self.state.plan_node(frame).id);
        let tasks: Vec<StepId> = plan
            .nodes()
            .iter()
            .filter(|node| node.task().is_some() && inside(node.id))
            .map(|node| node.step.clone())
            .collect();
        for step in tasks {
            let address = Address { step, indices: indices.clone() };
            self.rows.push(Foreseen { address, label: None, forecast: Forecast::Unknown(because.into()) });
        }
        self.ends_unknown(frame);
    }

    /// Returns the first step that a frame's templates use and whose result is not known yet.
    fn unknown_cause(&self, frame: FrameId) -> Option<StepId> {
        let node = self.state.plan_node(frame);
        let indices = self.state.address(frame).indices;
        let is_unknown = |target: NodeId| {
            let depth = self.state.plan().node(target).scope.len();
            self.unknown.contains(&(target, indices[..depth].to_vec()))
        };
        node.refs.iter().find(|step_ref| is_unknown(step_ref.target)).map(|step_ref| step_ref.step.clone())
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
        self.apply(Fact::StepEnded { step, outcome, source, took_ms: 0, label: None });
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
            self.rows.push(Foreseen { address: dispatch.address.clone(), label: dispatch.label(), forecast });
        }
    }
}
