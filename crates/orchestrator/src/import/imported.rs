//! Finds out which tool a file is of, and what an import gives.

use serde_json::{Map, Value};

use super::{actions, claude, yaml};
use crate::spec::{self, Mistake, Mistakes};

/// What came of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The tool whose file it was.
    pub origin: Origin,
    /// The workflow as segno's YAML.
    pub flow: String,
    /// What could not be carried over or means something else now, in the file's order.
    pub notes: Vec<String>,
}

/// A tool whose workflows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// GitHub Actions.
    GithubActions,
    /// A workflow in `.claude/workflows`.
    Claude,
}

impl Origin {
    /// Returns what people call it.
    pub fn name(self) -> &'static str {
        match self {
            Origin::GithubActions => "a GitHub Actions workflow",
            Origin::Claude => "a .claude workflow",
        }
    }
}

/// A workflow on its way, and what is to be said about it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) flow: Map<String, Value>,
    pub(super) notes: Vec<String>,
}

impl Draft {
    /// Says something once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Imports the text of a workflow file of another tool; `job` names the one job that is wanted.
///
/// # Errors
/// When the text is no YAML or JSON, or no workflow that is known here.
pub fn import(source: &str, name: &str, job: Option<&str>) -> Result<Imported, Mistakes> {
    let refused = |message: String, hint: String| Mistakes::new(name, source, vec![Mistake::whole(message).hint(hint)]);
    let value = spec::value(source, name)?;
    let Value::Object(fields) = value else {
        return Err(refused("this is no workflow".into(), known()));
    };
    let mut draft = Draft::default();
    let origin = match origin(&fields) {
        Some(origin) => origin,
        None if fields.contains_key("steps") || fields.contains_key("parallel") => {
            let hint = "check it with: segno validate".to_owned();
            return Err(refused("this looks like a segno workflow already".into(), hint));
        }
        None => return Err(refused("this is no workflow that segno knows".into(), known())),
    };
    let read = match origin {
        Origin::GithubActions => actions::read(&fields, job, &mut draft),
        Origin::Claude => claude::read(&fields, &mut draft),
    };
    read.map_err(|message| refused(message, known()))?;
    let Draft { flow, notes } = draft;
    let flow = format!("{}{}", header(name, origin, &notes), yaml::write(&flow));
    // The order of keys is the formatter's; what it would not touch is good as it is.
    let flow = spec::format(&flow, "new.yaml").unwrap_or(flow);
    Ok(Imported { origin, flow, notes })
}

fn known() -> String {
    "GitHub Actions workflows and .claude/workflows/*.json can be imported".into()
}

fn origin(fields: &Map<String, Value>) -> Option<Origin> {
    let has = |name: &str| fields.contains_key(name);
    // YAML 1.1 reads the key `on` as true; here it is a text, and some write it in quotes.
    if fields.get("jobs").is_some_and(Value::is_object) {
        return Some(Origin::GithubActions);
    }
    let has_list = |name: &str| fields.get(name).is_some_and(Value::is_array);
    let is_of_agents = ["steps", "agents", "tasks", "stages"].into_iter().any(has_list);
    let is_segno = has("flow") || has("always") || has("defaults");
    (is_of_agents && !is_segno).then_some(Origin::Claude)
}

/// The head of the new file: where it is from, and what was not carried over.
fn header(name: &str, origin: Origin, notes: &[String]) -> String {
    let mut text = format!("# Made from {}, {}, by segno import.\n", one_line(name), origin.name());
    if !notes.is_empty() {
        text.push_str("# What was not carried over as it was:\n");
        notes.iter().for_each(|note| text.push_str(&format!("# - {}\n", one_line(note))));
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|letter| !letter.is_control()).collect()
}
