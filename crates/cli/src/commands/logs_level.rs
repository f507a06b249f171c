//! `segno logs level`: changes what a run that is at work writes into its log, by way of its inbox.

use std::time::{Duration, Instant};

use segno_errors::{Fault, Kind};
use segno_logging::{Level, Levels};
use segno_orchestrator::inbox::Request;
use segno_orchestrator::model::RunId;

use crate::args::LogsLevelArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

/// How long the owner may take to look into its inbox.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for.
const TICK: Duration = Duration::from_millis(20);

pub(super) fn level(arguments: &LogsLevelArguments) -> Result<End, Failure> {
    let levels = arguments.levels.trim();
    check(levels)?;
    let session = Session::open_existing()?;
    let run = session.find(Some(arguments.run.as_deref().unwrap_or("latest")))?;
    if !session.is_owned(&run) {
        return Err(nobody(&run).into());
    }
    session.setup.journal.file(&run, &Request::Levels { levels: levels.to_owned() })?;
    let began = Instant::now();
    while !session.setup.journal.filed(&run)?.is_empty() {
        if !session.is_owned(&run) {
            return Err(nobody(&run).into());
        }
        if began.elapsed() > PATIENCE {
            let message = format!("run {run} was asked for other levels, and its owner has not done so yet");
            return Err(Fault::new(Kind::Timeout, message).hint("it does so when it comes to it").into());
        }
        std::thread::sleep(TICK);
    }
    print(&format!("run {run} logs {levels} now\n"));
    Ok(End::Done)
}

/// Says what is wrong with the levels before anybody is asked for them.
fn check(levels: &str) -> Result<(), Failure> {
    let checked = Levels::new(Level::INFO).apply_text(levels);
    checked.map_err(|error| Fault::new(Kind::Validation, error.to_string()).into())
}

fn nobody(run: &RunId) -> Fault {
    let fault =
        Fault::new(Kind::Validation, format!("nobody is at work on run {run}, so its levels cannot be changed"));
    fault.hint("segno runs lists the runs")
}
