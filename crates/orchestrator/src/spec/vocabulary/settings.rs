//! The tables of `segno.toml`. What agents are made of they have from the workflow file.

use super::table::{Key, Shape, Table};
use super::workflow::{AGENT_TABLE, CACHE_TABLE, CHECKPOINTS, FALLBACK_TABLE, RETRY_TABLE};
use crate::spec::FallbackOrder;

/// All tables of `segno.toml`.
pub(super) const TABLES: &[Table] = &[
    Table::new("settings", "The file", "TOML in the project's folder. All of it may be left out.", FILE),
    AGENT_TABLE,
    FALLBACK_TABLE,
    RETRY_TABLE,
    CACHE_TABLE,
    Table::new("cache_limits", "The project's cache", "How much is remembered and how long.", CACHE_LIMITS),
    Table::new(
        "retention",
        "Retention",
        "How many old runs are kept. A run goes when any of these says so; one that can be resumed never does.",
        RETENTION,
    ),
    Table::new(
        "checkpoints",
        "Checkpoints",
        "Which named marks a run gets where the workflow's own `checkpoints` does not say. `false`: none.",
        CHECKPOINTS,
    ),
    Table::new("jobs", "Jobs", "How much runs at once.", JOBS),
    Table::new(
        "fallback_order",
        "The order of fallbacks",
        "Which fallback is tried next when an agent was given up. Those that do a part of the task always come last \
         when they are not tried as they are written.",
        FALLBACK_ORDER,
    ),
    Table::new(
        "price",
        "A price",
        "What a model costs, in US dollars for a million tokens. It is read and checked; what commands cost they say themselves (`cost_usd`).",
        PRICE,
    ),
];

const FILE: &[Key] = &[
    Key::new(
        "agents",
        Shape::Map(&Shape::Table("agent")),
        "{ validator: { run: [python3, v.py] } }",
        "Agents that every workflow of the project can call, by name.",
    ),
    Key::new("cache", Shape::Table("cache_limits"), "{ max_size: 2GB }", "How much is remembered and how long."),
    Key::new("retention", Shape::Table("retention"), "{ keep_runs: 200 }", "How many old runs are kept."),
    Key::new(
        "checkpoints",
        Shape::Any(&[Shape::Truth, Shape::Table("checkpoints")]),
        "{ every: 5 }",
        "Which named marks a run gets.",
    ),
    Key::new("jobs", Shape::Table("jobs"), "{ limit: 4 }", "How much runs at once."),
    Key::new(
        "fallback",
        Shape::Table("fallback_order"),
        "{ order: track-record }",
        "In which order fallbacks are tried.",
    ),
    Key::new(
        "prices",
        Shape::Map(&Shape::Table("price")),
        "{ sonnet: { input_per_mtok: 3.0 } }",
        "What models cost; kept for agents that say their model.",
    ),
];

const CACHE_LIMITS: &[Key] = &[
    Key::new("max_size", Shape::Size, "2GB", "What is used least goes when the cache grows larger."),
    Key::new("max_age", Shape::Duration, "90d", "What was not used for so long goes."),
];

const RETENTION: &[Key] = &[
    Key::new("keep_runs", Shape::Count(1, i64::MAX), "200", "How many of the newest runs stay; 200 when not given."),
    Key::new("keep_days", Shape::Count(1, 36_500), "90", "For how many days a run stays; 90 when not given."),
    Key::new("max_size", Shape::Size, "2GB", "How large the store may grow; 2GB when not given."),
    Key::new("auto", Shape::Truth, "true", "Whether old runs go without being asked to; true when not given."),
];

const JOBS: &[Key] =
    &[Key::new("limit", Shape::Count(1, 65_535), "4", "How many steps run at once; `--jobs` goes before.")];

const FALLBACK_ORDER: &[Key] = &[
    Key::new(
        "order",
        Shape::OneOf(&FallbackOrder::WORDS),
        "track-record",
        "As they are written, which is preset, or by what they came to in the newest 100 runs: see `segno agents`.",
    ),
    Key::new(
        "min_calls",
        Shape::Count(1, i64::MAX),
        "5",
        "An agent with fewer calls in those runs keeps its place; 5 when not given.",
    )
    .requires(&["order"]),
];

const DOLLARS: Shape = Shape::Number(0.0, f64::INFINITY);

const PRICE: &[Key] = &[
    Key::new("input_per_mtok", DOLLARS, "3.0", "What it reads."),
    Key::new("output_per_mtok", DOLLARS, "15.0", "What it writes."),
    Key::new("cache_read_per_mtok", DOLLARS, "0.3", "What it reads from its cache."),
];
