//! `segno diff RUN [RUN]`: what differs between two runs: inputs, definition, what became of each task, outputs.

use segno_orchestrator::model::Output;
use segno_orchestrator::report::diff::Diff;
use serde_json::Value;

use crate::args::DiffArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

pub(super) fn diff(arguments: &DiffArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let (one, other) = (session.find(Some(&arguments.one))?, session.find(Some(&arguments.other))?);
    let (one, other) = (session.read(&one)?, session.read(&other)?);
    let read = |output: &Output| session.setup.blobs.value(output).ok().map(as_text);
    let diff = Diff::between(&one.report, &other.report, &read);
    let definition = one.definition.differences(&other.definition);
    match arguments.json {
        true => print(&format!("{:#}\n", diff.to_json(&definition))),
        false => print(&diff.text(&definition)),
    }
    Ok(End::Done)
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => format!("{value:#}"),
    }
}
