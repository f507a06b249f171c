//! Compares what came of a run with what was expected, and says each difference.

use serde_json::Value;

use super::actors::Actors;
use super::bounds::Bounds;
use super::expect::{Expect, Named, StepExpect};
use super::mock::kind_name;
use super::observed::{Look, Observed};
use crate::journal::Blobs;
use crate::model::{Address, Outcome, Output, Reply, RunStatus, Status};
use crate::report::short_duration;
use crate::report::words::cut;

/// The longest value that is shown, in letters.
const MAX_SHOWN: usize = 200;
/// How far sums of money may be apart and still be the same: they are no exact numbers.
const CENT_OF_CENT: f64 = 1e-9;

/// Something that is not as it was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What: `steps.check.status`.
    pub what: String,
    /// What was expected; empty where nothing of the kind was.
    pub expected: String,
    /// What is.
    pub got: String,
}

impl Breach {
    pub(super) fn new(what: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Breach {
        Breach { what: what.into(), expected: expected.into(), got: got.into() }
    }
}

/// Compares a run with what was expected of it.
pub(super) fn breaches(expect: &Expect, observed: &Observed, actors: &Actors, blobs: &Blobs) -> Vec<Breach> {
    let mut verdict = Verdict { observed, actors, blobs, breaches: Vec::new() };
    verdict.status(expect.status.unwrap_or(RunStatus::Succeeded));
    expect.steps.iter().for_each(|(named, step)| verdict.step(named, step));
    verdict.order(&expect.order);
    expect.not_run.iter().for_each(|named| verdict.not_run(named));
    expect.outputs.iter().for_each(|(named, value)| {
        let got = observed.state.outputs().and_then(|outputs| outputs.get(&named.name)).cloned();
        verdict.value(&format!("outputs.{}", named.name), value, got);
    });
    expect.data.iter().for_each(|(named, value)| {
        let got = observed.state.data().get(&named.name).cloned();
        verdict.value(&format!("data.{}", named.name), value, got);
    });
    verdict.figures(expect);
    verdict.breaches
}

struct Verdict<'v> {
    observed: &'v Observed,
    actors: &'v Actors,
    blobs: &'v Blobs,
    breaches: Vec<Breach>,
}

impl Verdict<'_> {
    fn breach(&mut self, what: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) {
        self.breaches.push(Breach::new(what, expected, got));
    }

    fn status(&mut self, expected: RunStatus) {
        if self.observed.status != Some(expected) {
            let got = self.observed.status.map_or("not ended", RunStatus::name);
            self.breach("status", expected.name(), got);
        }
    }

    fn step(&mut self, named: &Named, expected: &StepExpect) {
        let Ok(address) = named.name.parse::<Address>() else { return };
        let what = format!("steps.{}", named.name);
        match self.observed.look(&address) {
            Look::Task(status, task, outcome) => {
                self.ended(&what, expected, Some(status), &told(&outcome));
                self.left(&what, expected, &task, &outcome);
            }
            Look::Group(status) => {
                self.ended(&what, expected, Some(status), status.name());
                self.only_of_a_task(&what, expected, "it is several steps or items: name one of them");
            }
            Look::Several(tasks) => {
                for task in &tasks {
                    if let Some(outcome) = self.observed.outcome(task) {
                        self.ended(&format!("steps.{task}"), expected, Some(outcome.status()), &told(outcome));
                    }
                }
                let name = tasks.first().map(ToString::to_string).unwrap_or_default();
                self.only_of_a_task(&what, expected, &format!("there are {} of it: name one, as {name}", tasks.len()));
            }
            Look::Unended => self.ended(&what, expected, None, "it has not ended"),
            // Whoever expects it to be left out need not know by whom.
            Look::Unreached if expected.status == Some(Status::Skipped) => {}
            Look::Unreached => {
                let status = expected.status.map_or("reached", Status::name);
                self.breach(what, status, "it was not reached");
            }
        }
    }

    fn ended(&mut self, what: &str, expected: &StepExpect, status: Option<Status>, got: &str) {
        if let Some(wanted) = expected.status.filter(|wanted| Some(*wanted) != status) {
            self.breach(what, wanted.name(), got);
        }
    }

    fn only_of_a_task(&mut self, what: &str, expected: &StepExpect, why: &str) {
        let StepExpect { status: _, attempts, output, has, errors, error, code, summary, quality } = expected;
        let texts = [has, errors, error, summary].iter().any(|text| text.is_some());
        if texts || attempts.is_some() || output.is_some() || code.is_some() || quality.is_some() {
            self.breach(what, "what one task left", why);
        }
    }

    /// Compares what a task left.
    fn left(&mut self, what: &str, expected: &StepExpect, task: &Address, outcome: &Outcome) {
        let StepExpect { status: _, attempts, output, has, errors, error, code, summary, quality } = expected;
        let none = Reply::default();
        let reply = outcome.reply().unwrap_or(&none);
        self.bounds(&format!("{what}.attempts"), *attempts, u64::from(self.observed.attempts(task)));
        if let Some(output) = output {
            self.value(&format!("{what}.output"), output, Some(self.output(&reply.output)));
        }
        self.has(&format!("{what}.output"), has.as_deref(), &plain(&self.output(&reply.output)));
        self.has(&format!("{what}.errors"), errors.as_deref(), &plain(&self.output(&reply.errors)));
        self.has(&format!("{what}.error"), error.as_deref(), outcome.fault().map_or("", |fault| fault.message()));
        self.has(&format!("{what}.summary"), summary.as_deref(), reply.summary.as_deref().unwrap_or_default());
        if let Some(code) = code {
            let got = reply.code.and_then(|code| u64::try_from(code).ok());
            if got.is_none_or(|got| !code.admit(got)) {
                let got = got.map_or("no exit code".to_owned(), |code| code.to_string());
                self.breach(format!("{what}.code"), code.to_string(), got);
            }
        }
        if let Some(quality) = quality {
            let got = reply.quality.unwrap_or(match outcome.status() {
                Status::Succeeded => 1.0,
                Status::Partial => 0.5,
                Status::Failed | Status::Skipped => 0.0,
            });
            self.bounds(&format!("{what}.quality"), Some(*quality), got);
        }
    }

    fn output(&self, output: &Output) -> Value {
        self.blobs.value(output).unwrap_or_else(|fault| Value::String(fault.message().to_owned()))
    }

    fn value(&mut self, what: &str, expected: &Value, got: Option<Value>) {
        match got {
            Some(got) if is_same(expected, &got) => {}
            Some(got) => self.breach(what, shown(expected), shown(&got)),
            None => self.breach(what, shown(expected), "it is not there"),
        }
    }

    fn has(&mut self, what: &str, expected: Option<&str>, got: &str) {
        if let Some(expected) = expected.filter(|expected| !got.contains(*expected)) {
            self.breach(
                what,
                format!("a text with '{}'", cut(expected, MAX_SHOWN)),
                format!("'{}'", cut(got, MAX_SHOWN)),
            );
        }
    }

    fn bounds<T: Copy + PartialOrd + ToString>(&mut self, what: &str, expected: Option<Bounds<T>>, got: T)
    where
        Bounds<T>: ToString,
    {
        if let Some(expected) = expected.filter(|expected| !expected.admit(got)) {
            self.breach(what, expected.to_string(), got.to_string());
        }
    }

    fn order(&mut self, names: &[Named]) {
        let place = |named: &Named| named.name.parse().ok().and_then(|name: Address| self.observed.began(&name));
        let places: Vec<Option<usize>> = names.iter().map(place).collect();
        let in_order = places.iter().all(Option::is_some) && places.is_sorted();
        if in_order || names.is_empty() {
            return;
        }
        let names: Vec<&str> = names.iter().map(|named| named.name.as_str()).collect();
        let mut began: Vec<(usize, &str)> =
            names.iter().zip(&places).filter_map(|(name, place)| Some(((*place)?, *name))).collect();
        began.sort_unstable();
        let mut got: Vec<&str> = began.into_iter().map(|(_, name)| name).collect();
        let missing: Vec<&str> =
            names.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(name, _)| *name).collect();
        let never = format!("and never: {}", missing.join(", "));
        got.extend((!missing.is_empty()).then_some(never.as_str()));
        self.breaches.push(Breach::new("order", names.join(", "), got.join(", ")));
    }

    fn not_run(&mut self, named: &Named) {
        let Ok(address) = named.name.parse::<Address>() else { return };
        if self.observed.began(&address).is_some() {
            self.breach(format!("not_run.{}", named.name), "it does not begin", "it began");
        }
    }

    fn figures(&mut self, expect: &Expect) {
        let usage = self.actors.usage();
        let cost = usage.cost_usd.unwrap_or(0.0);
        let nearly = |bounds: Bounds<f64>| Bounds {
            min: bounds.min.map(|min| min - CENT_OF_CENT),
            max: bounds.max.map(|max| max + CENT_OF_CENT),
        };
        if let Some(expected) = expect.cost.filter(|expected| !nearly(*expected).admit(cost)) {
            self.breach("cost", format!("{expected} USD"), format!("{cost} USD"));
        }
        let tokens = usage.tokens_in.unwrap_or(0) + usage.tokens_out.unwrap_or(0);
        self.bounds("tokens", expect.tokens, tokens);
        for (named, expected) in &expect.calls {
            let got = self.actors.calls(&named.name);
            self.bounds(&format!("calls.{}", named.name), Some(*expected), got);
        }
        if let Some(expected) = expect.took.filter(|expected| !expected.admit(self.observed.took)) {
            self.breach("took", expected.to_string(), short_duration(self.observed.took));
        }
        for (named, expected) in &expect.rounds {
            let got = named.name.parse().ok().and_then(|name: Address| self.observed.rounds(&name));
            match got {
                Some(got) => self.bounds(&format!("rounds.{}", named.name), Some(*expected), got),
                None if expected.admit(0) => {}
                None => self.breach(format!("rounds.{}", named.name), expected.to_string(), "it was not reached"),
            }
        }
    }
}

/// Says how a task ended, and why when it failed.
pub(super) fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { fault, .. } => {
            format!("failed: {} ({})", cut(fault.message(), MAX_SHOWN), kind_name(fault.kind()))
        }
        outcome => outcome.status().name().to_owned(),
    }
}

/// Compares values; a whole number is the same with and without a point.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        (one, other) => one == other,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string(), MAX_SHOWN)
}
