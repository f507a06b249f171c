//! What a test expects of a run, as its file says it. Whether that came true is `verdict`'s business.

use std::time::Duration;

use serde_json::Value;

use super::bounds::{self, Bounds};
use crate::model::{Place, RunStatus, Status};
use crate::spec::Mistake;
use crate::spec::fields::{Fields, Findings, nearest};
use crate::spec::tree::{Node, Tree};

const KEYS: [&str; 11] =
    ["status", "steps", "order", "not_run", "outputs", "data", "cost", "tokens", "calls", "took", "rounds"];
const STEP_KEYS: [&str; 9] = ["status", "attempts", "output", "has", "errors", "error", "code", "summary", "quality"];
const STATUSES: [Status; 4] = [Status::Succeeded, Status::Partial, Status::Failed, Status::Skipped];
const RUN_STATUSES: [RunStatus; 4] = [RunStatus::Succeeded, RunStatus::Degraded, RunStatus::Failed, RunStatus::Paused];

/// A name in a test file and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Its place.
    pub place: Place,
}

/// What is expected of a run. What is not named may be anything, but for the status: that is `succeeded`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// How the run ends.
    pub status: Option<RunStatus>,
    /// What becomes of steps and tasks.
    pub steps: Vec<(Named, StepExpect)>,
    /// These begin in this order.
    pub order: Vec<Named>,
    /// These do not begin.
    pub not_run: Vec<Named>,
    /// Outputs of the workflow.
    pub outputs: Vec<(Named, Value)>,
    /// What is left in the run's shared data.
    pub data: Vec<(Named, Value)>,
    /// What all calls cost together, in US dollars.
    pub cost: Option<Bounds<f64>>,
    /// The tokens of all calls together.
    pub tokens: Option<Bounds<u64>>,
    /// How often somebody is called, by the names that mocks have.
    pub calls: Vec<(Named, Bounds<u64>)>,
    /// How long the run takes, in virtual time.
    pub took: Option<Bounds<Duration>>,
    /// How many rounds loops make.
    pub rounds: Vec<(Named, Bounds<u64>)>,
}

/// What is expected of a step or task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepExpect {
    /// How it ends.
    pub status: Option<Status>,
    /// How often it is tried, fallbacks included.
    pub attempts: Option<Bounds<u64>>,
    /// What it gives.
    pub output: Option<Value>,
    /// A text that its output has in it.
    pub has: Option<String>,
    /// A text that it writes on the side.
    pub errors: Option<String>,
    /// A text in the reason why it failed.
    pub error: Option<String>,
    /// Its exit code.
    pub code: Option<Bounds<u64>>,
    /// A text in its summary.
    pub summary: Option<String>,
    /// How good it is.
    pub quality: Option<Bounds<f64>>,
}

pub(super) fn expect(node: &Node, findings: &mut Findings) -> Expect {
    let Some(fields) = Fields::open(node, "expect", findings) else {
        return Expect::default();
    };
    fields.known(&KEYS, "expect", findings);
    let names = |key: &str, findings: &mut Findings| {
        let items = fields.find(key).map(|node| findings.list(node, key)).unwrap_or_default();
        let named = |item: &Node| {
            findings.word(item, &format!("a step in {key}")).map(|name| Named { name, place: item.place })
        };
        items.iter().filter_map(named).collect::<Vec<Named>>()
    };
    let (order, not_run) = (names("order", findings), names("not_run", findings));
    let counts = |node: &Node, what: &str, findings: &mut Findings| bounds::counts(node, what, findings);
    let value = |node: &Node, _: &str, _: &mut Findings| Some(node.value());
    Expect {
        status: fields
            .find("status")
            .and_then(|node| word(node, "status", &RUN_STATUSES.map(|status| (status.name(), status)), findings)),
        steps: rows(&fields, "steps", findings, step),
        order,
        not_run,
        outputs: rows(&fields, "outputs", findings, value),
        data: rows(&fields, "data", findings, value),
        cost: fields.find("cost").and_then(|node| bounds::numbers(node, "cost", findings)),
        tokens: fields.find("tokens").and_then(|node| bounds::counts(node, "tokens", findings)),
        calls: rows(&fields, "calls", findings, counts),
        took: fields.find("took").and_then(|node| bounds::durations(node, "took", findings)),
        rounds: rows(&fields, "rounds", findings, counts),
    }
}

/// Reads a map of names; `read` reads what stands at each.
fn rows<T>(
    fields: &Fields<'_>,
    key: &str,
    findings: &mut Findings,
    read: impl Fn(&Node, &str, &mut Findings) -> Option<T>,
) -> Vec<(Named, T)> {
    let Some(rows) = fields.find(key).and_then(|node| Fields::open(node, key, findings)) else {
        return Vec::new();
    };
    let row = |(key_of_row, node): &(crate::spec::tree::Key, Node)| {
        let named = Named { name: key_of_row.name.clone(), place: key_of_row.place };
        read(node, &format!("{key}.{}", named.name), findings).map(|value| (named, value))
    };
    rows.rows().iter().filter_map(row).collect()
}

fn step(node: &Node, what: &str, findings: &mut Findings) -> Option<StepExpect> {
    let statuses = STATUSES.map(|status| (status.name(), status));
    if matches!(node.tree, Tree::Text(_)) {
        let status = word(node, what, &statuses, findings);
        return Some(StepExpect { status, ..StepExpect::default() });
    }
    let fields = Fields::open(node, what, findings)?;
    fields.known(&STEP_KEYS, what, findings);
    let text = |key: &str, findings: &mut Findings| {
        fields.find(key).and_then(|node| findings.text(node, key)).map(|text| text.source)
    };
    Some(StepExpect {
        status: fields.find("status").and_then(|node| word(node, "status", &statuses, findings)),
        attempts: fields.find("attempts").and_then(|node| bounds::counts(node, "attempts", findings)),
        output: fields.find("output").map(Node::value),
        has: text("has", findings),
        errors: text("errors", findings),
        error: text("error", findings),
        code: fields.find("code").and_then(|node| bounds::counts(node, "code", findings)),
        summary: text("summary", findings),
        quality: fields.find("quality").and_then(|node| bounds::numbers(node, "quality", findings)),
    })
}

/// Reads one of a few words.
fn word<T: Copy>(node: &Node, what: &str, known: &[(&str, T)], findings: &mut Findings) -> Option<T> {
    let word = findings.word(node, what)?;
    if let Some((_, found)) = known.iter().find(|(name, _)| *name == word) {
        return Some(*found);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let mistake = Mistake::at(node.place, format!("{what} cannot be '{word}'"));
    findings.add(match nearest(&word, names.iter().copied()) {
        Some(near) => mistake.hint(format!("did you mean '{near}'?")),
        None => mistake.hint(format!("it is one of: {}", names.join(", "))),
    });
    None
}
