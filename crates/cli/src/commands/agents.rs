//! `segno agents`: the project's agents, and what each came to in its newest runs.

use std::collections::BTreeMap;

use segno_monitor::TrackRecord;
use segno_orchestrator::agents::AgentEntry;
use segno_orchestrator::report::short_duration;
use serde_json::{Value, json};

use crate::args::AgentsArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;
use crate::track::track_records;

/// What is known of an agent.
#[derive(Default)]
struct Known {
    /// The project declares it, with what it says of itself; one that only a workflow file declares is none of these.
    entry: Option<Option<String>>,
    /// What it came to, if it was called.
    record: Option<TrackRecord>,
}

pub(super) fn agents(arguments: &AgentsArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let records = track_records(&session, arguments.runs, Session::read, || true)?;
    let mut agents: BTreeMap<String, Known> = BTreeMap::new();
    for AgentEntry { name, description, .. } in session.setup.agents.list() {
        agents.entry(name).or_default().entry = Some(description);
    }
    for record in records {
        let agent = agents.entry(record.agent.clone()).or_default();
        agent.record = Some(record);
    }
    match arguments.json {
        true => print(&format!("{:#}\n", agents.iter().map(to_json).collect::<Value>())),
        false if agents.is_empty() => print("no agent is declared in segno.toml, and none was called yet\n"),
        false => print(&table(&agents)),
    }
    Ok(End::Done)
}

fn to_json((agent, known): (&String, &Known)) -> Value {
    json!({
        "agent": agent,
        "declared": known.entry.is_some(),
        "description": known.entry.as_ref().and_then(|description| description.as_ref()),
        "record": known.record,
    })
}

fn table(agents: &BTreeMap<String, Known>) -> String {
    let mut rows = vec![["AGENT", "CALLS", "SUCCESS", "QUALITY", "P95", "COST", "LAST FAILURE"].map(String::from)];
    rows.extend(agents.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row((agent, known): (&String, &Known)) -> [String; 7] {
    let Some(record) = &known.record else {
        return [agent.as_str(), "never", "", "", "", "", ""].map(String::from);
    };
    let cost = record.cost_per_call_usd.map_or("?".to_owned(), |cost| format!("${cost:.4}"));
    let failure = record.last_failure.as_ref().map_or_else(String::new, |failure| {
        let message: String =
            failure.message.chars().take(60).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        format!("{} {}: {message}", failure.run, failure.task)
    });
    [
        agent.clone(),
        record.calls.to_string(),
        format!("{:.0}%", record.success_rate * 100.0),
        format!("{:.2}", record.quality),
        short_duration(record.p95),
        cost,
        failure,
    ]
}
