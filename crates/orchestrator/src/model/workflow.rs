//! What a workflow file says, checked for form but with names not yet resolved: that is `plan`'s work.

use std::time::Duration;

use serde_json::Value;

use super::{InputType, StepId};

/// A place in a workflow file; lines and columns count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// A text that may hold templates, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text as written, after the file format's own escapes.
    pub source: String,
    /// Where it begins.
    pub place: Place,
    /// Whether its lines are lines of the file (a literal block), so that places inside can be told.
    pub literal: bool,
}

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What it takes, in the file's order.
    pub inputs: Vec<InputSpec>,
    /// The one block that holds all others.
    pub body: Block,
}

/// An input as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Its type.
    pub input_type: InputType,
    /// Whether a run without it is refused.
    pub required: bool,
    /// What it is when not given: a plain value, or a template.
    pub default: Option<DefaultValue>,
    /// A sentence for people.
    pub description: Option<String>,
}

/// What an input is when it is not given.
#[derive(Clone, Debug, PartialEq)]
pub enum DefaultValue {
    /// The value itself.
    Plain(Value),
    /// A template, worked out when the run starts.
    Template(Text),
}

/// One block: a step, with what is round its body. The order is `if`, then `each`, then the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its name, given or made.
    pub id: StepId,
    /// Where it stands.
    pub place: Place,
    /// A condition; the block is skipped when it does not hold.
    pub guard: Option<Text>,
    /// What runs when the condition does not hold.
    pub otherwise: Option<Box<Block>>,
    /// One run of the body for each of these.
    pub each: Option<Each>,
    /// Steps that must have ended before, beyond those that the templates name.
    pub needs: Vec<Text>,
    /// Its failure does not fail what it is part of.
    pub optional: bool,
    /// What it does.
    pub body: Body,
}

/// The items of a fan-out.
#[derive(Clone, Debug, PartialEq)]
pub enum Each {
    /// A template that gives a list.
    Template(Text),
    /// The items themselves; texts in them may hold templates.
    List(Vec<Item>),
}

/// One item of a list that is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A plain value.
    Plain(Value),
    /// A template.
    Template(Text),
}

/// What a block does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Starts a program.
    Command(Box<Command>),
    /// Calls a registered agent.
    Agent(Box<AgentCall>),
    /// One after the other.
    Sequence(Vec<Block>),
    /// Together.
    Parallel(Vec<Block>),
    /// A body, then clean-up steps that run however the body ended.
    Always(Box<Block>, Box<Block>),
}

/// What commands and agents have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether and by what its result is remembered.
    pub cache: CachePolicy,
}

/// Retries of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it runs at most, the first time included.
    pub attempts: u32,
    /// The first wait.
    pub wait: Duration,
    /// The longest wait.
    pub max_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy { attempts: 1, wait: Duration::from_secs(1), max_wait: Duration::from_secs(60) }
    }
}

/// By what a result is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CachePolicy {
    /// Never.
    #[default]
    Off,
    /// By the call itself and what is named here.
    By {
        /// The whole work tree as git sees it.
        work_tree: bool,
        /// Files by glob, relative to the project.
        files: Vec<Text>,
        /// Environment variables by name.
        env: Vec<String>,
        /// How long the result holds.
        ttl: Option<Duration>,
        /// What keeps equal calls apart.
        salt: Option<Text>,
    },
}

/// A program to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What is run.
    pub run: Run,
    /// Variables added to the environment.
    pub env: Vec<(String, Text)>,
    /// The folder it runs in, relative to the project.
    pub cwd: Option<Text>,
    /// What it reads; nothing when absent.
    pub stdin: Option<Text>,
    /// Exit codes that mean success.
    pub ok_codes: Vec<i32>,
    /// Files that it makes, by glob.
    pub outputs: Vec<Text>,
    /// Retry, time-out, cache.
    pub settings: Settings,
}

/// How a command is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// Program and arguments: no shell.
    Argv(Vec<Text>),
    /// A text for `sh`, in which values are single words.
    Shell(Text),
}

/// A call of a registered agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentCall {
    /// The agent's name.
    pub agent: Text,
    /// Its arguments.
    pub with: Vec<(String, Text)>,
    /// Retry, time-out, cache.
    pub settings: Settings,
}
