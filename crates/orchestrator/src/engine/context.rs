//! What the templates of a frame can see, taken from the run's state when the frame is dispatched.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::Value as Dynamic;
use minijinja::value::{Object, ObjectRepr, Serde};
use serde_json::Value;

use super::world::Dispatch;
use crate::journal::Blobs;
use crate::model::{Outcome, Output, Status};
use crate::plan::{ListFiles, Scope};
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
    pub(crate) fn dispatch(&mut self, state: &RunState, ready: Ready) -> Dispatch {
        let Ready { frame, work } = ready;
        let node = state.plan_node(frame);
        let inputs = self.inputs.get_or_insert_with(|| Dynamic::from(Serde(&**state.inputs()))).clone();
        let mut scope = Scope { inputs, ..Scope::default() };
        for step_ref in &node.refs {
            let view = state.view(frame, step_ref.target);
            scope.steps.insert(Arc::from(step_ref.step.as_str()), self.value(view));
        }
        scope.item = state.item(frame).map(|(item, index)| (dynamic(item), index));
        scope.files = matches!(work, Work::Expand).then(|| self.files.clone());
        let attempt = match work {
            Work::Attempt(attempt) => attempt,
            _ => 0,
        };
        let items = state.items(frame).into_iter().map(label).collect();
        Dispatch { frame, node: node.id, address: state.address(frame), attempt, scope, items }
    }

    /// Returns what a person calls a frame besides its address: its item.
    pub(crate) fn label(&self, state: &RunState, frame: FrameId) -> Option<String> {
        state.item(frame).map(|(item, _)| label(item))
    }

    fn value(&mut self, view: View) -> Dynamic {
        match view {
            View::Task(frame, outcome) => {
                let blobs = &self.blobs;
                let value = || Dynamic::from_object(StepValue { outcome, blobs: blobs.clone() });
                self.tasks.entry(frame).or_insert_with(value).clone()
            }
            View::Group(status) => group(status, None),
            View::Items(status, items) => {
                let items: Vec<Dynamic> = items.into_iter().map(|item| self.value(item)).collect();
                group(status, Some(items))
            }
        }
    }
}

/// A group as templates see it: `status`, `ok`, and for fan-outs `items`.
fn group(status: Status, items: Option<Vec<Dynamic>>) -> Dynamic {
    let mut fields = vec![("status", Dynamic::from(status.name())), ("ok", Dynamic::from(is_ok(status)))];
    fields.extend(items.map(|items| ("items", Dynamic::from(items))));
    Dynamic::from_pairs(fields)
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
struct StepValue {
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
            _ => None,
        }
    }
}

impl StepValue {
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
