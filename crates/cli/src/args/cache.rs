//! What can be said to `segno cache`: which results are meant, and what becomes of them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};

use super::input;

/// Arguments of `segno cache`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "A result's subject is FLOW/STEP, with [ITEM] for each item of a fan-out. In a pattern, * stands for any text and \
? for one letter.\nExit codes: 0 done, 1 damage was found, 2 usage or no such result."
)]
pub(crate) struct CacheArguments {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

/// What to do with what is remembered.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// List what is remembered, what was stored last first
    #[command(visible_alias = "list")]
    Ls(CacheLsArguments),
    /// Say how much is remembered, how often it was of use, and what that has saved
    Stats {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one result
    Get(CacheGetArguments),
    /// Say what a result was made of, and which of its files are others now
    Explain {
        /// The subject, as segno cache ls lists it
        subject: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget results: all, or those that are meant
    Clear(CacheClearArguments),
    /// Check everything that is stored against its checksum
    Verify {
        /// Take out what is damaged: it could never be used again
        #[arg(long)]
        repair: bool,
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
    },
    /// Hash the files that a workflow's steps depend on, so that its next run starts at once; says what would run. No step is
    /// run, but the commands under `tools:` are, since keys are made of what they say
    Warm(CacheWarmArguments),
    /// Say what takes how much, the largest first
    Du(CacheDuArguments),
    /// Write the last results of all steps into a file, with their output files, for another machine
    Export(CacheExportArguments),
    /// Remember what such a file holds
    Import(CacheImportArguments),
}

/// Which results are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Chosen {
    /// Only results whose subject matches: 'review/*'; may repeat
    #[arg(long = "subject", value_name = "PATTERN")]
    pub(crate) subjects: Vec<String>,
    /// Only results that were stored longer ago: 30d, 12h
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) older: Option<Duration>,
    /// Only results that were not used for so long: 30d, 12h
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) unused: Option<Duration>,
    /// Only results whose time is over
    #[arg(long)]
    pub(crate) expired: bool,
}

impl Chosen {
    /// Says whether nothing was said, so that all are meant.
    pub(crate) fn is_all(&self) -> bool {
        self.subjects.is_empty() && self.older.is_none() && self.unused.is_none() && !self.expired
    }
}

/// Arguments of `segno cache ls`.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheLsArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// How many to list at most [default: 50]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno cache get`.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheGetArguments {
    /// The subject, or the beginning of the key
    #[arg(value_name = "SUBJECT|KEY")]
    pub(crate) name: String,
    /// Print the output byte by byte, also what steers a terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,
    /// Print all that is stored, as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno cache clear`.
#[derive(Debug, clap::Args)]
#[command(after_help = "What is forgotten is made again when it is needed. Hashes of files are kept with --all, too.")]
pub(crate) struct CacheClearArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Forget all results
    #[arg(long, conflicts_with_all = ["subjects", "older", "unused", "expired"])]
    pub(crate) all: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Say what would be forgotten, and forget nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `segno cache warm`.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheWarmArguments {
    /// The workflow file
    pub(crate) flow: PathBuf,
    /// An input of the workflow
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = input)]
    pub(crate) inputs: Vec<(String, String)>,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno cache du`.
#[derive(Debug, clap::Args)]
pub(crate) struct CacheDuArguments {
    /// What sizes are added up for
    #[arg(long, value_enum, default_value_t)]
    pub(crate) by: CacheBy,
    /// How many lines to print at most [default: 20]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What sizes are added up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheBy {
    /// Each workflow
    Flow,
    /// Each step, its items together
    #[default]
    Step,
    /// Each subject
    Subject,
}

/// Arguments of `segno cache export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A file that is not sealed can be made by anybody: import one only from where you would run code from.\n\
Exit codes: 0 all of them are in the file, 1 some of them were left out, 2 usage."
)]
pub(crate) struct CacheExportArguments {
    /// The file, which is written whole or not at all
    pub(crate) file: PathBuf,
    /// Only results whose subject matches: 'review/*'; may repeat
    #[arg(long = "subject", value_name = "PATTERN")]
    pub(crate) subjects: Vec<String>,
    /// The variable that holds a secret with which the file is sealed
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) secret_env: Option<String>,
}

/// Arguments of `segno cache import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all of it is remembered, 1 some of it was refused or the file is cut, 2 it is no such file."
)]
pub(crate) struct CacheImportArguments {
    /// The file
    pub(crate) file: PathBuf,
    /// The variable that holds the secret with which the file was sealed; nothing else is taken then
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) secret_env: Option<String>,
}
