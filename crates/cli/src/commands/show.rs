//! `segno show [RUN] [STEP]`: what a run did with its figures, or the whole output of one task.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use segno_errors::{Fault, Kind};
use segno_monitor::Figures;
use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::{Address, Outcome, Output, Reply};
use segno_orchestrator::report::{Look, Report, Shape, StepReport, TaskReport, short_duration};
use segno_orchestrator::state::Mark;
use serde_json::{Value, json};

use crate::args::ShowArguments;
use crate::exit::{End, Failure};
use crate::format::Format;
use crate::session::{Session, Stored};
use crate::terminal::{Terminal, print};

pub(super) fn show(arguments: &ShowArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let entry = session.entry(arguments.run.as_deref())?;
    let run = entry.id.clone();
    let format = if arguments.json { Format::Json } else { arguments.format };
    if arguments.step.is_none() && format == Format::Text {
        print(&text(&session, &entry)?);
        return Ok(End::Done);
    }
    let stored = session.read(&run)?;
    match (&arguments.step, format) {
        (Some(step), _) => print(&output(&session, &stored, step)?),
        (None, Format::Json) => {
            let mut report = stored.report.to_json();
            let marks = session.engine().marks(&run, &stored.definition)?;
            report["marks"] = marks.iter().map(mark).collect();
            report["figures"] = serde_json::to_value(&stored.figures).unwrap_or_default();
            print(&format!("{report:#}\n"));
        }
        (None, format) => print(&format.write(&stored.report, look())),
    }
    Ok(End::Done)
}

fn look() -> Look {
    Look { unicode: Terminal::look().unicode, rows: usize::MAX }
}

/// Returns the text of a run. A run that has ended stays as it is: what took long to read is remembered. Should its events be
/// damaged later, `segno doctor` says so.
fn text(session: &Session, entry: &RunEntry) -> Result<String, Failure> {
    if let Some(memory) = &session.setup.memory
        && let Some(text) = memory.recall(&made_from(session, entry))
    {
        return Ok(text);
    }
    let begun = Instant::now();
    let Stored { definition, report, figures, damage } = session.read(&entry.id)?;
    let marks = session.engine().marks(&entry.id, &definition)?;
    let text = whole(session, &report, &figures, &marks);
    if begun.elapsed() > LONG && damage.is_none() && !entry.status.is_resumable() {
        keep(session, entry, &text);
    }
    Ok(text)
}

/// Writes down what is told of a run that has just ended. That it cannot be is no error.
pub(super) fn keep_whole(session: &Session, report: &Report, figures: &Figures, marks: &[Mark]) {
    if let Ok(entry) = session.entry(Some(report.run.as_str()))
        && !entry.status.is_resumable()
    {
        keep(session, &entry, &whole(session, report, figures, marks));
    }
}

/// Writes all that is told of a run.
fn whole(session: &Session, report: &Report, figures: &Figures, marks: &[Mark]) -> String {
    format!("{}{}", report.summary(look()), told(session, report, figures, marks))
}

/// Remembers what is told of a run that has ended.
fn keep(session: &Session, entry: &RunEntry, text: &str) {
    if let Some(memory) = &session.setup.memory {
        memory.keep(&format!("show/{}", entry.id), &made_from(session, entry), text);
    }
}

/// Returns what the text of a run hangs on: whatever is recorded of it changes when it was touched last.
fn made_from(session: &Session, entry: &RunEntry) -> [(&'static str, String); 5] {
    [
        ("run", entry.id.to_string()),
        ("touched", entry.touched.0.to_string()),
        ("status", entry.status.name().to_owned()),
        ("folder", session.project.root().display().to_string()),
        ("unicode", look().unicode.to_string()),
    ]
}

/// What takes longer to make is remembered.
const LONG: Duration = Duration::from_millis(50);
/// The most marks that are listed; all of them are in the JSON.
const MAX_MARKS: usize = 12;

fn mark(mark: &Mark) -> Value {
    json!({ "name": mark.name, "seq": mark.seq, "at_ms": mark.at.0 })
}

/// Lists the newest marks, oldest first.
fn listed(marks: &[Mark]) -> String {
    let shown = &marks[marks.len().saturating_sub(MAX_MARKS)..];
    let names: Vec<&str> = shown.iter().map(|mark| mark.name.as_str()).collect();
    match marks.len() - shown.len() {
        0 => names.join(", "),
        more => format!("{more} earlier, {}", names.join(", ")),
    }
}

/// The figures of the run, and where more stands.
fn told(session: &Session, report: &Report, figures: &Figures, marks: &[Mark]) -> String {
    let mut text = String::from("\n");
    let mut row = |name: &str, words: String| writeln!(text, "  {name:<12}{words}").expect("a string takes any text");
    let at_once = figures.parallelism.map(|factor| format!(", {factor:.1} at once")).unwrap_or_default();
    row(
        "time",
        format!("{} working, {} in steps{at_once}", short_duration(figures.wall), short_duration(figures.busy)),
    );
    if figures.cached > 0 {
        let restored =
            if figures.restored > 0 { format!(", {} files restored", figures.restored) } else { String::new() };
        row("cache", format!("{} hits saved {}{restored}", figures.cached, short_duration(figures.saved)));
    }
    if figures.retries > 0 {
        row("retries", format!("{} retries, {} waited", figures.retries, short_duration(figures.waited)));
        for retried in &figures.retried {
            row("", format!("{}: {}", named(&retried.address, retried.label.as_ref()), retried.message));
        }
    }
    if figures.resumed > 0 {
        row("resumed", format!("{} times", figures.resumed));
    }
    for (index, slow) in figures.slowest.iter().enumerate() {
        let name = if index == 0 { "slowest" } else { "" };
        row(name, format!("{}  {}", short_duration(slow.took), named(&slow.address, slow.label.as_ref())));
    }
    if let Some(parent) = &report.parent {
        row("fork of", format!("{parent}, {} tasks kept", figures.taken_over));
    }
    if !marks.is_empty() {
        row("marks", listed(marks));
    }
    row("log", session.project.name(&session.project.log(&report.run)));
    row("file", report.path.clone());
    text
}

fn named(address: &Address, label: Option<&String>) -> String {
    label.map_or(address.to_string(), |label| format!("{address} {label}"))
}

/// Returns what a task produced, whole.
fn output(session: &Session, stored: &Stored, step: &str) -> Result<String, Failure> {
    let task = task(stored, step)?;
    let Some(reply) = task.outcome.as_ref().and_then(Outcome::reply) else {
        let status = task.status().map_or("has not ended", |status| status.name());
        return Err(Fault::new(Kind::Validation, format!("'{step}' {status}; it has no output")).into());
    };
    let text = |output: &Output| -> Result<String, Failure> {
        Ok(match session.setup.blobs.value(output)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            value => format!("{value:#}"),
        })
    };
    let Reply { output, errors, .. } = reply;
    let (output, errors) = (text(output)?, text(errors)?);
    let end = |text: &str| {
        if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }
    };
    let errors = match errors.is_empty() {
        true => String::new(),
        false => format!("--- errors\n{errors}{}", end(&errors)),
    };
    Ok(format!("{output}{}{errors}", end(&output)))
}

/// Finds a task of a run by its address.
pub(super) fn task<'s>(stored: &'s Stored, step: &str) -> Result<&'s TaskReport, Failure> {
    let address: Address = step
        .parse()
        .map_err(|bad: segno_orchestrator::model::BadAddress| Fault::new(Kind::Validation, bad.to_string()))?;
    let found = stored.report.tasks().find(|task| task.address == address);
    found.ok_or_else(|| no_task(&stored.report, &address).into())
}

/// Says why a run has no such task, and which ones it has.
fn no_task(report: &Report, address: &Address) -> Fault {
    let run = &report.run;
    let fault = |message: String| Fault::new(Kind::Validation, message);
    let unknown = || fault(format!("run {run} has no task '{address}'"));
    let steps = || report.steps.iter().filter(|step| step.shape != Shape::Group);
    match steps().find(|step| step.step == address.step) {
        Some(StepReport { step, tasks, .. }) if !tasks.is_empty() => {
            unknown().hint(format!("it has {} items: {step}[0], ..", tasks.len()))
        }
        Some(step) if step.reached => fault(format!("'{}' had no items in run {run}", step.step)),
        Some(step) => fault(format!("'{}' was not reached in run {run}", step.step)),
        None => {
            let names: Vec<&str> = steps().map(|step| step.step.as_str()).collect();
            unknown().hint(format!("its steps are: {}", names.join(", ")))
        }
    }
}
