//! The values that a template sees: `inputs`, `steps`, `item`, `round` and the like, and `files()` where lists are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, Value as Dynamic};
use serde_json::{Map, Value};

/// Lists files by a glob: given by the caller, since a plan does no I/O.
pub type ListFiles = dyn Fn(&str) -> Result<Vec<String>, String> + Send + Sync;

/// What one rendering sees. Cheap to clone and to build: values are shared.
#[derive(Clone, Default)]
pub struct Scope {
    /// The run's inputs.
    pub inputs: Dynamic,
    /// The steps that the templates name, by id.
    pub steps: BTreeMap<Arc<str>, Dynamic>,
    /// Steps as the round before left them, by id.
    pub previous: BTreeMap<Arc<str>, Dynamic>,
    /// The item of the nearest `each`.
    pub item: Option<Dynamic>,
    /// The index in the nearest `each`, `pipe` or `loop`.
    pub index: Option<u32>,
    /// The round of the nearest `loop`, from 1.
    pub round: Option<u32>,
    /// Values of the run's shared data that the step asks for.
    pub data: Option<Dynamic>,
    /// The task's own result, for what comes after it.
    pub this: Option<Dynamic>,
    /// The arguments of an agent that is a program.
    pub with: Option<Dynamic>,
    /// Lists files; only where the result is recorded.
    pub files: Option<Arc<ListFiles>>,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("inputs", &self.inputs)
            .field("steps", &self.steps)
            .field("item", &self.item)
            .field("round", &self.round)
            .finish_non_exhaustive()
    }
}

impl Scope {
    /// Returns a scope of inputs alone.
    pub(super) fn of_inputs(bound: &Map<String, Value>, files: &Arc<ListFiles>) -> Scope {
        Scope { inputs: Dynamic::from(minijinja::value::Serde(bound)), files: Some(files.clone()), ..Scope::default() }
    }

    /// Returns the scope as the value that templates are rendered with.
    pub fn into_value(self) -> Dynamic {
        let steps = Dynamic::from_object(Steps(self.steps));
        let previous = Dynamic::from_object(Steps(self.previous));
        let files = self.files.map(|files| Dynamic::from_function(move |glob: &str| list(&files, glob)));
        let named = [
            ("inputs", Some(self.inputs)),
            ("steps", Some(steps)),
            ("previous", Some(previous)),
            ("item", self.item),
            ("index", self.index.map(Dynamic::from)),
            ("round", self.round.map(Dynamic::from)),
            ("data", self.data),
            ("this", self.this),
            ("with", self.with),
            ("files", files),
        ];
        Dynamic::from_object(Names(named))
    }
}

fn list(files: &Arc<ListFiles>, glob: &str) -> Result<Vec<String>, Error> {
    files(glob).map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))
}

#[derive(Debug)]
struct Names([(&'static str, Option<Dynamic>); 10]);

impl Object for Names {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.clone())
    }
}

#[derive(Debug)]
struct Steps(BTreeMap<Arc<str>, Dynamic>);

impl Object for Steps {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        self.0.get(key.as_str()?).cloned()
    }
}
