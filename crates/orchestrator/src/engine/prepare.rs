//! Renders a task's templates into a request, and says what the request is remembered by. `plan`, `why` and `run` share it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Duration;

use minijinja::Value as Dynamic;
use minijinja::value::Serde;
use segno_cache::{Digest, Key, KeyBuilder, Manifest, Observation};
use segno_errors::{Fault, Kind};
use segno_logging::Redactor;
use serde_json::{Map, Value};

use crate::agents::{ProgramRequest, Request};
use crate::model::OutputFormat;
use crate::plan::{Alternative, BadValue, Cache, Call, Program, RunForm, Scope, Template, is_list, to_text};

/// A task ready to be called.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) remembered: Option<Remembered>,
}

/// By what a result is remembered.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) key: Key,
    /// What "the same step" is called across runs.
    pub(crate) subject: String,
    /// What it depends on besides the call, as it was when the key was made.
    pub(crate) observed: Vec<Observed>,
    pub(crate) ttl: Option<Duration>,
    /// The globs of the files that the step makes.
    pub(crate) outputs: Vec<String>,
}

/// Something that a result depends on.
#[derive(Debug)]
pub(crate) struct Observed {
    /// The name of its part of the key, if it is not the dependency's own.
    pub(crate) name: Option<&'static str>,
    pub(crate) observation: Observation,
}

impl Observed {
    fn add_to(&self, key: &mut KeyBuilder) {
        match self.name {
            Some(name) => self.observation.add_as(name, key),
            None => self.observation.add_to(key),
        }
    }
}

impl Remembered {
    pub(crate) fn manifests(&self) -> Vec<Manifest> {
        self.observed.iter().filter_map(|observed| observed.observation.manifest().cloned()).collect()
    }
}

impl Prepared {
    /// Returns the key in hexadecimal digits.
    pub(crate) fn key(&self) -> Option<String> {
        self.remembered.as_ref().map(|remembered| remembered.key.digest().to_string())
    }
}

/// What of a key is rendered from templates, before any file is looked at.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) files: Vec<String>,
    pub(crate) tree: Vec<String>,
    pub(crate) config: Vec<String>,
    pub(crate) tools: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) salt: Option<String>,
}

/// What templates come to in one scope. The same text stands in several places of a step, as a word of its command and as
/// the file that it depends on: it is worked out once.
pub(crate) struct Seen<'s> {
    scope: &'s Scope,
    context: Dynamic,
    known: RefCell<Vec<(&'s str, Dynamic)>>,
}

impl<'s> Seen<'s> {
    pub(crate) fn of(scope: &'s Scope) -> Seen<'s> {
        Seen { scope, context: scope.clone().into_value(), known: RefCell::default() }
    }

    fn value(&self, template: &'s Template) -> Result<Dynamic, BadValue> {
        let known = self.known.borrow().iter().find(|(source, _)| *source == template.source()).cloned();
        if let Some((_, value)) = known {
            return Ok(value);
        }
        let value = template.value(&self.context)?;
        self.known.borrow_mut().push((template.source(), value.clone()));
        Ok(value)
    }

    pub(super) fn text(&self, template: &'s Template) -> Result<String, BadValue> {
        to_text(&self.value(template)?).or_else(|_| template.text(&self.context))
    }
}

/// Renders what a call asks of its agent.
pub(crate) fn request(call: &Call, scope: &Scope) -> Result<Request, Fault> {
    request_of(call, &Seen::of(scope))
}

/// Renders what a call asks of its agent, of which something may be worked out already.
pub(crate) fn request_of<'s>(call: &'s Call, seen: &Seen<'s>) -> Result<Request, Fault> {
    match call {
        Call::Program(program) => program_request(program, seen).map(Request::Program).map_err(unrendered),
        Call::Agent { name, with } => {
            let arguments = arguments(with, seen)?;
            Ok(Request::Agent { name: name.clone(), arguments })
        }
        Call::Declared { name, with, program, .. } => {
            let scope = own_scope(with, seen)?;
            let mut request = program_request(program, &Seen::of(&scope)).map_err(unrendered)?;
            request.agent = Some(name.clone());
            Ok(Request::Program(request))
        }
    }
}

/// Returns the scope of an agent's own declaration: it sees nothing but its arguments.
fn own_scope<'s>(with: &'s [(String, Template)], seen: &Seen<'s>) -> Result<Scope, Fault> {
    let arguments = arguments(with, seen)?;
    Ok(Scope { with: Some(Dynamic::from(Serde(&arguments))), ..Scope::default() })
}

fn arguments<'s>(with: &'s [(String, Template)], seen: &Seen<'s>) -> Result<Map<String, Value>, Fault> {
    let mut arguments = Map::new();
    for (argument, template) in with {
        let value = seen.value(template).map_err(unrendered)?;
        let value = serde_json::to_value(value)
            .map_err(|error| Fault::new(Kind::Validation, format!("'{argument}' is no value")).caused_by(error))?;
        arguments.insert(argument.clone(), value);
    }
    Ok(arguments)
}

fn program_request<'s>(program: &'s Program, seen: &Seen<'s>) -> Result<ProgramRequest, BadValue> {
    let mut request = ProgramRequest {
        secrets: program.secrets.clone(),
        ok_codes: program.ok_codes.clone(),
        format: program.format,
        ..ProgramRequest::default()
    };
    match &program.run {
        RunForm::Argv(argv) => {
            for template in argv {
                request.argv.extend(words(template, seen)?);
            }
        }
        RunForm::Shell(script) => {
            let rendered = script.render(&seen.context)?;
            request.argv = ["sh", "-e", "-c"].map(String::from).to_vec();
            request.argv.push(rendered.script);
            request.values = rendered.variables;
        }
    }
    for (name, template) in &program.env {
        request.env.push((name.clone(), seen.text(template)?));
    }
    request.cwd = program.cwd.as_ref().map(|template| seen.text(template)).transpose()?;
    request.stdin = program.stdin.as_ref().map(|template| seen.text(template)).transpose()?;
    Ok(request)
}

/// A list is as many words as it has items, anything else one.
fn words<'s>(template: &'s Template, seen: &Seen<'s>) -> Result<Vec<String>, BadValue> {
    let value = seen.value(template)?;
    if !is_list(&value) {
        return seen.text(template).map(|text| vec![text]);
    }
    // An item that has no text, such as one that is not defined, makes no word: the whole text says what is wrong.
    let items = value.try_iter().into_iter().flatten();
    let words = items.map(|item| to_text(&item)).collect::<Result<_, _>>();
    words.or_else(|_| template.text(&seen.context).map(|text| vec![text]))
}

/// Renders what is named for a way to do a task that may be remembered.
pub(crate) fn wanted<'s>(alternative: &'s Alternative, seen: &Seen<'s>) -> Result<Wanted, Fault> {
    let outputs = match &alternative.call {
        Call::Program(program) => texts(&program.outputs, seen)?,
        Call::Declared { with, program, .. } => texts(&program.outputs, &Seen::of(&own_scope(with, seen)?))?,
        Call::Agent { .. } => Vec::new(),
    };
    let Some(cache) = &alternative.cache else {
        return Ok(Wanted { outputs, ..Wanted::default() });
    };
    let wanted = match &alternative.call {
        // What an agent's declaration says of its cache sees the arguments too.
        Call::Declared { with, .. } => {
            let scope = Scope { with: own_scope(with, seen)?.with, ..seen.scope.clone() };
            of_cache(cache, &Seen::of(&scope))?
        }
        _ => of_cache(cache, seen)?,
    };
    Ok(Wanted { outputs, ..wanted })
}

/// Renders what a cache names.
fn of_cache<'s>(cache: &'s Cache, seen: &Seen<'s>) -> Result<Wanted, Fault> {
    Ok(Wanted {
        salt: cache.salt.as_ref().map(|salt| seen.text(salt)).transpose().map_err(unrendered)?,
        files: texts(&cache.files, seen)?,
        tree: texts(&cache.tree, seen)?,
        config: texts(&cache.config, seen)?,
        tools: texts(&cache.tools, seen)?,
        outputs: Vec::new(),
    })
}

fn texts<'s>(templates: &'s [Template], seen: &Seen<'s>) -> Result<Vec<String>, Fault> {
    let mut texts = Vec::with_capacity(templates.len());
    for template in templates {
        texts.extend(words(template, seen).map_err(unrendered)?);
    }
    Ok(texts)
}

/// Makes the key of a request. Position, attempt, time-out and retries are no part of it: they do not change a result.
pub(crate) fn key(request: &Request, wanted: &Wanted, observed: &[Observed]) -> Key {
    let mut key = Key::builder(match request {
        Request::Program(_) => "command",
        Request::Agent { .. } => "agent",
    });
    match request {
        Request::Program(program) => {
            key.text("command", &program.shown());
            // Arguments with blanks must not meet: what is shown is for people, this part tells calls apart.
            key.text("arguments", &serde_json::to_string(&program.argv).unwrap_or_default());
            let mut named: Vec<&str> = Vec::new();
            for carried in &program.values {
                // The same expression has the same value: once is enough to name it.
                if !named.contains(&carried.written.as_str()) {
                    named.push(&carried.written);
                    key_value(&mut key, format!("value of {}", carried.written), &carried.written, &carried.value);
                }
            }
            for (name, value) in &program.env {
                key_value(&mut key, format!("variable {name}"), name, value);
            }
            key.text("folder", program.cwd.as_deref().unwrap_or("."));
            key.text("input", program.stdin.as_deref().unwrap_or(""));
            key.text("exit codes", &codes(&program.ok_codes));
            if let Some(agent) = &program.agent {
                key.text("agent", agent);
            }
            if program.format != OutputFormat::Text {
                key.text("format", "json");
            }
        }
        Request::Agent { name, arguments } => {
            key.text("agent", name);
            key.text("arguments", &serde_json::to_string(arguments).unwrap_or_default());
        }
    }
    observed.iter().for_each(|observed| observed.add_to(&mut key));
    key.text("outputs", &one_text(&wanted.outputs));
    key.text("salt", wanted.salt.as_deref().unwrap_or(""));
    key.finish()
}

/// Adds a value; of one whose name sounds secret nothing readable is kept with the key.
fn key_value(key: &mut KeyBuilder, part: String, name: &str, value: &str) {
    match sounds_secret(name) {
        true => key.secret(part, value),
        false => key.text(part, value),
    };
}

/// Says whether something is not to be shown, by the names in it: `TOKEN`, `inputs.api_key | trim`.
fn sounds_secret(written: &str) -> bool {
    static USUAL: LazyLock<Redactor> = LazyLock::new(Redactor::new);
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    written.split(|letter| !is_part(letter)).any(|name| USUAL.is_secret_variable(name))
}

/// Writes globs as one text. Two globs are not one with a blank in it.
fn one_text(globs: &[String]) -> String {
    match globs.iter().any(|glob| glob.contains(' ')) {
        true => serde_json::to_string(globs).unwrap_or_default(),
        false => globs.join(" "),
    }
}

/// Writes exit codes; nearly all commands have the one.
fn codes(codes: &[i32]) -> Cow<'static, str> {
    if *codes == [0] { "[0]".into() } else { format!("{codes:?}").into() }
}

/// Returns what "the same step" is called across runs: by its flow, name and items, never by its place.
pub(crate) fn subject(flow: &str, step: &str, items: &[String]) -> String {
    let mut subject = [flow, "/", step].concat();
    for item in items {
        subject.extend(["[", item, "]"]);
    }
    match subject.len() > 512 {
        true => Digest::of(subject.as_bytes()).to_string(),
        false => subject,
    }
}

fn unrendered(bad: BadValue) -> Fault {
    Fault::new(Kind::Validation, format!("the value {bad}")).reason("template").hint(
        "a step that was skipped or failed has no output; test steps.NAME.ok first, or give a default: value | default('')",
    )
}
