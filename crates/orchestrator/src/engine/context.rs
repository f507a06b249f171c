//! What the templates of a frame can see, taken from the run's state when the frame is dispatched.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::Value as Dynamic;
use minijinja::value::{Object, ObjectRepr, Serde};
use serde_json::Value;

use super::world::Dispatch;
use crate::journal::Blobs;
use crate::model::{Outcome, Output, Status};
use crate::plan::{Kind as NodeKind, ListFiles, Scope, StepRef};
use crate::state::{FrameId, Ready, RunState, View, Work};

/// The longest label of an item, in characters.
const MAX_LABEL: usize = 120;

/// Builds scopes, and shares the values in them between frames.
pub(crate) struct Context {
    blobs: Arc<Blobs>,
    files: Arc<ListFiles>,
    inputs: Option<Dynamic>,
    tasks: HashMap<FrameId, Dynamic>,
}

impl Context {
    pub(crate) fn new(blobs: Arc<Blobs>, files: Arc<ListFiles>) -> Context {
        Context { blobs, files, inputs: None, tasks: HashMap::new() }
    }

    /// Gathers what a ready frame's templates can see.
    pub(crate) fn dispatch(&mut self, state: &RunState, ready: &Ready) -> Dispatch {
        let frame = ready.frame;
        let node = state.plan_node(frame);
        let mut scope = Scope { inputs: self.inputs(state, frame), ..Scope::default() };
        for step_ref in node.refs.iter().filter(|step_ref| is_asked(state, frame, step_ref)) {
            let name = Arc::from(step_ref.step.own());
            match (state.view(frame, step_ref), step_ref.previous) {
                (Some(view), None) => _ = scope.steps.insert(name, self.value(view)),
                (Some(view), Some(_)) => _ = scope.previous.insert(name, self.value(view)),
                // There was no round before: its values are not there, and `default` allows for that.
                (None, _) => _ = scope.previous.insert(name, Dynamic::from_pairs::<[(&str, Dynamic); 0], _, _>([])),
            }
        }
        scope.item = state.item(frame).map(dynamic);
        scope.index = state.nearest_index(frame);
        scope.round = state.round(frame);
        scope.data = state.given(frame).map(|values| Dynamic::from(Serde(&**values)));
        scope.this = state.taken_back(frame).map(|view| self.value(view));
        scope.files = matches!(node.kind, NodeKind::Each(_) | NodeKind::Pipe(_)).then(|| self.files.clone());
        let attempt = match (&ready.work, &node.kind) {
            (Work::Attempt(attempt), _) => *attempt,
            // A workflow that was called asks once before it begins and once when it is over.
            (_, NodeKind::Flow(_)) => state.rounds(frame),
            _ => 0,
        };
        let items = state.items(frame).into_iter().map(label).collect();
        let (call, replies) = (state.call(frame), state.replies(frame).to_vec());
        Dispatch { frame, node: node.id, address: state.address(frame), attempt, call, replies, scope, items }
    }

    /// Returns the inputs of the frame's workflow. Those of the run are shared by all.
    fn inputs(&mut self, state: &RunState, frame: FrameId) -> Dynamic {
        // Seen from inside are the outputs of a workflow, with its own inputs.
        match state.own_inputs(frame).or_else(|| state.plan_node(frame).home.map(|_| state.inputs_of(frame))) {
            Some(inputs) => Dynamic::from(Serde(&**inputs)),
            None => self.inputs.get_or_insert_with(|| Dynamic::from(Serde(&**state.inputs()))).clone(),
        }
    }

    /// Returns what a person calls a frame besides its address: its item.
    pub(crate) fn label(&self, state: &RunState, frame: FrameId) -> Option<String> {
        state.item(frame).map(label)
    }

    fn value(&mut self, view: View) -> Dynamic {
        match view {
            View::Task(frame, outcome) => {
                let blobs = &self.blobs;
                let value = || Dynamic::from_object(StepValue { outcome, blobs: blobs.clone() });
                self.tasks.entry(frame).or_insert_with(value).clone()
            }
            View::Group(status) => group(status, []),
            View::Items(status, items) => {
                let items: Vec<Dynamic> = items.into_iter().map(|item| self.value(item)).collect();
                group(status, [("items", Dynamic::from(items))])
            }
            View::Rounds { status, rounds, kept, score } => {
                let rounds: Vec<Dynamic> = rounds.into_iter().map(|round| self.value(round)).collect();
                let kept = kept.map(|kept| (kept + 1, rounds.get(kept as usize).cloned()));
                rounds_value(status, rounds, kept, score)
            }
            View::Flow(status, outputs) => {
                let outputs = outputs.map(|outputs| Dynamic::from(Serde(&*outputs))).unwrap_or_default();
                group(status, [("outputs", outputs)])
            }
        }
    }
}

/// A workflow that is called names steps of its caller for its inputs and its own for its outputs: two worlds of names.
fn is_asked(state: &RunState, frame: FrameId, step_ref: &StepRef) -> bool {
    let node = state.plan_node(frame);
    let is_own = state.plan().node(step_ref.target).home == Some(node.id);
    match &node.kind {
        NodeKind::Flow(flow) if !flow.path.is_empty() => is_own == (state.rounds(frame) > 0),
        _ => true,
    }
}

/// A loop as templates see it: its own figures, and what the round that it keeps left, where that is one task.
fn rounds_value(
    status: Status,
    rounds: Vec<Dynamic>,
    kept: Option<(u32, Option<Dynamic>)>,
    score: Option<f64>,
) -> Dynamic {
    let mut fields = vec![("rounds", Dynamic::from(rounds.len())), ("items", Dynamic::from(rounds))];
    fields.extend(score.map(|score| ("score", Dynamic::from(score))));
    if let Some((number, round)) = kept {
        fields.push(("best", Dynamic::from(number)));
        for name in ["output", "errors", "code", "error", "summary", "metrics", "quality", "cost", "outputs"] {
            let left = round.as_ref().and_then(|round| round.get_attr(name).ok());
            fields.extend(left.filter(|left| !left.is_undefined()).map(|left| (name, left)));
        }
    }
    group(status, fields)
}

/// A group as templates see it: `status`, `ok`, and what more it has.
fn group<'f>(status: Status, more: impl IntoIterator<Item = (&'f str, Dynamic)>) -> Dynamic {
    let fields = [("status", Dynamic::from(status.name())), ("ok", Dynamic::from(is_ok(status)))];
    Dynamic::from_pairs(fields.into_iter().chain(more))
}

fn is_ok(status: Status) -> bool {
    matches!(status, Status::Succeeded | Status::Partial)
}

fn dynamic(value: &Value) -> Dynamic {
    match value {
        Value::String(text) => Dynamic::from(text.as_str()),
        value => Dynamic::from(Serde(value)),
    }
}

/// Returns an item as a person would call it: a text as it is, anything else as JSON; in one short line.
fn label(item: &Value) -> String {
    let text = match item {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    if text.chars().count() <= MAX_LABEL && !text.contains(char::is_control) {
        return text;
    }
    let digest = &blake3::hash(text.as_bytes()).to_hex()[..8];
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let start: String = text.chars().take(MAX_LABEL / 2).map(plain).collect();
    format!("{start}.. ({digest})")
}

/// A task as templates see it. A large output is read when it is used, and not held.
#[derive(Debug)]
pub(super) struct StepValue {
    outcome: Arc<Outcome>,
    blobs: Arc<Blobs>,
}

impl Object for StepValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        let reply = self.outcome.reply();
        match key.as_str()? {
            "status" => Some(Dynamic::from(self.outcome.status().name())),
            "ok" => Some(Dynamic::from(is_ok(self.outcome.status()))),
            "output" => reply.map(|reply| self.read(&reply.output)),
            "errors" => reply.map(|reply| self.read(&reply.errors)),
            "code" => reply.and_then(|reply| reply.code).map(Dynamic::from),
            "error" => self.outcome.fault().map(|fault| Dynamic::from(fault.message())),
            "summary" => reply.and_then(|reply| reply.summary.clone()).map(Dynamic::from),
            "metrics" => reply.map(|reply| Dynamic::from(Serde(&reply.metrics))),
            "quality" => reply.and_then(|reply| reply.quality).map(Dynamic::from),
            "cost" => reply.and_then(|reply| reply.usage.cost_usd).map(Dynamic::from),
            _ => None,
        }
    }
}

impl StepValue {
    /// Makes the value of an outcome.
    pub(super) fn new(outcome: Arc<Outcome>, blobs: Arc<Blobs>) -> StepValue {
        StepValue { outcome, blobs }
    }

    fn read(&self, output: &Output) -> Dynamic {
        match output {
            Output::Inline(value) if value.is_null() => Dynamic::from(""),
            Output::Inline(value) => dynamic(value),
            Output::Blob { blob, .. } => match self.blobs.read(blob) {
                Ok(text) => Dynamic::from(text),
                Err(fault) => {
                    let error =
                        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, fault.message().to_owned());
                    Dynamic::from(error)
                }
            },
        }
    }
}
