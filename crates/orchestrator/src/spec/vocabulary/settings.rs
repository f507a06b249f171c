//! The tables of `segno.toml`. What agents are made of they have from the workflow file.

use super::table::{Key, Shape, Table};
use super::workflow::{AGENT_TABLE, CACHE_TABLE, CHECKPOINTS, FALLBACK_TABLE, GIT_TABLE, RETRY_TABLE};
use crate::spec::FallbackOrder;
use crate::spec::policies::ALGORITHMS;

/// All tables of `segno.toml`.
pub(super) const TABLES: &[Table] = &[
    Table::new("settings", "The file", "TOML in the project's folder. All of it may be left out.", FILE),
    AGENT_TABLE,
    FALLBACK_TABLE,
    RETRY_TABLE,
    CACHE_TABLE,
    GIT_TABLE,
    Table::new(
        "cache_limits",
        "The project's cache",
        "Where results are remembered, how much and how long.",
        CACHE_LIMITS,
    ),
    Table::new(
        "shared_cache",
        "A shared cache",
        "A Redis server that keeps results for several machines. When it is slow or gone, steps run as if nothing were \
         remembered there. Give branches that are not trusted a user of Redis that may only read.",
        SHARED_CACHE,
    )
    .bodies(&["redis", "redis_env"]),
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
    Table::new("secrets", "Secrets", "What is hidden in all that comes back from steps, and what is not.", SECRETS),
    Table::new(
        "fallback_order",
        "The order of fallbacks",
        "Which fallback is tried next when an agent was given up. Those that do a part of the task always come last \
         when they are not tried as they are written.",
        FALLBACK_ORDER,
    ),
    Table::new(
        "policy",
        "A policy",
        "What stands between the steps and an agent, or a provider that agents name: `[policies.NAME]`. All runs of a \
         process share it. Without one an agent has the preset breaker and budget.",
        POLICY,
    ),
    Table::new(
        "breaker",
        "A breaker",
        "When calls are stopped for a while because they fail: those that wait are told at once, fallbacks take over, and \
         a few calls find out whether it is over. `false`: never.",
        BREAKER,
    ),
    Table::new("rate", "A rate", "How many calls there may be in a time; others wait for their turn.", RATE)
        .bodies(&["calls"]),
    Table::new("bulkhead", "A bulkhead", "How many calls run at once; others wait for a place.", BULKHEAD)
        .bodies(&["max"]),
    Table::new(
        "concurrency",
        "An adaptive limit",
        "A limit of calls at once that finds its height by itself, from failures or from how long calls take.",
        CONCURRENCY,
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
    Key::new("secrets", Shape::Table("secrets"), "{ allow: [csrf_token] }", "What is not hidden as a secret."),
    Key::new(
        "fallback",
        Shape::Table("fallback_order"),
        "{ order: track-record }",
        "In which order fallbacks are tried.",
    ),
    Key::new(
        "policies",
        Shape::Map(&Shape::Table("policy")),
        "{ anthropic: { rate: { calls: 50, per: 1m } } }",
        "What stands between the steps and an agent or a provider, by its name.",
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
    Key::new("folder", Shape::Word, "../cache", "Where it lies, relative to the project; .segno/cache when not given."),
    Key::new("read_only", Shape::Truth, "true", "What is remembered is used, and nothing new is remembered."),
    Key::new(
        "shared",
        Shape::Table("shared_cache"),
        "{ redis: \"redis://cache:6379\", namespace: my-project }",
        "What several machines share.",
    ),
];

const SHARED_CACHE: &[Key] = &[
    Key::new("redis", Shape::Word, "redis://cache:6379/0", "Where the server is; without a password.")
        .requires(&["namespace"]),
    Key::new(
        "redis_env",
        Shape::Word,
        "SEGNO_REDIS",
        "The variable that holds the address, which may have a password.",
    )
    .requires(&["namespace"]),
    Key::new("namespace", Shape::Word, "my-project", "Keeps the project's results apart from others' on the server."),
    Key::new(
        "secret_env",
        Shape::Word,
        "SEGNO_CACHE_SECRET",
        "The variable that holds a secret: what is not signed with it is never used.",
    ),
    Key::new("limit", Shape::Duration, "200ms", "How long an answer is waited for; 200ms when not given."),
    Key::new("read_only", Shape::Truth, "true", "It is asked, and never written to."),
];

const RETENTION: &[Key] = &[
    Key::new("keep_runs", Shape::Count(1, i64::MAX), "200", "How many of the newest runs stay; 200 when not given."),
    Key::new("keep_days", Shape::Count(1, 36_500), "90", "For how many days a run stays; 90 when not given."),
    Key::new("max_size", Shape::Size, "2GB", "How large the store may grow; 2GB when not given."),
    Key::new("auto", Shape::Truth, "true", "Whether old runs go without being asked to; true when not given."),
];

const SECRETS: &[Key] = &[Key::new(
    "allow",
    super::calls::WORDS,
    "[csrf_token, postgres]",
    "Names of keys and variables that announce no secret, and values of variables that are none.",
)];

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

const ANY_COUNT: Shape = Shape::Count(1, 4_294_967_295);
const SHARE: Shape = Shape::Number(0.0, 1.0);

const POLICY: &[Key] = &[
    Key::new(
        "breaker",
        Shape::Any(&[Shape::Truth, Shape::Table("breaker")]),
        "{ in_a_row: 5, open_for: 5s }",
        "When calls are stopped for a while; after 5 failures in a row for 5 s when not given.",
    ),
    Key::new(
        "budget",
        Shape::Any(&[Shape::Truth, SHARE]),
        "0.1",
        "How many retries a success pays for; 0.1 when not given, with 20 to begin with. `false`: as many as steps ask for.",
    ),
    Key::new("rate", Shape::Table("rate"), "{ calls: 50, per: 1m }", "How many calls there may be in a time."),
    Key::new("bulkhead", Shape::Table("bulkhead"), "{ max: 4 }", "How many calls run at once."),
    Key::new(
        "concurrency",
        Shape::Table("concurrency"),
        "{ algorithm: aimd, max: 16 }",
        "A limit of calls at once that finds its height by itself.",
    ),
];

const BREAKER: &[Key] = &[
    Key::new("in_a_row", ANY_COUNT, "5", "How many failures in a row stop calls."),
    Key::new("failures", SHARE, "0.5", "The share of failures from which on calls are stopped."),
    Key::new("of_last", ANY_COUNT, "100", "Of how many calls the share is taken; 100 when not given.")
        .requires(&["failures", "slow"]),
    Key::new("within", Shape::Duration, "1m", "Of how long a time the share is taken, instead.")
        .requires(&["failures", "slow"])
        .excludes(&["of_last"]),
    Key::new("min_calls", ANY_COUNT, "20", "How many calls there must be for a share to count.")
        .requires(&["failures", "slow"]),
    Key::new("slow", Shape::Duration, "5m", "From when on a call is slow.").requires(&["slow_share"]),
    Key::new("slow_share", SHARE, "0.8", "The share of slow calls from which on calls are stopped.")
        .requires(&["slow"]),
    Key::new("open_for", Shape::Duration, "30s", "How long calls are stopped before a few are let through to see."),
    Key::new("probes", ANY_COUNT, "1", "How many are let through to see."),
    Key::new(
        "half_open_for",
        Shape::Duration,
        "1m",
        "How long they have to come back before others are let through in their place.",
    ),
];

const RATE: &[Key] = &[
    Key::new("calls", ANY_COUNT, "50", "How many."),
    Key::new("per", Shape::Duration, "1m", "In what time; a second when not given."),
    Key::new("burst", ANY_COUNT, "5", "How many may come at once; one when not given."),
    Key::new(
        "max_wait",
        Shape::Duration,
        "10m",
        "How long a call waits for its turn; as long as it takes when not given.",
    ),
];

const BULKHEAD: &[Key] = &[
    Key::new("max", ANY_COUNT, "4", "How many."),
    Key::new("queue", ANY_COUNT, "64", "How many wait for a place; 100,000 when not given."),
    Key::new(
        "max_wait",
        Shape::Duration,
        "1h",
        "How long a call waits for a place; as long as it takes when not given.",
    ),
];

const CONCURRENCY: &[Key] = &[
    Key::new("algorithm", Shape::OneOf(&ALGORITHMS), "gradient2", "How it moves; `gradient2` when not given."),
    Key::new("initial", ANY_COUNT, "4", "Where it starts."),
    Key::new("min", ANY_COUNT, "1", "How low it may fall."),
    Key::new("max", ANY_COUNT, "16", "How high it may rise."),
    Key::new("queue", ANY_COUNT, "64", "How many wait for a place."),
    Key::new("max_wait", Shape::Duration, "1h", "How long a call waits for a place."),
];

const DOLLARS: Shape = Shape::Number(0.0, f64::INFINITY);

const PRICE: &[Key] = &[
    Key::new("input_per_mtok", DOLLARS, "3.0", "What it reads."),
    Key::new("output_per_mtok", DOLLARS, "15.0", "What it writes."),
    Key::new("cache_read_per_mtok", DOLLARS, "0.3", "What it reads from its cache."),
];
