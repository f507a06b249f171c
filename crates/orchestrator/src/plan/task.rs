//! A task's call with all its templates parsed: what an agent will be given once they are rendered.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::shell::Script;
use super::template::Template;
use crate::model::RetryPolicy;

/// A step that calls an agent.
#[derive(Debug)]
pub struct Task {
    /// What is called.
    pub call: Call,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// By what its result is remembered; `None`: never.
    pub cache: Option<Cache>,
}

/// What is called.
#[derive(Debug)]
pub enum Call {
    /// A program.
    Program(Program),
    /// A registered agent with its arguments.
    Agent {
        /// Its name.
        name: String,
        /// Its arguments.
        with: Vec<(String, Template)>,
    },
}

/// A program to start.
#[derive(Debug)]
pub struct Program {
    /// What is run.
    pub run: RunForm,
    /// Variables added to the environment.
    pub env: Vec<(String, Template)>,
    /// The folder it runs in.
    pub cwd: Option<Template>,
    /// What it reads.
    pub stdin: Option<Template>,
    /// Exit codes that mean success.
    pub ok_codes: Vec<i32>,
    /// Files that it makes, by glob.
    pub outputs: Vec<Template>,
}

/// How a program is given.
#[derive(Debug)]
pub enum RunForm {
    /// Program and arguments.
    Argv(Vec<Template>),
    /// A text for `sh`.
    Shell(Script),
}

/// By what a result is remembered, besides the call itself.
#[derive(Debug)]
pub struct Cache {
    /// The whole work tree.
    pub work_tree: bool,
    /// Files by glob.
    pub files: Vec<Template>,
    /// Environment variables by name.
    pub env: Vec<String>,
    /// How long the result holds.
    pub ttl: Option<Duration>,
    /// What keeps equal calls apart.
    pub salt: Option<Template>,
}

/// One item of a written-out list.
#[derive(Debug)]
pub enum ItemTemplate {
    /// A plain value.
    Plain(Value),
    /// A template.
    Template(Template),
}

impl Task {
    /// Returns all its templates.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = Vec::new();
        match &self.call {
            Call::Program(program) => {
                if let RunForm::Argv(argv) = &program.run {
                    all.extend(argv);
                }
                all.extend(program.env.iter().map(|(_, template)| template));
                all.extend(program.cwd.iter().chain(&program.stdin).chain(&program.outputs));
            }
            Call::Agent { with, .. } => all.extend(with.iter().map(|(_, template)| template)),
        }
        if let Some(cache) = &self.cache {
            all.extend(cache.files.iter().chain(&cache.salt));
        }
        all
    }

    /// Returns the script, if it is one.
    pub(super) fn script(&self) -> Option<&Script> {
        match &self.call {
            Call::Program(Program { run: RunForm::Shell(script), .. }) => Some(script),
            _ => None,
        }
    }

    /// Returns the names that its templates use, as paths.
    pub fn names(&self) -> BTreeSet<String> {
        let script = self.script().into_iter().flat_map(Script::names);
        self.templates().into_iter().flat_map(Template::names).chain(script).collect()
    }
}
