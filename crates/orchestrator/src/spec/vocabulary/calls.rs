//! What steps call, and how: the tables of agents, of what is done besides a step, of retry and cache.

use super::table::{Key, Shape, Table};
use crate::spec::caching::GIT_WORDS;

/// A text, or a list of texts.
pub(super) const TEXTS: Shape = Shape::Any(&[Shape::Text, Shape::List(&Shape::Text)]);
/// A word, or a list of words.
pub(super) const WORDS: Shape = Shape::Any(&[Shape::Word, Shape::List(&Shape::Word)]);
/// A text for `sh`, or a program with its arguments.
pub(super) const RUN_SHAPE: Shape = Shape::Any(&[Shape::Text, Shape::Some(&Shape::Text)]);
pub(super) const RETRY: Shape = Shape::Any(&[Shape::Count(1, 1_000), Shape::Table("retry")]);
pub(super) const CACHE: Shape = Shape::Any(&[Shape::Truth, Shape::Table("cache")]);
/// A check, or several.
pub(super) const CHECK: Shape = Shape::Any(&[Shape::Text, Shape::Table("action"), Shape::Some(&ONE_CHECK)]);
const ONE_CHECK: Shape = Shape::Any(&[Shape::Text, Shape::Some(&Shape::Text), Shape::Table("action")]);
/// An agent's name or something else, or several.
pub(super) const FALLBACK: Shape = Shape::Any(&[Shape::Word, Shape::Table("fallback"), Shape::List(&ONE_FALLBACK)]);
const ONE_FALLBACK: Shape = Shape::Any(&[Shape::Word, Shape::Table("fallback")]);

pub(super) const CALLS: &[&str] = &["run", "agent"];
pub(super) const RUN: &[&str] = &["run"];
pub(super) const AGENT: &[&str] = &["agent"];

pub(super) const RETRY_ABOUT: &str =
    "How often it is tried at most, the first time included, and how long is waited between.";
pub(super) const TIMEOUT_ABOUT: &str = "How long one attempt may take.";
pub(super) const CACHE_ABOUT: &str =
    "Whether its result is remembered and by what: `true` is the whole work tree as git sees it.";
pub(super) const AGENT_ABOUT: &str = "Agents that the steps of this file can call, by name.";
pub(super) const FALLBACK_ABOUT: &str = "Who does it when it has failed for good, in this order.";

pub(super) const OK_CODES: Key = Key::new(
    "ok_codes",
    Shape::Any(&[Shape::Count(0, 255), Shape::List(&Shape::Count(0, 255))]),
    "[0, 1]",
    "Exit codes that mean success; 0 alone when not given.",
);
pub(super) const SECRETS: Key = Key::new(
    "secrets",
    WORDS,
    "[GH_TOKEN]",
    "Variables of the environment whose values are hidden in all that the run keeps and shows.",
);
pub(super) const OUTPUT: Key = Key::new(
    "output",
    Shape::OneOf(&["text", "json"]),
    "json",
    "How what it prints is read; `json` gives its value to templates.",
);

pub(super) const AGENT_TABLE: Table = Table::new(
    "agent",
    "An agent",
    "A command with places for arguments, which steps call by its name: `{ agent: NAME, with: { .. } }`. Its templates \
     see `with` and nothing else.",
    &[
        Key::new("description", Shape::Word, "Finds what is odd", "A sentence for people."),
        Key::new(
            "run",
            RUN_SHAPE,
            "[python3, agents/v.py, \"{{ with.file }}\"]",
            "A program with its arguments, or a text for `sh`.",
        ),
        Key::new("defaults", Shape::Map(&Shape::Text), "{ file: src/lib.rs }", "Arguments that a call need not give."),
        Key::new("provider", Shape::Word, "anthropic", PROVIDER_ABOUT),
        Key::new("env", Shape::Map(&Shape::Text), "{ LANG: C }", "Variables added to the environment."),
        SECRETS,
        Key::new("cwd", Shape::Text, "agents", "The folder it runs in, below the project's."),
        Key::new("stdin", Shape::Text, "\"{{ with.prompt }}\"", "What it reads; nothing when not given."),
        OK_CODES,
        Key::new("outputs", TEXTS, "[\"report/**\"]", "Files that it makes, by glob: stored with the result."),
        OUTPUT,
        Key::new("retry", RETRY, "3", RETRY_ABOUT),
        Key::new("timeout", Shape::Duration, "10m", TIMEOUT_ABOUT),
        Key::new("cache", CACHE, "true", CACHE_ABOUT),
        Key::new("fallback", FALLBACK, "[simple]", FALLBACK_ABOUT),
    ],
)
.bodies(RUN);

const PROVIDER_ABOUT: &str = "Whose service it calls: agents with the same provider share its `[policies.NAME]`.";

/// The keys of something that is done besides a step, and more.
macro_rules! action {
    ($($more:expr),*) => {
        &[
            Key::new("run", RUN_SHAPE, "[cargo, test]", "A program with its arguments, or a text for `sh`."),
            Key::new("agent", Shape::Text, "critic", "An agent by its name."),
            Key::new("with", Shape::Map(&Shape::Text), "{ file: a.rs }", "The agent's arguments.").beside(AGENT),
            Key::new("prompt", Shape::Text, "How good is it?", "Short for `with: { prompt: .. }`.").beside(AGENT),
            Key::new("env", Shape::Map(&Shape::Text), "{ LANG: C }", "Variables added to the environment.").beside(RUN),
            SECRETS.beside(RUN),
            Key::new("cwd", Shape::Text, "crates/cli", "The folder it runs in, below the project's.").beside(RUN),
            Key::new("stdin", Shape::Text, "\"{{ this.output }}\"", "What it reads; nothing when not given.").beside(RUN),
            OK_CODES.beside(RUN),
            Key::new("outputs", TEXTS, "[\"build/**\"]", "Files that it makes, by glob.").beside(RUN),
            OUTPUT.beside(RUN),
            $($more,)*
            Key::new("retry", RETRY, "3", RETRY_ABOUT),
            Key::new("timeout", Shape::Duration, "20s", TIMEOUT_ABOUT),
            Key::new("cache", CACHE, "false", CACHE_ABOUT),
        ]
    };
}

pub(super) const ACTION_TABLE: Table = Table::new(
    "action",
    "Something besides a step",
    "What a `check` or an `undo` does. `this` is the step's own result: `{{ this.output }}`.",
    action!(),
)
.bodies(CALLS);

pub(super) const FALLBACK_TABLE: Table = Table::new(
    "fallback",
    "A fallback",
    "What is done when the step has failed for good.",
    action!(Key::new("partial", Shape::Truth, "true", "Its success is only a part of what was wanted.")),
)
.bodies(CALLS);

pub(super) const JUDGE_TABLE: Table = Table::new(
    "judge",
    "A judge",
    "Answers with a number from 0 to 1, or with a map or JSON that has `score`. `this` is the step's own result.",
    action!(Key::new("min", Shape::Number(0.0, 1.0), "0.7", "The least score with which the step is done.")),
)
.bodies(CALLS);

pub(super) const RETRY_TABLE: Table = Table::new(
    "retry",
    "Retry",
    "A number alone is `attempts`. Waits grow from `wait` to `max_wait`, with jitter.",
    &[
        Key::new(
            "attempts",
            Shape::Count(1, 1_000),
            "4",
            "How often at most, the first time included; 3 when not given.",
        ),
        Key::new("wait", Shape::Duration, "1s", "The first wait."),
        Key::new("max_wait", Shape::Duration, "30s", "The longest wait."),
    ],
);

pub(super) const GIT_TABLE: Table = Table::new(
    "git",
    "What git says",
    "What of the project's repository a result depends on.",
    &[
        Key::new("commit", Shape::Truth, "true", "The commit that is checked out."),
        Key::new("branch", Shape::Truth, "true", "The branch that is checked out."),
        Key::new(
            "tree",
            Shape::Any(&[Shape::Truth, Shape::Text, Shape::List(&Shape::Text)]),
            "[src, docs]",
            "What git sees in these folders: tracked and new files, not ignored ones. `true` is the whole tree.",
        ),
    ],
);

pub(super) const CACHE_TABLE: Table = Table::new(
    "cache",
    "Cache",
    "What a result depends on besides the call itself. What is not named does not count.",
    &[
        Key::new("files", TEXTS, "[\"src/**\", Cargo.lock]", "Files by glob: their content counts, not their time."),
        Key::new("env", WORDS, "[CC]", "Variables of the environment, by name."),
        Key::new(
            "config",
            TEXTS,
            "[Cargo.toml#package.version]",
            "Values in files of settings (JSON, YAML, TOML, INI, .env), as FILE#PATH: the rest of the file does not count.",
        ),
        Key::new(
            "git",
            Shape::Any(&[Shape::OneOf(&GIT_WORDS), Shape::List(&Shape::OneOf(&GIT_WORDS)), Shape::Table("git")]),
            "{ tree: [src, docs] }",
            "What git says: the `commit` or the `branch` that is checked out, or the `tree`, whole or of some paths.",
        ),
        Key::new("tools", TEXTS, "[rustc --version]", "Commands whose output says which version of a tool there is."),
        Key::new(
            "work_tree",
            Shape::Truth,
            "true",
            "Everything that git sees: tracked and new files, not ignored ones.",
        ),
        Key::new("ttl", Shape::Duration, "7d", "How long the result holds."),
        Key::new("salt", Shape::Text, "\"{{ inputs.seed }}\"", "What keeps equal calls apart."),
    ],
);
