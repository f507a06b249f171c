//! `segno runs`: the project's runs, newest first.

use std::time::{Duration, SystemTime};

use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::short_duration;
use serde_json::json;

use crate::args::RunsArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

pub(super) fn runs(arguments: &RunsArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let runs = session.runs(arguments.limit)?;
    match arguments.json {
        true => print(&format!("{:#}\n", runs.iter().map(to_json).collect::<serde_json::Value>())),
        false => print(&table(&runs, Timestamp::from_system(SystemTime::now()))),
    }
    Ok(End::Done)
}

fn to_json(entry: &RunEntry) -> serde_json::Value {
    json!({
        "run": entry.id.as_str(),
        "flow": entry.flow,
        "file": entry.path,
        "status": entry.status.name(),
        "reason": entry.reason,
        "resumable": entry.status.is_resumable(),
        "started_ms": entry.started.0,
        "touched_ms": entry.touched.0,
    })
}

fn table(runs: &[RunEntry], now: Timestamp) -> String {
    if runs.is_empty() {
        return "no runs yet; start one with: segno run FLOW\n".into();
    }
    let row = |entry: &RunEntry| {
        let reason = entry.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        let status = format!("{}{reason}", entry.status.name());
        let took = short_duration(entry.touched.since(entry.started));
        [entry.id.to_string(), entry.flow.clone(), status, age(now.since(entry.started)), took]
    };
    let mut rows = vec![["RUN", "FLOW", "STATUS", "STARTED", "TOOK"].map(String::from)];
    rows.extend(runs.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Says how long ago something was, roughly.
fn age(since: Duration) -> String {
    let seconds = since.as_secs();
    match seconds {
        0..60 => "just now".into(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
