//! A workflow file with its plan: what a run is pinned to.

use std::path::Path;
use std::sync::Arc;

use crate::agents::Registry;
use crate::model::{Block, Body, Workflow};
use crate::plan::{self, Plan};
use crate::spec::{self, Mistakes};

/// A workflow file, read and compiled.
#[derive(Clone, Debug)]
pub struct Definition {
    /// How people call the file: its path as given.
    pub path: String,
    /// Its text.
    pub source: Arc<str>,
    /// What it says.
    pub workflow: Arc<Workflow>,
    /// What will be run.
    pub plan: Arc<Plan>,
}

impl Definition {
    /// Reads and compiles the file at `path`; `name` is how messages call it.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn load(path: &Path, name: &str, agents: &Registry) -> Result<Definition, Mistakes> {
        let source = spec::load(path, name)?;
        Definition::parse(&source, name, agents)
    }

    /// Compiles the text of a workflow file.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn parse(source: &str, name: &str, agents: &Registry) -> Result<Definition, Mistakes> {
        let failed = |list| Mistakes::new(name, source, list);
        let (workflow, mut mistakes) = spec::read(source, name);
        let Some(workflow) = workflow else {
            return Err(failed(mistakes));
        };
        let plan = match plan::compile(&workflow, &agents.names()) {
            Ok(plan) if mistakes.is_empty() => plan,
            Ok(_) => return Err(failed(mistakes)),
            Err(more) => {
                // With a step missing, a name that is not found says nothing.
                let is_sure = mistakes.is_empty();
                mistakes
                    .extend(more.into_iter().filter(|mistake| is_sure || !mistake.message.starts_with("unknown step")));
                return Err(failed(mistakes));
            }
        };
        let (source, workflow, plan) = (source.into(), Arc::new(workflow), Arc::new(plan));
        Ok(Definition { path: name.to_owned(), source, workflow, plan })
    }

    /// Returns the hash of the text, under which a journal keeps it.
    pub fn hash(&self) -> String {
        blake3::hash(self.source.as_bytes()).to_hex().to_string()
    }

    /// Says in words what `other` (today's file) has that this one (the pinned one) has not, and the other way round.
    pub fn differences(&self, other: &Definition) -> Vec<String> {
        if self.source == other.source {
            return Vec::new();
        }
        let (mine, theirs) = (steps(&self.workflow.body), steps(&other.workflow.body));
        let mut said = Vec::new();
        for block in &mine {
            match theirs.iter().find(|other| other.id == block.id) {
                None => said.push(format!("step '{}' is gone", block.id)),
                Some(other) if !is_same(block, other) => said.push(format!("step '{}' changed", block.id)),
                Some(_) => {}
            }
        }
        let is_new = |block: &&&Block| !mine.iter().any(|other| other.id == block.id);
        said.extend(theirs.iter().filter(is_new).map(|block| format!("step '{}' is new", block.id)));
        if self.workflow.inputs != other.workflow.inputs {
            said.push("the inputs changed".into());
        }
        if said.is_empty() {
            said.push("only its layout or order changed".into());
        }
        said
    }
}

/// Returns the steps that people named or could name, in the file's order.
fn steps(block: &Block) -> Vec<&Block> {
    let mut all: Vec<&Block> = Vec::new();
    if !block.id.as_str().starts_with('_') {
        all.push(block);
    }
    match &block.body {
        Body::Sequence(blocks) | Body::Parallel(blocks) => all.extend(blocks.iter().flat_map(steps)),
        Body::Always(body, cleanup) => all.extend(steps(body).into_iter().chain(steps(cleanup))),
        Body::Command(_) | Body::Agent(_) => {}
    }
    all.extend(block.otherwise.iter().flat_map(|block| steps(block)));
    all
}

/// Compares two steps by what they say, not by where they stand; the steps inside them are compared on their own.
fn is_same(one: &Block, other: &Block) -> bool {
    let said = |block: &Block| {
        let body = match &block.body {
            Body::Sequence(_) => "steps".to_owned(),
            Body::Parallel(_) => "parallel".to_owned(),
            Body::Always(..) => "always".to_owned(),
            body => without_places(&format!("{body:?}")),
        };
        let round = without_places(&format!("{:?}{:?}{:?}{}", block.guard, block.each, block.needs, block.optional));
        (body, round)
    };
    said(one) == said(other)
}

/// Takes the places out of a debug text: a step that moved down a line has not changed.
fn without_places(text: &str) -> String {
    let mut parts = text.split("Place {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| said + part.split_once('}').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pinned: &str, today: &str, expected: &[&str]) {
        let parse = |source: &str| Definition::parse(source, "a.yaml", &Registry::default()).unwrap();
        assert_eq!(parse(pinned).differences(&parse(today)), expected);
    }

    #[test]
    fn what_differs_is_named_by_step() {
        let pinned = "steps:\n- { id: a, run: [x] }\n- { id: b, run: [y] }\n";
        check(pinned, pinned, &[]);
        check(
            pinned,
            "# moved\nsteps:\n- { id: a, run: [x] }\n- { id: b, run: [y] }\n",
            &["only its layout or order changed"],
        );
        check(
            pinned,
            "steps:\n- { id: a, run: [z] }\n- { id: c, run: [y] }\n",
            &["step 'a' changed", "step 'b' is gone", "step 'c' is new"],
        );
    }
}
