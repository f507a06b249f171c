//! Lays the blocks of a workflow out as numbered nodes. Calls are made in `calls`, names are resolved in `names`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use hashbrown::HashMap;

use super::called::beside;
use super::inputs::Input;
use super::node::{Fan, Guard, Items, Kind, Loop, Node, NodeId, Plan, SubFlow, Switch};
use super::task::{Call, ItemTemplate};
use super::template::{Expression, Template};
use super::{cycles, names};
use crate::model::{
    Action, AgentSpec, Block, Body, Checkpoints, Each, Item, Place, Repeat, Settings, StepId, Text, Workflow,
};
use crate::room::with_room;
use crate::spec::Mistake;

/// How deep workflows may call each other.
pub(super) const MAX_CALLS: usize = 16;

/// What a workflow file may name and does not hold itself.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Agents that the application has registered.
    pub registered: Vec<String>,
    /// Agents that the settings declare.
    pub declared: Vec<AgentSpec>,
    /// When marks are set where a workflow says nothing of that.
    pub checkpoints: Checkpoints,
    /// Other workflows, by the path as it is called from the project.
    pub flows: BTreeMap<String, Arc<Workflow>>,
}

/// Compiles a workflow; `file` is how its file is called, from where the paths of others are counted.
///
/// # Errors
/// All mistakes of the workflow: templates that cannot be read, unknown names, steps out of reach, cycles.
pub fn compile(workflow: &Workflow, file: &str, catalog: &Catalog) -> Result<Plan, Vec<Mistake>> {
    // Whoever calls whom, a file stands in a chain of calls once.
    let called: usize = catalog.flows.values().map(|called| called.body.depth()).sum();
    with_room(workflow.body.depth() + called, || lay_out(workflow, file, catalog))
}

fn lay_out(workflow: &Workflow, file: &str, catalog: &Catalog) -> Result<Plan, Vec<Mistake>> {
    let here = Here { file: file.to_owned(), agents: workflow.agents.clone(), ..Here::default() };
    let mut compiler = Compiler {
        nodes: Vec::new(),
        steps: HashMap::new(),
        needs: Vec::new(),
        undos: Vec::new(),
        mistakes: Vec::new(),
        catalog,
        here,
    };
    compiler.root(workflow);
    let inputs = compiler.inputs(workflow);
    compiler.lay_undos();
    let Compiler { nodes, steps, needs, mut mistakes, .. } = compiler;
    let mut plan = Plan {
        name: workflow.name.clone(),
        nodes,
        steps,
        inputs,
        checkpoints: workflow.checkpoints.unwrap_or(catalog.checkpoints),
    };
    names::resolve(&mut plan, &needs, &mut mistakes);
    if mistakes.is_empty() {
        cycles::check(&plan, &mut mistakes);
    }
    if mistakes.is_empty() { Ok(plan) } else { Err(mistakes) }
}

/// Where the compiler is: in which file, called by whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    /// The file.
    pub(super) file: String,
    /// The step that calls it.
    pub(super) caller: Option<StepId>,
    /// The node of that call.
    pub(super) home: Option<NodeId>,
    /// Where the outermost call stands in the first file; mistakes of other files are told there.
    pub(super) called_at: Option<Place>,
    /// The files that call each other, first to last.
    pub(super) files: Vec<String>,
    /// The agents that the file declares.
    pub(super) agents: Vec<AgentSpec>,
}

pub(super) struct Compiler<'a> {
    pub(super) nodes: Vec<Node>,
    pub(super) steps: HashMap<StepId, NodeId>,
    /// Explicit `needs`, by the outermost node of the step that has them.
    needs: Vec<(NodeId, Text)>,
    /// What takes back the effect of a task, until all nodes are laid out.
    pub(super) undos: Vec<(NodeId, Action, Here)>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) catalog: &'a Catalog,
    pub(super) here: Here,
}

impl Compiler<'_> {
    /// Lays out a whole workflow. Outputs are a node round it, and so is the taking back of effects.
    fn root(&mut self, workflow: &Workflow) {
        let body = &workflow.body;
        if workflow.outputs.is_empty() {
            self.block_or_undo(body, None, &[]);
            return;
        }
        let outputs = self.pairs(&workflow.outputs);
        let call = SubFlow { path: String::new(), with: Vec::new(), inputs: Vec::new(), outputs };
        let result = Block::bare(StepId::new("_result").expect("a good name"), body.place, body.body.clone());
        let id = self.node(&result, None, &[], Kind::Flow(Box::new(call)));
        self.steps.insert(result.id, id);
        let child = self.block_or_undo(body, Some(id), &[]);
        self.nodes[id.0 as usize].children = vec![child];
    }

    pub(super) fn inputs(&mut self, workflow: &Workflow) -> Vec<Input> {
        workflow.inputs.iter().filter_map(|spec| self.keep(Input::parse(spec))).collect()
    }

    /// Lays out the body of a workflow. The part before its `always` is what may be taken back.
    pub(super) fn block_or_undo(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        if !self.has_undo(block, &self.here.file, &mut HashSet::new()) {
            return self.block(block, parent, scope);
        }
        match &block.body {
            Body::Always(body, cleanup) => {
                let outermost = self.next_id();
                self.steps.insert(self.name(&block.id), outermost);
                let id = self.node(block, parent, scope, Kind::Always);
                let body = self.undo(body, Some(id), scope);
                let cleanup = self.block(cleanup, Some(id), scope);
                self.nodes[id.0 as usize].children = vec![body, cleanup];
                id
            }
            _ => self.undo(block, parent, scope),
        }
    }

    fn undo(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let name = StepId::new("_undo").expect("a good name");
        let id = self.node(&Block::bare(name, block.place, block.body.clone()), parent, scope, Kind::Undo);
        let child = self.block(block, Some(id), scope);
        self.nodes[id.0 as usize].children = vec![child];
        id
    }

    /// Says whether a step in a block, or in a workflow that it calls, can be taken back.
    fn has_undo(&self, block: &Block, file: &str, seen: &mut HashSet<String>) -> bool {
        let mut blocks = block.all().into_iter();
        blocks.any(|block| match &block.body {
            Body::Command(command) => command.settings.undo.is_some(),
            Body::Agent(call) => call.settings.undo.is_some(),
            Body::Flow(call) => {
                let path = beside(file, &call.path.source);
                let called = self.catalog.flows.get(&path);
                // Seen once is enough, also where workflows wrongly call each other in a circle.
                called.is_some_and(|called| seen.insert(path.clone()) && self.has_undo(&called.body, &path, seen))
            }
            _ => false,
        })
    }

    /// Lays out one block: its conditions, inside that its `each`, its `loop`, its `on_failure`, its body.
    fn block(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let outermost = self.next_id();
        self.steps.insert(self.name(&block.id), outermost);
        self.needs.extend(block.needs.iter().map(|need| (outermost, need.clone())));
        self.guard(block, parent, scope);
        self.nodes[outermost.0 as usize].optional = block.optional;
        outermost
    }

    fn guard(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        if block.guard.is_none() && block.skip_when.is_none() {
            return self.each(block, parent, scope);
        }
        let mut condition = |text: &Option<Text>| text.as_ref().and_then(|text| self.expression(text));
        let guard = Guard { holds: condition(&block.guard), skip_when: condition(&block.skip_when) };
        let id = self.node(block, parent, scope, Kind::Conditional(guard));
        let then = self.each(block, Some(id), scope);
        let otherwise = block.otherwise.as_ref().map(|block| self.block(block, Some(id), scope));
        self.nodes[id.0 as usize].children = [Some(then), otherwise].into_iter().flatten().collect();
        id
    }

    fn each(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let Some(items) = block.each.as_ref().and_then(|each| self.items(each)) else {
            return self.repeat(block, parent, scope);
        };
        let fan = Fan { items, at_least: block.at_least, limit: block.max_parallel };
        let is_pipe = matches!(block.body, Body::Pipe(_));
        let id = self.node(block, parent, scope, if is_pipe { Kind::Pipe(fan) } else { Kind::Each(fan) });
        let body = self.repeat(block, Some(id), &[scope, &[id]].concat());
        self.nodes[id.0 as usize].children = vec![body];
        id
    }

    fn repeat(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let Some(repeat) = &block.repeat else {
            return self.on_failure(block, parent, scope);
        };
        let kind = Kind::Loop(Box::new(self.rounds(repeat)));
        let id = self.node(block, parent, scope, kind);
        let body = self.on_failure(block, Some(id), &[scope, &[id]].concat());
        self.nodes[id.0 as usize].children = vec![body];
        id
    }

    fn rounds(&mut self, repeat: &Repeat) -> Loop {
        let mut condition = |text: &Option<Text>| text.as_ref().and_then(|text| self.expression(text));
        Loop {
            until: condition(&repeat.until),
            going_while: condition(&repeat.going_while),
            max: repeat.max,
            score: condition(&repeat.score),
            fails_at_limit: repeat.fails_at_limit,
        }
    }

    fn on_failure(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let Some(handler) = &block.on_failure else {
            return self.body(block, parent, scope);
        };
        let id = self.node(block, parent, scope, Kind::OnFailure);
        let body = self.body(block, Some(id), scope);
        let handler = self.block(handler, Some(id), scope);
        self.nodes[id.0 as usize].children = vec![body, handler];
        id
    }

    fn body(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId]) -> NodeId {
        let (kind, children): (Kind, Vec<&Block>) = match &block.body {
            Body::Command(command) => {
                let call = self.command(command).into();
                (self.task(call, &command.settings), Vec::new())
            }
            Body::Agent(call) => (self.agent_task(call), Vec::new()),
            Body::Sequence(blocks) | Body::Pipe(blocks) => (Kind::Sequential, blocks.iter().collect()),
            Body::Parallel(blocks) => {
                // Round an `each` the limit counts its items.
                let limit = block.max_parallel.filter(|_| block.each.is_none());
                (Kind::Parallel(limit), blocks.iter().collect())
            }
            Body::Always(body, cleanup) => (Kind::Always, vec![body, cleanup]),
            Body::Switch(switch) => {
                let Some(on) = self.expression(&switch.on) else {
                    return self.node(block, parent, scope, Kind::Sequential);
                };
                let cases = switch.cases.iter().map(|(case, _)| case.clone()).collect();
                let children = switch.cases.iter().map(|(_, block)| block).chain(switch.default.as_deref()).collect();
                (Kind::Switch(Switch { on, cases, has_default: switch.default.is_some() }), children)
            }
            Body::Flow(call) => return self.flow(block, call, parent, scope),
        };
        let is_pipe = matches!(block.body, Body::Pipe(_));
        let id = self.node(block, parent, scope, kind);
        let children: Vec<NodeId> = children.into_iter().map(|child| self.block(child, Some(id), scope)).collect();
        for child in children.iter().filter(|_| is_pipe) {
            self.nodes[child.0 as usize].is_stage = true;
        }
        self.nodes[id.0 as usize].children = children;
        if let Some(undo) = undo_of(&block.body) {
            self.undos.push((id, undo.clone(), self.here.clone()));
        }
        id
    }

    fn next_id(&self) -> NodeId {
        NodeId(u32::try_from(self.nodes.len()).expect("files hold far fewer nodes"))
    }

    /// Returns a step's name as it is called from the whole run.
    pub(super) fn name(&self, step: &StepId) -> StepId {
        self.here.caller.as_ref().map_or_else(|| step.clone(), |caller| caller.inside(step))
    }

    pub(super) fn node(&mut self, block: &Block, parent: Option<NodeId>, scope: &[NodeId], kind: Kind) -> NodeId {
        let id = self.next_id();
        self.nodes.push(Node {
            id,
            step: self.name(&block.id),
            place: block.place,
            parent,
            scope: scope.to_vec(),
            home: self.here.home,
            optional: false,
            is_stage: false,
            weight: block.weight,
            undo: None,
            undoes: None,
            needs: Vec::new(),
            refs: Vec::new(),
            input_names: Vec::new(),
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
                    self.add(Mistake::at(text.place, "'each' takes a list or a value in braces").hint(hint));
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
            Each::Matrix(axes) => {
                let axis = |(name, each): &(String, Each)| Some((name.clone(), self.items(each)?));
                axes.iter().map(axis).collect::<Option<Vec<_>>>().map(Items::Matrix)
            }
        }
    }

    fn expression(&mut self, text: &Text) -> Option<Expression> {
        self.keep(Expression::parse(bare(&text.source), text.place))
    }

    pub(super) fn templates(&mut self, texts: &[Text]) -> Vec<Template> {
        texts.iter().filter_map(|text| self.keep(Template::parse(text))).collect()
    }

    pub(super) fn pairs(&mut self, pairs: &[(String, Text)]) -> Vec<(String, Template)> {
        let pair = |(name, text): &(String, Text)| Some((name.clone(), self.keep(Template::parse(text))?));
        pairs.iter().filter_map(pair).collect()
    }

    /// Takes a result, or notes the mistake.
    pub(super) fn keep<T>(&mut self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// Notes a mistake. One of another file is told where that file is called.
    pub(super) fn add(&mut self, mistake: Mistake) {
        self.mistakes.push(match self.here.called_at {
            None => mistake,
            Some(place) => mistake.moved(&self.here.file, place),
        });
    }

    /// Returns an agent that the file or the settings declare.
    pub(super) fn declared(&self, name: &str) -> Option<AgentSpec> {
        let own = self.here.agents.iter().find(|agent| agent.name == name);
        own.or_else(|| self.catalog.declared.iter().find(|agent| agent.name == name)).cloned()
    }

    pub(super) fn is_registered(&self, name: &str) -> bool {
        self.catalog.registered.iter().any(|registered| registered == name)
    }

    /// Returns the names of all agents that can be called here.
    pub(super) fn agents(&self) -> Vec<String> {
        let declared = self.here.agents.iter().chain(&self.catalog.declared).map(|agent| agent.name.clone());
        declared.chain(self.catalog.registered.iter().cloned()).collect()
    }
}

impl From<super::task::Program> for Call {
    fn from(program: super::task::Program) -> Call {
        Call::Program(program)
    }
}

fn undo_of(body: &Body) -> Option<&Action> {
    let settings: &Settings = match body {
        Body::Command(command) => &command.settings,
        Body::Agent(call) => &call.settings,
        _ => return None,
    };
    settings.undo.as_deref()
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
        let shown = match compile(&parse(flow, "a.yaml").unwrap(), "a.yaml", &known()) {
            Ok(plan) => {
                let kind = |node: &Node| match &node.kind {
                    Kind::Task(_) => "task",
                    Kind::Sequential => "steps",
                    Kind::Parallel(_) => "parallel",
                    Kind::Conditional(_) => "if",
                    Kind::Switch(_) => "switch",
                    Kind::Each(_) => "each",
                    Kind::Pipe(_) => "pipe",
                    Kind::Loop(_) => "loop",
                    Kind::Flow(_) => "flow",
                    Kind::Always => "always",
                    Kind::OnFailure => "on_failure",
                    Kind::Undo => "undo",
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

    fn known() -> Catalog {
        Catalog { registered: vec!["known".into()], ..Catalog::default() }
    }

    #[test]
    fn loops_pipes_and_cases_are_laid_out_round_their_bodies() {
        check(
            "steps: [{ id: a, each: [1], loop: { until: a, max: 2 }, on_failure: [{ id: b, run: [x] }], run: [x] }]",
            "unknown name 'a'",
        );
        check(
            "steps: [{ id: a, each: [1], loop: 2, on_failure: [{ id: b, run: [x] }], run: [x] }]",
            "_flow:steps(1) a:each(2) a:loop(3) a:on_failure(4,5) a:task _a_failure:steps(6) b:task",
        );
        check(
            "steps: [{ id: a, each: [1], pipe: [{ id: b, run: [x] }, { id: c, run: [x] }] }]",
            "_flow:steps(1) a:pipe(2) a:steps(3,4) b:task c:task",
        );
        check(
            "steps: [{ id: a, switch: '1', cases: { x: [{ id: b, run: [x] }] }, default: [{ id: c, run: [x] }] }]",
            "_flow:steps(1) a:switch(2,4) _a_case_1:steps(3) b:task _a_else:steps(5) c:task",
        );
        check(
            "{steps: [{ id: a, run: [x], undo: { run: [y] } }], always: [{ id: b, run: [x] }]}",
            "_flow:always(1,4) _undo:undo(2) _flow_steps:steps(3) a:task _flow_always:steps(5) b:task undo/a:task",
        );
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
