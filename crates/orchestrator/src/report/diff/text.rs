//! Differences as text: the two runs, then inputs, definition and tasks, each with only what differs.

use std::fmt::Write as _;

use serde_json::Value;

use super::between::{Diff, InputChange, RunFacts, Side, TaskDiff};
use super::lines::Line;
use crate::model::Status;
use crate::report::words::{counted, cut, joined_reasons, money, short_duration, without_escapes};

/// The most letters of an input's value that are told.
const MAX_LETTERS: usize = 60;

impl Diff {
    /// Writes what differs. `definition` says in words how the second definition differs from the first.
    pub fn text(&self, definition: &[String]) -> String {
        let mut text = String::new();
        let names: Vec<String> = self.runs.iter().map(RunFacts::named).collect();
        names.iter().for_each(|name| line(&mut text, name));
        if self.is_empty() && definition.is_empty() {
            line(&mut text, &format!("\nnothing differs but the time: {} the same", counted(self.same, "task")));
            return text;
        }
        if !self.inputs.is_empty() {
            line(&mut text, "\ninputs");
            self.inputs.iter().for_each(|change| line(&mut text, &change.row()));
        }
        if !definition.is_empty() {
            line(&mut text, "\ndefinition");
            definition.iter().for_each(|change| line(&mut text, &format!("  {change}")));
        }
        if !self.tasks.is_empty() {
            line(&mut text, "\ntasks");
            let width = self.tasks.iter().map(|task| task.name().chars().count()).max().unwrap_or(0);
            self.tasks.iter().for_each(|task| task.rows(width, &mut text));
        }
        line(&mut text, &format!("\n{} the same", counted(self.same, "task")));
        text
    }
}

impl RunFacts {
    fn named(&self) -> String {
        let quality = self.quality.map(|quality| format!(", quality {quality:.2}")).unwrap_or_default();
        format!("{}  {} {} in {}{quality}", self.run, self.flow, self.status.name(), short_duration(self.took))
    }
}

impl InputChange {
    fn row(&self) -> String {
        let [one, other] =
            self.values.each_ref().map(|value| value.as_ref().map_or_else(|| "not given".to_owned(), short));
        format!("  {}  {one} -> {other}", self.name)
    }
}

impl TaskDiff {
    fn name(&self) -> String {
        let label = self.label.as_ref().map(|label| format!(" ({})", without_escapes(label))).unwrap_or_default();
        format!("{}{label}", self.address).replace('\n', " ")
    }

    fn rows(&self, width: usize, text: &mut String) {
        line(text, &format!("  {:<width$}  {}", self.name(), self.said().join(", ")));
        for side in self.sides.iter().flatten().filter(|side| !side.because.is_empty()) {
            line(text, &format!("      re-run because {}", joined_reasons(&side.because)));
        }
        for fault in self.faults() {
            line(text, &format!("      {}", without_escapes(&fault).replace('\n', " ")));
        }
        let Some(output) = &self.output else { return };
        for change in &output.lines {
            let (sign, words) = match change {
                Line::Gone(words) => ('-', words),
                Line::New(words) => ('+', words),
            };
            line(text, &format!("      {sign} {}", words));
        }
        if output.more > 0 {
            line(text, &format!("      .. and {}", counted(output.more, "more line")));
        }
    }

    /// Says in words what differs.
    fn said(&self) -> Vec<String> {
        let (one, other) = match &self.sides {
            [Some(one), Some(other)] => (one, other),
            [Some(one), None] => return vec![format!("{}, only in the first run", way(one))],
            [None, Some(other)] => return vec![format!("{}, only in the second run", way(other))],
            [None, None] => return Vec::new(),
        };
        let mut said = Vec::new();
        if way(one) != way(other) {
            said.push(format!("{} -> {}", way(one), way(other)));
        }
        if one.attempts != other.attempts && one.cached == other.cached && one.attempts.max(other.attempts) > 1 {
            said.push(format!(
                "{} -> {}",
                counted(one.attempts as usize, "attempt"),
                counted(other.attempts as usize, "attempt")
            ));
        }
        if one.is_other_time(other) {
            said.push(format!("{} -> {}", short_duration(one.took), short_duration(other.took)));
        }
        if let (true, Some(cost), Some(other_cost)) = (one.is_other_cost(other), one.cost_usd, other.cost_usd) {
            said.push(format!("{} -> {}", money(cost), money(other_cost)));
        }
        if let (Some(agent), Some(other_agent)) = (&one.agent, &other.agent)
            && agent != other_agent
        {
            said.push(format!("by {agent} -> by {other_agent}"));
        }
        if let (Some(quality), Some(other_quality)) = (one.quality, other.quality)
            && quality != other_quality
            && one.status == other.status
        {
            said.push(format!("quality {quality:.2} -> {other_quality:.2}"));
        }
        said.extend(self.output.is_some().then(|| "another output".to_owned()));
        if said.is_empty() {
            said.push("another failure".to_owned());
        }
        said
    }

    /// Returns the messages of failures, where only one side failed or they failed differently.
    fn faults(&self) -> Vec<String> {
        let [one, other] = self.sides.each_ref().map(|side| side.as_ref().and_then(|side| side.fault.clone()));
        match one == other {
            true => Vec::new(),
            false => one
                .map(|fault| format!("first: {fault}"))
                .into_iter()
                .chain(other.map(|fault| format!("second: {fault}")))
                .collect(),
        }
    }
}

/// Says how a task came to its end.
fn way(side: &Side) -> &'static str {
    match side.status {
        None => "not finished",
        Some(Status::Succeeded) if side.taken_over => "kept",
        Some(Status::Succeeded) if side.cached => "cached",
        Some(Status::Succeeded) => "ran",
        Some(status) => status.name(),
    }
}

fn short(value: &Value) -> String {
    cut(&value.to_string(), MAX_LETTERS)
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}
