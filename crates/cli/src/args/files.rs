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
