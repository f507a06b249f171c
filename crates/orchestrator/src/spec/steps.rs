//! Steps and groups: the block keyword is the pattern. Ids are checked and made here.

use std::collections::HashMap;

use super::Mistake;
use super::fields::{Fields, Findings};
use super::keys;
use super::settings::Defaults;
use super::tree::{Node, Tree};
use crate::model::{Block, Body, Place, StepId, SubFlow, Switch, Text};

/// The longest id that a file may give, so that made ids fit too.
const MAX_ID: usize = 48;

/// Reads blocks; knows the ids given so far.
pub(super) struct Steps<'c> {
    pub(super) defaults: &'c Defaults,
    pub(super) findings: &'c mut Findings,
    taken: HashMap<String, Place>,
    unnamed: u32,
}

/// Makes the id of a block that has no name of its own; a file's own ids cannot begin with `_`.
pub(super) fn hidden(name: &str) -> StepId {
    StepId::new(&format!("_{name}")).expect("made of a checked id that leaves room")
}

impl<'c> Steps<'c> {
    /// Gathers the ids that the file gives, so that made ones do not take them.
    pub(super) fn new(tree: &Node, defaults: &'c Defaults, findings: &'c mut Findings) -> Steps<'c> {
        let mut taken = HashMap::new();
        given_ids(tree, &mut taken, findings);
        Steps { defaults, findings, taken, unnamed: 0 }
    }

    /// Reads `steps`, `parallel` or `pipe`, with `on_failure` and `always` where they stand; `owner` names the hidden
    /// parts. What runs after a failure does so before what always runs.
    pub(super) fn group(&mut self, fields: &Fields<'_>, place: Place, owner: &str) -> Option<Block> {
        let body = match keys::GROUPS.into_iter().find_map(|name| Some((name, fields.find(name)?))) {
            Some(("steps", list)) => Body::Sequence(self.blocks(list, "steps")?),
            Some(("parallel", list)) => Body::Parallel(self.blocks(list, "parallel")?),
            Some((name, list)) => Body::Pipe(self.blocks(list, name)?),
            None => return None,
        };
        let on_failure = self.on_failure(fields, owner);
        let Some(list) = fields.find("always") else {
            return Some(Block { on_failure, ..Block::bare(hidden(owner), place, body) });
        };
        let main = Block { on_failure, ..Block::bare(hidden(&format!("{owner}_steps")), place, body) };
        let cleanup = Body::Sequence(self.blocks(list, "always")?);
        let cleanup = Block::bare(hidden(&format!("{owner}_always")), list.place, cleanup);
        Some(Block::bare(hidden(owner), place, Body::Always(Box::new(main), Box::new(cleanup))))
    }

    fn on_failure(&mut self, fields: &Fields<'_>, owner: &str) -> Option<Box<Block>> {
        let list = fields.find("on_failure")?;
        let blocks = self.blocks(list, "on_failure")?;
        let handler = Block::bare(hidden(&format!("{owner}_failure")), list.place, Body::Sequence(blocks));
        Some(Box::new(handler))
    }

    fn blocks(&mut self, node: &Node, what: &str) -> Option<Vec<Block>> {
        let items = self.findings.list(node, what);
        if items.is_empty() && matches!(node.tree, Tree::List(_)) {
            self.findings.add(Mistake::at(node.place, format!("'{what}' is empty")).hint("add a step or remove it"));
        }
        // Most lists hold one or two blocks, and a block is large: no more room is taken than is needed.
        let mut blocks = Vec::with_capacity(items.len());
        blocks.extend(items.iter().filter_map(|item| self.block(item)));
        // Blocks that could not be read are reported; the others go on, so that their mistakes are found too.
        (!blocks.is_empty()).then_some(blocks)
    }

    fn block(&mut self, node: &Node) -> Option<Block> {
        let fields = Fields::open(node, "a step", self.findings)?;
        let id = self.id(&fields)?;
        if let Some(node) = fields.find("description") {
            self.findings.word(node, "description");
        }
        let guard = fields.find("if").and_then(|node| self.findings.text(node, "if"));
        let otherwise = fields.find("else").and_then(|node| self.otherwise(node, &id, guard.is_some()));
        let each = self.each(&fields);
        let inner = self.body(&fields, node, &id)?;
        let block = Block {
            guard,
            skip_when: fields.find("skip_when").and_then(|node| self.findings.text(node, "skip_when")),
            otherwise,
            at_least: self.at_least(&fields),
            max_parallel: self.max_parallel(&fields),
            repeat: self.repeat(&fields),
            needs: fields.find("needs").map(|node| self.findings.texts(node, "needs")).unwrap_or_default(),
            optional: fields.find("optional").and_then(|node| self.findings.truth(node, "optional")).unwrap_or(false),
            on_failure: inner.on_failure,
            weight: self.weight(&fields),
            each,
            ..Block::bare(id, node.place, inner.body)
        };
        self.fits(&fields, &block);
        Some(block)
    }

    /// Reports what cannot stand together on one block.
    fn fits(&mut self, fields: &Fields<'_>, block: &Block) {
        let place = |name: &str| fields.place_of(name).unwrap_or(block.place);
        let is_pipe = matches!(block.body, Body::Pipe(_));
        if is_pipe && block.each.is_none() && fields.find("each").or(fields.find("matrix")).is_none() {
            let hint = "say which items stream through it: each: \"{{ list }}\"";
            self.findings.add(Mistake::at(place("pipe"), "a 'pipe' needs an 'each'").hint(hint));
        }
        if is_pipe && block.repeat.is_some() {
            let hint = "put the 'loop' on one of its stages, or round the whole pipe";
            self.findings.add(Mistake::at(place("loop"), "a 'pipe' cannot have a 'loop' beside it").hint(hint));
        }
        if block.each.is_none() && fields.find("at_least").is_some() {
            self.findings.add(Mistake::at(place("at_least"), "'at_least' counts the items of an 'each'"));
        }
        let together = block.each.is_some() || matches!(block.body, Body::Parallel(_));
        if fields.find("max_parallel").is_some() && !together {
            let message = "'max_parallel' is for 'each', 'matrix', 'parallel' and 'pipe'";
            self.findings.add(Mistake::at(place("max_parallel"), message));
        }
    }

    /// Reads the one body of a block and reports keys that do not belong to it.
    fn body(&mut self, fields: &Fields<'_>, node: &Node, id: &StepId) -> Option<Block> {
        let what = match id.as_str().starts_with('_') {
            true => "this step".to_owned(),
            false => format!("step '{id}'"),
        };
        let bodies: Vec<&str> = keys::BODIES.into_iter().filter(|name| fields.find(name).is_some()).collect();
        if let [first, second, ..] = bodies[..] {
            let place = fields.place_of(second).unwrap_or(node.place);
            let message = format!("{what} has both '{first}' and '{second}'");
            self.findings.add(Mistake::at(place, message).hint("a step does one thing: make two steps"));
        }
        let Some(body) = bodies.first().copied() else {
            fields.known(&keys::all(), &what, self.findings);
            let hint = "give it one of: run, agent, steps, parallel, pipe, switch, flow";
            self.findings.add(Mistake::at(node.place, format!("{what} does nothing")).hint(hint));
            return None;
        };
        fields.known(&keys::of(body), &what, self.findings);
        let bare = |steps: &mut Self, body: Body| {
            let on_failure = steps.on_failure(fields, id.as_str());
            Some(Block { on_failure, ..Block::bare(id.clone(), node.place, body) })
        };
        match body {
            "run" => self.command(fields).and_then(|command| bare(self, Body::Command(Box::new(command)))),
            "agent" => self.agent(fields).and_then(|call| bare(self, Body::Agent(Box::new(call)))),
            "switch" => self.switch(fields, id).and_then(|switch| bare(self, Body::Switch(Box::new(switch)))),
            "flow" => self.sub_flow(fields).and_then(|call| bare(self, Body::Flow(Box::new(call)))),
            _ => self.group(fields, node.place, id.as_str()),
        }
    }

    fn otherwise(&mut self, node: &Node, id: &StepId, guarded: bool) -> Option<Box<Block>> {
        if !guarded {
            self.findings.add(Mistake::at(node.place, "an 'else' needs an 'if' beside it"));
        }
        let blocks = self.blocks(node, "else")?;
        Some(Box::new(Block::bare(hidden(&format!("{id}_else")), node.place, Body::Sequence(blocks))))
    }

    fn switch(&mut self, fields: &Fields<'_>, id: &StepId) -> Option<Switch> {
        let on = fields.find("switch").and_then(|node| self.findings.text(node, "switch"))?;
        let default =
            fields.find("default").and_then(|node| self.case(node, "default", &hidden(&format!("{id}_else"))));
        let Some(node) = fields.find("cases") else {
            let hint = "cases: { bug: [steps], feature: [steps] }";
            self.findings.add(Mistake::at(on.place, "a 'switch' needs 'cases'").hint(hint));
            return None;
        };
        let rows = Fields::open(node, "cases", self.findings)?.rows();
        let mut cases = Vec::with_capacity(rows.len());
        for (number, (key, node)) in rows.iter().enumerate() {
            let name = hidden(&format!("{id}_case_{}", number + 1));
            cases.extend(self.case(node, &key.name, &name).map(|block| (key.name.clone(), block)));
        }
        if rows.is_empty() {
            self.findings.add(Mistake::at(node.place, "'cases' is empty").hint("add a case or remove the 'switch'"));
        }
        (!cases.is_empty()).then(|| Switch { on, cases, default: default.map(Box::new) })
    }

    /// Reads what runs in one case: a list of steps, or one step.
    fn case(&mut self, node: &Node, what: &str, id: &StepId) -> Option<Block> {
        let blocks = match &node.tree {
            Tree::Map(_) => vec![self.block(node)?],
            _ => self.blocks(node, what)?,
        };
        Some(Block::bare(id.clone(), node.place, Body::Sequence(blocks)))
    }

    fn sub_flow(&mut self, fields: &Fields<'_>) -> Option<SubFlow> {
        let path: Text = fields.find("flow").and_then(|node| self.findings.text(node, "flow"))?;
        if path.source.contains("{{") {
            let hint = "the plan must be known before the run; use 'switch' to choose between workflows";
            self.findings.add(Mistake::at(path.place, "the path of a 'flow' cannot be a template").hint(hint));
        }
        let with = fields.find("with").map(|node| self.pairs(node, "with")).unwrap_or_default();
        Some(SubFlow { path, with })
    }

    /// Returns the block's id, or makes one: `step_1`, `step_2`, ..
    fn id(&mut self, fields: &Fields<'_>) -> Option<StepId> {
        if let Some(node) = fields.find("id") {
            let given = self.findings.word(node, "id").and_then(|word| StepId::new(&word).ok());
            let given = given.filter(|id| !id.as_str().contains('/'));
            // A bad id was reported; its step goes on under another name, so that its own mistakes are found too.
            return given.or_else(|| Some(hidden(&format!("bad_{}_{}", node.place.line, node.place.column))));
        }
        loop {
            self.unnamed += 1;
            let name = format!("step_{}", self.unnamed);
            if !self.taken.contains_key(&name) {
                return StepId::new(&name).ok();
            }
        }
    }
}

/// Walks the whole tree for `id` keys of steps and reports bad and doubled ones.
fn given_ids(node: &Node, taken: &mut HashMap<String, Place>, findings: &mut Findings) {
    match &node.tree {
        Tree::List(items) => items.iter().for_each(|item| given_ids(item, taken, findings)),
        Tree::Map(fields) => {
            for (key, value) in fields {
                match (&key.name[..], &value.tree) {
                    ("id", Tree::Text(id)) => given_id(id, value.place, taken, findings),
                    (name, Tree::List(_)) if keys::HOLDS_STEPS.contains(&name) => given_ids(value, taken, findings),
                    ("cases", Tree::Map(cases)) => cases.iter().for_each(|(_, case)| given_ids(case, taken, findings)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn given_id(id: &str, place: Place, taken: &mut HashMap<String, Place>, findings: &mut Findings) {
    if StepId::new(id).is_err() || id.starts_with('_') || id.contains('/') || id.len() > MAX_ID {
        let message = format!("'{id}' cannot be a step's id");
        let hint = format!("use letters, digits and '_', beginning with a letter, at most {MAX_ID}");
        let hint = if id.contains('-') { format!("{hint}; in a template '-' is minus") } else { hint };
        findings.add(Mistake::at(place, message).hint(hint));
    } else if let Some(earlier) = taken.insert(id.to_owned(), place) {
        let message = format!("the id '{id}' is taken by the step at line {}", earlier.line);
        findings.add(Mistake::at(place, message).hint("ids are unique in a workflow"));
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Block, Body, Each, Run};
    use crate::spec::parse;

    /// Writes a block in a line: its id, what is round it, its body.
    fn shown(block: &Block) -> String {
        let mut text = block.id.to_string();
        if let Some(guard) = &block.guard {
            text.push_str(&format!(" if({})", guard.source));
        }
        match &block.each {
            Some(Each::Template(list)) => text.push_str(&format!(" each({})", list.source)),
            Some(Each::List(items)) => text.push_str(&format!(" each({})", items.len())),
            Some(Each::Matrix(axes)) => text.push_str(&format!(" matrix({})", axes.len())),
            None => {}
        }
        let optional = if block.optional { "?" } else { "" };
        let blocks = |blocks: &[Block]| blocks.iter().map(shown).collect::<Vec<_>>();
        let body = match &block.body {
            Body::Command(command) => match &command.run {
                Run::Argv(argv) => argv.iter().map(|word| word.source.as_str()).collect::<Vec<_>>().join("+"),
                Run::Shell(text) => format!("$ {}", text.source),
            },
            Body::Agent(call) => format!("@{}", call.agent.source),
            Body::Sequence(list) => blocks(list).join(", "),
            Body::Parallel(list) => blocks(list).join(" | "),
            Body::Pipe(list) => format!("pipe {}", blocks(list).join(" > ")),
            Body::Switch(switch) => {
                let cases = switch.cases.iter().map(|(case, block)| format!("{case}: {}", shown(block)));
                format!("switch {} {}", switch.on.source, cases.collect::<Vec<_>>().join(", "))
            }
            Body::Flow(call) => format!("flow {}", call.path.source),
            Body::Always(body, cleanup) => format!("{} then {}", shown(body), shown(cleanup)),
        };
        let otherwise = block.otherwise.as_ref().map(|block| format!(" else {}", shown(block))).unwrap_or_default();
        format!("{text}{optional}[{body}]{otherwise}")
    }

    fn check(flow: &str, expected: &str) {
        let said = match parse(flow, "a.yaml") {
            Ok(workflow) => shown(&workflow.body),
            Err(mistakes) => {
                mistakes.list().iter().map(|mistake| mistake.message.clone()).collect::<Vec<_>>().join("; ")
            }
        };
        assert_eq!(said, expected, "{flow}");
    }

    #[test]
    fn the_block_keyword_is_the_pattern() {
        check("steps: [{ id: a, run: [x, y] }, { id: b, run: x y }]", "_flow[a[x+y], b[$ x y]]");
        check("parallel: [{ id: a, steps: [{ id: b, agent: c }] }]", "_flow[a[b[@c]]]");
        check(
            "{steps: [{ id: a, run: [x] }], always: [{ id: b, run: [y] }]}",
            "_flow[_flow_steps[a[x]] then _flow_always[b[y]]]",
        );
        check(
            "steps: [{ id: a, if: x, each: [1, 2], optional: true, run: [x], else: [{ id: b, run: [y] }] }]",
            "_flow[a if(x) each(2)?[x] else _a_else[b[y]]]",
        );
        check("steps: [{ id: a, each: '{{ x }}', run: [x] }]", "_flow[a each({{ x }})[x]]");
    }

    #[test]
    fn a_step_without_a_name_gets_one_that_is_free() {
        check(
            "steps: [{ run: [x] }, { id: step_2, run: [x] }, { run: [x] }]",
            "_flow[step_1[x], step_2[x], step_3[x]]",
        );
    }

    #[test]
    fn mistakes_do_not_hide_each_other() {
        check(
            "steps: [{ id: a-b, rum: 1, run: [x], steps: [] }, { run: [x], each: { a: 1 } }, x]",
            "'a-b' cannot be a step's id; unknown key 'rum' in this step; this step has both 'steps' and 'run'; \
             unknown key 'run' in this step; 'steps' is empty; each must be text, not a map; a step must be a map, not text",
        );
        check("{steps: [{ run: [x] }], parallel: [{ run: [x] }]}", "a block has 'steps' or 'parallel', not both");
        check("steps: [{ run: [x], env: { 'A=B': c } }]", "'A=B' cannot be a name in env");
    }
}
