//! The tables of a workflow file: the file itself and its steps. What steps call is in `calls`.

use super::calls::{
    ACTION_TABLE, AGENT, AGENT_ABOUT, CACHE, CACHE_ABOUT, CALLS, CHECK, FALLBACK, JUDGE_TABLE, RETRY, RETRY_ABOUT, RUN,
    RUN_SHAPE, TEXTS, TIMEOUT_ABOUT,
};
pub(super) use super::calls::{AGENT_TABLE, CACHE_TABLE, FALLBACK_TABLE, GIT_TABLE, RETRY_TABLE};
use super::table::{Key, Shape, Table};

const STEPS: Shape = Shape::Some(&Shape::Table("step"));
/// A list of steps, or one step.
const CASE: Shape = Shape::Any(&[STEPS, Shape::Table("step")]);
/// A template that gives a list, or the list.
const ITEMS: Shape = Shape::Any(&[Shape::Text, Shape::List(&Shape::Value)]);

const GROUPS: &[&str] = &["steps", "parallel", "pipe"];
const EACH: &[&str] = &["each", "matrix"];

/// All tables of a workflow file.
pub(super) const TABLES: &[Table] = &[
    Table::new(
        "workflow",
        "The file",
        "YAML 1.2, JSON or TOML; the three say the same. What stands in `steps` runs in order, what stands in `parallel` \
         together.",
        FILE,
    )
    .bodies(&["steps", "parallel"]),
    Table::new(
        "input",
        "An input",
        "What a run takes, given as `--NAME VALUE`. Seen in templates as `inputs.NAME`.",
        INPUT,
    ),
    Table::new("defaults", "Defaults", "Used by every call that says nothing itself.", DEFAULTS),
    AGENT_TABLE,
    Table::new(
        "checkpoints",
        "Checkpoints",
        "Named marks that a run can be gone back to: `step-3`, `batch-NAME`, `round-NAME-2`. `true` is what is preset, \
         `false` none.",
        CHECKPOINTS,
    ),
    Table::new(
        "step",
        "A step",
        "One of the bodies, and what stands round it. On one step the order is `if` and `skip_when`, then `each` or \
         `matrix`, then `loop`, then the body. Seen by others as `steps.ID`.",
        STEP,
    )
    .bodies(&["steps", "parallel", "pipe", "run", "agent", "switch", "flow"]),
    Table::new(
        "loop",
        "A loop",
        "A number alone is `max`. Inside are `round` (from 1), `index` (from 0) and `previous.STEP`: what a step left in \
         the round before. From outside `steps.ID` has `rounds`, `best`, `score` and `items`.",
        LOOP,
    )
    .some(&["until", "while", "max"]),
    ACTION_TABLE,
    FALLBACK_TABLE,
    JUDGE_TABLE,
    RETRY_TABLE,
    CACHE_TABLE,
    GIT_TABLE,
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
        "outputs",
        Shape::Map(&Shape::Text),
        "{ verdict: \"{{ steps.judge.output }}\" }",
        "What it gives to a workflow that calls it: `steps.ID.outputs.NAME`.",
    ),
    Key::new(
        "defaults",
        Shape::Table("defaults"),
        "{ timeout: 15m }",
        "What every call uses that says nothing itself.",
    ),
    Key::new("agents", Shape::Map(&Shape::Table("agent")), "{ critic: { run: [critic] } }", AGENT_ABOUT),
    Key::new(
        "checkpoints",
        Shape::Any(&[Shape::Truth, Shape::Table("checkpoints")]),
        "{ every: 5 }",
        "Which named marks a run gets.",
    ),
    Key::new("steps", STEPS, "[{ run: [make] }]", "Steps that run one after the other."),
    Key::new("parallel", STEPS, "[{ run: [make] }, { run: [lint] }]", "Steps that run together."),
    Key::new("on_failure", STEPS, "[{ run: [tell, me] }]", "Steps that run when the others failed."),
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

pub(super) const CHECKPOINTS: &[Key] = &[
    Key::new("every", Shape::Count(0, 1_000_000), "3", "A mark after so many steps; 3 when not given, 0: never."),
    Key::new("batches", Shape::Truth, "true", "A mark after each group that ran together; true when not given."),
    Key::new("rounds", Shape::Truth, "true", "A mark after each round of a loop; true when not given."),
];

const STEP: &[Key] = &[
    Key::new("id", Shape::Word, "lint", "Its name: letters, digits and `_`; others use `steps.lint`."),
    Key::new("description", Shape::Word, "Finds what is odd", "A sentence for people."),
    Key::new("if", Shape::Expression, "steps.test.ok", "Runs only when this holds; skipped otherwise."),
    Key::new(
        "skip_when",
        Shape::Expression,
        "steps.quick.ok",
        "Given up when this holds: the step is skipped and the run degraded.",
    ),
    Key::new(
        "each",
        ITEMS,
        "\"{{ inputs.files }}\"",
        "Runs once for each item, which the body sees as `item` (and its number as `index`).",
    ),
    Key::new(
        "matrix",
        Shape::SomeMap(&ITEMS),
        "{ os: [linux, mac], size: [1, 2] }",
        "Runs once for each combination, which the body sees as `item.os`, `item.size`.",
    )
    .excludes(&["each"]),
    Key::new(
        "at_least",
        Shape::Any(&[Shape::Percent, Shape::Count(1, 4_294_967_295)]),
        "80%",
        "With so many items done the step is partial, with fewer it has failed.",
    )
    .requires(EACH),
    Key::new("max_parallel", Shape::Count(1, 100_000), "4", "How many items or steps go on at once.")
        .requires(&["each", "matrix", "parallel", "pipe"]),
    Key::new(
        "loop",
        Shape::Any(&[Shape::Count(1, 10_000), Shape::Table("loop")]),
        "{ until: steps.test.ok, max: 4 }",
        "Runs the body again and again.",
    )
    .excludes(&["pipe"]),
    Key::new("needs", TEXTS, "[lint]", "Steps that must have ended before, beyond those that the templates name."),
    Key::new("optional", Shape::Truth, "true", "Its failure is no failure of what it is part of."),
    Key::new("weight", Shape::Number(0.0, 1e6), "2", "How much it counts in the quality of the run; 1 when not given."),
    Key::new("steps", STEPS, "[{ run: [make] }]", "Steps that run one after the other."),
    Key::new("parallel", STEPS, "[{ run: [make] }, { run: [lint] }]", "Steps that run together."),
    Key::new(
        "pipe",
        STEPS,
        "[{ run: [fetch, \"{{ item }}\"] }, { run: [store] }]",
        "Stages that the items stream through, each taking one at a time and in order.",
    )
    .requires(EACH),
    Key::new(
        "run",
        RUN_SHAPE,
        "[cargo, test]",
        "A program with its arguments, or a text for `sh` in which each value is one word.",
    ),
    Key::new("agent", Shape::Text, "critic", "An agent by its name."),
    Key::new("switch", Shape::Expression, "steps.triage.output", "Runs the case that the value names.")
        .requires(&["cases"]),
    Key::new("flow", Shape::Text, "review.flow.yaml", "Another workflow, by its path from this file."),
    Key::new(
        "cases",
        Shape::SomeMap(&CASE),
        "{ bug: [{ run: [fix] }], feature: [{ run: [plan] }] }",
        "What runs in each case: steps, or one step.",
    )
    .beside(&["switch"]),
    Key::new("default", CASE, "[{ run: [ask] }]", "What runs when no case fits; nothing when not given.")
        .beside(&["switch"]),
    Key::new(
        "with",
        Shape::Map(&Shape::Text),
        "{ file: \"{{ inputs.file }}\" }",
        "The agent's arguments, or the other workflow's inputs.",
    )
    .beside(&["agent", "flow"]),
    Key::new("prompt", Shape::Text, "Look for panics", "Short for `with: { prompt: .. }`.").beside(AGENT),
    Key::new("env", Shape::Map(&Shape::Text), "{ LANG: C }", "Variables added to the environment.").beside(RUN),
    super::calls::SECRETS.beside(RUN),
    Key::new("cwd", Shape::Text, "crates/cli", "The folder it runs in, below the project's.").beside(RUN),
    Key::new("stdin", Shape::Text, "\"{{ steps.list.output }}\"", "What it reads; nothing when not given.").beside(RUN),
    Key::new("get", TEXTS, "[verdicts]", "Values of the run's shared data that it is given, by key.").beside(CALLS),
    super::calls::OK_CODES.beside(RUN),
    Key::new("outputs", TEXTS, "[\"build/**\"]", "Files that it makes, by glob: stored with the result.").beside(RUN),
    super::calls::OUTPUT.beside(RUN),
    Key::new(
        "put",
        Shape::Map(&Shape::Text),
        "{ verdicts: \"{{ item }}\" }",
        "What it leaves in the run's shared data.",
    )
    .beside(CALLS),
    Key::new(
        "check",
        CHECK,
        "cargo test",
        "What must hold before the step is done; a failing check is a failed attempt.",
    )
    .beside(CALLS),
    Key::new(
        "judge",
        Shape::Table("judge"),
        "{ agent: critic, min: 0.7 }",
        "Says how good the result is, from 0 to 1.",
    )
    .beside(CALLS),
    Key::new("retry", RETRY, "{ attempts: 4, wait: 1s }", RETRY_ABOUT).beside(CALLS),
    Key::new("timeout", Shape::Duration, "20s", TIMEOUT_ABOUT).beside(CALLS),
    Key::new("cache", CACHE, "{ files: [\"src/**\"] }", CACHE_ABOUT).beside(CALLS),
    Key::new("fallback", FALLBACK, "[simple, { run: [lint], partial: true }]", super::calls::FALLBACK_ABOUT)
        .beside(CALLS),
    Key::new(
        "undo",
        Shape::Table("action"),
        "{ run: [gh, pr, close] }",
        "Takes its effect back when the workflow fails.",
    )
    .beside(CALLS),
    Key::new("on_failure", STEPS, "[{ run: [tell, me] }]", "Steps that run when the body failed; it stays failed."),
    Key::new("always", STEPS, "[{ run: [rm, -f, x] }]", "Steps that run however the others ended.").beside(GROUPS),
    Key::new("else", STEPS, "[{ run: [echo, no] }]", "Steps that run when `if` does not hold.").requires(&["if"]),
];

const LOOP: &[Key] = &[
    Key::new("until", Shape::Expression, "steps.test.ok", "It is over when this holds after a round."),
    Key::new(
        "while",
        Shape::Expression,
        "round < 3",
        "There is another round when this holds before it; `round` is then how many there were.",
    ),
    Key::new("max", Shape::Count(1, 10_000), "4", "The most rounds; 10 when not given."),
    Key::new("score", Shape::Expression, "steps.judge.quality", "How good a round was: the best one is kept."),
    Key::new(
        "at_limit",
        Shape::OneOf(&["partial", "fail"]),
        "fail",
        "What the step is when the last round ends and `until` does not hold; `partial` when not given.",
    ),
];
