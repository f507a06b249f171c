//! The events of a test's run as lines that a person can follow.

use std::fmt::Write as _;

use super::verdict::told;
use crate::model::{Event, Fact, Source, Verdict};
use crate::report::short_duration;
use crate::report::words::cut;

/// The most lines that are shown; the middle is left out.
const MAX_LINES: usize = 200;
/// The longest value in a line, in letters.
const MAX_VALUE: usize = 60;

/// Tells a run event by event.
pub(super) fn timeline(events: &[Event]) -> String {
    let began = events.first().map(|event| event.at).unwrap_or_default();
    let mut text = String::new();
    let skipped = events.len().saturating_sub(MAX_LINES);
    for (number, event) in events.iter().enumerate() {
        let in_middle = number >= MAX_LINES / 2 && number < MAX_LINES / 2 + skipped;
        if skipped > 0 && number == MAX_LINES / 2 {
            writeln!(text, "              .. {skipped} events left out").expect("a string takes any text");
        }
        if !in_middle {
            let at = short_duration(event.at.since(began));
            let line = format!("{:>5} {at:>8}  {}", event.seq, line(&event.fact));
            writeln!(text, "{}", line.trim_end()).expect("a string takes any text");
        }
    }
    text
}

fn line(fact: &Fact) -> String {
    let what = said(fact);
    match fact.step() {
        Some(step) => format!("{step}: {what}"),
        None => what,
    }
}

fn said(fact: &Fact) -> String {
    match fact {
        Fact::RunStarted { flow, .. } => format!("run of {flow} started"),
        Fact::RunResumed { .. } => "run killed and resumed".into(),
        Fact::Decided { left_out: true, .. } => "left out: 'skip_when' holds".into(),
        Fact::Decided { taken, .. } => format!("'if' {}", if *taken { "holds" } else { "does not hold" }),
        Fact::Chose { value, case: Some(_), .. } => format!("case '{}'", short(value)),
        Fact::Chose { value, case: None, .. } => format!("no case for '{}'", short(value)),
        Fact::Looped { rounds, verdict, score, .. } => {
            let score = score.map(|score| format!(", score {score}")).unwrap_or_default();
            format!("after {rounds} rounds{score}: {}", verdict_name(*verdict))
        }
        Fact::Entered { .. } => "workflow entered".into(),
        Fact::Concluded { outputs, .. } => {
            let outputs = serde_json::to_string(&**outputs).unwrap_or_default();
            format!("outputs {}", short(&outputs))
        }
        Fact::Expanded { items, .. } => format!("{} items", items.len()),
        Fact::StepStarted { attempt, label, .. } => {
            let label = label.as_ref().map(|label| format!(" ({})", short(label))).unwrap_or_default();
            format!("attempt {attempt}{label}")
        }
        Fact::StepReplied { .. } => "replied; to be verified".into(),
        Fact::FellBack { fault, agent, .. } => format!("{}; fallback to {agent}", short(fault.message())),
        Fact::DataPut { key, value, .. } => format!("put {key} = {}", short(&value.to_string())),
        Fact::DataGot { .. } => "got data".into(),
        Fact::StepRetried { attempt, fault, .. } => {
            format!("attempt {attempt} failed: {}; to be tried again", short(fault.message()))
        }
        Fact::StepEnded { outcome, source: Source::Ran, .. } => told(outcome),
        Fact::StepEnded { outcome, .. } => format!("{}, cached", told(outcome)),
        Fact::RunPaused { reason } => format!("run paused: {reason}"),
        Fact::RunEnded { status, .. } => format!("run {}", status.name()),
        // What a newer kind of event says is not known here.
        _ => "..".into(),
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::GoOn => "another round",
        Verdict::Satisfied => "'until' holds",
        Verdict::Over => "over",
        Verdict::Limit => "ended by its limit",
        Verdict::Broken => "a round failed",
    }
}

fn short(text: &str) -> String {
    cut(&text.replace('\n', "\\n"), MAX_VALUE)
}
