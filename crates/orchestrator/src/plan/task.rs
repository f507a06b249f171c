//! A task's call with all its templates parsed: what an agent will be given once they are rendered.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::shell::Script;
use super::template::{Expression, Template};
use crate::model::{GitFact, OutputFormat, RetryPolicy};

/// A step that calls an agent.
#[derive(Debug)]
pub struct Task {
    /// What is called, and what is called instead when that has failed for good, in this order. Never empty.
    pub calls: Vec<Alternative>,
    /// What must hold before the step is done, and who says how good it is.
    pub verifiers: Vec<Verifier>,
    /// Values of the run's shared data that it is given, by key.
    pub gets: Vec<Template>,
    /// What it leaves there once it has ended well.
    pub puts: Vec<(String, Template)>,
}

/// One way to do a task.
#[derive(Debug)]
pub struct Alternative {
    /// What people call it: the agent's name, or `run`.
    pub name: String,
    /// What is called.
    pub call: Call,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// The file says how often: then any exit code of a command is worth another try.
    pub retries_any: bool,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// By what its result is remembered; `None`: never.
    pub cache: Option<Cache>,
    /// Its success is only a part of what was wanted.
    pub is_partial: bool,
}

/// Something that must hold before a step is done, or a judge of it.
#[derive(Debug)]
pub struct Verifier {
    /// What people call it.
    pub name: String,
    /// What is called; it sees the task's result as `this`.
    pub call: Call,
    /// A judge gives a score, which must be so high at least; a check only holds or not.
    pub judges: Option<Option<f64>>,
}

/// What is called.
#[derive(Debug)]
pub enum Call {
    /// A program.
    Program(Program),
    /// An agent that was registered by the application, with its arguments.
    Agent {
        /// Its name.
        name: String,
        /// Its arguments.
        with: Vec<(String, Template)>,
    },
    /// An agent that was declared as a program with places for arguments.
    Declared {
        /// Its name.
        name: String,
        /// Its arguments, defaults included.
        with: Vec<(String, Template)>,
        /// The program; its templates see `with` and nothing else.
        program: Program,
        /// Whose service it calls.
        provider: Option<String>,
    },
}

/// A program to start.
#[derive(Debug)]
pub struct Program {
    /// What is run.
    pub run: RunForm,
    /// Variables added to the environment.
    pub env: Vec<(String, Template)>,
    /// Variables of its environment whose values nobody is shown.
    pub secrets: Vec<String>,
    /// The folder it runs in.
    pub cwd: Option<Template>,
    /// What it reads.
    pub stdin: Option<Template>,
    /// Exit codes that mean success.
    pub ok_codes: Vec<i32>,
    /// Files that it makes, by glob.
    pub outputs: Vec<Template>,
    /// How its output is read.
    pub format: OutputFormat,
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
    /// These parts of it.
    pub tree: Vec<Template>,
    /// Files by glob.
    pub files: Vec<Template>,
    /// Environment variables by name.
    pub env: Vec<String>,
    /// Values in configuration files, as `FILE#PATH`.
    pub config: Vec<Template>,
    /// What git says of the project.
    pub git: Vec<GitFact>,
    /// Commands that print the version of a tool.
    pub tools: Vec<Template>,
    /// How long the result holds.
    pub ttl: Option<Duration>,
    /// What keeps equal calls apart.
    pub salt: Option<Template>,
}

impl Cache {
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let lists = [&self.tree, &self.files, &self.config, &self.tools];
        lists.into_iter().flatten().chain(&self.salt)
    }
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
    /// Returns the step's own call, or the fallback with this number.
    pub fn alternative(&self, number: u32) -> &Alternative {
        &self.calls[(number as usize).min(self.calls.len() - 1)]
    }

    /// Returns the templates that are rendered with the step's own values, and not with an agent's arguments.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = Vec::new();
        for alternative in &self.calls {
            all.extend(alternative.call.templates());
        }
        all.extend(&self.gets);
        all
    }

    /// Returns the templates of what results are remembered by, each with the call that it belongs to.
    pub(super) fn cache_templates(&self) -> impl Iterator<Item = (&Call, &Template)> {
        self.calls.iter().flat_map(|alternative| {
            let templates = alternative.cache.iter().flat_map(Cache::templates);
            templates.map(|template| (&alternative.call, template))
        })
    }

    /// Returns the templates that see the task's result as `this`.
    pub(super) fn later_templates(&self) -> Vec<&Template> {
        let verifiers = self.verifiers.iter().flat_map(|verifier| verifier.call.templates());
        verifiers.chain(self.puts.iter().map(|(_, template)| template)).collect()
    }

    /// Returns the expressions of its scripts.
    pub(super) fn script_values(&self) -> Vec<&Expression> {
        self.calls.iter().filter_map(|alternative| alternative.call.script()).flat_map(Script::expressions).collect()
    }

    /// Returns the expressions of its verifiers' scripts.
    pub(super) fn later_script_values(&self) -> Vec<&Expression> {
        self.verifiers.iter().filter_map(|verifier| verifier.call.script()).flat_map(Script::expressions).collect()
    }

    /// Returns the names that the step's own calls use, as paths.
    pub fn names(&self) -> BTreeSet<String> {
        let script = self.script_values().into_iter().flat_map(Expression::names);
        let cache = self.cache_templates().flat_map(|(_, template)| template.names());
        self.templates().into_iter().flat_map(Template::names).chain(cache).chain(script).collect()
    }
}

impl Call {
    /// Says whether an agent's declaration is given this argument.
    pub(super) fn declares(&self, argument: &str) -> bool {
        matches!(self, Call::Declared { with, .. } if with.iter().any(|(name, _)| name == argument))
    }

    /// Returns the templates that are rendered with the step's own values.
    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Call::Program(program) => program.templates(),
            Call::Agent { with, .. } | Call::Declared { with, .. } => {
                with.iter().map(|(_, template)| template).collect()
            }
        }
    }

    /// Returns the script that is rendered with the step's own values, if it is one.
    pub(super) fn script(&self) -> Option<&Script> {
        match self {
            Call::Program(Program { run: RunForm::Shell(script), .. }) => Some(script),
            _ => None,
        }
    }

    /// Returns what people call it.
    pub fn name(&self) -> &str {
        match self {
            Call::Program(_) => "run",
            Call::Agent { name, .. } | Call::Declared { name, .. } => name,
        }
    }
}

impl Program {
    /// Returns its templates, but for those in a script.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut all: Vec<&Template> = Vec::new();
        if let RunForm::Argv(argv) = &self.run {
            all.extend(argv);
        }
        all.extend(self.env.iter().map(|(_, template)| template));
        all.extend(self.cwd.iter().chain(&self.stdin).chain(&self.outputs));
        all
    }

    /// Returns the names that all its templates use, as paths.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let script = match &self.run {
            RunForm::Shell(script) => script.names(),
            RunForm::Argv(_) => BTreeSet::new(),
        };
        self.templates().into_iter().flat_map(Template::names).chain(script).collect()
    }
}
