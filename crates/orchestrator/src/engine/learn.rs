//! Makes secrets known before anything is run: those that the steps of a plan name, and variables whose names say that
//! they are secret. Leaves hiding them to `hide`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use segno_logging::Redactor;

use super::prepare::Seen;
use super::remember::ReadVariable;
use super::run::Setup;
use crate::agents::{ProgramRequest, Request};
use crate::plan::{Call, Plan, Program, Scope};

/// A password of so many letters is no word of a language.
const LONG_WORD: usize = 12;

impl Setup {
    /// Makes those variables known whose names say that they are secret, in all runs of this set-up: every program that is
    /// run has the environment of its engine.
    pub fn learn_variables(&self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        for (name, value) in variables {
            if let Some(name) = name.to_str() {
                learn_variable(&self.redactor, name, value.as_encoded_bytes());
            }
        }
    }
}

/// Makes the secrets of all steps of a plan known: what one step is given, another may print, before it or after it.
pub(crate) fn learn_plan(redactor: &Redactor, plan: &Plan, variables: Option<&ReadVariable>) {
    for task in plan.nodes().iter().filter_map(|node| node.task()) {
        let calls = task.calls.iter().map(|alternative| &alternative.call);
        let calls = calls.chain(task.verifiers.iter().map(|verifier| &verifier.call));
        calls.filter_map(program_of).for_each(|program| learn_program(redactor, program, variables));
    }
}

fn program_of(call: &Call) -> Option<&Program> {
    match call {
        Call::Program(program) | Call::Declared { program, .. } => Some(program),
        Call::Agent { .. } => None,
    }
}

/// What a value is that has to be worked out is learnt when the step is called.
fn learn_program(redactor: &Redactor, program: &Program, variables: Option<&ReadVariable>) {
    if program.secrets.is_empty() && program.env.is_empty() {
        return;
    }
    let scope = Scope::default();
    let seen = Seen::of(&scope);
    let own: Vec<(&str, Option<String>)> =
        program.env.iter().map(|(name, template)| (name.as_str(), seen.text(template).ok())).collect();
    for name in &program.secrets {
        let given = own.iter().find(|(own, _)| own == name);
        let value = match given {
            Some((_, value)) => value.clone(),
            None => variables.and_then(|variables| variables(name)),
        };
        // That it is not set, or cannot be hidden, is told when the step is called.
        _ = value.map(|value| redactor.add_secret(value));
    }
    for (name, value) in own {
        if let Some(value) = value {
            learn_variable(redactor, name, value.as_bytes());
        }
    }
}

/// Makes the secrets of a request known: those that the step names, and values that it gives under a secret name.
pub(super) fn learn(redactor: &Redactor, request: &Request, variables: Option<&ReadVariable>) {
    let Request::Program(program) = request else { return };
    for name in &program.secrets {
        match of_environment(program, name, variables) {
            Some(value) => {
                if let Err(refused) = redactor.add_secret(&*value) {
                    tracing::warn!(name, reason = %refused, "the value of a secret is not hidden");
                }
            }
            None => tracing::warn!(name, "the secret of a step is not set"),
        }
    }
    for (name, value) in program.env.iter().filter(|(name, _)| !program.secrets.contains(name)) {
        learn_variable(redactor, name, value.as_bytes());
    }
}

/// Makes those secrets of a request known that it gives itself, where no environment is read.
pub(crate) fn learn_given(redactor: &Redactor, request: &Request) {
    let Request::Program(program) = request else { return };
    for (name, value) in &program.env {
        match program.secrets.contains(name) {
            // Nobody is to be told that it cannot be hidden: it is no real secret.
            true => _ = redactor.add_secret(value),
            false => learn_variable(redactor, name, value.as_bytes()),
        }
    }
}

/// Returns the value that a program sees of a variable.
fn of_environment<'p>(
    program: &'p ProgramRequest,
    name: &str,
    variables: Option<&ReadVariable>,
) -> Option<Cow<'p, str>> {
    let own = program.env.iter().find(|(own, _)| own == name).map(|(_, value)| Cow::Borrowed(value.as_str()));
    own.or_else(|| variables.and_then(|variables| variables(name)).map(Cow::Owned))
}

/// Makes the value of a variable known, if its name says that it is secret and it is not an ordinary one.
///
/// Nobody asked for it, so it is no warning when such a value is not hidden: many of them are short or empty.
fn learn_variable(redactor: &Redactor, name: &str, value: &[u8]) {
    if !redactor.is_secret_variable(name) {
        return;
    }
    let refused = match (is_word(value), is_path(value)) {
        (true, _) => Some("it is a word".to_owned()),
        (_, true) => Some("it is a path".to_owned()),
        _ => redactor.add_secret(value).err().map(|refused| refused.to_string()),
    };
    if let Some(reason) = refused {
        tracing::debug!(name, reason, "the value of a variable is not hidden");
    }
}

/// Says whether a value is a word, or words: `postgres`, `Admin`, `none needed`. Hidden, it would be missed in every text.
fn is_word(value: &[u8]) -> bool {
    let is_one = |word: &[u8]| {
        let rest = word.get(1..).unwrap_or_default();
        let is_lower = rest.iter().all(u8::is_ascii_lowercase);
        let is_upper = word.iter().all(u8::is_ascii_uppercase);
        word.iter().all(u8::is_ascii_alphabetic) && (is_lower || is_upper)
    };
    value.len() < LONG_WORD && value.split(|byte| *byte == b' ').all(is_one)
}

/// Says whether a value is the path of something that is there, such as the file that a key is in, or stands for one.
fn is_path(value: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(value.trim_ascii()) else { return false };
    let path = Path::new(text);
    let is_named = text.starts_with("~/") || text.starts_with("./") || text.starts_with("../");
    is_named || path.is_absolute() && path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Definition;
    use crate::agents::Registry;

    fn program() -> ProgramRequest {
        ProgramRequest {
            env: vec![("API_TOKEN".into(), "given-by-it".into()), ("LANG".into(), "en_GB.UTF-8".into())],
            secrets: vec!["WORD".into(), "GONE".into()],
            ..ProgramRequest::default()
        }
    }

    #[test]
    fn the_secrets_of_a_step_are_those_it_names_and_those_it_gives_under_a_secret_name() {
        let redactor = Redactor::new();
        let variables = |name: &str| (name == "WORD").then(|| "from-outside".to_owned());
        learn(&redactor, &Request::Program(program()), Some(&variables));
        assert_eq!(redactor.text("given-by-it en_GB.UTF-8 from-outside"), "[redacted] en_GB.UTF-8 [redacted]");
    }

    #[test]
    fn a_plan_is_searched_for_the_secrets_of_all_its_steps() {
        let flow = "steps:
          - { id: a, run: [x], secrets: [WORD], check: [{ run: [y], env: { API_TOKEN: given-by-it } }] }
          - { id: b, run: [x], env: { WORD: own-of-it, DB_PASSWORD: '{{ steps.a.output }}' }, secrets: [WORD] }";
        let definition = Definition::parse(flow, "a.yaml", &Registry::default()).unwrap();
        let redactor = Redactor::new();
        let variables = |name: &str| (name == "WORD").then(|| "from-outside".to_owned());
        learn_plan(&redactor, &definition.plan, Some(&variables));
        assert_eq!(redactor.text("from-outside given-by-it own-of-it"), "[redacted] [redacted] [redacted]");
    }

    fn check(name: &str, value: &str, is_hidden: bool) {
        let setup = Setup::default();
        setup.learn_variables([(name.into(), value.into())]);
        assert_eq!(setup.redactor.text(value) == "[redacted]", is_hidden, "{name} {value}");
    }

    #[test]
    fn ordinary_values_of_variables_with_secret_names_stay_readable() {
        let folder = std::env::temp_dir();
        let folder = folder.to_str().unwrap();
        for (name, value) in [
            ("POSTGRES_PASSWORD", "postgres"),
            ("DB_PASSWORD", "Example"),
            ("X_AUTH", "none needed"),
            ("PWD", folder),
            ("OLDPWD", folder),
            ("MYSQL_PWD", folder),
            ("DEPLOY_KEY", "./keys/deploy"),
            ("LANG", "en_GB.UTF-8"),
        ] {
            check(name, value, false);
        }
        for (name, value) in [
            ("POSTGRES_PASSWORD", "postGrEs"),
            ("DB_PASSWORD", "correct-horse-battery"),
            ("MYSQL_PWD", "hunter22"),
            ("DEPLOY_KEY", "/not/there/but+base64"),
            ("STRIPE_SK", "live-0815"),
        ] {
            check(name, value, true);
        }
    }
}
