//! What a run is given becomes its inputs: types checked, defaults worked out, all mistakes at once.

use std::sync::Arc;

use minijinja::Value as Dynamic;
use serde_json::{Map, Value};

use super::node::{Plan, SubFlow};
use super::scope::{ListFiles, Scope};
use super::template::Template;
use crate::model::{DefaultValue, InputSpec, InputType, Inputs};
use crate::spec::{Mistake, nearest};

/// An input, its default parsed.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    input_type: InputType,
    required: bool,
    default: Option<Preset>,
    description: Option<String>,
}

#[derive(Debug)]
enum Preset {
    Plain(Value),
    Template(Template),
}

/// Inputs that do not fit, one sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadInputs(pub Vec<String>);

impl Input {
    pub(super) fn parse(spec: &InputSpec) -> Result<Input, Mistake> {
        let default = match &spec.default {
            None => None,
            Some(DefaultValue::Plain(value)) => Some(Preset::Plain(value.clone())),
            Some(DefaultValue::Template(text)) => Some(Preset::Template(Template::parse(text)?)),
        };
        if let Some(Preset::Template(template)) = &default {
            for name in template.names() {
                let root = name.split('.').next().unwrap_or(&name);
                if root != "inputs" && root != "files" {
                    let message = format!("the default of input '{}' cannot use '{root}'", spec.name);
                    let hint = "it can use inputs above it and files('**/*.rs')";
                    return Err(Mistake::at(template.place(), message).hint(hint));
                }
            }
        }
        Ok(Input {
            name: spec.name.clone(),
            input_type: spec.input_type,
            required: spec.required,
            default,
            description: spec.description.clone(),
        })
    }

    /// One line for people: `goal (string, required): what to reach`.
    fn describe(&self) -> String {
        let required = if self.required { ", required" } else { "" };
        let description = self.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        format!("  {} ({}{required}){description}", self.name, self.input_type.name())
    }

    fn missing(&self) -> String {
        format!("input '{0}' is missing; give it with --{0} VALUE", self.name)
    }
}

impl Plan {
    /// Describes the inputs, a line each.
    pub fn describe_inputs(&self) -> String {
        self.inputs.iter().map(Input::describe).collect::<Vec<_>>().join("\n")
    }

    /// Reads words from a command line as values of the declared types.
    ///
    /// # Errors
    /// Names every word that is no value of its input's type, and every input that is unknown or missing.
    pub fn read_inputs(&self, words: &[(String, String)]) -> Result<Map<String, Value>, BadInputs> {
        let (given, mut bad) = self.read_words(words);
        let is_named = |input: &Input| words.iter().any(|(name, _)| *name == input.name);
        bad.extend(self.inputs.iter().filter(|input| input.required && !is_named(input)).map(Input::missing));
        if bad.is_empty() { Ok(given) } else { Err(BadInputs(bad)) }
    }

    /// Reads words that change some of the inputs that a run was given.
    ///
    /// # Errors
    /// As for `read_inputs`, but that none is missing.
    pub fn read_changes(&self, words: &[(String, String)]) -> Result<Map<String, Value>, BadInputs> {
        let (given, bad) = self.read_words(words);
        if bad.is_empty() { Ok(given) } else { Err(BadInputs(bad)) }
    }

    fn read_words(&self, words: &[(String, String)]) -> (Map<String, Value>, Vec<String>) {
        let mut given = Map::new();
        let mut bad = Vec::new();
        for (name, word) in words {
            match self.inputs.iter().find(|input| input.name == *name) {
                None => bad.push(self.unknown(name)),
                Some(input) => match input.input_type.read(word) {
                    Some(value) => _ = given.insert(name.clone(), value),
                    None => {
                        bad.push(format!("input '{name}' must be of type {}, not '{word}'", input.input_type.name()))
                    }
                },
            }
        }
        (given, bad)
    }

    /// Says whether an input is declared.
    pub fn has_input(&self, name: &str) -> bool {
        self.inputs.iter().any(|input| input.name == name)
    }

    /// Checks what was given and fills in defaults.
    ///
    /// # Errors
    /// Names every input that is missing, unknown, of another type, or whose default cannot be worked out.
    pub fn bind(&self, given: Map<String, Value>, files: &Arc<ListFiles>) -> Result<Inputs, BadInputs> {
        bind(&self.inputs, &given, files)
    }

    fn unknown(&self, name: &str) -> String {
        unknown(&self.inputs, name)
    }
}

impl SubFlow {
    /// Checks what a sub-workflow is given and fills in defaults.
    ///
    /// # Errors
    /// As for `Plan::bind`.
    pub fn bind(&self, mut given: Map<String, Value>, files: &Arc<ListFiles>) -> Result<Inputs, BadInputs> {
        // What a file writes without braces is a text here: `n: 3` means the number where a number is wanted.
        for input in self.inputs.iter().filter(|input| input.input_type != InputType::String) {
            if let Some(value) = given.get_mut(&input.name)
                && let Some(read) = value.as_str().and_then(|text| input.input_type.read(text))
            {
                *value = read;
            }
        }
        bind(&self.inputs, &given, files)
    }
}

fn bind(inputs: &[Input], given: &Map<String, Value>, files: &Arc<ListFiles>) -> Result<Inputs, BadInputs> {
    let known = |name: &String| inputs.iter().any(|input| input.name == *name);
    let mut bad: Vec<String> = given.keys().filter(|name| !known(name)).map(|name| unknown(inputs, name)).collect();
    let mut bound = Map::new();
    for input in inputs {
        match bind_one(input, given, &bound, files) {
            Ok(Some(value)) => _ = bound.insert(input.name.clone(), value),
            Ok(None) => {}
            Err(reason) => bad.push(reason),
        }
    }
    if bad.is_empty() { Ok(Arc::new(bound)) } else { Err(BadInputs(bad)) }
}

fn bind_one(
    input: &Input,
    given: &Map<String, Value>,
    bound: &Map<String, Value>,
    files: &Arc<ListFiles>,
) -> Result<Option<Value>, String> {
    let value = match (given.get(&input.name), &input.default) {
        (Some(value), _) => value.clone(),
        (None, Some(Preset::Plain(value))) => value.clone(),
        (None, Some(Preset::Template(template))) => preset(input, template, bound, files)?,
        (None, None) if input.required => return Err(input.missing()),
        (None, None) => return Ok(None),
    };
    match input.input_type.admits(&value) {
        true => Ok(Some(value)),
        false => Err(format!("input '{}' must be of type {}, not {value}", input.name, input.input_type.name())),
    }
}

fn unknown(inputs: &[Input], name: &str) -> String {
    let names = || inputs.iter().map(|input| input.name.as_str());
    match nearest(name, names()) {
        Some(near) => format!("unknown input '{name}'; did you mean '{near}'?"),
        None if inputs.is_empty() => format!("unknown input '{name}'; this workflow takes none"),
        None => format!("unknown input '{name}'; the inputs are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

fn preset(
    input: &Input,
    template: &Template,
    bound: &Map<String, Value>,
    files: &Arc<ListFiles>,
) -> Result<Value, String> {
    let context = Scope::of_inputs(bound, files).into_value();
    let value = template.value(&context).map_err(|bad| format!("the default of input '{}': {bad}", input.name))?;
    let text = value.as_str().filter(|_| input.input_type != InputType::String);
    if let Some(read) = text.and_then(|text| input.input_type.read(text)) {
        return Ok(read);
    }
    to_json(&value).ok_or_else(|| format!("the default of input '{}' is no value", input.name))
}

fn to_json(value: &Dynamic) -> Option<Value> {
    serde_json::to_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    const INPUTS: &str = "
  goal: { type: string, required: true }
  count: { type: integer, default: 3 }
  ratio: { type: number }
  fast: { type: boolean, default: '{{ inputs.count > 2 }}' }
  files: { type: list, default: \"{{ files('*.rs') }}\" }
  more: { type: map, default: { a: [1] } }
  title: { default: 'about {{ inputs.goal }}' }
";

    fn plan(inputs: &str) -> Result<Plan, Vec<Mistake>> {
        compile(
            &parse(&format!("inputs:{inputs}\nsteps: [{{ run: [x] }}]"), "a.yaml").unwrap(),
            "a.yaml",
            &Catalog::default(),
        )
    }

    fn check(words: &[(&str, &str)], expected: &str) {
        let files: Arc<ListFiles> = Arc::new(|glob: &str| Ok(vec![glob.replace('*', "main")]));
        let plan = plan(INPUTS).unwrap();
        let words: Vec<(String, String)> = words.iter().map(|(name, word)| ((*name).into(), (*word).into())).collect();
        let bound = plan.read_inputs(&words).and_then(|given| plan.bind(given, &files));
        let shown = bound.map_or_else(|bad| bad.to_string(), |inputs| Value::Object((*inputs).clone()).to_string());
        assert_eq!(shown, expected, "{words:?}");
    }

    #[test]
    fn words_become_values_and_defaults_fill_the_gaps() {
        check(
            &[("goal", "x")],
            r#"{"goal":"x","count":3,"fast":true,"files":["main.rs"],"more":{"a":[1]},"title":"about x"}"#,
        );
        check(
            &[("goal", ""), ("count", "-1"), ("ratio", "0.5"), ("files", "a, b"), ("more", "{}"), ("title", "{{ x }}")],
            r#"{"goal":"","count":-1,"ratio":0.5,"fast":false,"files":["a","b"],"more":{},"title":"{{ x }}"}"#,
        );
    }

    #[test]
    fn all_that_does_not_fit_is_told_at_once() {
        check(&[], "input 'goal' is missing; give it with --goal VALUE");
        check(
            &[("gaol", "x"), ("count", "1.5"), ("other_thing", "")],
            "unknown input 'gaol'; did you mean 'goal'?\ninput 'count' must be of type integer, not '1.5'\n\
             unknown input 'other_thing'; the inputs are: goal, count, ratio, fast, files, more, title\n\
             input 'goal' is missing; give it with --goal VALUE",
        );
    }

    #[test]
    fn a_default_sees_only_what_stands_above_it() {
        let files: Arc<ListFiles> = Arc::new(|_: &str| Err("no files here".into()));
        let bind = |inputs: &str| plan(inputs).unwrap().bind(Map::new(), &files).unwrap_err().to_string();
        assert_eq!(
            bind("\n  a: { default: '{{ inputs.b }}' }\n  b: { default: x }"),
            "the default of input 'a': 'inputs.b' (line 2, column 18): it is not defined"
        );
        assert_eq!(
            bind("\n  a: { type: list, default: \"{{ files('*') }}\" }"),
            "the default of input 'a': 'files('*')' (line 2, column 30): no files here"
        );
        assert_eq!(
            bind("\n  a: { type: integer, default: '{{ 1.5 }}' }"),
            "input 'a' must be of type integer, not 1.5"
        );
        let mistakes = plan("\n  a: { default: '{{ steps.x.output }}' }").unwrap_err();
        assert_eq!(mistakes[0].message, "the default of input 'a' cannot use 'steps'");
    }
}
