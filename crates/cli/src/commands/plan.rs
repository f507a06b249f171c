//! `segno plan FLOW`: what a run would do, step by step, and why.

use std::collections::HashMap;

use segno_orchestrator::engine::{Forecast, Foreseen, foresee};
use segno_orchestrator::model::StepId;
use segno_orchestrator::report::joined_reasons;
use serde_json::json;

use crate::args::PlanArguments;
use crate::exit::{End, Failure};
use crate::session::{self, Session};
use crate::terminal::print;

/// The most items of one step that go the same way and are listed one by one; the rest is counted.
const MAX_ITEMS: usize = 10;

pub(super) fn plan(arguments: &PlanArguments) -> Result<End, Failure> {
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let given = super::run::inputs(&definition, &arguments.inputs)?;
    let session = Session::open()?;
    let rows = foresee(&session.engine(), &definition, given)?;
    match arguments.json {
        true => print(&format!("{:#}\n", rows.iter().map(to_json).collect::<serde_json::Value>())),
        false => print(&table(&definition.plan.name, &rows)),
    }
    Ok(End::Done)
}

fn to_json(row: &Foreseen) -> serde_json::Value {
    let (word, because) = said(&row.forecast);
    json!({ "task": row.address.to_string(), "item": row.label, "forecast": word, "because": because })
}

/// Returns a forecast's word and the sentence behind it.
fn said(forecast: &Forecast) -> (&'static str, String) {
    match forecast {
        Forecast::Hit => ("hit", "nothing it depends on changed".into()),
        Forecast::Miss(because) if because.is_empty() => ("miss", "nothing is stored for it yet".into()),
        Forecast::Miss(because) => ("miss", joined_reasons(because)),
        Forecast::Runs => ("runs", "it is not cached".into()),
        Forecast::Skipped => ("skip", "its 'if' does not hold".into()),
        Forecast::Unknown(because) => ("unknown", because.clone()),
        Forecast::Fails(because) => ("fails", because.clone()),
    }
}

fn table(flow: &str, rows: &[Foreseen]) -> String {
    let count = |word: &str| rows.iter().filter(|row| said(&row.forecast).0 == word).count();
    let counts = ["hit", "miss", "runs", "unknown", "skip", "fails"].map(|word| (word, count(word)));
    let counts: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
    let mut text = format!("{flow}: {}\n", counts.join(", "));
    let width = rows.iter().map(|row| row.address.to_string().len()).max().unwrap_or(0);
    let mut alike: HashMap<(&StepId, &str), usize> = HashMap::new();
    for row in rows {
        let (word, because) = said(&row.forecast);
        let seen = alike.entry((&row.address.step, word)).or_default();
        *seen += 1;
        if *seen <= MAX_ITEMS {
            let label = row.label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
            let line = format!("  {word:<8}{:<width$}  {label}{because}\n", row.address.to_string());
            text.push_str(&line);
        }
    }
    let mut more: Vec<_> = alike.into_iter().filter(|(_, count)| *count > MAX_ITEMS).collect();
    more.sort();
    for ((step, word), count) in more {
        text.push_str(&format!("  {word:<8}{step}: and {} more like these\n", count - MAX_ITEMS));
    }
    if count("hit") > 0 && count("miss") + count("runs") > 0 {
        text.push_str("what runs may change files that later steps depend on; then those run too\n");
    }
    text
}
