//! Lays the blocks of a definition out as parts, with the workflows that it calls.

use super::part::{Form, Graph, Mark, Part};
use super::words;
use crate::Definition;
use crate::model::{Block, Body, FallbackAction, Settings, StepId};
use crate::plan::Kind;
use crate::room::with_room;
use crate::spec;

/// When what stands in `always` runs.
pub(super) const ALWAYS: &str = "always";
/// When what stands in `on_failure` runs.
const ON_FAILURE: &str = "on failure";

impl Graph {
    /// Lays out a workflow.
    pub fn of(definition: &Definition) -> Graph {
        let layout = || Layout { definition, caller: None }.part(&definition.workflow.body);
        let root = with_room(definition.plan.depth(), layout);
        Graph { name: definition.plan.name.clone(), root }
    }
}

struct Layout<'d> {
    definition: &'d Definition,
    /// The step that calls the workflow whose blocks these are.
    caller: Option<StepId>,
}

impl Layout<'_> {
    fn part(&self, block: &Block) -> Part {
        let step = self.step(block);
        let name = Some(block.id.to_string()).filter(|name| !name.starts_with('_'));
        let (marks, form) = self.form(block);
        let part = Part { key: self.key(&step), name, marks, form, needs: self.needs(&step) };
        let part = match (&block.guard, &block.otherwise) {
            (Some(guard), Some(otherwise)) => self.choice(part, &guard.source, otherwise),
            _ => part,
        };
        without_frame(part)
    }

    /// Returns a block's name as it is called from the whole run.
    fn step(&self, block: &Block) -> StepId {
        self.caller.as_ref().map_or_else(|| block.id.clone(), |caller| caller.inside(&block.id))
    }

    /// Returns what is round the body, and the body.
    fn form(&self, block: &Block) -> (Vec<Mark>, Form) {
        let mut marks = marks(block);
        let mut form = self.body(block, &mut marks);
        if let Some(handler) = &block.on_failure {
            let key = format!("b_{}", self.key(&self.step(block)));
            let body = without_frame(Part { key, name: None, marks: Vec::new(), form, needs: Vec::new() });
            form = Form::Then { body: Box::new(body), when: ON_FAILURE, after: Box::new(self.part(handler)) };
        }
        (marks, form)
    }

    fn body(&self, block: &Block, marks: &mut Vec<Mark>) -> Form {
        let parts = |blocks: &[Block]| blocks.iter().map(|block| self.part(block)).collect();
        match &block.body {
            Body::Command(command) => Form::Task(words::command(&command.run)),
            Body::Agent(call) => Form::Task(words::agent(&call.agent)),
            Body::Sequence(blocks) => Form::Sequence(parts(blocks)),
            Body::Parallel(blocks) => Form::Parallel(parts(blocks)),
            Body::Pipe(blocks) => Form::Pipe(parts(blocks)),
            Body::Switch(switch) => {
                let cases = switch.cases.iter().map(|(case, block)| (words::cut(case), self.part(block)));
                let default = switch.default.iter().map(|block| ("otherwise".to_owned(), self.part(block)));
                let question = format!("switch {}", words::bare(&switch.on.source));
                Form::Choice { question, answers: cases.chain(default).collect() }
            }
            Body::Flow(call) => self.flow(block, &call.path.source, marks),
            Body::Always(body, cleanup) => {
                let (body, after) = (Box::new(self.part(body)), Box::new(self.part(cleanup)));
                Form::Then { body, when: ALWAYS, after }
            }
        }
    }

    /// Lays out a workflow that is called, as a frame with its steps.
    fn flow(&self, block: &Block, written: &str, marks: &mut Vec<Mark>) -> Form {
        let step = self.step(block);
        let called = self.definition.plan.nodes_of(&step).iter().find_map(|node| match &node.kind {
            Kind::Flow(call) => Some(call.path.as_str()),
            _ => None,
        });
        let read = |path: &str| spec::read(self.definition.parts.get(path)?, path).0;
        let Some(workflow) = called.and_then(read) else {
            return Form::Task(format!("flow {}", words::cut(written)));
        };
        marks.push(Mark::Flow(words::cut(written)));
        let inner = Layout { definition: self.definition, caller: Some(step) };
        let root = inner.part(&workflow.body);
        match root.name.is_none() && root.marks.is_empty() {
            true => root.form,
            false => Form::Sequence(vec![root]),
        }
    }

    /// An `if` with an `else` is a choice between two parts; alone it is only a mark.
    fn choice(&self, then: Part, guard: &str, otherwise: &Block) -> Part {
        let Part { key, name, marks, needs, form } = then;
        let marks = marks.into_iter().filter(|mark| !matches!(mark, Mark::If(_)));
        let (round, inside): (Vec<Mark>, Vec<Mark>) =
            marks.partition(|mark| matches!(mark, Mark::Optional | Mark::Unless(_)));
        let then = Part { key: format!("t_{key}"), name: None, marks: inside, form, needs: Vec::new() };
        let answers = vec![("yes".to_owned(), then), ("no".to_owned(), self.part(otherwise))];
        let question = format!("if {}", words::bare(guard));
        Part { key, name, marks: round, form: Form::Choice { question, answers }, needs }
    }

    /// Returns what the step needs by `needs` and by its templates.
    fn needs(&self, step: &StepId) -> Vec<(String, String)> {
        let plan = &self.definition.plan;
        let nodes = plan.nodes_of(step).iter();
        let mut targets: Vec<_> = nodes.flat_map(|node| &node.needs).map(|need| need.target).collect();
        targets.sort_unstable();
        targets.dedup();
        let named = |step: &StepId| (self.key(step), step.own().to_owned());
        targets.into_iter().map(|target| named(&plan.node(target).step)).collect()
    }

    /// Names a step and a made group so that no two are alike and none is a word of a format (`end`, `node`, `graph`).
    /// The steps of a workflow that is called have their number in the plan before the `_`.
    fn key(&self, step: &StepId) -> String {
        let number = match step.as_str() == step.own() {
            true => String::new(),
            false => self.definition.plan.step(step).map(|id| id.0.to_string()).unwrap_or_default(),
        };
        match step.own().strip_prefix('_') {
            Some(made) => format!("g{number}_{made}"),
            None => format!("s{number}_{}", step.own()),
        }
    }
}

fn marks(block: &Block) -> Vec<Mark> {
    let mut marks = Vec::new();
    marks.extend(block.guard.as_ref().map(|guard| Mark::If(words::bare(&guard.source))));
    marks.extend(block.skip_when.as_ref().map(|guard| Mark::Unless(words::bare(&guard.source))));
    marks.extend(block.each.as_ref().map(|each| Mark::Each(words::fan(each, block.at_least, block.max_parallel))));
    marks.extend(block.repeat.as_ref().map(|repeat| Mark::Loop(words::rounds(repeat))));
    marks.extend(block.optional.then_some(Mark::Optional));
    if let Body::Command(command) = &block.body {
        marks.extend(beside(&command.settings));
    }
    if let Body::Agent(call) = &block.body {
        marks.extend(beside(&call.settings));
    }
    marks
}

/// Returns what follows a call: who checks it, who takes over, what takes it back.
fn beside(settings: &Settings) -> Vec<Mark> {
    let checks = settings.checks.iter().map(|check| Mark::Check(words::action(&check.action)));
    let judge = settings.judge.iter().map(|judge| Mark::Judge(words::action(&judge.action)));
    let fallbacks = settings.fallback.iter().map(|fallback| match &fallback.action {
        FallbackAction::Agent(name) => Mark::Fallback(words::agent(name)),
        FallbackAction::Own(action) => Mark::Fallback(words::action(action)),
    });
    let undo = settings.undo.iter().map(|undo| Mark::Undo(words::action(undo)));
    checks.chain(judge).chain(fallbacks).chain(undo).collect()
}

/// A group that nobody named and that holds one part is no more than that part.
fn without_frame(part: Part) -> Part {
    match part {
        Part { name: None, marks, form: Form::Sequence(mut parts), .. } if marks.is_empty() && parts.len() == 1 => {
            parts.remove(0)
        }
        part => part,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::agents::Registry;

    /// A flow with every pattern in it.
    pub(in crate::graph) const PATTERNS: &str = "steps:
- { id: build, run: [make] }
- id: checks
  parallel:
  - { id: lint, run: lint, optional: true }
  - { id: test, each: [1, 2], run: [make, test, '{{ item }}'] }
- { id: end, if: steps.test.ok, run: 'publish {{ steps.build.output }}', else: [{ id: sorry, run: sorry }] }
always:
- { id: clean, run: rm x }
";

    pub(in crate::graph) fn graph(flow: &str) -> Graph {
        Graph::of(&Definition::parse(flow, "a.yaml", &Registry::default()).unwrap())
    }

    #[test]
    fn a_made_group_of_one_part_is_no_group() {
        let root = graph("steps: [{ id: a, if: 'true', run: [x], else: [{ id: b, run: [y] }] }]").root;
        let keys: Vec<&str> = root.parts().iter().map(|part| part.key.as_str()).collect();
        assert_eq!((root.key.as_str(), &keys[..]), ("s_a", &["t_s_a", "s_b"][..]));
    }

    /// Lays out a flow, one that it calls being `part.yaml`, and shows its arrows.
    fn check(flow: &str, part: &str, expected: &[&str]) {
        let read = |_: &str| Ok(part.to_owned());
        let definition = Definition::assemble(flow, "a.yaml", &Registry::default(), &read).unwrap();
        let mermaid = Graph::of(&definition).mermaid();
        let is_arrow = |line: &&str| ["-->", "==>", "-.->"].iter().any(|arrow| line.contains(arrow));
        assert_eq!(mermaid.lines().filter(is_arrow).map(str::trim).collect::<Vec<_>>(), expected, "{mermaid}");
    }

    #[test]
    fn a_loop_goes_back_to_its_first_step() {
        check(
            "steps:\n- { id: l, loop: { until: steps.b.ok, max: 4 }, steps: [{ id: a, run: x }, { id: b, run: y }] }\n\
             - { id: c, loop: 3, run: z }",
            "",
            &["s_l --> s_c", "s_a --> s_b", "s_b -->|\"again\"| s_a", "s_c -->|\"again\"| s_c"],
        );
    }

    #[test]
    fn items_stream_through_stages_and_cases_have_their_names() {
        check(
            "steps:\n- { id: p, each: [1], pipe: [{ id: a, run: x }, { id: b, run: y }] }\n\
             - { id: k, switch: 1, cases: { one: { id: c, run: z }, two: { id: d, run: z } }, default: { id: e, run: z } }",
            "",
            &[
                "s_p --> s_k",
                "s_a ==> s_b",
                "q_s_k -->|\"one\"| s_c",
                "q_s_k -->|\"two\"| s_d",
                "q_s_k -->|\"otherwise\"| s_e",
            ],
        );
    }

    #[test]
    fn what_follows_a_failure_says_so() {
        check(
            "steps: [{ id: a, run: x, on_failure: [{ id: b, run: y }] }]\nalways: [{ id: c, run: z }]",
            "",
            &["s_a -->|\"always\"| s_c", "b_s_a -->|\"on failure\"| s_b"],
        );
    }

    #[test]
    fn a_workflow_that_is_called_is_drawn_with_its_steps() {
        check(
            "steps: [{ id: a, run: x }, { id: f, flow: part.yaml, with: { n: '{{ steps.a.output }}' } }]",
            "inputs: { n: {} }\nsteps: [{ id: a, run: 'echo {{ inputs.n }}' }, { id: b, run: y, needs: [a] }]",
            &["s_a --> s_f", "s4_a --> s5_b"],
        );
    }
}
