//! What can be said to the commands that go on from what another run did.

use segno_orchestrator::model::{Address, StepId};

use super::{Way, input};

/// Arguments of `segno resume`.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArguments {
    /// The run, or the end of its name; the newest that can be resumed when not given
    pub(crate) run: Option<String>,
    /// Go back to this mark first (segno show lists them); what came after it is set aside
    #[arg(long, value_name = "MARK", requires = "run", conflicts_with = "upgrade")]
    pub(crate) at: Option<String>,
    /// Go on with today's file instead of the one it began with: a fork that keeps what did not change
    #[arg(long)]
    pub(crate) upgrade: bool,
    #[command(flatten)]
    pub(crate) way: Way,
}

/// Arguments of `segno fork`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Without --from and --at only what uses the given inputs runs again.")]
pub(crate) struct ForkArguments {
    /// The run, or the end of its name, or `latest`
    pub(crate) run: String,
    /// The step to run again, or one item or round of it: `review`, `review[3]`; with all that depends on it
    #[arg(long, value_name = "STEP", conflicts_with = "at", required_unless_present_any = ["at", "inputs"])]
    pub(crate) from: Option<Address>,
    /// The mark to go on from (segno show lists them)
    #[arg(long, value_name = "MARK")]
    pub(crate) at: Option<String>,
    /// Another value of an input
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = input)]
    pub(crate) inputs: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) way: Way,
}

/// Arguments of `segno retry`.
#[derive(Debug, clap::Args)]
pub(crate) struct RetryArguments {
    /// The run, or the end of its name; the newest when not given
    pub(crate) run: Option<String>,
    /// Do it: run again what failed, what could not run because of that, and what depends on it
    #[arg(long)]
    pub(crate) failed: bool,
    #[command(flatten)]
    pub(crate) way: Way,
}

/// What of a workflow `segno run` runs, and whether it remembers.
#[derive(Debug, clap::Args)]
pub(crate) struct Again {
    /// Keep of the newest run of this file what comes before this step, and run from there
    #[arg(long, value_name = "STEP", conflicts_with = "only")]
    pub(crate) from: Option<Address>,
    /// Run only these steps and what they need
    #[arg(long, value_name = "STEP,..", value_delimiter = ',', value_parser = step)]
    pub(crate) only: Vec<StepId>,
    /// Run what is remembered too, and remember the new results
    #[arg(long)]
    pub(crate) force: bool,
    /// Neither use what is remembered nor remember anything
    #[arg(long, conflicts_with = "force")]
    pub(crate) no_cache: bool,
}

fn step(word: &str) -> Result<StepId, String> {
    StepId::new(word).map_err(|bad| bad.to_string())
}
