//! Lays out workflows that others call, each in its own names, and what takes the effects of tasks back.

use std::sync::Arc;

use super::compile::{Compiler, Here, MAX_CALLS};
use super::node::{Kind, Node, NodeId, SubFlow};
use crate::model::{Action, Block, Body, Place, StepId, Workflow};
use crate::spec::Mistake;

impl Compiler<'_> {
    /// Lays out a workflow that is called, in its own names.
    pub(super) fn flow(
        &mut self,
        block: &Block,
        call: &crate::model::SubFlow,
        parent: Option<NodeId>,
        scope: &[NodeId],
    ) -> NodeId {
        let path = beside(&self.here.file, &call.path.source);
        let with = self.pairs(&call.with);
        let Some(called) = self.called(&path, call.path.place) else {
            return self.node(block, parent, scope, Kind::Sequential);
        };
        for (name, text) in call.with.iter().filter(|(name, _)| called.inputs.iter().all(|input| input.name != *name)) {
            let message = format!("the workflow '{path}' has no input '{name}'");
            let names = called.inputs.iter().map(|input| input.name.as_str());
            let mistake = Mistake::at(text.place, message);
            self.add(match crate::spec::nearest(name, names) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None => mistake,
            });
        }
        for input in called.inputs.iter().filter(|input| input.required) {
            if call.with.iter().all(|(name, _)| *name != input.name) {
                let message = format!("the workflow '{path}' needs the input '{}'", input.name);
                self.add(Mistake::at(call.path.place, message).hint(format!("with: {{ {}: .. }}", input.name)));
            }
        }
        let id = self.node(block, parent, scope, Kind::Sequential);
        let caller = self.name(&block.id);
        let mut files = self.here.files.clone();
        files.push(self.here.file.clone());
        let inner = Here {
            file: path.clone(),
            caller: Some(caller),
            home: Some(id),
            called_at: self.here.called_at.or(Some(call.path.place)),
            files,
            agents: called.agents.clone(),
        };
        let outer = std::mem::replace(&mut self.here, inner);
        let inputs = self.inputs(&called);
        let outputs = self.pairs(&called.outputs);
        let child = self.block_or_undo(&called.body, Some(id), scope);
        self.here = outer;
        let node = &mut self.nodes[id.0 as usize];
        node.kind = Kind::Flow(Box::new(SubFlow { path, with, inputs, outputs }));
        node.children = vec![child];
        id
    }

    /// Finds a workflow that is called, unless it would call itself.
    fn called(&mut self, path: &str, place: Place) -> Option<Arc<Workflow>> {
        let mut chain: Vec<&str> = self.here.files.iter().map(String::as_str).collect();
        chain.push(&self.here.file);
        if let Some(from) = chain.iter().position(|file| *file == path) {
            let drawn = format!("{} -> {path}", chain[from..].join(" -> "));
            self.add(Mistake::at(place, format!("this workflow calls itself: {drawn}")).hint("use 'loop' to repeat"));
            return None;
        }
        if chain.len() > MAX_CALLS {
            self.add(Mistake::at(place, format!("workflows call each other more than {MAX_CALLS} deep")));
            return None;
        }
        let found = self.catalog.flows.get(path).cloned();
        if found.is_none() {
            self.add(Mistake::at(place, format!("the workflow '{path}' was not found or cannot be read")));
        }
        found
    }

    /// Lays out what takes effects back. It belongs to the outermost group that can fail.
    pub(super) fn lay_undos(&mut self) {
        for (task, action, here) in std::mem::take(&mut self.undos) {
            self.here = here;
            let call = self.action(&action);
            let settings = match &action {
                Action::Command(command) => &command.settings,
                Action::Agent(call) => &call.settings,
            };
            let kind = self.task(call, settings);
            let Node { step, place, scope, home, .. } = &self.nodes[task.0 as usize];
            let step = StepId::new("undo").expect("a good name").inside(step);
            let (place, scope, home) = (*place, scope.clone(), *home);
            let root = self.nodes.iter().find(|node| matches!(node.kind, Kind::Undo)).map(|node| node.id);
            let block = Block::bare(step.clone(), place, Body::Sequence(Vec::new()));
            self.here.caller = None;
            let id = self.node(&block, root, &scope, kind);
            self.nodes[id.0 as usize].home = home;
            self.nodes[id.0 as usize].undoes = Some(task);
            self.nodes[task.0 as usize].undo = Some(id);
            self.steps.insert(step, id);
        }
    }
}

/// Returns the path of a file that another one names, as it is called from the project.
pub(crate) fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = match path.starts_with('/') {
        true => vec![""],
        false => file.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." && !last.is_empty() => _ = parts.pop(),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_counted_from_the_file_that_names_it() {
        for (file, path, expected) in [
            ("a.yaml", "b.yaml", "b.yaml"),
            ("flows/a.yaml", "./b.yaml", "flows/b.yaml"),
            ("flows/a.yaml", "../x/b.yaml", "x/b.yaml"),
            ("a.yaml", "../b.yaml", "../b.yaml"),
            ("/p/a.yaml", "b.yaml", "/p/b.yaml"),
        ] {
            assert_eq!(beside(file, path), expected, "{file} {path}");
        }
    }
}
