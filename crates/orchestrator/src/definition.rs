//! A workflow file with its plan: what a run is pinned to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::agents::Registry;
use crate::model::{Block, Body, Part, Pinned, Workflow};
use crate::plan::{self, Catalog, Plan};
use crate::spec::{self, Mistake, Mistakes, SETTINGS_FILE};

/// A workflow file, read and compiled, with the workflows that it calls.
#[derive(Clone, Debug)]
pub struct Definition {
    /// How people call the file: its path as given.
    pub path: String,
    /// Its text.
    pub source: Arc<str>,
    /// The texts of the workflows that it calls, by their paths.
    pub parts: BTreeMap<String, Arc<str>>,
    /// What it says.
    pub workflow: Arc<Workflow>,
    /// What will be run.
    pub plan: Arc<Plan>,
}

impl Definition {
    /// Reads and compiles the file at `path`, and those that it calls; `name` is how messages call it.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn load(path: &Path, name: &str, agents: &Registry) -> Result<Definition, Mistakes> {
        let source = spec::load(path, name)?;
        // Parts are called from where the file itself is called from.
        let depth = name.split('/').count();
        let root = path.ancestors().nth(depth).unwrap_or(Path::new(""));
        Definition::assemble(&source, name, agents, &|part: &str| spec::load(&root.join(part), part))
    }

    /// Compiles the text of a workflow file that calls no other.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn parse(source: &str, name: &str, agents: &Registry) -> Result<Definition, Mistakes> {
        Definition::assemble(source, name, agents, &|part: &str| {
            Err(Mistakes::new(part, "", vec![Mistake::whole("it is not part of this text")]))
        })
    }

    /// Compiles the text of a workflow file; `read` gives the texts of those that it calls.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn assemble(
        source: &str,
        name: &str,
        agents: &Registry,
        read: &dyn Fn(&str) -> Result<String, Mistakes>,
    ) -> Result<Definition, Mistakes> {
        let failed = |list| Mistakes::new(name, source, list);
        let (workflow, mut mistakes) = spec::read(source, name);
        let Some(workflow) = workflow else {
            return Err(failed(mistakes));
        };
        let mut catalog = agents.catalog();
        let mut parts: BTreeMap<String, Arc<str>> = BTreeMap::new();
        // A run keeps to the agents that it began with, too.
        parts.extend(agents.settings_text().map(|text| (SETTINGS_FILE.to_owned(), text.clone())));
        gather(&workflow.body, name, read, &mut parts, &mut catalog, &mut mistakes);
        let plan = match plan::compile(&workflow, name, &catalog) {
            Ok(plan) if mistakes.is_empty() => plan,
            Ok(_) => return Err(failed(mistakes)),
            Err(more) => {
                // With a step missing, a name that is not found says nothing; nor does a file that was told already.
                let is_sure = mistakes.is_empty();
                let says_more = |mistake: &Mistake| {
                    is_sure
                        || !["unknown step", "the workflow '"].iter().any(|start| mistake.message.starts_with(start))
                };
                mistakes.extend(more.into_iter().filter(says_more));
                return Err(failed(mistakes));
            }
        };
        let (source, workflow, plan) = (source.into(), Arc::new(workflow), Arc::new(plan));
        Ok(Definition { path: name.to_owned(), source, parts, workflow, plan })
    }

    /// Returns what a run is pinned to, and the texts to keep for that.
    pub fn pins(&self) -> (Pinned, Vec<(String, Arc<str>)>) {
        let hash = |text: &Arc<str>| blake3::hash(text.as_bytes()).to_hex().to_string();
        let parts = self.parts.iter().map(|(path, text)| Part { path: path.clone(), hash: hash(text) });
        let pinned = Pinned { path: self.path.clone(), hash: self.hash(), parts: parts.collect() };
        let texts = std::iter::once(&self.source).chain(self.parts.values());
        (pinned, texts.map(|text| (hash(text), text.clone())).collect())
    }

    /// Returns the hash of the text, under which a journal keeps it.
    pub fn hash(&self) -> String {
        blake3::hash(self.source.as_bytes()).to_hex().to_string()
    }

    /// Says in words what `other` (today's file) has that this one (the pinned one) has not, and the other way round.
    pub fn differences(&self, other: &Definition) -> Vec<String> {
        let mut said = self.parts_apart(other);
        if self.source == other.source {
            return said;
        }
        let others = said.len();
        let (mine, theirs) = (steps(&self.workflow.body), steps(&other.workflow.body));
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
        let rest = |workflow: &Workflow| without_places(&format!("{:?}{:?}", workflow.outputs, workflow.agents));
        if rest(&self.workflow) != rest(&other.workflow) {
            said.push("its outputs or agents changed".into());
        }
        if said.len() == others {
            said.push("only its layout or order changed".into());
        }
        said
    }
}

impl Definition {
    /// Says which other files that count changed: called workflows and the settings.
    fn parts_apart(&self, other: &Definition) -> Vec<String> {
        let mine = self.parts.iter().filter_map(|(path, text)| match other.parts.get(path) {
            None => Some(format!("'{path}' is gone")),
            Some(other) => (text != other).then(|| format!("'{path}' changed")),
        });
        let new = other.parts.keys().filter(|path| !self.parts.contains_key(*path));
        mine.chain(new.map(|path| format!("'{path}' is new"))).collect()
    }
}

/// Reads the workflows that a body calls, and those that they call, each once.
fn gather(
    body: &Block,
    file: &str,
    read: &dyn Fn(&str) -> Result<String, Mistakes>,
    parts: &mut BTreeMap<String, Arc<str>>,
    catalog: &mut Catalog,
    mistakes: &mut Vec<Mistake>,
) {
    for block in body.all() {
        let Body::Flow(call) = &block.body else { continue };
        let path = plan::beside(file, &call.path.source);
        if parts.contains_key(&path) || call.path.source.contains("{{") {
            continue;
        }
        match read(&path) {
            Ok(text) => {
                parts.insert(path.clone(), text.as_str().into());
                let (workflow, found) = spec::read(&text, &path);
                mistakes.extend(found.into_iter().map(|mistake| mistake.moved(&path, call.path.place)));
                if let Some(workflow) = workflow {
                    gather(&workflow.body, &path, read, parts, catalog, mistakes);
                    catalog.flows.insert(path, Arc::new(workflow));
                }
            }
            Err(told) => {
                let told = told.list().iter().cloned();
                mistakes.extend(told.map(|mistake| mistake.moved(&path, call.path.place)));
            }
        }
    }
}

/// Returns the steps that people named or could name, in the file's order.
fn steps(block: &Block) -> Vec<&Block> {
    block.all().into_iter().filter(|block| !block.id.as_str().starts_with('_')).collect()
}

/// Compares two steps by what they say, not by where they stand; the steps inside them are compared on their own.
fn is_same(one: &Block, other: &Block) -> bool {
    let said = |block: &Block| {
        let body = match &block.body {
            Body::Sequence(_) => "steps".to_owned(),
            Body::Parallel(_) => "parallel".to_owned(),
            Body::Pipe(_) => "pipe".to_owned(),
            Body::Always(..) => "always".to_owned(),
            Body::Switch(switch) => {
                let cases: Vec<&String> = switch.cases.iter().map(|(case, _)| case).collect();
                without_places(&format!("switch {:?} {cases:?}", switch.on))
            }
            body @ (Body::Command(_) | Body::Agent(_) | Body::Flow(_)) => without_places(&format!("{body:?}")),
        };
        let Block { guard, skip_when, each, at_least, max_parallel, repeat, needs, optional, weight, .. } = block;
        let loops = format!("{each:?}{at_least:?}{max_parallel:?}{repeat:?}");
        let round = format!("{guard:?}{skip_when:?}{loops}{needs:?}{optional}{weight}");
        (body, without_places(&round))
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
        check(
            pinned,
            "steps:\n- { id: a, run: [x], weight: 2 }\n- { id: b, run: [y] }\noutputs: { o: '{{ steps.b.output }}' }\n",
            &["step 'a' changed", "its outputs or agents changed"],
        );
    }

    #[test]
    fn a_called_workflow_that_changed_is_named_too() {
        let parse = |inner: &str| {
            let read = |_: &str| Ok(inner.to_owned());
            let source = "steps: [{ id: call, flow: sub.yaml }]\n";
            Definition::assemble(source, "a.yaml", &Registry::default(), &read).unwrap()
        };
        let (pinned, today) = (parse("steps: [{ run: [x] }]\n"), parse("steps: [{ run: [y] }]\n"));
        assert_eq!(pinned.differences(&today), ["'sub.yaml' changed"]);
        assert_eq!(pinned.differences(&pinned), [""; 0]);
    }
}
