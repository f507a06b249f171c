//! `segno cache warm`: does before a run what can be done without running a step. The files of every step that can be
//! foreseen are hashed, and the hashes are kept, so that the run itself only looks at their stamps.

use segno_orchestrator::engine::{Forecast, Foreseen, foresee};
use segno_orchestrator::report::counted;
use serde_json::json;

use super::cache::{Opened, fault, in_line, json_text};
use crate::args::CacheWarmArguments;
use crate::exit::{End, Failure};
use crate::session::{self, Session};
use crate::terminal::print;

/// The most tasks of a kind that are named.
const MAX_NAMED: usize = 20;

pub(super) fn warm(arguments: &CacheWarmArguments) -> Result<End, Failure> {
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let given = super::run::inputs(&definition, &arguments.inputs)?;
    let opened = Opened::of(Session::open()?)?;
    let hashes = || opened.store().census(opened.now).map(|census| census.hashes).map_err(fault);
    let before = hashes()?;
    let rows = foresee(&opened.session.engine(), &definition, given)?;
    opened.memory.flush();
    let (known, new) = (hashes()?, hashes()?.saturating_sub(before));
    let named = |is_meant: fn(&Forecast) -> bool| -> Vec<String> {
        rows.iter().filter(|row| is_meant(&row.forecast)).map(name).collect()
    };
    let remembered = named(|forecast| matches!(forecast, Forecast::Hit));
    let runs = named(|forecast| matches!(forecast, Forecast::Miss(_) | Forecast::Runs));
    let later = named(|forecast| matches!(forecast, Forecast::Unknown(_)));
    let fails: Vec<(String, &str)> = rows
        .iter()
        .filter_map(|row| match &row.forecast {
            Forecast::Fails(reason) => Some((name(row), reason.as_str())),
            _ => None,
        })
        .collect();
    let skipped = named(|forecast| matches!(forecast, Forecast::Skipped));
    if arguments.json {
        let told = json!({
            "format": 1, "flow": definition.plan.name, "hashes": known, "new_hashes": new,
            "remembered": remembered, "would_run": runs, "not_foreseen": later, "skipped": skipped,
            "would_fail": fails.iter().map(|(task, reason)| json!({ "task": task, "reason": reason })).collect::<Vec<_>>(),
        });
        print(&json_text(&told));
        return Ok(End::Done);
    }
    let mut text = format!("{}: hashes of {known} files are kept, {new} of them new\n", in_line(&definition.plan.name));
    text.push_str(&format!("  {} remembered\n", counted(remembered.len(), "task")));
    text.push_str(&listed("would run", &runs));
    text.push_str(&listed("not foreseen, since they depend on what would run", &later));
    text.push_str(&listed("would not run", &skipped));
    let fails: Vec<String> = fails.into_iter().map(|(task, reason)| format!("{task}: {reason}")).collect();
    text.push_str(&listed("would fail", &fails));
    print(&text);
    Ok(End::Done)
}

fn name(row: &Foreseen) -> String {
    let label = row.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
    format!("{}{label}", row.address)
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut text = format!("  {} {what}\n", counted(names.len(), "task"));
    for name in names.iter().take(MAX_NAMED) {
        text.push_str(&format!("    {}\n", in_line(name)));
    }
    if names.len() > MAX_NAMED {
        text.push_str(&format!("    .. and {} more\n", names.len() - MAX_NAMED));
    }
    text
}
