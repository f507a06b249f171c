//! The command line: what can be said, and its help. Inputs of a workflow may be given as flags of their own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use segno_orchestrator::model::{RunStatus, Timestamp};

use crate::format::{Format, ReportFile};
use crate::track::RECENT_RUNS;
use crate::values;

mod cache;
mod failures;
mod files;
mod hindsight;
mod logs;

pub(crate) use cache::{
    CacheArguments, CacheBy, CacheClearArguments, CacheCommand, CacheDuArguments, CacheExportArguments,
    CacheGetArguments, CacheImportArguments, CacheLsArguments, CacheWarmArguments, Chosen,
};

pub(crate) use failures::{ErrorsArguments, ErrorsCommand, ExplainArguments, Listed};

pub(crate) use files::{
    CompletionsArguments, Described, DoctorArguments, FmtArguments, GraphArguments, ImportArguments, InitArguments,
    ManArguments, Picture, SchemaArguments, SelectArguments, ValidateArguments,
};

pub(crate) use hindsight::{Again, ForkArguments, ResumeArguments, RetryArguments};

pub(crate) use logs::{
    LogsAnalyzeArguments, LogsArguments, LogsCommand, LogsExportArguments, LogsFormat, LogsLevelArguments,
    LogsQueryArguments, LogsTailArguments, LogsTraceArguments, Question, Target, Wanted,
};

/// Runs workflows of agents and never pays twice: results are remembered by what they depend on, and a killed run goes on
/// where it stopped.
#[derive(Debug, Parser)]
#[command(name = "segno", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 succeeded, 1 failed, 2 usage or a broken file, 3 degraded (with --strict), \
75 locked by another process, 129, 130 and 143 interrupted.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a workflow
    Run(RunArguments),
    /// Go on with a run that was interrupted, or from one of its marks
    Resume(ResumeArguments),
    /// Run again from a step or a mark of a run, and keep what came before
    Fork(ForkArguments),
    /// Run again what failed in a run, and keep all the rest
    Retry(RetryArguments),
    /// End a run for good, whoever is at work on it
    Cancel(CancelArguments),
    /// Show what a run would do: which steps are remembered, which run, and why
    Plan(PlanArguments),
    /// Say why a step of a run was run again
    Why(WhyArguments),
    /// List runs: all, or those that are meant; with --clear they are removed
    Runs(RunsArguments),
    /// Show what a run did, or one step's output
    Show(ShowArguments),
    /// Say what differs between two runs: inputs, definition, what became of each step, outputs
    Diff(DiffArguments),
    /// Say how healthy the project and its workflows are, and why
    Health(HealthArguments),
    /// Show what failed in the project's runs: which failures are the same, how often, and whether trying again helps
    Errors(ErrorsArguments),
    /// Say what a type of failure or a reason means, and what can be done
    Explain(ExplainArguments),
    /// Look at what is remembered: list, explain, verify, clear
    Cache(CacheArguments),
    /// Read logs: query, follow, count, trace, export
    Logs(Box<LogsArguments>),
    /// List the project's agents with what each came to
    Agents(AgentsArguments),
    /// Keep a run for ever
    Pin(PinArguments),
    /// Keep a run no longer than others
    Unpin(PinArguments),
    /// Remove runs by name, with their events and logs
    Remove(RemoveArguments),
    /// Remove what is no longer kept: old runs, and what only they used; happens by itself once a day
    Gc(GcArguments),
    /// Test workflows without running their agents: mocks, recorded calls, virtual time
    Test(TestArguments),
    /// Check the store, and make a new one of what is whole if it is damaged
    Repair,
    /// Say which pattern fits a task, and give a workflow file to begin with
    Select(SelectArguments),
    /// Write a first workflow for the project in this folder
    Init(InitArguments),
    /// Make a workflow of another tool's file
    Import(ImportArguments),
    /// Check workflow files without running anything
    Validate(ValidateArguments),
    /// Format YAML workflow files: one order of keys, one indentation, nothing else changed
    Fmt(FmtArguments),
    /// Draw a workflow: as a tree, as a Mermaid flowchart, or for Graphviz
    Graph(GraphArguments),
    /// Print the JSON Schema of segno's files, for editors
    Schema(SchemaArguments),
    /// Examine the machine, the store and the settings, and change nothing
    Doctor(DoctorArguments),
    /// Print the completions of a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man(ManArguments),
}

/// Arguments of `segno run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "An input can be given by its own name: segno run flow.yaml --goal \"no panics\"")]
pub(crate) struct RunArguments {
    /// The workflow file: YAML, JSON or TOML
    pub(crate) flow: PathBuf,
    /// An input of the workflow
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = input)]
    pub(crate) inputs: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) again: Again,
    #[command(flatten)]
    pub(crate) way: Way,
}

/// Arguments of `segno cancel`.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelArguments {
    /// The run, or the end of its name, or `latest`
    pub(crate) run: String,
}

/// How a run is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Way {
    /// How many steps run at once [default: the limit in segno.toml, or the number of processors]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 3 when the run is degraded
    #[arg(long)]
    pub(crate) strict: bool,
    /// Use what is remembered and remember nothing new: for branches that are not trusted
    #[arg(long)]
    pub(crate) read_only_cache: bool,
    /// Write the report to a file too, in the form of its ending: .md, .xml (JUnit), .json, .txt; may repeat
    ///
    /// A file that git does not ignore is part of the work tree, on which 'cache: true' depends.
    #[arg(long = "report", value_name = "FILE", value_parser = ReportFile::parse)]
    pub(crate) reports: Vec<ReportFile>,
}

/// Arguments of `segno plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArguments {
    /// The workflow file
    pub(crate) flow: PathBuf,
    /// An input of the workflow
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = input)]
    pub(crate) inputs: Vec<(String, String)>,
    /// Print the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a plan that a person can follow by hand: each call with its agent, parameters and what is expected
    #[arg(long)]
    pub(crate) text: bool,
}

/// Arguments of `segno why`.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArguments {
    /// The run, or the end of its name, or `latest`
    pub(crate) run: String,
    /// The step, or one task of it: `review`, `review[3]`
    pub(crate) step: String,
}

/// Arguments of `segno runs`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunsArguments {
    /// How many runs to list at most [default: 20]
    #[arg(long, short = 'n', value_name = "N", conflicts_with = "clear")]
    pub(crate) limit: Option<usize>,
    /// Only runs of this workflow, by its name or its file
    #[arg(long, value_name = "FLOW")]
    pub(crate) flow: Option<String>,
    /// Only runs that stand so: running, paused, succeeded, degraded, failed; may repeat
    #[arg(long = "status", value_name = "STATUS", value_parser = status)]
    pub(crate) statuses: Vec<RunStatus>,
    /// Only runs that began then or later: 7d (ago), 12h, 2026-11-01, 2026-11-01T08:30:00Z
    #[arg(long, value_name = "WHEN", value_parser = values::moment)]
    pub(crate) since: Option<Timestamp>,
    /// Only runs that began before
    #[arg(long, value_name = "WHEN", value_parser = values::moment)]
    pub(crate) until: Option<Timestamp>,
    /// Only runs with this text, in small or capital letters
    ///
    /// It may stand in the run's name, its workflow's name or file, the reason why it stands where it does, the name of a
    /// step, what an item is called, or in what is said of a failure.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Remove those runs, unless they can be resumed or are pinned
    #[arg(long, conflicts_with = "json")]
    pub(crate) clear: bool,
    /// With --clear: say what would be removed, and remove nothing
    #[arg(long, requires = "clear")]
    pub(crate) dry_run: bool,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno health`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Health is 100 minus named deductions: healthy from 80, degraded from 50, critical below. A workflow is \
judged by its last 20 runs that ended. Exit codes with --strict: 0 healthy, 3 degraded, 1 critical."
)]
pub(crate) struct HealthArguments {
    /// Only this workflow, by its name or its file
    pub(crate) flow: Option<String>,
    /// Read the runs: quality and critical failures count too
    #[arg(long)]
    pub(crate) detailed: bool,
    /// Exit with 3 when something is degraded, with 1 when it is critical
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno agents`.
#[derive(Debug, clap::Args)]
pub(crate) struct AgentsArguments {
    /// From how many of the newest runs the records are made
    #[arg(long, value_name = "N", default_value_t = RECENT_RUNS)]
    pub(crate) runs: usize,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno pin` and `segno unpin`.
#[derive(Debug, clap::Args)]
pub(crate) struct PinArguments {
    /// The run, or the end of its name, or `latest`
    pub(crate) run: String,
}

/// Arguments of `segno remove`.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArguments {
    /// The runs, or the ends of their names
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    /// Remove also what could be resumed
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `segno gc`.
#[derive(Debug, clap::Args)]
pub(crate) struct GcArguments {
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep so many ended runs, the newest [default: 200, or what segno.toml says]
    #[arg(long, value_name = "N")]
    pub(crate) keep_runs: Option<usize>,
    /// Keep ended runs for so many days [default: 90]
    #[arg(long, value_name = "N")]
    pub(crate) keep_days: Option<u64>,
    /// Remove the oldest until events, logs and large outputs are within this size: 500MB, 2GiB [default: 2GB]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    pub(crate) max_size: Option<u64>,
}

/// Arguments of `segno show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArguments {
    /// The run, or the end of its name; the newest when not given
    pub(crate) run: Option<String>,
    /// A task whose whole output is wanted: `review[3]`
    pub(crate) step: Option<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, conflicts_with = "step")]
    pub(crate) format: Format,
    /// Print the report as JSON: short for --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// Arguments of `segno diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArguments {
    /// The run to compare with, or the end of its name
    #[arg(value_name = "RUN")]
    pub(crate) one: String,
    /// The run that is compared, or the end of its name
    #[arg(value_name = "RUN", default_value = "latest")]
    pub(crate) other: String,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "The tests of NAME.flow.yaml or NAME.yaml stand in NAME.test.yaml beside it. \
Exit codes: 0 all passed, 1 some failed, 2 a broken file.")]
pub(crate) struct TestArguments {
    /// Workflows or test files [default: all *.test.yaml of the project]
    pub(crate) files: Vec<PathBuf>,
    /// The test file of the workflow that is named
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Only tests whose name or file has this in it
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Print the outcomes as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the outcomes as JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Record the calls of a run of the workflow, to be played back with 'cassette:'
    #[arg(long, value_name = "RUN")]
    pub(crate) record: Option<String>,
    /// Show the events of tests that passed, too
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Returns the definition of the command line: what help, completions and manual pages are made from.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
}

/// Reads the command line; prints help, the version or what is wrong with it, and ends then.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Arguments {
    let arguments = with_inputs(arguments.into_iter().collect());
    let matches = Arguments::command().get_matches_from(arguments);
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn status(word: &str) -> Result<RunStatus, String> {
    let known = RunStatus::ALL.map(RunStatus::name);
    let found = RunStatus::ALL.into_iter().find(|status| status.name() == word);
    found.ok_or_else(|| format!("the statuses are {}", known.join(", ")))
}

pub(crate) fn input(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("give it as NAME=VALUE".into()),
    }
}

/// Rewrites `--goal VALUE` and `--goal=VALUE` of `run`, `plan` and `fork` to `--input goal=VALUE`, unless segno has such a flag.
fn with_inputs(arguments: Vec<OsString>) -> Vec<OsString> {
    let command = Arguments::command();
    let named = arguments.get(1).and_then(|name| name.to_str()).filter(|name| matches!(*name, "run" | "plan" | "fork"));
    let Some(subcommand) = named.and_then(|name| command.find_subcommand(name)) else {
        return arguments;
    };
    let mut own: Vec<String> =
        subcommand.get_arguments().filter_map(|argument| argument.get_long()).map(Into::into).collect();
    own.extend(["help".to_owned(), "version".to_owned()]);
    let mut rewritten = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let flag = argument.to_str().and_then(|text| text.strip_prefix("--")).filter(|flag| !flag.is_empty());
        let (name, value) = match flag
            .map(|flag| flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value))))
        {
            Some((name, value)) if !own.iter().any(|own| own == name) => (name.to_owned(), value.map(str::to_owned)),
            _ => {
                rewritten.push(argument);
                continue;
            }
        };
        let value = value.or_else(|| rest.next().map(|value| value.to_string_lossy().into_owned()));
        rewritten.push("--input".into());
        rewritten.push(match value {
            Some(value) => format!("{name}={value}").into(),
            None => name.into(),
        });
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let words = line.split(' ').map(OsString::from).collect();
        let rewritten: Vec<String> = with_inputs(words).into_iter().map(|word| word.into_string().unwrap()).collect();
        assert_eq!(rewritten.join(" "), expected);
    }

    #[test]
    fn flags_that_segno_does_not_have_are_inputs() {
        check("segno run f.yaml --goal x --jobs 2", "segno run f.yaml --input goal=x --jobs 2");
        check("segno run f.yaml --goal=x=y", "segno run f.yaml --input goal=x=y");
        check("segno plan f.yaml --n --json", "segno plan f.yaml --input n=--json");
        check("segno run f.yaml --last", "segno run f.yaml --input last");
        check("segno show --json", "segno show --json");
        check("segno run --help", "segno run --help");
        check("segno run f.yaml --from a --force", "segno run f.yaml --from a --force");
        check("segno fork x --from a --goal y", "segno fork x --from a --input goal=y");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
