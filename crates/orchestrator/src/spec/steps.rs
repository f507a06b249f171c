//! Steps and groups: the block keyword is the pattern. Ids are checked and made here.

use std::collections::HashMap;

use super::Mistake;
use super::fields::{Fields, Findings};
use super::settings::Defaults;
use super::tree::{Node, Tree};
use crate::model::{AgentCall, Block, Body, Command, Each, Item, Place, Run, StepId, Text};

const ROUND: [&str; 7] = ["id", "description", "if", "else", "each", "needs", "optional"];
const GROUP: [&str; 3] = ["steps", "parallel", "always"];
const CALL: [&str; 3] = ["retry", "timeout", "cache"];
const COMMAND: [&str; 6] = ["run", "env", "cwd", "stdin", "ok_codes", "outputs"];
const AGENT: [&str; 2] = ["agent", "with"];
/// The longest id that a file may give, so that made ids fit too.
const MAX_ID: usize = 48;

/// Reads blocks; knows the ids given so far.
pub(super) struct Steps<'c> {
    defaults: &'c Defaults,
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

    /// Reads `steps` or `parallel`, with `always` where it stands; `owner` names the hidden parts.
    pub(super) fn group(&mut self, fields: &Fields<'_>, place: Place, owner: &str) -> Option<Block> {
        if let (Some(_), Some(parallel)) = (fields.find("steps"), fields.place_of("parallel")) {
            let hint = "put one into the other: parallel: [{ steps: [..] }, ..]";
            self.findings.add(Mistake::at(parallel, "a block has 'steps' or 'parallel', not both").hint(hint));
        }
        let body = match (fields.find("steps"), fields.find("parallel")) {
            (Some(list), _) => Body::Sequence(self.blocks(list, "steps")?),
            (None, Some(list)) => Body::Parallel(self.blocks(list, "parallel")?),
            (None, None) => return None,
        };
        let Some(list) = fields.find("always") else {
            return Some(bare(hidden(owner), place, body));
        };
        let main = bare(hidden(&format!("{owner}_steps")), place, body);
        let cleanup = Body::Sequence(self.blocks(list, "always")?);
        let cleanup = bare(hidden(&format!("{owner}_always")), list.place, cleanup);
        Some(bare(hidden(owner), place, Body::Always(Box::new(main), Box::new(cleanup))))
    }

    fn blocks(&mut self, node: &Node, what: &str) -> Option<Vec<Block>> {
        let items = self.findings.list(node, what);
        if items.is_empty() && matches!(node.tree, Tree::List(_)) {
            self.findings.add(Mistake::at(node.place, format!("'{what}' is empty")).hint("add a step or remove it"));
        }
        let blocks: Vec<Block> = items.iter().filter_map(|item| self.block(item)).collect();
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
        let each = fields.find("each").and_then(|node| self.each(node));
        let needs = fields.find("needs").map(|node| self.findings.texts(node, "needs")).unwrap_or_default();
        let optional = fields.find("optional").and_then(|node| self.findings.truth(node, "optional")).unwrap_or(false);
        let body = self.body(&fields, node, &id)?;
        Some(Block { id, place: node.place, guard, otherwise, each, needs, optional, body })
    }

    /// Reads the one body of a block and reports keys that do not belong to it.
    fn body(&mut self, fields: &Fields<'_>, node: &Node, id: &StepId) -> Option<Body> {
        let what = match id.as_str().starts_with('_') {
            true => "this step".to_owned(),
            false => format!("step '{id}'"),
        };
        let bodies: Vec<&str> =
            ["steps", "parallel", "run", "agent"].into_iter().filter(|name| fields.find(name).is_some()).collect();
        if let [first, second, ..] = bodies[..] {
            let place = fields.place_of(second).unwrap_or(node.place);
            let message = format!("{what} has both '{first}' and '{second}'");
            self.findings.add(Mistake::at(place, message).hint("a step does one thing: make two steps"));
        }
        match bodies.first() {
            Some(&"run") => {
                fields.known(&[&ROUND[..], &COMMAND, &CALL].concat(), &what, self.findings);
                self.command(fields).map(|command| Body::Command(Box::new(command)))
            }
            Some(&"agent") => {
                fields.known(&[&ROUND[..], &AGENT, &CALL].concat(), &what, self.findings);
                self.agent(fields).map(|call| Body::Agent(Box::new(call)))
            }
            Some(_) => {
                fields.known(&[&ROUND[..], &GROUP].concat(), &what, self.findings);
                self.group(fields, node.place, id.as_str()).map(|block| block.body)
            }
            None => {
                fields.known(&[&ROUND[..], &GROUP, &COMMAND, &AGENT, &CALL].concat(), &what, self.findings);
                let hint = "give it one of: run, agent, steps, parallel";
                self.findings.add(Mistake::at(node.place, format!("{what} does nothing")).hint(hint));
                None
            }
        }
    }

    fn otherwise(&mut self, node: &Node, id: &StepId, guarded: bool) -> Option<Box<Block>> {
        if !guarded {
            self.findings.add(Mistake::at(node.place, "an 'else' needs an 'if' beside it"));
        }
        let blocks = self.blocks(node, "else")?;
        Some(Box::new(bare(hidden(&format!("{id}_else")), node.place, Body::Sequence(blocks))))
    }

    fn each(&mut self, node: &Node) -> Option<Each> {
        let Tree::List(items) = &node.tree else {
            return self.findings.text(node, "each").map(Each::Template);
        };
        let item = |item: &Node| match &item.tree {
            Tree::Text(source) if source.contains("{{") => {
                Item::Template(Text { source: source.clone(), place: item.place, literal: item.literal })
            }
            _ => Item::Plain(item.value()),
        };
        Some(Each::List(items.iter().map(item).collect()))
    }

    fn command(&mut self, fields: &Fields<'_>) -> Option<Command> {
        let settings = self.defaults.settings(fields, self.findings);
        let findings = &mut *self.findings;
        let run = fields.find("run")?;
        let run = match &run.tree {
            _ if is_blank(&run.tree) => {
                findings.add(Mistake::at(run.place, "'run' is empty").hint("run: [program, argument, ..]"));
                return None;
            }
            Tree::List(items) => Run::Argv(items.iter().filter_map(|item| findings.text(item, "run")).collect()),
            _ => Run::Shell(findings.text(run, "run")?),
        };
        Some(Command {
            run,
            env: fields.find("env").map(|node| pairs(node, "env", findings)).unwrap_or_default(),
            cwd: fields.find("cwd").and_then(|node| findings.text(node, "cwd")),
            stdin: fields.find("stdin").and_then(|node| findings.text(node, "stdin")),
            ok_codes: fields.find("ok_codes").map_or(vec![0], |node| ok_codes(node, findings)),
            outputs: fields.find("outputs").map(|node| findings.texts(node, "outputs")).unwrap_or_default(),
            settings,
        })
    }

    fn agent(&mut self, fields: &Fields<'_>) -> Option<AgentCall> {
        let settings = self.defaults.settings(fields, self.findings);
        let agent = fields.find("agent").and_then(|node| self.findings.text(node, "agent"))?;
        let with = fields.find("with").map(|node| pairs(node, "with", self.findings)).unwrap_or_default();
        Some(AgentCall { agent, with, settings })
    }

    /// Returns the block's id, or makes one: `step_1`, `step_2`, ..
    fn id(&mut self, fields: &Fields<'_>) -> Option<StepId> {
        if let Some(node) = fields.find("id") {
            let given = self.findings.word(node, "id").and_then(|word| StepId::new(&word).ok());
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
                    ("steps" | "parallel" | "always" | "else", Tree::List(_)) => given_ids(value, taken, findings),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn given_id(id: &str, place: Place, taken: &mut HashMap<String, Place>, findings: &mut Findings) {
    if StepId::new(id).is_err() || id.starts_with('_') || id.len() > MAX_ID {
        let message = format!("'{id}' cannot be a step's id");
        let hint = format!("use letters, digits and '_', beginning with a letter, at most {MAX_ID}");
        let hint = if id.contains('-') { format!("{hint}; in a template '-' is minus") } else { hint };
        findings.add(Mistake::at(place, message).hint(hint));
    } else if let Some(earlier) = taken.insert(id.to_owned(), place) {
        let message = format!("the id '{id}' is taken by the step at line {}", earlier.line);
        findings.add(Mistake::at(place, message).hint("ids are unique in a workflow"));
    }
}

fn bare(id: StepId, place: Place, body: Body) -> Block {
    Block { id, place, guard: None, otherwise: None, each: None, needs: Vec::new(), optional: false, body }
}

/// Says whether a `run` names no program.
fn is_blank(tree: &Tree) -> bool {
    match tree {
        Tree::List(items) => items.first().is_none_or(|item| is_blank(&item.tree)),
        Tree::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Reads a map of names to texts.
fn pairs(node: &Node, what: &str, findings: &mut Findings) -> Vec<(String, Text)> {
    let Some(fields) = Fields::open(node, what, findings) else {
        return Vec::new();
    };
    let pair = |(key, value): &(super::tree::Key, Node)| {
        if key.name.is_empty() || key.name.contains(['=', '\0']) {
            findings.add(Mistake::at(key.place, format!("'{}' cannot be a name in {what}", key.name)));
            return None;
        }
        Some((key.name.clone(), findings.text(value, &key.name)?))
    };
    fields.rows().iter().filter_map(pair).collect()
}

fn ok_codes(node: &Node, findings: &mut Findings) -> Vec<i32> {
    let code = |item: &Node, findings: &mut Findings| {
        findings.count(item, "an exit code", 0..=255).and_then(|code| i32::try_from(code).ok())
    };
    match &node.tree {
        Tree::Integer(_) => code(node, findings).into_iter().collect(),
        _ => {
            let items = findings.list(node, "ok_codes");
            items.iter().filter_map(|item| code(item, findings)).collect()
        }
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
