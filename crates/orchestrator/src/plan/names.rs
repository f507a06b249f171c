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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compile;
    use crate::spec::parse;

    /// Compiles a flow and shows who waits for whom: `b<a` for a need, `b<a?` for one that may have failed.
    fn check(flow: &str, expected: &str) {
        let workflow = parse(flow, "a.yaml").unwrap();
        let shown = match compile(&workflow, &[]) {
            Ok(plan) => {
                let step = |id: NodeId| plan.node(id).step.to_string();
                let row = |node: &Node, need: &Need| {
                    format!("{}<{}{}", node.step, step(need.target), if need.tolerant { "?" } else { "" })
                };
                let rows = plan.nodes().iter().flat_map(|node| node.needs.iter().map(move |need| row(node, need)));
                rows.collect::<Vec<_>>().join(" ")
            }
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(shown, expected, "{flow}");
    }

    fn steps(rows: &str) -> String {
        format!("inputs: {{ goal: {{ type: string }} }}\nparallel:\n{rows}")
    }

    #[test]
    fn templates_anywhere_in_a_step_are_needs() {
        check(
            &steps(
                "- { id: a, run: [x] }\n- { id: b, run: 'echo {{ steps.a.output }}' }\n- { id: c, run: [x, '{{ steps.b.ok }}'] }",
            ),
            "b<a c<b",
        );
        check(
            &steps("- { id: a, run: [x] }\n- { id: b, if: steps.a.ok, run: [x], env: { A: '{{ steps.a.code }}' } }"),
            "b<a b<a",
        );
        check(&steps("- { id: a, run: [x] }\n- { id: b, each: '{{ steps.a.output | lines }}', run: [x] }"), "b<a");
        check(
            &steps(
                "- { id: a, run: [x] }\n- { id: b, run: [x], stdin: '{{ steps.a.output }}', cwd: '{{ steps.a.output }}' }",
            ),
            "b<a",
        );
        check(&steps("- { id: a, run: [x] }\n- { id: b, run: [x], cache: { salt: '{{ steps.a.output }}' } }"), "b<a");
        check(&steps("- { id: a, run: [x] }\n- { id: b, needs: [a], run: [x, '{{ inputs.goal }}'] }"), "b<a");
    }

    #[test]
    fn what_may_fail_may_have_failed() {
        check(&steps("- { id: a, run: [x], optional: true }\n- { id: b, needs: a, run: [x] }"), "b<a?");
        check(
            &steps("- { id: g, optional: true, steps: [{ id: a, run: [x] }] }\n- { id: b, needs: a, run: [x] }"),
            "b<a?",
        );
        let inside = "- { id: g, optional: true, parallel: [{ id: a, run: [x] }, { id: b, needs: a, run: [x] }] }";
        check(&steps(inside), "b<a");
        check("{steps: [{ id: a, run: [x] }], always: [{ id: b, run: [x, '{{ steps.a.ok }}'] }]}", "b<a?");
        check("{steps: [{ id: a, run: [x] }], always: [{ id: b, run: [x] }, { id: c, needs: b, run: [x] }]}", "c<b");
    }

    #[test]
    fn items_are_seen_from_inside_and_lists_from_outside() {
        let each = "- { id: g, each: [1, 2], steps: [{ id: a, run: [x, '{{ item }}{{ index }}'] }, { id: b, needs: a, run: [x] }] }\n";
        check(&steps(each), "b<a");
        check(&steps(&format!("{each}- {{ id: c, run: [x, '{{{{ steps.g.items }}}}'] }}")), "b<a c<g");
        check(&steps(&format!("{each}- {{ id: c, needs: a, run: [x] }}")), "step 'a' runs once for each item of 'g'");
        check(&steps("- { id: a, run: [x, '{{ index }}'] }"), "'index' is used outside of an 'each'");
    }

    #[test]
    fn names_that_cannot_be_followed_are_mistakes() {
        for (template, expected) in [
            ("steps.b.output", "unknown step 'b'"),
            ("steps[inputs.goal]", "'steps' is used without saying which step is meant"),
            ("steps", "'steps' is used without saying which step is meant"),
            ("steps.a.output", "step 'a' uses its own result, or that of a group it is part of"),
            ("steps._flow.ok", "unknown step '_flow'"),
            ("inputs.gaol", "unknown input 'gaol'"),
            ("files('*')", "'files()' cannot be used here"),
            ("run.cost", "unknown name 'run'"),
            ("self.x", "'self' cannot be used"),
            ("goal", "unknown name 'goal'"),
        ] {
            check(&steps(&format!("- {{ id: a, run: [x, \"{{{{ {template} }}}}\"] }}")), expected);
        }
        check(
            &steps("- { id: g, steps: [{ id: a, if: steps.g.ok, run: [x] }] }"),
            "step 'a' uses its own result, or that of a group it is part of",
        );
    }
}
