//! The tables of `segno.toml`.

use super::table::{Key, Shape, Table};

const AGENT_ABOUT: &str = "A command that steps can call by this name, as in a workflow's `agents`.";

/// All tables of `segno.toml`.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "settings",
        title: "The file",
        about: "TOML in the project's folder. All of it may be left out.",
        keys: FILE,
        bodies: &[],
        others: None,
    },
    Table {
        name: "cache",
        title: "The cache",
        about: "How much is remembered and how long.",
        keys: &[
            Key::new("max_size", Shape::Size, "2GB", "What is used least goes when the cache grows larger."),
            Key::new("max_age", Shape::Duration, "90d", "What was not used for so long goes."),
        ],
        bodies: &[],
        others: None,
    },
    Table {
        name: "retention",
        title: "Retention",
        about: "How many old runs are kept. A run goes when any of these says so; one that can be resumed never does.",
        keys: &[
            Key::new(
                "keep_runs",
                Shape::Count(1, i64::MAX),
                "200",
                "How many of the newest runs stay; 200 by default.",
            ),
            Key::new("keep_days", Shape::Count(1, 36_500), "90", "For how many days a run stays; 90 by default."),
            Key::new("max_size", Shape::Size, "2GB", "How large the store may grow; 2GB by default."),
            Key::new("auto", Shape::Truth, "true", "Whether old runs go after each run; true by default."),
        ],
        bodies: &[],
        others: None,
    },
    Table {
        name: "checkpoints",
        title: "Checkpoints",
        about: "Which named marks a run gets where the workflow's own `checkpoints` does not say.",
        keys: &[
            Key::new("every", Shape::Count(1, i64::MAX), "3", "A mark after so many steps; 3 by default."),
            Key::new("batches", Shape::Truth, "true", "A mark at the end of each parallel group; true by default."),
            Key::new("rounds", Shape::Truth, "true", "A mark at the end of each round of a loop; true by default."),
        ],
        bodies: &[],
        others: None,
    },
    Table {
        name: "jobs",
        title: "Jobs",
        about: "How much runs at once.",
        keys: &[Key::new(
            "limit",
            Shape::Count(1, 65_535),
            "4",
            "How many steps run at once in all; `--jobs` goes before.",
        )],
        bodies: &[],
        others: None,
    },
    Table {
        name: "price",
        title: "A price",
        about: "What a model costs, in US dollars for a million tokens.",
        keys: &[
            Key::new("input_per_mtok", Shape::Number(0.0, f64::INFINITY), "3.0", "What it reads."),
            Key::new("output_per_mtok", Shape::Number(0.0, f64::INFINITY), "15.0", "What it writes."),
            Key::new("cache_read_per_mtok", Shape::Number(0.0, f64::INFINITY), "0.3", "What it reads from its cache."),
        ],
        bodies: &[],
        others: None,
    },
];

const FILE: &[Key] = &[
    Key::new("agents", Shape::Map(&Shape::Value), "{ validator: { run: [python3, v.py] } }", AGENT_ABOUT),
    Key::new("cache", Shape::Table("cache"), "{ max_size: 2GB }", "How much is remembered and how long."),
    Key::new("retention", Shape::Table("retention"), "{ keep_runs: 200 }", "How many old runs are kept."),
    Key::new("checkpoints", Shape::Table("checkpoints"), "{ every: 3 }", "Which named marks a run gets."),
    Key::new("jobs", Shape::Table("jobs"), "{ limit: 4 }", "How much runs at once."),
    Key::new("prices", Shape::Map(&Shape::Table("price")), "{ sonnet: { input_per_mtok: 3.0 } }", "What models cost."),
];
