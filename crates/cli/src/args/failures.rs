//! What can be said to the commands about failures.

use clap::Subcommand;
use segno_orchestrator::model::Timestamp;

use crate::values;

/// Arguments of `segno errors`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Failures are the same when they differ in numbers, names, paths and times only. Runs that were removed stay \
counted.\nExit codes: 0 told, 2 no such failure; with --strict 3 when a listed one is new, regressed or a burst."
)]
pub(crate) struct ErrorsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ErrorsCommand>,
    #[command(flatten)]
    pub(crate) listed: Listed,
}

/// Which failures are listed, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Listed {
    /// Only those that were seen then or later: 7d (ago), 12h, 2026-11-01, 2026-11-01T08:30:00Z [default: 7d]
    #[arg(long, value_name = "WHEN", value_parser = values::moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only those that this agent met (`run` for commands); of each failure the first four agents are known
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<String>,
    /// How many to list at most [default: 20]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// List those that somebody marked as mended and that did not come back, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 3 when one is new, regressed or a burst
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What else can be done with failures.
#[derive(Debug, Subcommand)]
pub(crate) enum ErrorsCommand {
    /// Show one failure: examples, when it came, what can be done
    Show {
        /// Its fingerprint, or the beginning of it
        fingerprint: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Mark failures as mended; one that comes later has regressed
    Resolve {
        /// Their fingerprints, or the beginnings of them
        #[arg(required = true, value_name = "FINGERPRINT")]
        fingerprints: Vec<String>,
    },
}

/// Arguments of `segno explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 explained, 2 unknown.")]
pub(crate) struct ExplainArguments {
    /// A code or a part of it (`TIMEOUT_ERROR`, `timeout`), or a reason (`oom_killed`); all types when not given
    pub(crate) code: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
