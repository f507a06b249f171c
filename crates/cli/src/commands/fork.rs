//! `segno fork RUN`: a new run that keeps what another did before a step or a mark.

use segno_errors::{Fault, Kind};
use segno_orchestrator::engine::{Branch, Fork, Point};
use segno_orchestrator::model::Address;
use segno_orchestrator::report::counted;
use serde_json::Map;

use super::go::{go, on_runtime};
use crate::args::{ForkArguments, Way};
use crate::exit::{End, Failure};
use crate::format::ReportFile;
use crate::session::Session;
use crate::terminal::say;

/// The most tasks that are told one by one.
const MAX_TOLD: usize = 10;

pub(super) fn fork(arguments: &ForkArguments) -> Result<End, Failure> {
    arguments.way.reports.iter().try_for_each(ReportFile::check)?;
    let session = Session::open_existing()?;
    let run = session.find(Some(&arguments.run))?;
    let point = match (&arguments.from, &arguments.at) {
        (Some(step), _) => Point::Step(step.clone()),
        (None, Some(mark)) => Point::Mark(mark.clone()),
        (None, None) => Point::End,
    };
    let inputs = match &arguments.inputs[..] {
        [] => Map::new(),
        words => {
            let plan = session.read(&run)?.definition.plan;
            plan.read_changes(words).map_err(|bad| Fault::new(Kind::Validation, bad.to_string()))?
        }
    };
    let branch = session.engine().branch(&run, Fork { point, inputs, definition: None })?;
    go_on(session, branch, &arguments.way)
}

/// Says what a fork keeps, records it and runs it.
pub(super) fn go_on(session: Session, branch: Branch, way: &Way) -> Result<End, Failure> {
    say(&format!("forking {} ({}): {}", branch.parent, branch.definition.plan.name, told(&branch)));
    on_runtime(async {
        let begun = session.engine().fork(branch).await?;
        go(session, begun, way).await
    })
}

fn told(branch: &Branch) -> String {
    let kept = format!("{} kept", counted(branch.kept.len(), "task"));
    match &branch.again[..] {
        [] => kept,
        again => format!("{kept}, again: {}", named(again)),
    }
}

/// Names tasks, as many as a line takes.
pub(super) fn named(tasks: &[Address]) -> String {
    let names: Vec<String> = tasks.iter().take(MAX_TOLD).map(ToString::to_string).collect();
    match tasks.len().saturating_sub(MAX_TOLD) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
