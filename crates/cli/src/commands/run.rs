//! `segno run FLOW`: reads the file, compiles the plan, runs it, reports.

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::engine::{CacheMode, Fork, Point};
use segno_orchestrator::model::{Address, StepId};
use serde_json::{Map, Value};

use super::go::{go, on_runtime};
use crate::args::{Again, RunArguments};
use crate::exit::{End, Failure};
use crate::format::ReportFile;
use crate::session::{self, Session};

pub(super) fn run(arguments: &RunArguments) -> Result<End, Failure> {
    // A broken file or wrong inputs are told before anything is touched.
    arguments.way.reports.iter().try_for_each(ReportFile::check)?;
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let again = &arguments.again;
    if arguments.way.read_only_cache && (again.force || again.no_cache) {
        let fault = Fault::new(Kind::Validation, "--read-only-cache cannot stand beside --force or --no-cache");
        return Err(fault.hint("it uses what is remembered; the others do not").into());
    }
    let cache = match again {
        Again { force: true, .. } => CacheMode::Refresh,
        Again { no_cache: true, .. } => CacheMode::Off,
        _ => CacheMode::Use,
    };
    if let Some(step) = &again.from {
        return run_from(definition, step, cache, arguments);
    }
    let given = inputs(&definition, &arguments.inputs)?;
    let only = only(&definition, &again.only)?;
    let mut session = Session::open()?;
    session.setup.cache = cache;
    let begun = session.engine().begin_only(&definition, given, only)?;
    on_runtime(go(session, begun, &arguments.way))
}

/// Goes on from the newest run of the same file, with the file as it is today.
fn run_from(
    definition: Definition,
    step: &Address,
    cache: CacheMode,
    arguments: &RunArguments,
) -> Result<End, Failure> {
    let inputs = definition.plan.read_changes(&arguments.inputs);
    let inputs = inputs.map_err(|bad| Fault::new(Kind::Validation, bad.to_string()))?;
    known(&definition, &step.step)?;
    let mut session = Session::open()?;
    session.setup.cache = cache;
    let parent = session.newest_of(&definition.path)?.ok_or_else(|| {
        let fault = Fault::new(Kind::Validation, format!("{} has not been run yet", definition.path));
        fault.hint("--from keeps what an earlier run did; run it without --from first")
    })?;
    let fork = Fork { point: Point::Step(step.clone()), inputs, definition: Some(definition) };
    let branch = session.engine().branch(&parent, fork)?;
    super::fork::go_on(session, branch, &arguments.way)
}

/// Returns the steps to run, with what they need; none means all.
fn only(definition: &Definition, asked: &[StepId]) -> Result<Vec<StepId>, Failure> {
    asked.iter().try_for_each(|step| known(definition, step))?;
    Ok(definition.plan.with_needs(asked))
}

fn known(definition: &Definition, step: &StepId) -> Result<(), Failure> {
    match definition.plan.near_step(step) {
        Ok(()) => Ok(()),
        Err(hint) => Err(Fault::new(Kind::Validation, format!("there is no step '{step}'")).hint(hint).into()),
    }
}

/// Reads the given words as the inputs that the workflow declares.
pub(super) fn inputs(definition: &Definition, words: &[(String, String)]) -> Result<Map<String, Value>, Failure> {
    definition.plan.read_inputs(words).map_err(|bad| {
        let fault = Fault::new(Kind::Validation, bad.to_string());
        let known = definition.plan.describe_inputs();
        if known.is_empty() { fault.into() } else { fault.hint(format!("its inputs are\n{known}")).into() }
    })
}
