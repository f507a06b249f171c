//! The report as JUnit XML, which every CI reads: the run is a suite, a task a case of the class `flow.step`.
//!
//! A step that may fail is a failure here too: a build that was degraded shows what it was degraded by.

use std::time::Duration;

use segno_errors::Fault;
use serde_json::Value;

use super::fold::Report;
use super::row::skipped;
use super::steps::{Shape, StepReport};
use super::task::TaskReport;
use super::text::fault_text;
use super::words::moment;
use super::xml::{attribute, content, line, seconds};
use crate::model::{Outcome, Output, RunId, RunStatus, Status};

/// The cases of the suite by how they ended.
#[derive(Default)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Report {
    /// Writes the report as JUnit XML.
    pub fn junit(&self) -> String {
        let (mut cases, mut tally) = (String::new(), Tally::default());
        for step in self.steps.iter().filter(|step| step.shape != Shape::Group) {
            if step.tasks.is_empty() {
                self.case_of_none(step, &mut cases, &mut tally);
            }
            step.tasks.iter().for_each(|task| self.case(step, task, &mut cases, &mut tally));
        }
        let Tally { tests, failures, errors, skipped } = tally;
        let counts = format!(r#"tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}""#);
        let (flow, time) = (attribute(&self.flow), seconds(self.took()));
        let began = moment(self.started);
        let began = began.trim_end_matches('Z');
        let properties = self.properties();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="{flow}" {counts} time="{time}">
  <testsuite name="{flow}" {counts} time="{time}" timestamp="{began}">
{properties}{cases}  </testsuite>
</testsuites>
"#
        )
    }

    fn properties(&self) -> String {
        let quality = self.quality().map(|quality| format!("{:.3}", quality.value));
        let facts = [
            ("run", Some(self.run.to_string())),
            ("file", Some(self.path.clone())),
            ("status", Some(self.status.name().to_owned())),
            ("reason", self.reason.clone()),
            ("quality", quality),
        ];
        let mut text = String::from("    <properties>\n");
        for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            line(&mut text, &format!(r#"      <property name="{name}" value="{}"/>"#, attribute(&value)));
        }
        text + "    </properties>\n"
    }

    /// Writes the case of a step without tasks: it had no items, or was not reached.
    fn case_of_none(&self, step: &StepReport, text: &mut String, tally: &mut Tally) {
        tally.tests += 1;
        let head = self.head(step.step.as_str(), step.step.as_str(), Duration::ZERO);
        if step.reached {
            return line(text, &format!("    <testcase {head}/>"));
        }
        tally.skipped += 1;
        line(text, &format!("    <testcase {head}>\n      <skipped message=\"not reached\"/>\n    </testcase>"));
    }

    fn case(&self, step: &StepReport, task: &TaskReport, text: &mut String, tally: &mut Tally) {
        tally.tests += 1;
        let label = task.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
        let head = self.head(step.step.as_str(), &format!("{}{label}", task.address), task.took);
        let verdict = self.verdict(step, task, tally);
        let said = said(&self.run, task);
        match verdict.is_empty() && said.is_empty() {
            true => line(text, &format!("    <testcase {head}/>")),
            false => line(text, &format!("    <testcase {head}>\n{verdict}{said}    </testcase>")),
        }
    }

    fn head(&self, step: &str, name: &str, took: Duration) -> String {
        let class = attribute(&format!("{}.{step}", self.flow));
        format!(r#"classname="{class}" name="{}" time="{}""#, attribute(name), seconds(took))
    }

    /// Says how a task ended, if it did not end well.
    fn verdict(&self, step: &StepReport, task: &TaskReport, tally: &mut Tally) -> String {
        match &task.outcome {
            Some(Outcome::Failed { fault, .. }) if task.kept => {
                tally.failures += 1;
                failure(self, step, task, fault)
            }
            Some(Outcome::Failed { fault, .. }) => {
                tally.skipped += 1;
                skip(&format!("another round counts; this one failed: {}", fault.message()))
            }
            Some(Outcome::Skipped { because }) => {
                tally.skipped += 1;
                skip(&skipped(because))
            }
            None => {
                tally.errors += 1;
                let state = if self.status == RunStatus::Running { "it is running" } else { "the run is paused" };
                format!("      <error type=\"unfinished\" message=\"not finished: {state}\"/>\n")
            }
            Some(Outcome::Succeeded { .. } | Outcome::Partial { .. }) => String::new(),
        }
    }
}

fn skip(why: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", attribute(why))
}

fn failure(report: &Report, step: &StepReport, task: &TaskReport, fault: &Fault) -> String {
    let whole = format!("segno show {} {}", report.run, task.address);
    let told = fault_text(&task.address.to_string(), fault, &report.did(step, task), Some(&whole));
    let (kind, message) = (fault.kind().code(), attribute(fault.message()));
    format!("      <failure type=\"{kind}\" message=\"{message}\">{}</failure>\n", content(&told))
}

/// Writes what a task said: its summary before its result, and what it said on the side.
fn said(run: &RunId, task: &TaskReport) -> String {
    let Some(reply) = task.reply() else {
        return String::new();
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(
        (task.status() == Some(Status::Partial)).then(|| "partial: something usable came back, but not all".to_owned()),
    );
    parts.extend(reply.summary.clone());
    parts.extend(reply.checks.iter().map(|check| {
        let score = check.score.map(|score| format!(", score {score}")).unwrap_or_default();
        format!("check '{}': {}{score}", check.check, if check.ok { "holds" } else { "does not hold" })
    }));
    parts.extend(Some(shown(run, task, &reply.output)).filter(|output| !output.is_empty()));
    let mut text = String::new();
    for (name, words) in [("system-out", parts.join("\n")), ("system-err", shown(run, task, &reply.errors))] {
        if !words.is_empty() {
            line(&mut text, &format!("      <{name}>{}</{name}>", content(&words)));
        }
    }
    text
}

/// Returns an output as text; a large one is named, since it stands elsewhere.
fn shown(run: &RunId, task: &TaskReport, output: &Output) -> String {
    match output {
        Output::Blob { bytes, .. } => format!("{bytes} bytes: segno show {run} {}", task.address),
        Output::Inline(value) => match &**value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            value => format!("{value:#}"),
        },
    }
}
