//! What can be said to `segno logs`: which logs, which lines of them, and what becomes of those.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use segno_orchestrator::model::Timestamp;

use crate::values;

/// Arguments of `segno logs`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Without files, the project's own logs are read. Lines of any JSON log are understood, see --keys; files may be \
compressed.\nLines that cannot be read are counted and named on stderr.\nExit codes: 0 done, 1 it could not be done, 2 usage."
)]
pub(crate) struct LogsArguments {
    #[command(subcommand)]
    pub(crate) command: LogsCommand,
}

/// What to do with logs.
#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// Print the lines that are meant
    Query(LogsQueryArguments),
    /// Print the last lines, and with --follow those that are written from now on
    Tail(LogsTailArguments),
    /// Count lines, find quantiles, group errors, show the course of time
    Analyze(LogsAnalyzeArguments),
    /// Show one run's lines, or those of any correlation id, as a tree
    Trace(LogsTraceArguments),
    /// Change what a run that is at work writes into its log
    Level(LogsLevelArguments),
    /// Hand lines, or metrics of them, to another system
    Export(LogsExportArguments),
}

/// Which logs are read, and which of their lines.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Wanted {
    /// Files, folders, or - for standard input [default: the project's logs]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only lines of this level or graver: debug, info, warn, error, fatal
    #[arg(long, short, value_name = "LEVEL")]
    pub(crate) level: Option<String>,
    /// Only lines of this component; cache.* is all below one; may repeat
    #[arg(long = "component", short, value_name = "NAME")]
    pub(crate) components: Vec<String>,
    /// Only lines since then: 2h, 7d, 2026-11-01, 2026-11-01T08:30:00Z
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only lines before then
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(crate) until: Option<Timestamp>,
    /// Only lines with this correlation id
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,
    /// Only lines of this run: its name, the end of it, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with = "correlation")]
    pub(crate) run: Option<String>,
    /// Only lines whose fields are so: 'took_ms>100 error~"time.*out" step?'
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Only lines with this text in them; may repeat
    #[arg(long = "text", short, value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Only lines that match this regular expression; may repeat
    #[arg(long = "regex", short = 'e', value_name = "REGEX")]
    pub(crate) regexes: Vec<String>,
    /// What the keys of the lines mean: tracing, bunyan, pino, zap, logrus, slog, python, any; with changes:
    /// 'pino component=service' [default: segno]
    #[arg(long, value_name = "KEYS")]
    pub(crate) keys: Option<String>,
    /// Read and check every line, also where the time or a text says that none can match
    #[arg(long)]
    pub(crate) all: bool,
}

/// As what an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogsFormat {
    /// For people
    #[default]
    Table,
    /// For programs: lines as they are written, answers as a list of objects
    Json,
    /// For spreadsheets; text that would be a formula there gets an apostrophe in front
    Csv,
}

/// Arguments of `segno logs query`.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsQueryArguments {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// Print so many lines at most
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// As what to print them
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: LogsFormat,
    /// These fields alone, as columns: timestamp,step,took_ms
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
}

/// Arguments of `segno logs tail`.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsTailArguments {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    /// How many of the last lines
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    pub(crate) lines: usize,
    /// Go on with those that are written from now on, whatever becomes of the files
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// As what to print them
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: LogsFormat,
}

/// Arguments of `segno logs analyze`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Groups are level, component, message, template (the message without its numbers, ids and quoted parts), \
correlation_id, file, or any field."
)]
pub(crate) struct LogsAnalyzeArguments {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    #[command(flatten)]
    pub(crate) question: Question,
    /// By what lines are grouped, at most two [default: level,component for counts]
    #[arg(long, value_name = "GROUPS", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// Print so many rows at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// As what to print the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: LogsFormat,
}

/// What is asked; without any, lines are counted.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Question {
    /// The most frequent messages, without their numbers, ids and quoted parts
    #[arg(long)]
    pub(crate) messages: bool,
    /// Errors that are the same: how often, since when, until when, an example
    #[arg(long)]
    pub(crate) errors: bool,
    /// The 50th, 95th and 99th percentile of a field's numbers
    #[arg(long, value_name = "FIELD")]
    pub(crate) percentiles: Option<String>,
    /// The lines with the largest numbers in a field
    #[arg(long, value_name = "FIELD")]
    pub(crate) slowest: Option<String>,
    /// How many lines there are in every span of time: 1m, 1h
    #[arg(long, value_name = "WIDTH", value_parser = humantime::parse_duration)]
    pub(crate) timeline: Option<Duration>,
}

/// Arguments of `segno logs trace`.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsTraceArguments {
    /// The run: its name, the end of it, or `latest`; or any correlation id
    #[arg(value_name = "RUN|ID")]
    pub(crate) id: String,
    /// Files, folders, or - for standard input [default: the project's logs]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the keys of the lines mean, as for segno logs query
    #[arg(long, value_name = "KEYS")]
    pub(crate) keys: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno logs level`.
#[derive(Debug, clap::Args)]
#[command(
    allow_missing_positional = true,
    after_help = "Levels are DEBUG, INFO, WARN, ERROR, FATAL and off: 'info' for all, 'info,database=debug' with another one \
for a logger or a component. They hold until the run ends."
)]
pub(crate) struct LogsLevelArguments {
    /// The run that is at work: its name, the end of it, or `latest` [default: latest]
    pub(crate) run: Option<String>,
    /// The levels: 'info,database=debug'
    pub(crate) levels: String,
}

/// Arguments of `segno logs export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Lines are sent in order and in batches; one that may be taken later is sent again, a few times."
)]
pub(crate) struct LogsExportArguments {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    #[command(flatten)]
    pub(crate) target: Target,
    /// What the service is called there
    #[arg(long, value_name = "NAME", default_value = "segno")]
    pub(crate) service: String,
    /// A header of the requests, such as 'X-Scope-OrgID: team'; the value may name a variable: 'Authorization: $TOKEN'
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// In CSV, leave text as it is that a spreadsheet would take for a formula
    #[arg(long, requires = "csv")]
    pub(crate) formulas: bool,
}

/// What is exported, and where to.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// Print metrics of the lines in Prometheus' text format
    #[arg(long)]
    pub(crate) prometheus: bool,
    /// Send the lines to Loki: http://localhost:3100
    #[arg(long, value_name = "URL")]
    pub(crate) loki: Option<String>,
    /// Send the lines, and a trace for each run, to an OpenTelemetry collector: http://localhost:4318
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// Print the lines as CSV
    #[arg(long)]
    pub(crate) csv: bool,
}
