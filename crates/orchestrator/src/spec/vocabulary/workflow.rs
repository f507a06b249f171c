//! The tables of a workflow file.

use super::table::{Key, Shape, Table};

/// A text, or a list of texts.
const TEXTS: Shape = Shape::Any(&[Shape::Text, Shape::List(&Shape::Text)]);
/// A word, or a list of words.
const WORDS: Shape = Shape::Any(&[Shape::Word, Shape::List(&Shape::Word)]);
const STEPS: Shape = Shape::Some(&Shape::Table("step"));
const RETRY: Shape = Shape::Any(&[Shape::Count(1, 1_000), Shape::Table("retry")]);
const CACHE: Shape = Shape::Any(&[Shape::Truth, Shape::Table("cache")]);

const GROUPS: &[&str] = &["steps", "parallel"];
const CALLS: &[&str] = &["run", "agent"];
const RUN: &[&str] = &["run"];
const AGENT: &[&str] = &["agent"];

const RETRY_ABOUT: &str = "How often it is tried at most, the first time included, and how long is waited between.";
const TIMEOUT_ABOUT: &str = "How long one attempt may take.";
const CACHE_ABOUT: &str = "Whether its result is remembered and by what: `true` is the whole work tree as git sees it.";

/// All tables of a workflow file.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "workflow",
        title: "The file",
        about: "YAML 1.2, JSON or TOML; the three say the same. What stands in `steps` runs in order, what stands in \
                `parallel` together.",
        keys: FILE,
        bodies: GROUPS,
        others: None,
    },
    Table {
        name: "input",
        title: "An input",
        about: "What a run takes, given as `--NAME VALUE`. Seen in templates as `inputs.NAME`.",
        keys: INPUT,
        bodies: &[],
        others: None,
    },
    Table {
        name: "defaults",
        title: "Defaults",
        about: "Used by every call that says nothing itself.",
        keys: DEFAULTS,
        bodies: &[],
        others: None,
    },
    Table {
        name: "step",
        title: "A step",
        about: "One of the bodies, and what stands round it. On one step the order is `if`, then `each`, then the body. \
                Seen by others as `steps.ID`.",
        keys: STEP,
        bodies: &["steps", "parallel", "run", "agent"],
        others: None,
    },
    Table {
        name: "retry",
        title: "Retry",
        about: "A number alone is `attempts`. Waits grow from `wait` to `max_wait`, with jitter.",
        keys: RETRY_KEYS,
        bodies: &[],
        others: None,
    },
    Table {
        name: "cache",
        title: "Cache",
        about: "What a result depends on besides the call itself. What is not named does not count.",
        keys: CACHE_KEYS,
        bodies: &[],
        others: None,
    },
];

const FILE: &[Key] = &[
    Key::new("flow", Shape::Word, "review", "The workflow's name; without it the file's name is used."),
    Key::new("description", Shape::Word, "Reviews what changed", "A sentence for people."),
    Key::new(
        "inputs",
        Shape::Map(&Shape::Table("input")),
        "{ goal: { required: true } }",
        "What a run takes, by name.",
    ),
    Key::new(
        "defaults",
        Shape::Table("defaults"),
        "{ timeout: 15m }",
        "What every call uses that says nothing itself.",
    ),
    Key::new("steps", STEPS, "[{ run: [make] }]", "Steps that run one after the other."),
    Key::new("parallel", STEPS, "[{ run: [make] }, { run: [lint] }]", "Steps that run together."),
    Key::new("always", STEPS, "[{ run: [rm, -f, scratch] }]", "Steps that run however the others ended."),
];

const INPUT: &[Key] = &[
    Key::new(
        "type",
        Shape::OneOf(&["string", "integer", "number", "boolean", "list", "map"]),
        "list",
        "What it must be; `string` when not given.",
    ),
    Key::new("required", Shape::Truth, "true", "A run without it is refused."),
    Key::new(
        "default",
        Shape::Value,
        "\"{{ files('src/**/*.rs') }}\"",
        "What it is when not given; may be a template.",
    ),
    Key::new("description", Shape::Word, "files to look at", "A sentence for people."),
];

const DEFAULTS: &[Key] = &[
    Key::new("retry", RETRY, "3", RETRY_ABOUT),
    Key::new("timeout", Shape::Duration, "15m", TIMEOUT_ABOUT),
    Key::new("cache", CACHE, "true", CACHE_ABOUT),
];

const STEP: &[Key] = &[
    Key::new("id", Shape::Word, "lint", "Its name: letters, digits and `_`; others use `steps.lint`."),
    Key::new("description", Shape::Word, "Finds what is odd", "A sentence for people."),
    Key::new("if", Shape::Expression, "steps.test.ok", "Runs only when this holds; skipped otherwise."),
    Key::new(
        "each",
        Shape::Any(&[Shape::Text, Shape::List(&Shape::Value)]),
        "\"{{ inputs.files }}\"",
        "Runs once for each item, which the body sees as `item` (and its number as `index`).",
    ),
    Key::new("needs", TEXTS, "[lint]", "Steps that must have ended before, beyond those that the templates name."),
    Key::new("optional", Shape::Truth, "true", "Its failure is no failure of what it is part of."),
    Key::new("steps", STEPS, "[{ run: [make] }]", "Steps that run one after the other."),
    Key::new("parallel", STEPS, "[{ run: [make] }, { run: [lint] }]", "Steps that run together."),
    Key::new(
        "run",
        Shape::Any(&[Shape::Text, Shape::Some(&Shape::Text)]),
        "[cargo, test]",
        "A program with its arguments, or a text for `sh` in which each value is one word.",
    ),
    Key::new("agent", Shape::Text, "reviewer", "An agent by its name."),
    Key::new("with", Shape::Map(&Shape::Text), "{ file: \"{{ item }}\" }", "The agent's arguments.").beside(AGENT),
    Key::new("env", Shape::Map(&Shape::Text), "{ LANG: C }", "Variables added to the environment.").beside(RUN),
    Key::new("cwd", Shape::Text, "crates/cli", "The folder it runs in, below the project's.").beside(RUN),
    Key::new("stdin", Shape::Text, "\"{{ steps.list.output }}\"", "What it reads; nothing when not given.").beside(RUN),
    Key::new(
        "ok_codes",
        Shape::Any(&[Shape::Count(0, 255), Shape::List(&Shape::Count(0, 255))]),
        "[0, 1]",
        "Exit codes that mean success; 0 alone when not given.",
    )
    .beside(RUN),
    Key::new("outputs", TEXTS, "[\"build/**\"]", "Files that it makes, by glob: stored with the result.").beside(RUN),
    Key::new("retry", RETRY, "{ attempts: 4, wait: 1s }", RETRY_ABOUT).beside(CALLS),
    Key::new("timeout", Shape::Duration, "20s", TIMEOUT_ABOUT).beside(CALLS),
    Key::new("cache", CACHE, "{ files: [\"src/**\"] }", CACHE_ABOUT).beside(CALLS),
    Key::new("always", STEPS, "[{ run: [rm, -f, x] }]", "Steps that run however the others ended.").beside(GROUPS),
    Key::new("else", STEPS, "[{ run: [echo, no] }]", "Steps that run when `if` does not hold.").requires("if"),
];

const RETRY_KEYS: &[Key] = &[
    Key::new("attempts", Shape::Count(1, 1_000), "4", "How often at most, the first time included; 3 when not given."),
    Key::new("wait", Shape::Duration, "1s", "The first wait."),
    Key::new("max_wait", Shape::Duration, "30s", "The longest wait."),
];

const CACHE_KEYS: &[Key] = &[
    Key::new("files", TEXTS, "[\"src/**\", Cargo.lock]", "Files by glob: their content counts, not their time."),
    Key::new("env", WORDS, "[CC]", "Variables of the environment, by name."),
    Key::new("work_tree", Shape::Truth, "true", "Everything that git sees: tracked and new files, not ignored ones."),
    Key::new("ttl", Shape::Duration, "7d", "How long the result holds."),
    Key::new("salt", Shape::Text, "\"{{ inputs.seed }}\"", "What keeps equal calls apart."),
];
