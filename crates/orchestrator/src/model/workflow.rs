//! What a workflow file says, checked for form but with names not yet resolved: that is `plan`'s work.

use std::time::Duration;

use serde_json::Value;

use super::{InputType, StepId};
use crate::room;

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
    /// Agents that it declares for itself.
    pub agents: Vec<AgentSpec>,
    /// What it gives to whoever calls it, by name.
    pub outputs: Vec<(String, Text)>,
    /// When a mark is set that a run can be gone back to.
    pub checkpoints: Option<Checkpoints>,
    /// The one block that holds all others.
    pub body: Block,
}

/// An agent as declared in a workflow file or in the settings: a program with places for arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSpec {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// A sentence for people.
    pub description: Option<String>,
    /// What is started; its templates see `with` and nothing else.
    pub command: Command,
    /// Arguments that a call need not give.
    pub defaults: Vec<(String, Text)>,
    /// Whose service it calls.
    pub provider: Option<String>,
}

/// When a mark is set. Marks are positions in the list of events and cost nothing: each event is durable anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// After every so many steps that ran one after the other; 0: never.
    pub every: u32,
    /// After each group of steps that ran together.
    pub batches: bool,
    /// After each round of a loop.
    pub rounds: bool,
}

impl Default for Checkpoints {
    fn default() -> Checkpoints {
        Checkpoints { every: 3, batches: true, rounds: true }
    }
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

/// One block: a step, with what is round its body. The order is `if`, then `each`, then `loop`, then the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its name, given or made.
    pub id: StepId,
    /// Where it stands.
    pub place: Place,
    /// A condition; the block is skipped when it does not hold.
    pub guard: Option<Text>,
    /// A condition under which the block is left out, and the run degraded by that.
    pub skip_when: Option<Text>,
    /// What runs when the condition does not hold.
    pub otherwise: Option<Box<Block>>,
    /// One run of the body for each of these.
    pub each: Option<Each>,
    /// How many of them must be done for the block to be usable.
    pub at_least: Option<AtLeast>,
    /// How many of them, or of parallel steps, go on at once.
    pub max_parallel: Option<u32>,
    /// The body again and again.
    pub repeat: Option<Repeat>,
    /// Steps that must have ended before, beyond those that the templates name.
    pub needs: Vec<Text>,
    /// Its failure does not fail what it is part of.
    pub optional: bool,
    /// What runs when the body has failed.
    pub on_failure: Option<Box<Block>>,
    /// How much it counts in the quality of the run.
    pub weight: f64,
    /// What it does.
    pub body: Body,
}

impl Block {
    /// Makes a block with nothing round its body.
    pub fn bare(id: StepId, place: Place, body: Body) -> Block {
        Block {
            id,
            place,
            guard: None,
            skip_when: None,
            otherwise: None,
            each: None,
            at_least: None,
            max_parallel: None,
            repeat: None,
            needs: Vec::new(),
            optional: false,
            on_failure: None,
            weight: 1.0,
            body,
        }
    }

    /// Returns this block and all inside it, in the file's order. Those of a sub-workflow are its own.
    pub fn all(&self) -> Vec<&Block> {
        let mut all = Vec::new();
        let mut open = vec![self];
        while let Some(block) = open.pop() {
            all.push(block);
            open.extend(block.children().into_iter().rev());
        }
        all
    }

    /// Returns how deep the blocks below this one nest.
    pub fn depth(&self) -> usize {
        room::depth(self, |block, show| block.children().into_iter().for_each(show))
    }

    /// Returns the blocks directly inside this one, in the file's order. Those of a sub-workflow are its own.
    pub fn children(&self) -> Vec<&Block> {
        let mut inside: Vec<&Block> = match &self.body {
            Body::Sequence(blocks) | Body::Parallel(blocks) | Body::Pipe(blocks) => blocks.iter().collect(),
            Body::Always(body, cleanup) => vec![body, cleanup],
            Body::Switch(switch) => {
                switch.cases.iter().map(|(_, block)| block).chain(switch.default.as_deref()).collect()
            }
            Body::Command(_) | Body::Agent(_) | Body::Flow(_) => Vec::new(),
        };
        inside.extend(self.on_failure.as_deref());
        inside.extend(self.otherwise.as_deref());
        inside
    }
}

/// The items of a fan-out.
#[derive(Clone, Debug, PartialEq)]
pub enum Each {
    /// A template that gives a list.
    Template(Text),
    /// The items themselves; texts in them may hold templates.
    List(Vec<Item>),
    /// Every combination of the values of these axes.
    Matrix(Vec<(String, Each)>),
}

/// One item of a list that is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A plain value.
    Plain(Value),
    /// A template.
    Template(Text),
}

/// How many items of a fan-out must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtLeast {
    /// So many.
    Count(u32),
    /// So many of a hundred, rounded up.
    Percent(u32),
}

impl AtLeast {
    /// Returns how many of `total` that are.
    pub fn of(self, total: u32) -> u32 {
        match self {
            AtLeast::Count(count) => count,
            AtLeast::Percent(percent) => {
                u32::try_from((u64::from(total) * u64::from(percent)).div_ceil(100)).unwrap_or(u32::MAX)
            }
        }
    }
}

/// A body that is run again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// Where it stands.
    pub place: Place,
    /// After which round it is over: asked after each.
    pub until: Option<Text>,
    /// Whether there is another round: asked before each.
    pub going_while: Option<Text>,
    /// The most rounds.
    pub max: u32,
    /// How good a round was; the best one is kept.
    pub score: Option<Text>,
    /// The end by the limit is a failure.
    pub fails_at_limit: bool,
}

/// The most rounds of a loop that names no `max`.
pub const DEFAULT_ROUNDS: u32 = 10;

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
    /// Stages that the items of the block's `each` stream through.
    Pipe(Vec<Block>),
    /// One of several, by a value.
    Switch(Box<Switch>),
    /// Another workflow.
    Flow(Box<SubFlow>),
    /// A body, then clean-up steps that run however the body ended.
    Always(Box<Block>, Box<Block>),
}

/// A choice by a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// The value, a bare expression.
    pub on: Text,
    /// The cases by the text of the value.
    pub cases: Vec<(String, Block)>,
    /// What runs when no case fits.
    pub default: Option<Box<Block>>,
}

/// A call of another workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct SubFlow {
    /// Its file, relative to the file that names it.
    pub path: Text,
    /// Its inputs.
    pub with: Vec<(String, Text)>,
}

/// What commands and agents have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// How often it is tried; `None` leaves it to what kind of step it is.
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Whether and by what its result is remembered; `None` leaves it to the agent.
    pub cache: Option<CachePolicy>,
    /// Who does it when this one has failed for good, in this order.
    pub fallback: Vec<Fallback>,
    /// What must hold before the step is done.
    pub checks: Vec<Check>,
    /// Who says how good it is.
    pub judge: Option<Box<Judge>>,
    /// What takes back its effect when the workflow fails.
    pub undo: Option<Box<Action>>,
    /// Values of the run's shared data that it is given, by key.
    pub gets: Vec<Text>,
    /// What it leaves in the run's shared data once it has ended well.
    pub puts: Vec<(String, Text)>,
}

/// Something to do besides the step itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Starts a program.
    Command(Box<Command>),
    /// Calls an agent.
    Agent(Box<AgentCall>),
}

/// Who does a step when the one before has failed for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallback {
    /// Where it stands.
    pub place: Place,
    /// What is done: an agent by name is called with the step's own arguments.
    pub action: FallbackAction,
    /// Its success is only a part of what was wanted.
    pub partial: bool,
}

/// What a fallback does.
#[derive(Clone, Debug, PartialEq)]
pub enum FallbackAction {
    /// Gives the step's own arguments to another agent.
    Agent(Text),
    /// Does something of its own.
    Own(Action),
}

/// Something that must hold before a step is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is run.
    pub action: Action,
    /// What people call it.
    pub name: String,
}

/// Who says how good a result is.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    /// Who is asked; it answers with a number from 0 to 1, or a map with `score`.
    pub action: Action,
    /// The least score with which the step is done.
    pub min: Option<f64>,
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
        RetryPolicy { attempts: 3, wait: Duration::from_secs(1), max_wait: Duration::from_secs(60) }
    }
}

/// By what a result is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CachePolicy {
    /// Never.
    #[default]
    Off,
    /// By the call itself and what is named here.
    By(Box<DependsOn>),
}

/// What a result depends on besides the call itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DependsOn {
    /// The whole work tree as git sees it.
    pub work_tree: bool,
    /// The part of the work tree that lies in these folders or is these files.
    pub tree: Vec<Text>,
    /// Files by glob, relative to the project.
    pub files: Vec<Text>,
    /// Environment variables by name.
    pub env: Vec<String>,
    /// Values in configuration files, as `FILE#PATH`.
    pub config: Vec<Text>,
    /// What git says of the project.
    pub git: Vec<GitFact>,
    /// Commands that print the version of a tool.
    pub tools: Vec<Text>,
    /// How long the result holds.
    pub ttl: Option<Duration>,
    /// What keeps equal calls apart.
    pub salt: Option<Text>,
}

/// Something that git says of the project besides the content of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitFact {
    /// The commit that is checked out.
    Commit,
    /// The branch that is checked out.
    Branch,
}

/// A program to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What is run.
    pub run: Run,
    /// Variables added to the environment.
    pub env: Vec<(String, Text)>,
    /// Variables of its environment whose values nobody is shown.
    pub secrets: Vec<String>,
    /// The folder it runs in, relative to the project.
    pub cwd: Option<Text>,
    /// What it reads; nothing when absent.
    pub stdin: Option<Text>,
    /// Exit codes that mean success.
    pub ok_codes: Vec<i32>,
    /// Files that it makes, by glob.
    pub outputs: Vec<Text>,
    /// How its output is read.
    pub format: OutputFormat,
    /// Retry, time-out, cache.
    pub settings: Settings,
}

/// How the output of a program is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// As a text.
    #[default]
    Text,
    /// As JSON, whose value templates see.
    Json,
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
