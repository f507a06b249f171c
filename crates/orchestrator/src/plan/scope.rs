//! The values that a template sees: `inputs`, `steps`, `item`, `index`, and `files()` where lists are made.

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
    /// The item of the nearest `each`, and its index.
    pub item: Option<(Dynamic, u32)>,
    /// Lists files; only where the result is recorded.
    pub files: Option<Arc<ListFiles>>,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("inputs", &self.inputs)
            .field("steps", &self.steps)
            .field("item", &self.item)
            .finish()
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
        let files = self.files.map(|files| Dynamic::from_function(move |glob: &str| list(&files, glob)));
        Dynamic::from_object(Names { inputs: self.inputs, steps, item: self.item, files })
    }
}

fn list(files: &Arc<ListFiles>, glob: &str) -> Result<Vec<String>, Error> {
    files(glob).map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))
}

#[derive(Debug)]
struct Names {
    inputs: Dynamic,
    steps: Dynamic,
    item: Option<(Dynamic, u32)>,
    files: Option<Dynamic>,
}

impl Object for Names {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        match key.as_str()? {
            "inputs" => Some(self.inputs.clone()),
            "steps" => Some(self.steps.clone()),
            "item" => self.item.as_ref().map(|(item, _)| item.clone()),
            "index" => self.item.as_ref().map(|(_, index)| Dynamic::from(*index)),
            "files" => self.files.clone(),
            _ => None,
        }
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
