//! What can be said to the commands that look at files and at the machine, and run nothing.

use std::path::PathBuf;

/// Arguments of `segno validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArguments {
    /// The workflow files; - reads one from stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Print the mistakes as JSON, for editors
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct GraphArguments {
    /// The workflow file
    pub(crate) flow: PathBuf,
    /// How it is drawn
    #[arg(long, short, value_enum, default_value_t = Picture::Text)]
    pub(crate) format: Picture,
}

/// A way to draw a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Picture {
    /// A tree for the terminal
    Text,
    /// A Mermaid flowchart, as GitHub shows it
    Mermaid,
    /// Graphviz: segno graph -f dot FLOW | dot -Tsvg
    Dot,
}

/// Arguments of `segno schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArguments {
    /// What the schema is of
    #[arg(value_enum, default_value_t = Described::Workflow)]
    pub(crate) of: Described,
}

/// A kind of file that has a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Described {
    /// A workflow file
    Workflow,
    /// The project's segno.toml
    Settings,
}

/// Arguments of `segno doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArguments {
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno init`.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArguments {
    /// Write the files anew where they exist; the old ones are kept beside as NAME.old
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `segno fmt`.
#[derive(Debug, clap::Args)]
pub(crate) struct FmtArguments {
    /// The workflow files; - reads one from stdin and writes it to stdout
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write nothing; exit with 1 when a file would be changed
    #[arg(long)]
    pub(crate) check: bool,
}

/// Arguments of `segno select`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: segno select \"translate the page into four languages at the same time\"")]
pub(crate) struct SelectArguments {
    /// What is to be done, in English; read from stdin when it is - or not given
    #[arg(value_name = "DESCRIPTION")]
    pub(crate) description: Vec<String>,
    /// Write the workflow file here instead of printing it; a file that is there stays
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the choice as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `segno completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Packages put them where the shell looks, a person can say in ~/.bashrc: \
source <(segno completions bash)")]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of `segno man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "One page: segno man | man -l -")]
pub(crate) struct ManArguments {
    /// Write a page for segno and one for each command into this folder, instead of segno's own to stdout
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `segno import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Reads GitHub Actions workflows and .claude/workflows/*.json. The new workflow goes to stdout, what \
could not be carried over is said on stderr."
)]
pub(crate) struct ImportArguments {
    /// The other tool's file
    pub(crate) file: PathBuf,
    /// The one job of a GitHub Actions workflow that is wanted; all of them when not given
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,
    /// Write the new workflow to this file, which must not exist
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
