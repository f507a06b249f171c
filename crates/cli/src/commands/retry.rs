//! `segno retry RUN --failed`: a fork that makes again what failed, and keeps all the rest.

use segno_errors::{Fault, Kind};
use segno_orchestrator::engine::{Fork, Point};
use segno_orchestrator::model::RunStatus;

use super::fork::{go_on, named};
use crate::args::RetryArguments;
use crate::exit::{End, Failure};
use crate::format::ReportFile;
use crate::session::Session;
use crate::terminal::print;

pub(super) fn retry(arguments: &RetryArguments) -> Result<End, Failure> {
    arguments.way.reports.iter().try_for_each(ReportFile::check)?;
    let session = Session::open_existing()?;
    let run = session.find(arguments.run.as_deref())?;
    let branch = session.engine().branch(&run, Fork { point: Point::Failed, ..Fork::default() })?;
    if branch.failed.is_empty() {
        let status = session.read(&run)?.report.status;
        let next = match status {
            RunStatus::Paused => format!("go on with: segno resume {run}\n"),
            _ => String::new(),
        };
        print(&format!("nothing failed in run {run}, so there is nothing to retry\n{next}"));
        return Ok(End::Done);
    }
    if !arguments.failed {
        let (again, kept) = (named(&branch.again), branch.kept.len());
        print(&format!("failed: {}\nwould run again: {again}\nwould be kept: {kept}\n", named(&branch.failed)));
        let fault = Fault::new(Kind::Validation, "nothing was started");
        return Err(fault.hint(format!("do it with: segno retry {run} --failed")).into());
    }
    go_on(session, branch, &arguments.way)
}
