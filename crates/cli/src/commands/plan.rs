//! `segno plan FLOW`: what a run would do, step by step, and why.

use std::collections::HashMap;
use std::time::Duration;

use segno_orchestrator::Definition;
use segno_orchestrator::engine::{
    Estimate, Estimates, Forecast, Foreseen, Span, Total, by_hand, estimate_text, foresee, time_text,
};
use segno_orchestrator::model::StepId;
use segno_orchestrator::report::joined_reasons;
use serde_json::json;

use crate::args::PlanArguments;
use crate::exit::{End, Failure};
use crate::session::{self, Session};
use crate::terminal::print;
use crate::track::RECENT_RUNS;

/// The most items of one step that go the same way and are listed one by one; the rest is counted.
const MAX_ITEMS: usize = 10;

pub(super) fn plan(arguments: &PlanArguments) -> Result<End, Failure> {
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let given = super::run::inputs(&definition, &arguments.inputs)?;
    let session = Session::open()?;
    let rows = foresee(&session.engine(), &definition, given)?;
    let made = Planned { definition: &definition, rows: &rows, session: &session };
    match (arguments.json, arguments.text) {
        (true, _) => print(&format!("{:#}\n", made.to_json()?)),
        (false, true) => print(&made.by_hand()?),
        (false, false) => print(&made.table()?),
    }
    Ok(End::Done)
}

/// A plan with what is needed to tell it.
struct Planned<'p> {
    definition: &'p Definition,
    rows: &'p [Foreseen],
    session: &'p Session,
}

impl Planned<'_> {
    fn estimates(&self) -> Result<Estimates, Failure> {
        Ok(Estimates::of(&*self.session.setup.journal, &self.definition.plan.name)?)
    }

    /// What is to be done, added up; what is remembered or skipped takes nothing.
    fn total(&self, estimates: &Estimates) -> Total {
        let mut total = Total::default();
        for row in self.rows.iter().filter(|row| is_called(row)) {
            total.add(&estimates.step(&row.address.step));
        }
        total
    }

    fn to_json(&self) -> Result<serde_json::Value, Failure> {
        let estimates = self.estimates()?;
        let total = self.total(&estimates);
        let tasks: serde_json::Value = self.rows.iter().map(|row| to_json(row, &estimates)).collect();
        let unknown_time = total.unknown_time;
        let time = json!({ "span_ms": millis(&total.time), "unknown_tasks": unknown_time });
        let cost = json!({ "span_usd": money(&total.cost), "unknown_tasks": total.unknown_cost });
        Ok(json!({ "flow": self.definition.plan.name, "tasks": tasks, "time": time, "cost": cost }))
    }

    /// The plan for a person. It is remembered by what it was made from, like a result.
    fn by_hand(&self) -> Result<String, Failure> {
        // What is known of times, costs and fallbacks comes from the newest runs, and one of them may still go on.
        let recent = self.session.setup.journal.runs(RECENT_RUNS)?;
        let newest = recent.iter().max_by_key(|entry| entry.touched);
        let newest = newest.map(|entry| format!("{} {}", entry.id, entry.touched.0));
        let said: Vec<String> = self.rows.iter().map(|row| format!("{row:?}")).collect();
        let made_from = [
            ("definition", self.definition.pins().0.hash),
            ("tasks", said.join("\n")),
            ("newest run", newest.unwrap_or_default()),
            ("order of fallbacks", format!("{:?}", self.session.settings.fallback)),
        ];
        let ranking = self.session.setup.ranking.as_deref();
        let make = || Ok(by_hand(self.definition, self.rows, &self.estimates()?, ranking));
        match &self.session.setup.memory {
            Some(memory) => memory.text(&format!("plan/{}", self.definition.plan.name), &made_from, make),
            None => make(),
        }
    }

    fn table(&self) -> Result<String, Failure> {
        let estimates = self.estimates()?;
        let mut text = table(&self.definition.plan.name, self.rows, &estimates);
        let total = self.total(&estimates);
        let called = self.rows.iter().filter(|row| is_called(row)).count();
        if called > 0 {
            let known = |unknown: usize, what: String| match unknown {
                0 => what,
                all if all == called => "unknown".into(),
                some => format!("{what} and {some} tasks unknown"),
            };
            let time = known(total.unknown_time, time_text(&total.time));
            let cost = known(total.unknown_cost, format!("${:.4}", total.cost.expected));
            text.push_str(&format!("  time    {time}, one after the other\n  cost    {cost}\n"));
        }
        Ok(text)
    }
}

/// Says whether an agent would be called.
fn is_called(row: &Foreseen) -> bool {
    !matches!(row.forecast, Forecast::Hit | Forecast::Skipped | Forecast::Fails(_))
}

fn to_json(row: &Foreseen, estimates: &Estimates) -> serde_json::Value {
    let (word, because) = said(&row.forecast);
    let Estimate { time, cost, calls } = estimates.step(&row.address.step);
    json!({
        "task": row.address.to_string(),
        "item": row.label,
        "forecast": word,
        "because": because,
        "time_ms": time.map(|span| millis(&span)),
        "cost_usd": cost.map(|span| money(&span)),
        "known_calls": calls,
    })
}

fn millis(span: &Span<Duration>) -> serde_json::Value {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    json!({ "low": millis(span.low), "expected": millis(span.expected), "high": millis(span.high) })
}

fn money(span: &Span<f64>) -> serde_json::Value {
    json!({ "low": span.low, "expected": span.expected, "high": span.high })
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

fn table(flow: &str, rows: &[Foreseen], estimates: &Estimates) -> String {
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
            let known = estimates.step(&row.address.step);
            // A first plan knows nothing of any step: saying so in each line would say nothing.
            let takes = match is_called(row) && known.calls > 0 {
                true => format!("; {}", estimate_text(&known)),
                false => String::new(),
            };
            let line = format!("  {word:<8}{:<width$}  {label}{because}{takes}\n", row.address.to_string());
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
