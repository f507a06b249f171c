//! `segno run FLOW`: reads the file, compiles the plan, runs it, reports.

use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use serde_json::{Map, Value};

use super::go::{go, on_runtime};
use crate::args::RunArguments;
use crate::exit::{End, Failure};
use crate::format::ReportFile;
use crate::session::{self, Session};

pub(super) fn run(arguments: &RunArguments) -> Result<End, Failure> {
    // A broken file or wrong inputs are told before anything is touched.
    arguments.way.reports.iter().try_for_each(ReportFile::check)?;
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let given = inputs(&definition, &arguments.inputs)?;
    let session = Session::open()?;
    let begun = session.engine().begin(&definition, given)?;
    on_runtime(go(session, begun, &arguments.way))
}

/// Reads the given words as the inputs that the workflow declares.
pub(super) fn inputs(definition: &Definition, words: &[(String, String)]) -> Result<Map<String, Value>, Failure> {
    definition.plan.read_inputs(words).map_err(|bad| {
        let fault = Fault::new(Kind::Validation, bad.to_string());
        let known = definition.plan.describe_inputs();
        if known.is_empty() { fault.into() } else { fault.hint(format!("its inputs are\n{known}")).into() }
    })
}
