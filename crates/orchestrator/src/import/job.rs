//! A job of GitHub Actions and its steps. What needs GitHub is left out and said.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::expression::{Condition, Meaning, Piece, condition};
use super::imported::Draft;
use super::shell::{self, escaped, meanings};
use super::slug::{Names, slug};

/// The action whose work is done already: the project lies here.
const NOT_NEEDED: &str = "actions/checkout";
/// Keys of a job that nothing here corresponds to, and that change what it does.
const OF_GITHUB: [&str; 5] = ["services", "container", "outputs", "environment", "concurrency"];

type Env = BTreeMap<String, String>;

/// Reads jobs, with what the workflow says to all of them.
pub(super) struct Reader<'d> {
    env: Env,
    defaults: Map<String, Value>,
    names: Names,
    /// The ids of the jobs by their names: given before any step takes one.
    jobs: BTreeMap<String, String>,
    draft: &'d mut Draft,
}

/// What the steps of a job have from it.
struct Job {
    name: String,
    env: Env,
    defaults: Map<String, Value>,
    timeout: Option<Value>,
}

impl<'d> Reader<'d> {
    pub(super) fn new<'j>(
        fields: &Map<String, Value>,
        jobs: impl IntoIterator<Item = &'j String>,
        draft: &'d mut Draft,
    ) -> Reader<'d> {
        let mut names = Names::default();
        let jobs = jobs.into_iter().map(|job| (job.clone(), names.take(job))).collect();
        Reader { env: env(fields), defaults: defaults(fields), names, jobs, draft }
    }

    /// Reads a job as a group; `None` when nothing of it can be carried over.
    pub(super) fn job(
        &mut self,
        name: &str,
        fields: &Map<String, Value>,
        is_one_of_all: bool,
    ) -> Option<Map<String, Value>> {
        let place = format!("job {name}");
        if let Some(uses) = fields.get("uses") {
            self.draft.note(format!("{place}: left out, since it is another workflow ({})", text(uses)));
            return None;
        }
        let runs_on = fields.get("runs-on").map(text).unwrap_or_default();
        if ["windows", "macos"].iter().any(|system| runs_on.contains(system)) {
            self.draft.note(format!("{place}: it was made for {runs_on}"));
        }
        for key in OF_GITHUB.into_iter().filter(|key| fields.contains_key(*key)) {
            self.draft.note(format!("{place}: its '{key}' is not carried over"));
        }
        let mut group = Map::new();
        group.insert("id".into(), self.jobs[name].clone().into());
        if let Condition::Always | Condition::Failure = self.when(fields, &place, &self.env.clone(), &mut group) {
            self.draft.note(format!("{place}: it runs only when the jobs that it needs have succeeded"));
        }
        self.matrix(fields, &place, &mut group);
        if let Some(needs) = fields.get("needs").filter(|_| is_one_of_all) {
            let names =
                if needs.is_array() { needs.as_array().cloned().unwrap_or_default() } else { vec![needs.clone()] };
            group.insert(
                "needs".into(),
                names.iter().filter_map(|name| self.jobs.get(&text(name)).cloned()).collect::<Value>(),
            );
        }
        self.optional(fields, &place, &mut group);
        let mut defaults = self.defaults.clone();
        defaults.extend(self::defaults(fields));
        let job = Job {
            name: name.to_owned(),
            env: self.env.clone().into_iter().chain(env(fields)).collect(),
            defaults,
            timeout: timeout(fields),
        };
        self.steps(fields, &job, &mut group);
        let has_steps = group.contains_key("steps");
        if !has_steps {
            self.draft.note(format!("{place}: left out, since none of its steps can be carried over"));
        }
        has_steps.then_some(group)
    }

    /// Sorts the steps of a job: those that run in order, after a failure, always.
    fn steps(&mut self, fields: &Map<String, Value>, job: &Job, group: &mut Map<String, Value>) {
        let mut lists: [(&str, Vec<Value>); 3] =
            [("steps", Vec::new()), ("on_failure", Vec::new()), ("always", Vec::new())];
        let steps = fields.get("steps").and_then(Value::as_array).into_iter().flatten();
        for (index, step) in steps.enumerate() {
            let Some(fields) = step.as_object() else { continue };
            let named = fields.get("name").or(fields.get("id")).map(|name| format!(" ({})", text(name)));
            let place = format!("job {}, step {}{}", job.name, index + 1, named.unwrap_or_default());
            let Some((when, step)) = self.step(fields, job, &place) else { continue };
            let list = match when {
                Condition::Failure => 1,
                Condition::Always => 2,
                _ => 0,
            };
            lists[list].1.push(step.into());
        }
        // A job of which only the clean-up is left has that to do.
        if lists[0].1.is_empty() {
            lists[0].1 = std::mem::take(&mut lists[2].1);
        }
        group.extend(
            lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| (name.to_owned(), list.into())),
        );
    }

    fn step(&mut self, fields: &Map<String, Value>, job: &Job, place: &str) -> Option<(Condition, Map<String, Value>)> {
        if let Some(uses) = fields.get("uses").map(text) {
            if !uses.starts_with(NOT_NEEDED) {
                self.draft.note(format!("{place}: left out, since it is the action {uses}"));
            }
            return None;
        }
        let script = fields.get("run").map(text)?;
        let env: Env = job.env.clone().into_iter().chain(env(fields)).collect();
        let setting = |name: &str| fields.get(name).or(job.defaults.get(name)).map(text);
        let run = shell::run(&script, setting("shell").as_deref(), &env, place, self.draft)?;
        let mut step = Map::new();
        let name = fields.get("id").or(fields.get("name")).map(text);
        let name = name.unwrap_or_else(|| script.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
        step.insert("id".into(), self.names.take(&name).into());
        if let Some(name) = fields.get("name").filter(|_| fields.contains_key("id")) {
            step.insert("description".into(), text(name).into());
        }
        let when = self.when(fields, place, &env, &mut step);
        self.optional(fields, place, &mut step);
        step.insert("run".into(), run);
        let variables: Map<String, Value> = env
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.variable(name, value, &env, place)?)))
            .collect();
        if !variables.is_empty() {
            step.insert("env".into(), variables.into());
        }
        if let Some(folder) =
            setting("working-directory").and_then(|folder| self.field(&folder, &env, place, "working-directory"))
        {
            step.insert("cwd".into(), folder.into());
        }
        step.extend(timeout(fields).or(job.timeout.clone()).map(|timeout| ("timeout".to_owned(), timeout)));
        Some((when, step))
    }

    /// Reads `if`; a condition that nobody can answer here switches the step off.
    fn when(
        &mut self,
        fields: &Map<String, Value>,
        place: &str,
        env: &Env,
        step: &mut Map<String, Value>,
    ) -> Condition {
        let written = fields.get("if").map(text).unwrap_or_default();
        let condition = condition(&written, env);
        match &condition {
            Condition::When(expression) => _ = step.insert("if".into(), expression.as_str().into()),
            Condition::Unknown => {
                self.draft
                    .note(format!("{place}: switched off, since nothing here can answer its condition: {written}"));
                step.insert("if".into(), false.into());
            }
            Condition::Success | Condition::Always | Condition::Failure => {}
        }
        condition
    }

    fn optional(&mut self, fields: &Map<String, Value>, place: &str, step: &mut Map<String, Value>) {
        match fields.get("continue-on-error") {
            Some(Value::Bool(true)) => _ = step.insert("optional".into(), true.into()),
            None | Some(Value::Bool(false)) => {}
            Some(other) => {
                self.draft.note(format!("{place}: its 'continue-on-error: {}' is not carried over", text(other)))
            }
        }
    }

    fn matrix(&mut self, fields: &Map<String, Value>, place: &str, group: &mut Map<String, Value>) {
        let Some(strategy) = fields.get("strategy").and_then(Value::as_object) else { return };
        let Some(matrix) = strategy.get("matrix") else { return };
        let Some(rows) = matrix.as_object() else {
            self.draft
                .note(format!("{place}: its matrix is worked out by GitHub ({}) and not carried over", text(matrix)));
            return;
        };
        let mut axes = Map::new();
        for (name, values) in rows {
            match values {
                Value::Array(_) if name == "include" || name == "exclude" => {
                    self.draft.note(format!("{place}: the '{name}' of its matrix is not carried over"));
                }
                Value::Array(values) => _ = axes.insert(slug(name, "axis"), values.iter().map(plain).collect()),
                other => self.draft.note(format!("{place}: the axis '{name}' ({}) is not carried over", text(other))),
            }
        }
        if axes.is_empty() {
            return;
        }
        group.insert("matrix".into(), axes.into());
        match strategy.get("max-parallel") {
            Some(limit @ Value::Number(_)) => _ = group.insert("max_parallel".into(), limit.clone()),
            None => {}
            Some(other) => self.draft.note(format!("{place}: its 'max-parallel: {}' is not carried over", text(other))),
        }
    }

    /// Writes the value of a variable; `None` when the variable is to come from the environment.
    fn variable(&mut self, name: &str, value: &str, env: &Env, place: &str) -> Option<Value> {
        let own = format!("secrets.{name}");
        let pieces = meanings(value, &Env::new(), place, &mut Draft::default());
        let comes_from_outside = |(piece, meaning): &(Piece, Option<Meaning>)| match (piece, meaning) {
            (_, Some(Meaning::Variable(name))) if is_constant(env, name) => None,
            (Piece::Expression(expression), Some(Meaning::Variable(_) | Meaning::Unknown(_))) => {
                Some(expression.clone())
            }
            _ => None,
        };
        match pieces.iter().find_map(comes_from_outside) {
            Some(expression) if expression == own => {
                self.draft.note(format!("${name} was a secret; set it in the environment"));
                None
            }
            Some(expression) => {
                self.draft.note(format!("{place}: ${name} was ${{{{ {expression} }}}}; set it in the environment"));
                None
            }
            None => self.field(value, env, place, name).map(Value::from),
        }
    }

    /// Writes a text outside of scripts: variables of the environment cannot be read there.
    fn field(&mut self, text: &str, env: &Env, place: &str, what: &str) -> Option<String> {
        let mut written = String::new();
        for (piece, meaning) in meanings(text, env, place, &mut Draft::default()) {
            match (piece, meaning) {
                (Piece::Text(text), _) => written.push_str(&escaped(&text)),
                (_, Some(Meaning::Template(template))) => written.push_str(&format!("{{{{ {template} }}}}")),
                (_, Some(Meaning::Constant(constant))) => written.push_str(&escaped(&constant)),
                (_, Some(Meaning::Variable(name))) if is_constant(env, &name) => {
                    written.push_str(&escaped(&env[&name]));
                }
                (Piece::Expression(expression), _) => {
                    self.draft.note(format!("{place}: '{what}' needs ${{{{ {expression} }}}} and is not carried over"));
                    return None;
                }
            }
        }
        Some(written)
    }
}

/// Says whether the file itself sets a variable to a constant.
fn is_constant(env: &Env, name: &str) -> bool {
    env.get(name).is_some_and(|value| !value.contains("${{"))
}

fn timeout(fields: &Map<String, Value>) -> Option<Value> {
    let minutes = fields.get("timeout-minutes")?.as_f64().filter(|minutes| *minutes > 0.0)?;
    Some(match minutes.fract() == 0.0 {
        true => format!("{minutes}m").into(),
        false => format!("{}s", (minutes * 60.0).round()).into(),
    })
}

/// A text in a matrix must not be read as a template.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => escaped(text).into(),
        value => value.clone(),
    }
}

/// Reads the variables that a map sets.
fn env(fields: &Map<String, Value>) -> Env {
    let rows = fields.get("env").and_then(Value::as_object).into_iter().flatten();
    rows.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Reads `defaults.run`: its shell and its folder.
fn defaults(fields: &Map<String, Value>) -> Map<String, Value> {
    fields.get("defaults").and_then(|defaults| defaults["run"].as_object()).cloned().unwrap_or_default()
}
