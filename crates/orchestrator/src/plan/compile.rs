//! Lays the blocks of a workflow out as numbered nodes and parses every template. Names are resolved in `names`.

use std::collections::HashMap;

use super::inputs::Input;
use super::node::{Items, Kind, Node, NodeId, Plan};
use super::task::{Cache, Call, ItemTemplate, Program, RunForm, Task};
use super::template::{Expression, Template};
use super::{cycles, names, shell};
use crate::model::{AgentCall, Block, Body, CachePolicy, Command, Each, Item, Run, Settings, StepId, Text, Workflow};
use crate::spec::Mistake;

/// Compiles a workflow; `agents` are the names of the registered agents.
///
/// # Errors
/// All mistakes of the workflow: templates that cannot be read, unknown names, steps out of reach, cycles.
pub fn compile(workflow: &Workflow, agents: &[&str]) -> Result<Plan, Vec<Mistake>> {
    let mut compiler =
        Compiler { nodes: Vec::new(), steps: HashMap::new(), needs: Vec::new(), mistakes: Vec::new(), agents };
    compiler.block(&workflow.body, None, &[]);
    let inputs = workflow.inputs.iter().filter_map(|spec| {
        let parsed = Input::parse(spec);
        parsed.map_err(|mistake| compiler.mistakes.push(mistake)).ok()
    });
    let inputs: Vec<Input> = inputs.collect();
    let Compiler { nodes, steps, needs, mut mistakes, .. } = compiler;
    let mut plan = Plan { name: workflow.name.clone(), nodes, steps, inputs };
    names::resolve(&mut plan, &needs, &mut mistakes);
    if mistakes.is_empty() {
        cycles::check(&plan, &mut mistakes);
    }
    if mistakes.is_empty() { Ok(plan) } else { Err(mistakes) }
}

struct Compiler<'a> {
    nodes: Vec<Node>,
    steps: HashMap<StepId, NodeId>,
    /// Explicit `needs`, by the outermost node of the step that has them.
    needs: Vec<(NodeId, Text)>,
    mistakes: Vec<Mistake>,
    agents: &'a [&'a str],
}

impl Compiler<'_> {
    /// Lays out one block: its `if`, inside that its `each`, inside that its body.
    fn block(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let outermost = NodeId(u32::try_from(self.nodes.len()).expect("files hold far fewer nodes"));
        self.steps.insert(block.id.clone(), outermost);
        self.needs.extend(block.needs.iter().map(|need| (outermost, need.clone())));
        self.guard(block, parent, scope);
        self.nodes[outermost.0 as usize].optional = block.optional;
        outermost
    }

    fn guard(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let Some(guard) = &block.guard else {
            return self.each(block, parent, scope);
        };
        let source = bare(&guard.source);
        let Some(guard) = self.keep(Expression::parse(source, guard.place)) else {
            return self.each(block, parent, scope);
        };
        let id = self.node(block, parent, scope, Kind::Conditional(guard));
        let then = self.each(block, Some(id), scope);
        let otherwise = block.otherwise.as_ref().map(|block| self.block(block, Some(id), scope));
        self.nodes[id.0 as usize].children = [Some(then), otherwise].into_iter().flatten().collect();
        id
    }

    fn each(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let Some(each) = &block.each else {
            return self.body(block, parent, scope);
        };
        let Some(items) = self.items(each) else {
            return self.body(block, parent, scope);
        };
        let id = self.node(block, parent, scope, Kind::Each(items));
        let body = self.body(block, Some(id), &[scope, &[id]].concat());
        self.nodes[id.0 as usize].children = vec![body];
        id
    }

    fn body(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let (kind, children): (Kind, Vec<&Block>) = match &block.body {
            Body::Command(command) => (self.command(command), Vec::new()),
            Body::Agent(call) => (self.agent(call), Vec::new()),
            Body::Sequence(blocks) => (Kind::Sequential, blocks.iter().collect()),
            Body::Parallel(blocks) => (Kind::Parallel, blocks.iter().collect()),
            Body::Always(body, cleanup) => (Kind::Always, vec![body, cleanup]),
        };
        let id = self.node(block, parent, scope, kind);
        let children = children.into_iter().map(|child| self.block(child, Some(id), scope)).collect();
        self.nodes[id.0 as usize].children = children;
        id
    }

    fn node(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId], kind: Kind) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("files hold far fewer nodes"));
        self.nodes.push(Node {
            id,
            step: block.id.clone(),
            place: block.place,
            parent,
            scope: scope.to_vec(),
            optional: false,
            needs: Vec::new(),
            refs: Vec::new(),
            children: Vec::new(),
            kind,
        });
        id
    }

    fn items(&mut self, each: &Each) -> Option<Items> {
        match each {
            Each::Template(text) => {
                if !text.source.contains("{{") {
                    let hint = format!("each: \"{{{{ {} }}}}\", or a list", text.source.trim());
                    self.mistakes.push(Mistake::at(text.place, "'each' takes a list or a value in braces").hint(hint));
                    return None;
                }
                self.keep(Template::parse(text)).map(Items::Template)
            }
            Each::List(items) => {
                let item = |item: &Item| match item {
                    Item::Plain(value) => Some(ItemTemplate::Plain(value.clone())),
                    Item::Template(text) => self.keep(Template::parse(text)).map(ItemTemplate::Template),
                };
                items.iter().map(item).collect::<Option<Vec<_>>>().map(Items::List)
            }
        }
    }

    fn command(&mut self, command: &Command) -> Kind {
        let run = match &command.run {
            Run::Argv(argv) => RunForm::Argv(self.templates(argv)),
            Run::Shell(text) => {
                let (script, mistakes) = shell::Script::parse(text);
                self.mistakes.extend(mistakes);
                RunForm::Shell(script)
            }
        };
        let program = Program {
            run,
            env: self.pairs(&command.env),
            cwd: command.cwd.as_ref().and_then(|text| self.keep(Template::parse(text))),
            stdin: command.stdin.as_ref().and_then(|text| self.keep(Template::parse(text))),
            ok_codes: command.ok_codes.clone(),
            outputs: self.templates(&command.outputs),
        };
        self.task(Call::Program(program), &command.settings)
    }

    fn agent(&mut self, call: &AgentCall) -> Kind {
        let name = call.agent.source.clone();
        if !self.agents.contains(&name.as_str()) {
            let mistake = Mistake::at(call.agent.place, format!("unknown agent '{name}'"));
            self.mistakes.push(match crate::spec::nearest(&name, self.agents.iter().copied()) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None if self.agents.is_empty() => mistake.hint("no agents are registered; use 'run' for a command"),
                None => mistake.hint(format!("registered agents: {}", self.agents.join(", "))),
            });
        }
        let with = self.pairs(&call.with);
        self.task(Call::Agent { name, with }, &call.settings)
    }

    fn task(&mut self, call: Call, settings: &Settings) -> Kind {
        let cache = match &settings.cache {
            CachePolicy::Off => None,
            CachePolicy::By { work_tree, files, env, ttl, salt } => Some(Cache {
                work_tree: *work_tree,
                files: self.templates(files),
                env: env.clone(),
                ttl: *ttl,
                salt: salt.as_ref().and_then(|text| self.keep(Template::parse(text))),
            }),
        };
        let Settings { retry, timeout, .. } = settings;
        Kind::Task(Box::new(Task { call, retry: retry.clone(), timeout: *timeout, cache }))
    }

    fn templates(&mut self, texts: &[Text]) -> Vec<Template> {
        texts.iter().filter_map(|text| self.keep(Template::parse(text))).collect()
    }

    fn pairs(&mut self, pairs: &[(String, Text)]) -> Vec<(String, Template)> {
        let pair = |(name, text): &(String, Text)| Some((name.clone(), self.keep(Template::parse(text))?));
        pairs.iter().filter_map(pair).collect()
    }

    /// Takes a result, or notes the mistake.
    fn keep<T>(&mut self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }
}

/// A guard is a bare expression; braces round the whole of it are a habit that does no harm.
fn bare(source: &str) -> &str {
    let trimmed = source.trim();
    let inner = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.filter(|inner| !inner.contains("}}")).unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse;

    /// Compiles a flow and shows its nodes: `step:kind(children)`, by number.
    fn check(flow: &str, expected: &str) {
        let shown = match compile(&parse(flow, "a.yaml").unwrap(), &["known"]) {
            Ok(plan) => {
                let kind = |node: &Node| match &node.kind {
                    Kind::Task(_) => "task",
                    Kind::Sequential => "steps",
                    Kind::Parallel => "parallel",
                    Kind::Conditional(_) => "if",
                    Kind::Each(_) => "each",
                    Kind::Always => "always",
                };
                let children =
                    |node: &Node| node.children.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",");
                let row = |node: &Node| match children(node).as_str() {
                    "" => format!("{}:{}", node.step, kind(node)),
                    children => format!("{}:{}({children})", node.step, kind(node)),
                };
                plan.nodes().iter().map(row).collect::<Vec<_>>().join(" ")
            }
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(shown, expected, "{flow}");
    }

    #[test]
    fn a_block_is_its_guard_then_its_list_then_its_body() {
        check(
            "steps: [{ id: a, if: 'true', each: [1], run: [x], else: [{ id: b, run: [x] }] }]",
            "_flow:steps(1) a:if(2,4) a:each(3) a:task _a_else:steps(5) b:task",
        );
        check(
            "{parallel: [{ id: a, run: [x] }], always: [{ id: b, agent: known }]}",
            "_flow:always(1,3) _flow_steps:parallel(2) a:task _flow_always:steps(4) b:task",
        );
    }

    #[test]
    fn braces_round_a_whole_guard_do_no_harm() {
        check("steps: [{ id: a, if: '{{ true }}', run: [x] }]", "_flow:steps(1) a:if(2) a:task");
        check(
            "steps: [{ id: a, if: '{{ 1 }} {{ 2 }}', run: [x] }]",
            "the expression cannot be read: unexpected `}`, expected `:`",
        );
    }

    #[test]
    fn all_mistakes_come_at_once() {
        check(
            "steps: [{ id: a, if: '1 +', run: 'echo {{ x', each: y }, { agent: knwon }, { run: [x, '{{ }}'] }]",
            "the expression cannot be read: unexpected end of input, expected expression; \
             'each' takes a list or a value in braces; this {{ is not closed; unknown agent 'knwon'; \
             the expression cannot be read: unexpected end of input, expected expression",
        );
    }
}
