//! `segno validate FILE..`: reads and compiles workflow files, runs nothing, and tells every mistake with its place.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::Path;

use segno_errors::from_io;
use segno_orchestrator::plan::{Node, NodeId};
use segno_orchestrator::report::counted;
use segno_orchestrator::spec::{MAX_FILE_BYTES, Mistake, Mistakes};
use segno_orchestrator::{Definition, Project};
use serde_json::{Value, json};

use crate::args::ValidateArguments;
use crate::exit::{End, Failure};
use crate::session;
use crate::terminal::print;

/// What stands for stdin among the files.
pub(super) const STDIN: &str = "-";

/// A file and what came of it.
struct Checked {
    name: String,
    result: Result<Definition, Box<Mistakes>>,
}

pub(super) fn validate(arguments: &ValidateArguments) -> Result<End, Failure> {
    let project = session::project()?;
    let checked: Vec<Checked> =
        arguments.files.iter().map(|file| check(&project, file)).collect::<Result<_, Failure>>()?;
    match arguments.json {
        true => print(&format!("{:#}\n", checked.iter().map(to_json).collect::<Value>())),
        false => print(&checked.iter().map(told).collect::<Vec<_>>().concat()),
    }
    let is_broken = checked.iter().any(|checked| checked.result.is_err());
    Ok(if is_broken { End::Broken } else { End::Done })
}

fn check(project: &Project, file: &Path) -> Result<Checked, Failure> {
    let (name, result) = match file.as_os_str() == STDIN {
        true => ("stdin".to_owned(), stdin().and_then(|source| session::definition_of(project, &source, "stdin"))),
        false => (file.display().to_string(), session::definition(project, file)),
    };
    let result = match result {
        Ok(definition) => Ok(definition),
        Err(Failure::Mistakes(mistakes)) => Err(mistakes),
        Err(fault) => return Err(fault),
    };
    Ok(Checked { name, result })
}

/// Reads stdin as if it were a file.
pub(super) fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
    read.map_err(|error| from_io(error).operation("read stdin"))?;
    let refused = |message: String| Mistakes::new("stdin", "", vec![Mistake::whole(message)]);
    if bytes.len() > MAX_FILE_BYTES {
        return Err(refused(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20)).into());
    }
    String::from_utf8(bytes).map_err(|_| refused("the file is not UTF-8 text".into()).into())
}

fn told(checked: &Checked) -> String {
    match &checked.result {
        Ok(definition) => format!("{}: valid, {}\n", checked.name, counted(steps(definition), "step")),
        Err(mistakes) => format!("{mistakes}{}: {}\n", checked.name, counted(mistakes.list().len(), "mistake")),
    }
}

/// Counts the steps that people named or could name; what takes one back is no step of its own.
fn steps(definition: &Definition) -> usize {
    let plan = &definition.plan;
    let is_outermost = |node: &&Node| plan.step(&node.step) == Some(node.id);
    let undos: HashSet<NodeId> = plan.nodes().iter().filter_map(|node| node.undo).collect();
    let is_own = |node: &&Node| !node.is_hidden() && !undos.contains(&node.id);
    plan.nodes().iter().filter(is_outermost).filter(is_own).count()
}

fn to_json(checked: &Checked) -> Value {
    match &checked.result {
        Ok(definition) => json!({
            "file": checked.name,
            "valid": true,
            "flow": definition.plan.name,
            "steps": steps(definition),
            "mistakes": [],
        }),
        Err(mistakes) => json!({
            "file": checked.name,
            "valid": false,
            "mistakes": mistakes.list().iter().map(mistake).collect::<Value>(),
        }),
    }
}

/// A place is `null` when the mistake is about the file as a whole; lines and columns count from 1.
pub(super) fn mistake(mistake: &Mistake) -> Value {
    json!({
        "line": mistake.place.map(|place| place.line),
        "column": mistake.place.map(|place| place.column),
        "message": mistake.message,
        "hint": mistake.hint,
    })
}
