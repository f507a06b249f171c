//! Workflows in `.claude/workflows`: a list of agents or commands, and the pattern in which they run.
//!
//! Nothing specifies these files, so keys that people use for one thing are all understood, and what is not is said.

use serde_json::{Map, Value, json};

use super::expression::{Meaning, Piece};
use super::imported::Draft;
use super::places::{ARGUMENTS, next_place};
use super::shell::{escaped, shell_run};
use super::slug::{Names, slug};

/// The keys of a step that are understood, by what they say.
const NAME: [&str; 3] = ["id", "name", "step"];
const AGENT: [&str; 4] = ["agent", "subagent_type", "subagent", "agent_type"];
const PROMPT: [&str; 4] = ["prompt", "task", "instructions", "input"];
const COMMAND: [&str; 4] = ["command", "run", "script", "cmd"];
const NEEDS: [&str; 4] = ["depends_on", "needs", "dependsOn", "dependencies"];
const WITH: [&str; 4] = ["with", "inputs", "parameters", "args"];
const CONDITION: [&str; 3] = ["condition", "if", "when"];
const STEPS: [&str; 4] = ["steps", "agents", "tasks", "stages"];
const PATTERN: [&str; 3] = ["pattern", "type", "mode"];
const ROUNDS: [&str; 3] = ["max_iterations", "maxIterations", "iterations"];
const UNTIL: [&str; 3] = ["until", "stop_when", "exit_condition"];
const ITEMS: [&str; 3] = ["items", "each", "for_each"];
const RETRIES: [&str; 3] = ["retries", "max_retries", "retry"];
const OPTIONAL: [&str; 2] = ["optional", "continue_on_error"];
const OTHERS: [&str; 3] = ["description", "timeout", "version"];

type Fields = Map<String, Value>;

/// Reads the file.
pub(super) fn read(fields: &Fields, draft: &mut Draft) -> Result<(), String> {
    if let Some(name) = first(fields, &["name"]).and_then(Value::as_str) {
        draft.flow.insert("flow".into(), name.into());
    }
    if let Some(description) = first(fields, &["description"]).and_then(Value::as_str) {
        draft.flow.insert("description".into(), description.into());
    }
    let mut reader = Reader {
        names: Names::default(),
        steps: Vec::new(),
        read: 0,
        inputs: inputs(fields),
        agents: Vec::new(),
        draft,
    };
    let key = STEPS.into_iter().find(|key| fields.get(*key).is_some_and(Value::is_array)).ok_or("it has no steps")?;
    if key == "steps" && fields.contains_key("agents") {
        reader.draft.note("what 'agents' says of them is not carried over; see the 'agents' of the new file");
    }
    reader.foresee(fields);
    let group = reader.group(fields, "the workflow").ok_or("nothing of it can be carried over")?;
    reader.unknown(fields, "the workflow", &["name", "agents"]);
    let Reader { inputs, agents, .. } = reader;
    if !inputs.is_empty() {
        draft.flow.insert("inputs".into(), inputs.into());
    }
    if !agents.is_empty() {
        draft.note("agents are called as: claude -p PROMPT; change that in 'agents' of the new file");
        let call = json!({ "run": ["claude", "-p", "{{ with.prompt }}"] });
        draft
            .flow
            .insert("agents".into(), agents.into_iter().map(|name| (name, call.clone())).collect::<Fields>().into());
    }
    let is_bare = group.keys().all(|key| key == "steps" || key == "parallel");
    match is_bare {
        true => draft.flow.extend(group),
        false => _ = draft.flow.insert("steps".into(), json!([group])),
    }
    Ok(())
}

/// Returns the first of some keys that is there.
fn first<'f>(fields: &'f Fields, names: &[&str]) -> Option<&'f Value> {
    names.iter().find_map(|name| fields.get(*name))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Reads declared inputs: a map of names, or a list of them.
fn inputs(fields: &Fields) -> Fields {
    let declared = first(fields, &["inputs", "parameters", "variables"]);
    let one = |name: &str, declared: &Value| {
        let default = match declared {
            Value::Object(declared) => declared.get("default").cloned(),
            Value::Null => None,
            plain => Some(plain.clone()),
        };
        let default = default.filter(|default| !default.is_null());
        let input = match default {
            Some(default) => json!({ "default": escaped(&text(&default)) }),
            None => json!({ "required": true }),
        };
        (slug(name, "input"), input)
    };
    match declared {
        Some(Value::Object(rows)) => rows.iter().map(|(name, declared)| one(name, declared)).collect(),
        Some(Value::Array(names)) => names.iter().map(|name| one(&text(name), &Value::Null)).collect(),
        _ => Fields::new(),
    }
}

struct Reader<'d> {
    names: Names,
    /// The steps: how the file calls them and how they are called here, in the file's order.
    steps: Vec<(String, String)>,
    /// How many of them were read.
    read: usize,
    inputs: Fields,
    agents: Vec<String>,
    draft: &'d mut Draft,
}

impl Reader<'_> {
    /// Names all steps before any text is read that may mention them.
    fn foresee(&mut self, fields: &Fields) {
        for step in steps_of(fields) {
            if let Some(name) = first(step, &NAME).or(first(step, &AGENT)).map(text) {
                let made = self.names.take(&name);
                self.steps.push((name, made));
            }
            self.foresee(step);
        }
    }

    /// Reads what holds steps: the workflow or a step.
    fn group(&mut self, fields: &Fields, place: &str) -> Option<Fields> {
        let list = steps_of(fields).collect::<Vec<_>>();
        let depends = list.iter().any(|step| first(step, &NEEDS).is_some());
        let steps: Vec<Value> =
            list.iter().enumerate().filter_map(|(index, step)| Some(self.step(step, index)?.into())).collect();
        if steps.is_empty() {
            return None;
        }
        let pattern = first(fields, &PATTERN).map(text).unwrap_or_default().to_lowercase();
        let mut group = Fields::new();
        match pattern.as_str() {
            "parallel" | "concurrent" | "fan_out" => _ = group.insert("parallel".into(), steps.into()),
            "iterative" | "loop" | "iteration" => {
                group.insert("id".into(), self.names.take("rounds").into());
                group.insert("loop".into(), self.rounds(fields, place));
                group.insert("steps".into(), steps.into());
            }
            "pipeline" if first(fields, &ITEMS).is_some() => {
                let items = first(fields, &ITEMS).map(|items| self.items(items, place)).unwrap_or_default();
                group.insert("id".into(), self.names.take("pipeline").into());
                group.insert("each".into(), items);
                group.insert("pipe".into(), steps.into());
            }
            // What says on what it depends, and no pattern, runs together as far as that allows.
            "" if depends => _ = group.insert("parallel".into(), steps.into()),
            "" | "sequential" | "sequence" | "conditional" | "workflow" => {
                _ = group.insert("steps".into(), steps.into())
            }
            other => {
                let why = if other == "pipeline" { "names no items" } else { "is not known here" };
                self.draft.note(format!("{place}: the pattern '{other}' {why}, so the steps run in order"));
                group.insert("steps".into(), steps.into());
            }
        }
        Some(group)
    }

    fn step(&mut self, fields: &Fields, index: usize) -> Option<Fields> {
        let written = first(fields, &NAME).or(first(fields, &AGENT)).map(text);
        let place = format!("step {}", written.clone().unwrap_or_else(|| (index + 1).to_string()));
        let mut step = Fields::new();
        let id = match &written {
            // They were named in this very order.
            Some(_) => {
                self.read += 1;
                self.steps[self.read - 1].1.clone()
            }
            None => self.names.take("step"),
        };
        step.insert("id".into(), id.into());
        if let Some(description) = fields.get("description").and_then(Value::as_str) {
            step.insert("description".into(), description.into());
        }
        self.round(fields, &place, &mut step);
        if steps_of(fields).next().is_some() {
            let mut group = self.group(fields, &place)?;
            group.shift_remove("id");
            step.extend(group);
        } else if let Some(command) = first(fields, &COMMAND) {
            let run = match command {
                Value::Array(words) => words.iter().map(|word| self.template(&text(word), &place)).collect(),
                command => self.script(&text(command), &place),
            };
            step.insert("run".into(), run);
        } else {
            self.call(fields, &place, &mut step)?;
        }
        if !step.contains_key("steps") && !step.contains_key("parallel") && !step.contains_key("pipe") {
            self.settings(fields, &place, &mut step);
        }
        self.unknown(fields, &place, &[]);
        Some(step)
    }

    /// Returns how a step is called here; of those that the file calls alike it is the first.
    fn called(&self, written: &str) -> String {
        let found = self.steps.iter().position(|(name, _)| name == written);
        found.map_or_else(|| slug(written, "step"), |at| self.steps[at].1.clone())
    }

    fn call(&mut self, fields: &Fields, place: &str, step: &mut Fields) -> Option<()> {
        let Some(prompt) = first(fields, &PROMPT).map(text) else {
            self.draft.note(format!("{place}: left out, since it says neither what to ask nor what to run"));
            return None;
        };
        let agent = first(fields, &AGENT).map_or("claude".to_owned(), text);
        let agent = slug(&agent, "agent");
        if !self.agents.contains(&agent) {
            self.agents.push(agent.clone());
        }
        step.insert("agent".into(), agent.into());
        let mut with = Fields::new();
        for (name, value) in first(fields, &WITH).and_then(Value::as_object).into_iter().flatten() {
            with.insert(slug(name, "input"), self.template(&text(value), place).into());
        }
        if !with.is_empty() {
            step.insert("with".into(), with.into());
        }
        step.insert("prompt".into(), self.template(&prompt, place).into());
        Some(())
    }

    /// Reads what stands round a step: its condition, what it depends on, whether it may fail.
    fn round(&mut self, fields: &Fields, place: &str, step: &mut Fields) {
        if let Some(condition) = first(fields, &CONDITION).map(text) {
            self.draft.note(format!("{place}: switched off until its condition is an expression: {condition}"));
            step.insert("if".into(), false.into());
        }
        if let Some(needs) = first(fields, &NEEDS) {
            let names: Vec<String> = match needs {
                Value::Array(names) => names.iter().map(text).collect(),
                name => vec![text(name)],
            };
            let known = |name: &String| self.steps.iter().any(|(step, _)| step == name);
            let (known, lost): (Vec<String>, Vec<String>) = names.into_iter().partition(known);
            lost.iter().for_each(|name| self.draft.note(format!("{place}: it depends on '{name}', which is no step")));
            let known: Vec<String> = known.iter().map(|name| self.called(name)).collect();
            if !known.is_empty() {
                step.insert("needs".into(), known.into());
            }
        }
        if OPTIONAL.iter().any(|key| fields.get(*key) == Some(&Value::Bool(true))) {
            step.insert("optional".into(), true.into());
        }
    }

    fn settings(&mut self, fields: &Fields, place: &str, step: &mut Fields) {
        match first(fields, &RETRIES) {
            Some(Value::Number(retries)) if retries.as_u64().is_some_and(|retries| (1..1_000).contains(&retries)) => {
                // These count the tries after the first.
                step.insert("retry".into(), (retries.as_u64().unwrap_or_default() + 1).into());
            }
            None => {}
            Some(other) => self.draft.note(format!("{place}: its retries ({}) are not carried over", text(other))),
        }
        match fields.get("timeout") {
            Some(Value::Number(seconds)) if seconds.as_u64().is_some_and(|seconds| seconds > 0) => {
                self.draft.note(format!("{place}: its timeout of {seconds} was taken for seconds"));
                step.insert("timeout".into(), format!("{seconds}s").into());
            }
            Some(Value::String(text)) if humantime::parse_duration(text).is_ok_and(|duration| !duration.is_zero()) => {
                step.insert("timeout".into(), text.as_str().into());
            }
            None => {}
            Some(other) => self.draft.note(format!("{place}: its timeout ({}) is not carried over", text(other))),
        }
    }

    fn rounds(&mut self, fields: &Fields, place: &str) -> Value {
        if let Some(until) = first(fields, &UNTIL).map(text) {
            self.draft
                .note(format!("{place}: all rounds are made until 'until' is an expression in its 'loop': {until}"));
        }
        let max = first(fields, &ROUNDS).and_then(Value::as_u64).filter(|max| (1..=10_000).contains(max));
        json!({ "max": max.unwrap_or(10) })
    }

    fn items(&mut self, items: &Value, place: &str) -> Value {
        match items {
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.clone(), |text| escaped(text).into()))
                .collect(),
            items => self.template(&text(items), place).into(),
        }
    }

    /// Writes a text with its places for values: `{{ name }}`, `${name}`, `$ARGUMENTS`.
    fn template(&mut self, text: &str, place: &str) -> String {
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_place(rest, &["{{", "${", ARGUMENTS]) {
            written.push_str(&escaped(before));
            written.push_str(&format!("{{{{ {} }}}}", self.value(name, place)));
            rest = after;
        }
        written + &escaped(rest)
    }

    /// Writes a command, in which `${name}` is the shell's.
    fn script(&mut self, text: &str, place: &str) -> Value {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_place(rest, &["{{", ARGUMENTS]) {
            pieces.push((Piece::Text(before.to_owned()), None));
            pieces.push((Piece::Expression(name.to_owned()), Some(Meaning::Template(self.value(name, place)))));
            rest = after;
        }
        pieces.push((Piece::Text(rest.to_owned()), None));
        shell_run(&pieces, "")
    }

    /// Says what a named value is: what a step left, or an input, which is declared where it is not.
    fn value(&mut self, name: &str, place: &str) -> String {
        let name = name.trim();
        let path = name.strip_prefix("steps.").unwrap_or(name);
        let (head, field) = path.split_once('.').unwrap_or((path, "output"));
        if self.steps.iter().any(|(step, _)| step == head) {
            let field = if ["result", "response", "output", "text"].contains(&field) { "output" } else { field };
            return format!("steps.{}.{}", self.called(head), slug(field, "output"));
        }
        let input = slug(path.strip_prefix("inputs.").or(path.strip_prefix("input.")).unwrap_or(path), "input");
        if matches!(input.as_str(), "item" | "index") {
            return input;
        }
        if !self.inputs.contains_key(&input) {
            self.draft.note(format!("{place}: '{name}' was declared as an input"));
            self.inputs.insert(input.clone(), json!({ "required": true }));
        }
        format!("inputs.{input}")
    }

    fn unknown(&mut self, fields: &Fields, place: &str, more: &[&str]) {
        let groups: [&[&str]; 15] = [
            &NAME, &AGENT, &PROMPT, &COMMAND, &NEEDS, &WITH, &CONDITION, &STEPS, &PATTERN, &ROUNDS, &UNTIL, &ITEMS,
            &RETRIES, &OPTIONAL, &OTHERS,
        ];
        let is_known =
            |key: &str| groups.iter().any(|keys| keys.contains(&key)) || more.contains(&key) || key == "variables";
        for key in fields.keys().filter(|key| !is_known(key)) {
            self.draft.note(format!("{place}: its '{key}' is not carried over"));
        }
    }
}

fn steps_of(fields: &Fields) -> impl Iterator<Item = &Fields> {
    let list = STEPS.into_iter().find_map(|key| fields.get(key).and_then(Value::as_array));
    list.into_iter().flatten().filter_map(Value::as_object)
}
