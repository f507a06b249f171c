//! `segno runs`: the project's runs, newest first; those that are meant, or all; with `--clear` they are removed.

use std::time::SystemTime;

use segno_orchestrator::history::{Cleared, Filter, Left};
use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::{counted, short_duration};
use serde_json::json;

use crate::args::RunsArguments;
use crate::exit::{End, Failure};
use crate::failures::keep_failures;
use crate::session::Session;
use crate::terminal::print;
use crate::values::age;

/// How many runs are listed unless told.
const MAX_LISTED: usize = 20;

pub(super) fn runs(arguments: &RunsArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let (filter, history, now) = (filter(arguments), session.history(), Timestamp::from_system(SystemTime::now()));
    if arguments.clear {
        let cleared = match arguments.dry_run {
            true => history.foresee_clear(&filter)?,
            false => {
                keep_failures(&session);
                history.clear(&filter)?
            }
        };
        print(&told(&cleared, if arguments.dry_run { "would remove" } else { "removed" }, now));
        return Ok(End::Done);
    }
    let runs = history.list(&filter, arguments.limit.unwrap_or(MAX_LISTED))?;
    match arguments.json {
        true => print(&format!("{:#}\n", runs.iter().map(to_json).collect::<serde_json::Value>())),
        false if runs.is_empty() && filter != Filter::default() => print("no such runs\n"),
        false if runs.is_empty() => print("no runs yet; start one with: segno run FLOW\n"),
        false => print(&table(&runs, now)),
    }
    Ok(End::Done)
}

fn filter(arguments: &RunsArguments) -> Filter {
    Filter {
        flow: arguments.flow.clone(),
        statuses: arguments.statuses.clone(),
        since: arguments.since,
        until: arguments.until,
        text: arguments.search.clone(),
    }
}

fn to_json(entry: &RunEntry) -> serde_json::Value {
    json!({
        "run": entry.id.as_str(),
        "flow": entry.flow,
        "file": entry.path,
        "status": entry.status.name(),
        "reason": entry.reason,
        "resumable": entry.status.is_resumable(),
        "pinned": entry.kept,
        "started_ms": entry.started.0,
        "touched_ms": entry.touched.0,
    })
}

fn table(runs: &[RunEntry], now: Timestamp) -> String {
    let mut rows = vec![["RUN", "FLOW", "STATUS", "STARTED", "TOOK"].map(String::from)];
    rows.extend(runs.iter().map(|entry| row(entry, now)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Returns what is said of a run: its name, flow, status, age and time.
pub(super) fn row(entry: &RunEntry, now: Timestamp) -> [String; 5] {
    let reason = entry.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
    let pinned = if entry.kept { ", pinned" } else { "" };
    let status = format!("{}{reason}{pinned}", entry.status.name());
    let took = short_duration(entry.touched.since(entry.started));
    [entry.id.to_string(), entry.flow.clone(), status, age(now.since(entry.started)), took]
}

/// Tells what a clearing did: what went, and what stays with the reason.
fn told(cleared: &Cleared, verb: &str, now: Timestamp) -> String {
    let Cleared { removed, left } = cleared;
    let count = |count: usize| counted(count, "run");
    let mut text = format!("{verb} {}\n", count(removed.len()));
    if !removed.is_empty() {
        text += &table(removed, now);
    }
    for (why, words) in [
        (Left::Owned, "being worked on"),
        (Left::Resumable, "which can be resumed; segno remove RUN --force removes one"),
        (Left::Kept, "pinned; segno unpin RUN lets one go"),
    ] {
        let found = left.iter().filter(|(_, left)| *left == why).count();
        if found > 0 {
            text += &format!("{} left, {words}\n", count(found));
        }
    }
    text
}
