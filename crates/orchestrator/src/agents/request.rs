//! What is asked of an agent once all templates are rendered. It is also what a key is made of.

use serde_json::{Map, Value};

use crate::model::OutputFormat;
use crate::plan::Carried;

/// What is asked of an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// To run a program.
    Program(ProgramRequest),
    /// To do what a registered agent does.
    Agent {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
}

/// A program to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramRequest {
    /// Program and arguments; for a script, `sh -e -c SCRIPT`.
    pub argv: Vec<String>,
    /// Variables added to the environment by the step.
    pub env: Vec<(String, String)>,
    /// Variables of its environment whose values nobody is shown. They are no part of its key.
    pub secrets: Vec<String>,
    /// Variables that carry a script's values.
    pub values: Vec<Carried>,
    /// The folder, relative to the project.
    pub cwd: Option<String>,
    /// What it reads.
    pub stdin: Option<String>,
    /// Exit codes that mean success.
    pub ok_codes: Vec<i32>,
    /// How its output is read.
    pub format: OutputFormat,
    /// The declared agent that it is, if it is one.
    pub agent: Option<String>,
}

impl ProgramRequest {
    /// Returns the command as a person would type it.
    pub fn shown(&self) -> String {
        match &self.argv[..] {
            [shell, flags, option, script] if shell == "sh" && flags == "-e" && option == "-c" => script.clone(),
            argv => shlex::try_join(argv.iter().map(String::as_str)).unwrap_or_else(|_| argv.join(" ")),
        }
    }
}
