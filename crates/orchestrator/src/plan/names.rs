//! Resolves the names in templates and `needs`: which steps, inputs and items are meant, and whether they can be seen.

use std::collections::BTreeSet;

use super::node::{Items, Kind, Need, Node, NodeId, Plan, StepRef};
use super::task::ItemTemplate;
use super::template::Template;
use crate::model::{Place, StepId, Text};
use crate::spec::{Mistake, nearest};

/// The names that a template may begin with.
const ROOTS: [&str; 5] = ["inputs", "steps", "item", "index", "files"];

/// Fills in the `needs` and `refs` of all nodes.
pub(super) fn resolve(plan: &mut Plan, explicit: &[(NodeId, Text)], mistakes: &mut Vec<Mistake>) {
    for index in 0..plan.nodes.len() {
        let node = &plan.nodes[index];
        let resolver = Resolver { plan, node };
        let (refs, mut needs) = resolver.all(mistakes);
        let mine = explicit.iter().filter(|(id, _)| id.0 as usize == index);
        needs.extend(mine.filter_map(|(_, text)| resolver.explicit(text, mistakes)));
        needs.sort_by_key(|need| need.target);
        needs.dedup();
        let node = &mut plan.nodes[index];
        node.refs = refs;
        node.needs = needs;
    }
}

struct Resolver<'p> {
    plan: &'p Plan,
    node: &'p Node,
}

impl Resolver<'_> {
    fn all(&self, mistakes: &mut Vec<Mistake>) -> (Vec<StepRef>, Vec<Need>) {
        let mut refs: Vec<StepRef> = Vec::new();
        let mut needs = Vec::new();
        for (names, place, lists) in self.uses() {
            for name in names {
                match self.name(&name, place, lists) {
                    Ok(None) => {}
                    Ok(Some((step_ref, need))) => {
                        if !refs.contains(&step_ref) {
                            refs.push(step_ref);
                            needs.push(need);
                        }
                    }
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        (refs, needs)
    }

    /// Returns the names used by the node's own templates, and whether `files()` may be called there.
    fn uses(&self) -> Vec<(BTreeSet<String>, Place, bool)> {
        let of = |template: &Template, lists| (template.names(), template.place(), lists);
        match &self.node.kind {
            Kind::Conditional(guard) => vec![(guard.names(), guard.place(), false)],
            Kind::Each(Items::Template(template)) => vec![of(template, true)],
            Kind::Each(Items::List(items)) => {
                let template = |item: &ItemTemplate| match item {
                    ItemTemplate::Plain(_) => None,
                    ItemTemplate::Template(template) => Some(of(template, true)),
                };
                items.iter().filter_map(template).collect()
            }
            Kind::Task(task) => {
                let mut uses: Vec<_> = task.templates().into_iter().map(|template| of(template, false)).collect();
                let script = task.script().into_iter().flat_map(|script| script.expressions());
                uses.extend(script.map(|expression| (expression.names(), expression.place(), false)));
                uses
            }
            _ => Vec::new(),
        }
    }

    fn name(&self, name: &str, place: Place, lists: bool) -> Result<Option<(StepRef, Need)>, Mistake> {
        let mut parts = name.split('.');
        match (parts.next().unwrap_or(name), parts.next()) {
            ("inputs", None) => Ok(None),
            ("inputs", Some(input)) => self.input(input, place).map(|()| None),
            ("item" | "index", _) if self.node.scope.is_empty() => {
                let hint = "'item' and 'index' exist only in the body of an 'each'";
                Err(Mistake::at(place, format!("'{name}' is used outside of an 'each'")).hint(hint))
            }
            ("item" | "index", _) => Ok(None),
            ("files", None) if lists => Ok(None),
            ("files", _) => {
                let hint = "list files in 'each' or in an input's default, whose result is recorded";
                Err(Mistake::at(place, "'files()' cannot be used here").hint(hint))
            }
            ("steps", None) => {
                let hint = "name the step: steps.NAME.output; a list of all steps cannot be followed";
                Err(Mistake::at(place, "'steps' is used without saying which step is meant").hint(hint))
            }
            ("steps", Some(step)) => self.step(step, place).map(Some),
            (root, _) => Err(unknown(root, place)),
        }
    }

    fn input(&self, input: &str, place: Place) -> Result<(), Mistake> {
        let names = || self.plan.inputs.iter().map(|input| input.name.as_str());
        if names().any(|name| name == input) {
            return Ok(());
        }
        let mistake = Mistake::at(place, format!("unknown input '{input}'"));
        Err(match nearest(input, names()) {
            Some(near) => mistake.hint(format!("did you mean 'inputs.{near}'?")),
            None => mistake.hint(format!("declare it: inputs: {{ {input}: {{ type: string }} }}")),
        })
    }

    fn step(&self, name: &str, place: Place) -> Result<(StepRef, Need), Mistake> {
        let target = StepId::new(name).ok().and_then(|step| self.plan.step(&step));
        let Some(target) = target.filter(|_| !name.starts_with('_')) else {
            return Err(self.no_step(name, place));
        };
        let node = self.plan.node(target);
        if self.plan.path(self.node.id).contains(&target) {
            let message = format!("step '{}' uses its own result, or that of a group it is part of", self.node.step);
            return Err(Mistake::at(place, message));
        }
        if let Some(each) = node.scope.iter().find(|each| !self.node.scope.contains(each)) {
            let each = &self.plan.node(*each).step;
            let message = format!("step '{name}' runs once for each item of '{each}'");
            return Err(Mistake::at(place, message).hint(format!("use steps.{each}.items, the list of all results")));
        }
        let step_ref = StepRef { step: node.step.clone(), target };
        Ok((step_ref, Need { target, tolerant: self.tolerant(target) }))
    }

    /// A need may have failed when it, or a group round it that this node is not part of, is optional, and when this
    /// node cleans up after it: to tell what failed is what clean-up steps are for.
    fn tolerant(&self, target: NodeId) -> bool {
        let mine = self.plan.path(self.node.id);
        let theirs = self.plan.path(target);
        let shared = mine.iter().zip(&theirs).take_while(|(mine, theirs)| mine == theirs).count();
        let cleans_up = mine[..shared].last().is_some_and(|id| matches!(self.plan.node(*id).kind, Kind::Always));
        cleans_up || theirs[shared..].iter().any(|id| self.plan.node(*id).optional)
    }

    fn no_step(&self, name: &str, place: Place) -> Mistake {
        let names = || self.plan.steps.keys().map(StepId::as_str).filter(|name| !name.starts_with('_'));
        let mistake = Mistake::at(place, format!("unknown step '{name}'"));
        match nearest(name, names()) {
            Some(near) => mistake.hint(format!("did you mean '{near}'?")),
            None => mistake.hint("steps are named by their 'id'"),
        }
    }

    fn explicit(&self, text: &Text, mistakes: &mut Vec<Mistake>) -> Option<Need> {
        match self.step(&text.source, text.place) {
            Ok((_, need)) => Some(need),
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    }
}

fn unknown(root: &str, place: Place) -> Mistake {
    let mistake = Mistake::at(place, format!("unknown name '{root}'"));
    match (root, nearest(root, ROOTS.into_iter())) {
        ("run" | "this", _) => mistake.hint(format!("'{root}.*' cannot be used in what decides or is remembered")),
        (_, Some(near)) => mistake.hint(format!("did you mean '{near}'?")),
        _ => mistake.hint(format!("known names: inputs, steps, item, index; a text is quoted: '{root}'")),
    }
}
