//! The top of a file: name, inputs, defaults, and the root block.

use super::Mistake;
use super::actions::pairs;
use super::fields::{Fields, Findings, nearest};
use super::keys;
use super::settings::Defaults;
use super::steps::{Steps, hidden};
use super::tree::{Key, Node, Tree};
use crate::model::{Block, Checkpoints, DefaultValue, InputSpec, InputType, Text, Workflow};

/// Checks the whole tree; `path` gives the name when the file has none. What could be read is returned beside the
/// mistakes, so that its templates can be checked too.
pub(super) fn check(tree: &Node, path: &str) -> (Option<Workflow>, Vec<Mistake>) {
    let mut findings = Findings::default();
    let workflow = top(tree, path, &mut findings);
    (workflow, findings.list)
}

fn top(tree: &Node, path: &str, findings: &mut Findings) -> Option<Workflow> {
    let fields = Fields::open(tree, "a workflow file", findings)?;
    fields.known(&keys::TOP, "a workflow", findings);
    if let Some(node) = fields.find("description") {
        findings.word(node, "description");
    }
    let name = match fields.find("flow") {
        Some(node) => findings.word(node, "flow").unwrap_or_default(),
        None => stem(path),
    };
    let inputs = fields.find("inputs").map(|node| inputs(node, findings)).unwrap_or_default();
    let defaults = Defaults::check(fields.find("defaults"), findings);
    let checkpoints = fields.find("checkpoints").map(|node| checkpoints(node, findings));
    let outputs = fields.find("outputs").map(|node| pairs(node, "outputs", findings)).unwrap_or_default();
    let mut steps = Steps::new(tree, &defaults, findings);
    let agents = fields.find("agents").map(|node| steps.agents(node)).unwrap_or_default();
    let body = root(tree, &fields, &mut steps)?;
    Some(Workflow { name, inputs, agents, outputs, checkpoints, body })
}

/// The root block: the file's own `steps` or `parallel`, with its `on_failure` and `always`.
fn root(tree: &Node, fields: &Fields<'_>, steps: &mut Steps<'_>) -> Option<Block> {
    match (fields.find("steps"), fields.find("parallel")) {
        (None, None) => {
            let hint = "add 'steps:' with a list of steps";
            steps.findings.add(Mistake::at(tree.place, "the workflow has no steps").hint(hint));
            None
        }
        (both, parallel) => {
            if let (Some(_), Some(_)) = (both, parallel) {
                let place = fields.place_of("parallel").unwrap_or(tree.place);
                let hint = "put one into the other: parallel: [{ steps: [..] }, ..]";
                let mistake = Mistake::at(place, "a block has 'steps' or 'parallel', not both");
                steps.findings.add(mistake.hint(hint));
            }
            let body = steps.group(fields, tree.place, "flow")?;
            Some(Block { id: hidden("flow"), ..body })
        }
    }
}

pub(super) fn checkpoints(node: &Node, findings: &mut Findings) -> Checkpoints {
    let preset = Checkpoints::default();
    if let Tree::Bool(wanted) = node.tree {
        return if wanted { preset } else { Checkpoints { every: 0, batches: false, rounds: false } };
    }
    let Some(fields) = Fields::open(node, "checkpoints", findings) else {
        return preset;
    };
    fields.known(&keys::CHECKPOINTS, "checkpoints", findings);
    let every = fields.find("every").and_then(|node| findings.count(node, "every (steps)", 0..=1_000_000));
    let mut truth =
        |name: &str, preset: bool| fields.find(name).and_then(|node| findings.truth(node, name)).unwrap_or(preset);
    Checkpoints {
        batches: truth("batches", preset.batches),
        rounds: truth("rounds", preset.rounds),
        every: every.and_then(|every| u32::try_from(every).ok()).unwrap_or(preset.every),
    }
}

/// Returns the file's name without folders and endings.
fn stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.split('.').next().unwrap_or(name);
    if name.is_empty() { "flow".into() } else { name.into() }
}

fn inputs(node: &Node, findings: &mut Findings) -> Vec<InputSpec> {
    let Some(fields) = Fields::open(node, "inputs", findings) else {
        return Vec::new();
    };
    fields.rows().iter().filter_map(|(key, node)| input(key, node, findings)).collect()
}

fn input(key: &Key, node: &Node, findings: &mut Findings) -> Option<InputSpec> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !key.name.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !key.name.chars().all(plain) {
        let message = format!("'{}' cannot be the name of an input", key.name);
        findings.add(Mistake::at(key.place, message).hint("use letters, digits and '_'"));
        return None;
    }
    let fields = Fields::open(node, &format!("input '{}'", key.name), findings)?;
    fields.known(&keys::INPUT, &format!("input '{}'", key.name), findings);
    let input_type = fields.find("type").map_or(Some(InputType::default()), |node| input_type(node, findings))?;
    let required = fields.find("required").and_then(|node| findings.truth(node, "required")).unwrap_or(false);
    let default = fields.find("default").and_then(|node| default_value(node, input_type, &key.name, findings));
    if required && default.is_some() {
        let message = format!("input '{}' is required and has a default", key.name);
        findings.add(Mistake::at(key.place, message).hint("keep one of the two"));
    }
    let description = fields.find("description").and_then(|node| findings.word(node, "description"));
    Some(InputSpec { name: key.name.clone(), place: key.place, input_type, required, default, description })
}

fn input_type(node: &Node, findings: &mut Findings) -> Option<InputType> {
    let word = findings.word(node, "type")?;
    if let Some(found) = InputType::ALL.into_iter().find(|input_type| input_type.name() == word) {
        return Some(found);
    }
    let names = InputType::ALL.map(InputType::name);
    let mistake = Mistake::at(node.place, format!("unknown type '{word}'"));
    findings.add(match nearest(&word, names.into_iter()) {
        Some(near) => mistake.hint(format!("did you mean '{near}'?")),
        None => mistake.hint(format!("known types: {}", names.join(", "))),
    });
    None
}

fn default_value(node: &Node, input_type: InputType, name: &str, findings: &mut Findings) -> Option<DefaultValue> {
    if let Tree::Text(source) = &node.tree
        && source.contains("{{")
    {
        let text = Text { source: source.clone(), place: node.place, literal: node.literal };
        return Some(DefaultValue::Template(text));
    }
    let value = findings.value(node, &format!("the default of input '{name}'"))?;
    if !input_type.admits(&value) {
        findings.wrong(node, &format!("the default of input '{name}'"), &format!("of type {}", input_type.name()));
        return None;
    }
    Some(DefaultValue::Plain(value))
}
