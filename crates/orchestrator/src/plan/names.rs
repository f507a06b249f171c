//! Resolves the names in templates and `needs`: which steps, inputs and items are meant, and whether they can be seen.

use std::collections::BTreeSet;

use super::node::{Items, Kind, Need, Node, NodeId, Plan, StepRef};
use super::task::{Call, ItemTemplate};
use super::template::{Expression, Template};
use crate::model::{Place, StepId, Text};
use crate::spec::{Mistake, nearest};

/// The names that a template may begin with.
const ROOTS: [&str; 9] = ["inputs", "steps", "item", "index", "round", "previous", "data", "this", "files"];

/// Fills in the `needs` and `refs` of all nodes.
pub(super) fn resolve(plan: &mut Plan, explicit: &[(NodeId, Text)], mistakes: &mut Vec<Mistake>) {
    for index in 0..plan.nodes.len() {
        let node = &plan.nodes[index];
        let resolver = Resolver { plan, node };
        let (refs, mut needs) = resolver.all(mistakes);
        let input_names = resolver.input_names();
        // They stand in the order of the nodes.
        let from = explicit.partition_point(|(id, _)| (id.0 as usize) < index);
        let mine = explicit[from..].iter().take_while(|(id, _)| id.0 as usize == index);
        needs.extend(mine.filter_map(|(_, text)| resolver.explicit(text, mistakes)));
        if node.undoes.is_some() {
            // It runs when all is over; what it uses may never have run.
            needs.clear();
        }
        needs.sort_by_key(|need| need.target);
        needs.dedup();
        let node = &mut plan.nodes[index];
        node.refs = refs;
        node.needs = needs;
        node.input_names = input_names;
    }
}

struct Resolver<'p> {
    plan: &'p Plan,
    node: &'p Node,
}

/// Where a template stands, which decides what it may name.
#[derive(Clone, Copy, Default)]
struct Spot {
    place: Place,
    /// `files()` may be called: the result is recorded.
    lists: bool,
    /// The steps inside the node are seen: a loop's conditions, a workflow's outputs.
    inside: bool,
    /// The task's own result is seen as `this`.
    later: bool,
}

/// The names that one template uses, and where it stands.
type Use = (BTreeSet<String>, Spot);

impl Resolver<'_> {
    fn all(&self, mistakes: &mut Vec<Mistake>) -> (Vec<StepRef>, Vec<Need>) {
        let mut refs: Vec<StepRef> = Vec::new();
        let mut needs = Vec::new();
        for (names, spot) in self.uses() {
            for name in names {
                match self.name(&name, spot) {
                    Ok(None) => {}
                    Ok(Some((step_ref, need))) => {
                        if !refs.contains(&step_ref) {
                            refs.push(step_ref);
                            needs.extend(need);
                        }
                    }
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        (refs, needs)
    }

    /// Returns the inputs of the node's own workflow that its templates use. The outputs of a workflow that is called use
    /// the inputs of that one.
    fn input_names(&self) -> Vec<String> {
        let is_own = |spot: &Spot| self.view(*spot).0 == self.node.home;
        let uses = self.uses().into_iter().filter(|(_, spot)| is_own(spot));
        let input = |name: String| {
            let mut parts = name.split('.');
            (parts.next() == Some("inputs")).then(|| parts.next().unwrap_or_default().to_owned())
        };
        let names: BTreeSet<String> = uses.flat_map(|(names, _)| names).filter_map(input).collect();
        names.into_iter().collect()
    }

    /// Returns the names used by the node's own templates, and where each stands.
    fn uses(&self) -> Vec<Use> {
        match &self.node.kind {
            Kind::Conditional(guard) => [&guard.holds, &guard.skip_when].into_iter().flatten().map(plain).collect(),
            Kind::Switch(switch) => vec![plain(&switch.on)],
            Kind::Each(fan) | Kind::Pipe(fan) => uses_of_items(&fan.items),
            Kind::Loop(rounds) => {
                let asked = [&rounds.until, &rounds.going_while, &rounds.score].into_iter().flatten();
                asked.map(|expression| inside(plain(expression))).collect()
            }
            Kind::Flow(flow) => {
                let with = flow.with.iter().map(|(_, template)| of(template));
                with.chain(flow.outputs.iter().map(|(_, template)| inside(of(template)))).collect()
            }
            Kind::Task(task) => {
                let later = |(names, spot): Use| (names, Spot { later: true, ..spot });
                let own = task.templates().into_iter().map(of);
                let own = own.chain(task.script_values().into_iter().map(plain));
                let own = own.chain(task.cache_templates().map(of_cache));
                let own = own.map(|(names, spot)| (names, Spot { later: self.node.undoes.is_some(), ..spot }));
                let after = task.later_templates().into_iter().map(of);
                let after = after.chain(task.later_script_values().into_iter().map(plain)).map(later);
                own.chain(after).collect()
            }
            Kind::Sequential | Kind::Parallel(_) | Kind::Always | Kind::OnFailure | Kind::Undo => Vec::new(),
        }
    }

    /// Returns the workflow whose names the template sees, and the rounds and items round it.
    fn view(&self, spot: Spot) -> (Option<NodeId>, Vec<NodeId>) {
        let mut scope = self.node.scope.clone();
        match &self.node.kind {
            Kind::Flow(flow) if spot.inside => {
                // The root has no path: it is no call, and its steps are named as they are.
                let home = (!flow.path.is_empty()).then_some(self.node.id).or(self.node.home);
                (home, scope)
            }
            _ => {
                scope.extend(Some(self.node.id).filter(|_| spot.inside));
                (self.node.home, scope)
            }
        }
    }

    fn name(&self, name: &str, spot: Spot) -> Result<Option<(StepRef, Option<Need>)>, Mistake> {
        let place = spot.place;
        let mut parts = name.split('.');
        match (parts.next().unwrap_or(name), parts.next()) {
            ("inputs", None) => Ok(None),
            ("inputs", Some(input)) => self.input(input, spot).map(|()| None),
            ("item" | "index" | "round", _) => self.repeated(name, spot).map(|()| None),
            ("data", key) => self.data(key, spot).map(|()| None),
            ("this", _) if spot.later => Ok(None),
            ("files", None) if spot.lists => Ok(None),
            ("files", _) => {
                let hint = "list files in 'each' or in an input's default, whose result is recorded";
                Err(Mistake::at(place, "'files()' cannot be used here").hint(hint))
            }
            (root @ ("steps" | "previous"), None) => {
                let hint = format!("name the step: {root}.NAME.output; a list of all steps cannot be followed");
                Err(Mistake::at(place, format!("'{root}' is used without saying which step is meant")).hint(hint))
            }
            ("steps", Some(step)) => {
                let (step_ref, need) = self.step(step, spot)?;
                // What is inside has ended when it is asked for.
                let is_inside = self.plan.is_inside(step_ref.target, self.node.id);
                Ok(Some((step_ref, (!is_inside).then_some(need))))
            }
            ("previous", Some(step)) => self.previous(step, spot).map(|step_ref| Some((step_ref, None))),
            (root, _) => Err(unknown(root, place)),
        }
    }

    fn input(&self, input: &str, spot: Spot) -> Result<(), Mistake> {
        let (home, _) = self.view(spot);
        let inputs = self.plan.inputs_of(home);
        let names = || inputs.iter().map(|input| input.name.as_str());
        if names().any(|name| name == input) {
            return Ok(());
        }
        let mistake = Mistake::at(spot.place, format!("unknown input '{input}'"));
        Err(match nearest(input, names()) {
            Some(near) => mistake.hint(format!("did you mean 'inputs.{near}'?")),
            None => mistake.hint(format!("declare it: inputs: {{ {input}: {{ type: string }} }}")),
        })
    }

    /// Checks that `item`, `index` or `round` stands in something that repeats.
    fn repeated(&self, name: &str, spot: Spot) -> Result<(), Mistake> {
        let (home, scope) = self.view(spot);
        let outside = home.map_or(0, |home| self.plan.node(home).scope.len());
        let loops = |id: &NodeId| matches!(self.plan.node(*id).kind, Kind::Loop(_));
        let round = scope[outside..].iter();
        let root = name.split('.').next().unwrap_or(name);
        let (found, where_) = match root {
            "item" => (round.clone().any(|id| !loops(id)), "'item' exists only in the body of an 'each' or a 'matrix'"),
            "round" => (round.clone().any(loops), "'round' exists only in the body of a 'loop'"),
            _ => (round.len() > 0, "'item' and 'index' exist only in the body of an 'each'"),
        };
        if found {
            return Ok(());
        }
        let what = if root == "round" { "a 'loop'" } else { "an 'each'" };
        Err(Mistake::at(spot.place, format!("'{name}' is used outside of {what}")).hint(where_))
    }

    /// Checks that a value of the shared data is asked for by the step's `get`.
    fn data(&self, key: Option<&str>, spot: Spot) -> Result<(), Mistake> {
        let hint = |key: &str| format!("ask for it on the step: get: [{key}]");
        let gets = self.node.task().map(|task| task.gets.iter().map(Template::source).collect::<Vec<_>>());
        match (key, gets) {
            (Some(key), Some(gets)) if gets.contains(&key) => Ok(()),
            (None, Some(gets)) if !gets.is_empty() => Ok(()),
            (key, _) => {
                let message = "'data' is used for a key that the step does not ask for";
                Err(Mistake::at(spot.place, message).hint(hint(key.unwrap_or("KEY"))))
            }
        }
    }

    /// Finds the outermost node of a step by the name that the template's own workflow gives it.
    fn find(&self, name: &str, spot: Spot) -> Result<NodeId, Mistake> {
        let (home, _) = self.view(spot);
        let own = StepId::new(name).ok().filter(|_| !name.starts_with('_') && !name.contains('/'));
        let whole = own.map(|own| match home {
            Some(home) => self.plan.node(home).step.inside(&own),
            None => own,
        });
        whole.and_then(|step| self.plan.step(&step)).ok_or_else(|| self.no_step(name, spot.place, home))
    }

    fn step(&self, name: &str, spot: Spot) -> Result<(StepRef, Need), Mistake> {
        let place = spot.place;
        let target = self.find(name, spot)?;
        let node = self.plan.node(target);
        if self.plan.is_inside(self.node.id, target) {
            let message = format!("step '{}' uses its own result, or that of a group it is part of", self.node.step);
            let is_round = matches!(self.node.kind, Kind::Task(_)) && self.loop_round(target).is_some();
            let hint =
                "what the round before left is 'previous'; the step's own result is 'this' in 'check' and 'undo'";
            let mistake = Mistake::at(place, message);
            return Err(if is_round { mistake.hint(hint) } else { mistake });
        }
        let (_, scope) = self.view(spot);
        let repeats = |id: &&NodeId| !scope.contains(id) && !matches!(self.plan.node(**id).kind, Kind::Loop(_));
        if let Some(each) = node.scope.iter().find(repeats) {
            let each = self.plan.node(*each).step.own();
            let message = format!("step '{name}' runs once for each item of '{each}'");
            return Err(Mistake::at(place, message).hint(format!("use steps.{each}.items, the list of all results")));
        }
        let step_ref = StepRef { step: node.step.clone(), target, previous: None };
        Ok((step_ref, Need { target, tolerant: self.tolerant(target) }))
    }

    /// Returns the nearest loop that is round this node and the step.
    fn loop_round(&self, target: NodeId) -> Option<NodeId> {
        let theirs = &self.plan.node(target).scope;
        let loops = |id: &&NodeId| matches!(self.plan.node(**id).kind, Kind::Loop(_));
        self.node.scope.iter().rev().filter(loops).find(|id| theirs.contains(id)).copied()
    }

    fn previous(&self, name: &str, spot: Spot) -> Result<StepRef, Mistake> {
        let outermost = self.find(name, spot)?;
        let node = self.plan.node(outermost);
        // Of a step with a loop of its own, what that loop repeats is meant.
        let own = self.plan.nodes_of(&node.step).iter().filter(|node| matches!(node.kind, Kind::Loop(_)));
        let own = own.map(|node| node.id).rfind(|id| self.node.scope.contains(id));
        let target = own.and_then(|own| self.plan.node(own).children.first().copied()).unwrap_or(outermost);
        let Some(round) = self.loop_round(target) else {
            let message = format!("'previous.{name}' is used where there is no round before");
            let hint = format!("'previous' is for steps of the same 'loop'; use steps.{name} here");
            return Err(Mistake::at(spot.place, message).hint(hint));
        };
        Ok(StepRef { step: node.step.clone(), target, previous: Some(round) })
    }

    /// A need may have failed when it, or a group round it that this node is not part of, is optional, and when this
    /// node cleans up after it: to tell what failed is what clean-up steps are for.
    fn tolerant(&self, target: NodeId) -> bool {
        let mine = self.plan.path(self.node.id);
        let theirs = self.plan.path(target);
        let shared = mine.iter().zip(&theirs).take_while(|(mine, theirs)| mine == theirs).count();
        let cleans_up = |id: &NodeId| matches!(self.plan.node(*id).kind, Kind::Always | Kind::OnFailure);
        mine[..shared].last().is_some_and(cleans_up) || theirs[shared..].iter().any(|id| self.plan.node(*id).optional)
    }

    fn no_step(&self, name: &str, place: Place, home: Option<NodeId>) -> Mistake {
        let nodes = self.plan.nodes.iter().filter(|node| node.home == home && !node.is_hidden());
        let names: BTreeSet<&str> = nodes.map(|node| node.step.own()).collect();
        let mistake = Mistake::at(place, format!("unknown step '{name}'"));
        match nearest(name, names.into_iter()) {
            Some(near) => mistake.hint(format!("did you mean '{near}'?")),
            None => mistake.hint("steps are named by their 'id'"),
        }
    }

    fn explicit(&self, text: &Text, mistakes: &mut Vec<Mistake>) -> Option<Need> {
        match self.step(&text.source, Spot { place: text.place, ..Spot::default() }) {
            Ok((_, need)) => Some(need),
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    }
}

fn plain(expression: &Expression) -> Use {
    (expression.names(), Spot { place: expression.place(), ..Spot::default() })
}

fn of(template: &Template) -> Use {
    (template.names(), Spot { place: template.place(), ..Spot::default() })
}

/// What a declared agent is remembered by sees its arguments, which are no names of the step's.
fn of_cache((call, template): (&Call, &Template)) -> Use {
    let (mut names, spot) = of(template);
    names.retain(|name| !name.strip_prefix("with.").is_some_and(|name| call.declares(first_part(name))));
    (names, spot)
}

fn first_part(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn inside((names, spot): Use) -> Use {
    (names, Spot { inside: true, ..spot })
}

fn uses_of_items(items: &Items) -> Vec<Use> {
    let listing =
        |template: &Template| (template.names(), Spot { place: template.place(), lists: true, ..Spot::default() });
    match items {
        Items::Template(template) => vec![listing(template)],
        Items::List(items) => {
            let template = |item: &ItemTemplate| match item {
                ItemTemplate::Plain(_) => None,
                ItemTemplate::Template(template) => Some(listing(template)),
            };
            items.iter().filter_map(template).collect()
        }
        Items::Matrix(axes) => axes.iter().flat_map(|(_, items)| uses_of_items(items)).collect(),
    }
}

fn unknown(root: &str, place: Place) -> Mistake {
    let mistake = Mistake::at(place, format!("unknown name '{root}'"));
    match (root, nearest(root, ROOTS.into_iter())) {
        ("this", _) => mistake.hint("'this' is a step's own result, seen by its 'check', 'judge', 'put' and 'undo'"),
        ("run", _) => mistake.hint(format!("'{root}.*' cannot be used in what decides or is remembered")),
        (_, Some(near)) => mistake.hint(format!("did you mean '{near}'?")),
        _ => mistake
            .hint(format!("known names: inputs, steps, item, index, round, previous; a text is quoted: '{root}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    /// Compiles a flow and shows who waits for whom: `b<a` for a need, `b<a?` for one that may have failed.
    fn check(flow: &str, expected: &str) {
        let workflow = parse(flow, "a.yaml").unwrap();
        let shown = match compile(&workflow, "a.yaml", &Catalog::default()) {
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
    #[test]
    fn what_an_agent_is_remembered_by_sees_its_arguments() {
        let flow = |cache: &str, with: &str| {
            format!(
                "agents: {{ look: {{ run: [cat, '{{{{ with.file }}}}'], cache: {{ files: ['{cache}'] }} }} }}\n\
                 parallel:\n- {{ id: a, run: [x] }}\n- {{ id: b, agent: look, with: {{ file: '{with}' }} }}"
            )
        };
        check(&flow("{{ with.file }}", "{{ steps.a.output }}"), "b<a");
        check(&flow("{{ with.other }}", "x"), "unknown name 'with'");
        check(&flow("x", "{{ with.file }}"), "unknown name 'with'");
    }
}
