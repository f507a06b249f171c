//! `segno cancel RUN`: ends a run for good, whoever is at work on it.

use std::time::{Duration, Instant};

use segno_errors::{Fault, Kind};
use segno_orchestrator::inbox::Request;
use segno_orchestrator::model::RunId;

use super::go::on_runtime;
use crate::args::CancelArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

/// How long the owner may take to act on the request: it ends what runs first, gently.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked for.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn cancel(arguments: &CancelArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let run = session.find(Some(&arguments.run))?;
    on_runtime(async {
        match session.engine().cancel(&run).await {
            Err(fault) if fault.why() == Some("locked") => by_its_owner(&session, &run).await?,
            ended => ended?,
        }
        print(&format!("run {run} is cancelled\n"));
        Ok(End::Done)
    })
}

/// Asks the process that is at work on the run, and waits until it has done so; when it dies meanwhile, the run is ended
/// from here.
async fn by_its_owner(session: &Session, run: &RunId) -> Result<(), Failure> {
    session.setup.journal.file(run, &Request::Cancel)?;
    let engine = session.engine();
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match engine.cancel(run).await {
            Err(fault) if fault.why() == Some("locked") => tokio::time::sleep(TICK).await,
            Err(fault) if fault.why() == Some("ended") => return ended(session, run, fault),
            done => return Ok(done?),
        }
    }
    let message = format!("run {run} was asked to end, and its owner has not done so yet");
    Err(Fault::new(Kind::Timeout, message).hint("it ends when its owner comes to it; look with: segno show").into())
}

/// A run that has ended meanwhile was cancelled, or it was faster.
fn ended(session: &Session, run: &RunId, fault: Fault) -> Result<(), Failure> {
    match session.entry(Some(run.as_str()))?.reason.as_deref() == Some("cancelled") {
        true => Ok(()),
        false => Err(fault.into()),
    }
}
