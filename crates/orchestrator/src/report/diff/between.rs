//! Two reports in, what differs between them out.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use super::lines::{Line, differing};
use crate::model::{Address, Output, RunId, RunStatus, Status};
use crate::report::fold::Report;
use crate::report::steps::StepReport;
use crate::report::task::TaskReport;
use crate::report::words::without_escapes;

/// Less than this is no difference in time.
const MIN_CHANGE: Duration = Duration::from_secs(1);

/// Less than this is no difference in money, in US dollars.
const MIN_COST: f64 = 0.01;

/// The most lines of an output's difference that are told.
const MAX_LINES: usize = 10;

/// What differs between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// The two runs.
    pub runs: [RunFacts; 2],
    /// Inputs that differ, by name.
    pub inputs: Vec<InputChange>,
    /// Tasks that differ, in the order of the first run's file; those that only the second has come last.
    pub tasks: Vec<TaskDiff>,
    /// How many tasks are the same.
    pub same: usize,
}

/// What a run was, on the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts {
    /// The run.
    pub run: RunId,
    /// Its workflow.
    pub flow: String,
    /// Its workflow's file.
    pub path: String,
    /// Where it stands.
    pub status: RunStatus,
    /// From its first event to its last.
    pub took: Duration,
    /// Its quality, if anything that counts has ended.
    pub quality: Option<f64>,
}

/// An input that differs; `None` where a run does not have it.
#[derive(Clone, Debug, PartialEq)]
pub struct InputChange {
    /// Its name.
    pub name: String,
    /// What each run was given.
    pub values: [Option<Value>; 2],
}

/// A task that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskDiff {
    /// The task, as the first run that has it calls it.
    pub address: Address,
    /// Its item, as people call it.
    pub label: Option<String>,
    /// What became of it in each run; `None` where the run does not have it.
    pub sides: [Option<Side>; 2],
    /// How its output differs, if both runs have one.
    pub output: Option<OutputChange>,
}

/// What became of a task in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// How it ended; `None` while it has not.
    pub status: Option<Status>,
    /// It was remembered.
    pub cached: bool,
    /// It was taken over from the run that this one is a fork of.
    pub taken_over: bool,
    /// The agent that gave the result; `run` for a command.
    pub agent: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// How long it took.
    pub took: Duration,
    /// What it cost in US dollars, where that is known.
    pub cost_usd: Option<f64>,
    /// Its quality, if it counts.
    pub quality: Option<f64>,
    /// Why it ran though it may be remembered.
    pub because: Vec<String>,
    /// Why it failed.
    pub fault: Option<String>,
}

/// How two outputs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputChange {
    /// The first lines that only one of them has.
    pub lines: Vec<Line>,
    /// How many more there are.
    pub more: usize,
}

impl Diff {
    /// Compares two runs. `text` reads an output, wherever it stands; `None` when it is gone.
    pub fn between(one: &Report, other: &Report, text: &dyn Fn(&Output) -> Option<String>) -> Diff {
        let (mut tasks, mut same) = (Vec::new(), 0);
        for pair in pairs(one, other) {
            match differ(pair, text) {
                Some(diff) => tasks.push(diff),
                None => same += 1,
            }
        }
        Diff { runs: [facts(one), facts(other)], inputs: inputs(one, other), tasks, same }
    }

    /// Says whether the runs are alike but for how long they took.
    pub fn is_empty(&self) -> bool {
        let [one, other] = &self.runs;
        one.status == other.status && one.flow == other.flow && self.inputs.is_empty() && self.tasks.is_empty()
    }
}

fn facts(report: &Report) -> RunFacts {
    RunFacts {
        run: report.run.clone(),
        flow: report.flow.clone(),
        path: report.path.clone(),
        status: report.status,
        took: report.took(),
        quality: report.quality().map(|quality| quality.value),
    }
}

fn inputs(one: &Report, other: &Report) -> Vec<InputChange> {
    let names: BTreeSet<&String> = one.inputs.keys().chain(other.inputs.keys()).collect();
    let change = |name: &String| InputChange {
        name: name.clone(),
        values: [one.inputs.get(name).cloned(), other.inputs.get(name).cloned()],
    };
    names.into_iter().map(change).filter(|change| change.values[0] != change.values[1]).collect()
}

/// A task as it stands in each run.
type Pair<'r> = [Option<&'r TaskReport>; 2];

/// Puts tasks beside each other. Items go by what people call them where that is unique: a list that got a new item at its
/// head is still the same list.
fn pairs<'r>(one: &'r Report, other: &'r Report) -> Vec<Pair<'r>> {
    let mut theirs: HashMap<_, &StepReport> = other.steps.iter().map(|step| (&step.step, step)).collect();
    let mut pairs: Vec<Pair<'r>> = Vec::new();
    for step in &one.steps {
        let tasks = theirs.remove(&step.step).map_or(&[][..], |step| &step.tasks);
        pairs.extend(pairs_of_step(&step.tasks, tasks));
    }
    let left = other.steps.iter().filter(|step| theirs.contains_key(&step.step));
    pairs.extend(left.flat_map(|step| &step.tasks).map(|task| [None, Some(task)]));
    pairs
}

fn pairs_of_step<'r>(mine: &'r [TaskReport], theirs: &'r [TaskReport]) -> Vec<Pair<'r>> {
    let by_label = has_own_labels(mine) && has_own_labels(theirs);
    let name = |task: &'r TaskReport| match by_label {
        true => task.label.clone().unwrap_or_default(),
        false => task.address.to_string(),
    };
    let mut left: HashMap<String, &TaskReport> = theirs.iter().map(|task| (name(task), task)).collect();
    let mut pairs: Vec<Pair<'r>> = mine.iter().map(|task| [Some(task), left.remove(&name(task))]).collect();
    pairs.extend(theirs.iter().filter(|task| left.contains_key(&name(task))).map(|task| [None, Some(task)]));
    pairs
}

fn has_own_labels(tasks: &[TaskReport]) -> bool {
    let labels: HashSet<&String> = tasks.iter().filter_map(|task| task.label.as_ref()).collect();
    !tasks.is_empty() && labels.len() == tasks.len()
}

/// Says what differs between two sides of a task, if anything does.
fn differ(pair: Pair<'_>, text: &dyn Fn(&Output) -> Option<String>) -> Option<TaskDiff> {
    let task = pair[0].or(pair[1])?;
    let sides = pair.map(|task| task.map(Side::of));
    let output = output_change(pair, text);
    let is_same = match &sides {
        [Some(one), Some(other)] => one.is_like(other) && output.is_none(),
        _ => false,
    };
    (!is_same).then(|| TaskDiff { address: task.address.clone(), label: task.label.clone(), sides, output })
}

fn output_change(pair: Pair<'_>, text: &dyn Fn(&Output) -> Option<String>) -> Option<OutputChange> {
    let output = |task: &TaskReport| task.reply().map(|reply| reply.output.clone());
    let (one, other) = (pair[0].and_then(output)?, pair[1].and_then(output)?);
    if one == other {
        return None;
    }
    let mut lines = match (text(&one), text(&other)) {
        (Some(one), Some(other)) => differing(&without_escapes(&one), &without_escapes(&other)),
        _ => Vec::new(),
    };
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    Some(OutputChange { lines, more })
}

impl Side {
    fn of(task: &TaskReport) -> Side {
        Side {
            status: task.status(),
            cached: task.cached,
            taken_over: task.taken_over,
            agent: task.agent.as_deref().map(str::to_owned),
            attempts: task.attempts,
            took: task.took,
            cost_usd: task.usage().cost_usd,
            quality: task.quality(),
            because: task.because.clone(),
            fault: task.fault().map(|fault| fault.message().to_owned()),
        }
    }

    /// Says whether two sides are alike. Time and cost count only where they changed by half, and by something.
    fn is_like(&self, other: &Side) -> bool {
        fn told(side: &Side) -> impl PartialEq {
            (side.status, side.cached, side.taken_over, side.attempts, &side.agent, &side.fault)
        }
        told(self) == told(other)
            && self.quality == other.quality
            && !self.is_other_time(other)
            && !self.is_other_cost(other)
    }

    fn is_free(&self) -> bool {
        self.cached || self.taken_over
    }

    /// Says whether the costs differ by enough to be told: both are known, by half of the smaller one, and by a cent.
    pub(super) fn is_other_cost(&self, other: &Side) -> bool {
        let (Some(one), Some(other_cost)) = (self.cost_usd, other.cost_usd) else { return false };
        let (low, high) = (one.min(other_cost), one.max(other_cost));
        !self.is_free() && !other.is_free() && high - low >= MIN_COST && high >= low * 1.5
    }

    /// Says whether the times differ by enough to be told: both ran, by half of the shorter one, and by a second.
    pub(super) fn is_other_time(&self, other: &Side) -> bool {
        let (short, long) = (self.took.min(other.took), self.took.max(other.took));
        !self.is_free() && !other.is_free() && long - short >= MIN_CHANGE && long >= short * 3 / 2
    }
}
