//! Events in, `Report` out.

use std::time::Duration;

use super::left_out::{LeftOut, LeftOuts};
use super::rounds::LoopReport;
use super::steps::{Found, StepReport, steps};
use super::task::TaskReport;
use crate::model::{Event, Fact, Inputs, RunId, RunStatus, StepId, Timestamp, Usage};
use crate::plan::Plan;

/// What a run was.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// Its workflow.
    pub flow: String,
    /// The workflow's file.
    pub path: String,
    /// What it was given, after defaults.
    pub inputs: Inputs,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it is paused, or why it ended as it did where that is not plain.
    pub reason: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When something was last recorded.
    pub touched: Timestamp,
    /// How often it was resumed.
    pub resumed: usize,
    /// The run that it is a fork of.
    pub parent: Option<RunId>,
    /// The only steps that it was asked for; empty when it was asked for all.
    pub only: Vec<StepId>,
    /// Its steps, in the file's order.
    pub steps: Vec<StepReport>,
    /// What it was done without.
    pub left_out: Vec<LeftOut>,
}

/// A report in the making: shown one event after the other, so that a long run need not be held in memory.
#[derive(Clone, Debug)]
pub struct ReportFold {
    report: Report,
    found: Found,
    left_out: LeftOuts,
}

impl ReportFold {
    /// Begins the report of a run.
    pub fn new(run: &RunId) -> ReportFold {
        let report = Report {
            run: run.clone(),
            flow: String::new(),
            path: String::new(),
            inputs: Inputs::default(),
            status: RunStatus::Running,
            reason: None,
            started: Timestamp::default(),
            touched: Timestamp::default(),
            resumed: 0,
            parent: None,
            only: Vec::new(),
            steps: Vec::new(),
            left_out: Vec::new(),
        };
        ReportFold { report, found: Found::default(), left_out: LeftOuts::default() }
    }

    /// Takes one event in.
    pub fn see(&mut self, event: &Event) {
        if event.seq == 1 {
            self.report.started = event.at;
        }
        self.report.touched = event.at;
        self.report.see(&event.fact);
        self.found.see(event);
        self.left_out.see(event);
    }

    /// Ends the report. `owned` says whether some process is at work on the run.
    pub fn finish(self, plan: &Plan, owned: bool) -> Report {
        let ReportFold { mut report, found, left_out } = self;
        if report.status == RunStatus::Running && !owned {
            (report.status, report.reason) = (RunStatus::Paused, Some("interrupted".into()));
        }
        report.steps = steps(plan, found, report.status);
        report.left_out = left_out.finish(&report.steps);
        report
    }
}

impl Report {
    /// Folds a run's events; see `ReportFold`.
    pub fn of<'e>(run: &RunId, plan: &Plan, events: impl IntoIterator<Item = &'e Event>, owned: bool) -> Report {
        let mut fold = ReportFold::new(run);
        events.into_iter().for_each(|event| fold.see(event));
        fold.finish(plan, owned)
    }

    fn see(&mut self, fact: &Fact) {
        match fact {
            Fact::RunStarted { flow, pinned, inputs, parent, only, .. } => {
                self.parent = parent.as_ref().map(|parent| parent.run.clone());
                self.only.clone_from(only);
                self.flow.clone_from(flow);
                self.path.clone_from(&pinned.path);
                self.inputs.clone_from(inputs);
            }
            Fact::RunResumed { .. } => {
                self.resumed += 1;
                (self.status, self.reason) = (RunStatus::Running, None);
            }
            Fact::RunPaused { reason } => (self.status, self.reason) = (RunStatus::Paused, Some(reason.clone())),
            Fact::RunEnded { status, reason } => {
                self.status = *status;
                self.reason.clone_from(reason);
            }
            _ => {}
        }
    }

    /// Returns all tasks.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskReport> {
        self.steps.iter().flat_map(|step| &step.tasks)
    }

    /// Returns the loops.
    pub fn loops(&self) -> impl Iterator<Item = &LoopReport> {
        self.steps.iter().flat_map(|step| &step.loops)
    }

    /// Returns what all calls cost together, as far as that is known. A remembered result cost nothing this time,
    /// and neither did one that was taken over from another run.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        self.tasks().filter(|task| !task.is_free()).for_each(|task| usage.add(&task.usage()));
        usage
    }

    /// Returns the time from its first event to its last.
    pub fn took(&self) -> Duration {
        self.touched.since(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CacheNote, Outcome, Owner, Reply, Source};
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    const FLOW: &str = "
flow: demo
steps:
  - id: group
    optional: true
    parallel:
      - { id: a, run: [x] }
      - { id: b, if: 'true', each: [1, 2], run: [x], else: [{ id: c, run: [x] }] }
  - { id: d, run: [x] }
";

    /// Folds facts and shows the run and each step: `depth step shape optional: tasks with status and attempts`.
    fn check(facts: Vec<Fact>, owned: bool, expected: &[&str]) {
        let plan = compile(&parse(FLOW, "a.yaml").unwrap(), "a.yaml", &Catalog::default()).unwrap();
        let event = |(index, fact)| Event { seq: index as u64 + 1, at: Timestamp(index as u64), fact };
        let events: Vec<Event> = facts.into_iter().enumerate().map(event).collect();
        let report = Report::of(&RunId::new("r").unwrap(), &plan, &events, owned);
        let task = |task: &TaskReport| format!(" {}={:?}/{}", task.address, task.status(), task.attempts);
        let step = |step: &StepReport| {
            let tasks: String = step.tasks.iter().map(task).collect();
            let optional = if step.optional { "?" } else { "" };
            format!("{} {}{optional} {:?}:{tasks}", step.depth, step.step, step.shape)
        };
        let run = format!("{} {:?} resumed {}", report.status.name(), report.reason, report.resumed);
        let shown: Vec<String> = std::iter::once(run).chain(report.steps.iter().map(step)).collect();
        assert_eq!(shown, expected);
    }

    fn began(step: &str, attempt: u32) -> Fact {
        Fact::StepStarted { step: step.parse().unwrap(), attempt, label: None, cache: CacheNote::Off }
    }

    fn done(step: &str) -> Fact {
        let outcome = Outcome::of_reply(Reply::default());
        Fact::StepEnded {
            step: step.parse().unwrap(),
            outcome,
            source: Source::Ran,
            took_ms: 1,
            decision: None,
            label: None,
        }
    }

    fn decided(taken: bool) -> Fact {
        Fact::Decided { step: "b".parse().unwrap(), taken, left_out: false }
    }

    #[test]
    fn tasks_stand_under_their_steps_in_the_files_order() {
        check(
            vec![
                decided(true),
                began("b[1]", 1),
                began("a", 2),
                done("b[1]"),
                done("a"),
                began("b[0]", 1),
                done("b[0]"),
            ],
            true,
            &[
                "running None resumed 0",
                "0 group? Group:",
                "1 a? One: a=Some(Succeeded)/2",
                "1 b? Many: b[0]=Some(Succeeded)/1 b[1]=Some(Succeeded)/1",
            ],
        );
    }

    #[test]
    fn a_branch_not_taken_and_steps_not_reached_are_told_once_the_run_is_over() {
        check(
            vec![decided(false), began("c", 1), done("c"), Fact::RunEnded { status: RunStatus::Failed, reason: None }],
            false,
            &[
                "failed None resumed 0",
                "0 group? Group:",
                "1 a? One:",
                "1 b? Many: b=Some(Skipped)/0",
                "2 c? One: c=Some(Succeeded)/1",
                "0 d One:",
            ],
        );
    }

    #[test]
    fn a_run_whose_owner_is_gone_is_paused() {
        let owner = Owner::default;
        let resumed = || vec![Fact::RunPaused { reason: "interrupted".into() }, Fact::RunResumed { owner: owner() }];
        check(resumed(), true, &["running None resumed 1"]);
        check(resumed(), false, &["paused Some(\"interrupted\") resumed 1"]);
    }
}
