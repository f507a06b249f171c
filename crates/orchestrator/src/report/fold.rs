//! Events in, `Report` out.

use std::time::Duration;

use super::left_out::{LeftOut, LeftOuts};
<<<<<<< HEAD
use super::rounds::LoopReport;
use super::steps::{Found, StepReport, steps};
use super::task::TaskReport;
use crate::model::{Event, Fact, Inputs, RunId, RunStatus, StepId, Timestamp, Usage};
use crate::plan::Plan;
=======
use crate::model::{
    Address, CacheNote, Event, Fact, Outcome, Parent, RunId, RunStatus, Skip, Source, Status, StepId, Timestamp,
};
use crate::plan::{Kind, Node, NodeId, Plan};
>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)

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
<<<<<<< HEAD
    /// The run that it is a fork of.
    pub parent: Option<RunId>,
    /// The only steps that it was asked for; empty when it was asked for all.
    pub only: Vec<StepId>,
=======
    /// The run that it goes on from, when it is a fork.
    pub parent: Option<Parent>,
>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
    /// Its steps, in the file's order.
    pub steps: Vec<StepReport>,
    /// What it was done without.
    pub left_out: Vec<LeftOut>,
}

<<<<<<< HEAD
=======
/// What became of a step: of all its tasks together.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step.
    pub step: StepId,
    /// How many named groups it lies in.
    pub depth: usize,
    /// What kind of step it is.
    pub shape: Shape,
    /// It, or a group round it, may fail without failing the run.
    pub optional: bool,
    /// Of its items only so many must be done.
    pub at_least: bool,
    /// It was come to, even if its list turned out to be empty.
    pub reached: bool,
    /// Its own tasks, in the order of their items; a group has none.
    pub tasks: Vec<TaskReport>,
}

/// What kind of step it is, as far as a report shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One task.
    One,
    /// A task for each item.
    Many,
    /// Steps inside it.
    Group,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskReport {
    /// The task.
    pub address: Address,
    /// Its item, as people call it.
    pub label: Option<String>,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// It was remembered.
    pub cached: bool,
    /// Its end was taken over from the run that this one is a fork of.
    pub kept: bool,
    /// Files that were written again.
    pub restored: Vec<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// How long the last attempt took; for a hit, what it took then.
    pub took: Duration,
    /// Why it ran though it may be remembered; empty at the first time.
    pub because: Vec<String>,
    /// It may be remembered.
    pub cacheable: bool,
}

>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
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
<<<<<<< HEAD
            only: Vec::new(),
=======
>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
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
<<<<<<< HEAD
=======
        if let Some(address) = event.fact.step() {
            let task = self.tasks.entry(address.clone()).or_insert_with(|| TaskReport::new(address));
            task.see(&event.fact);
            task.kept = self.report.parent.as_ref().is_some_and(|parent| event.seq <= parent.events + 1);
        }
>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
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
<<<<<<< HEAD
            Fact::RunStarted { flow, pinned, inputs, parent, only, .. } => {
                self.parent = parent.as_ref().map(|parent| parent.run.clone());
                self.only.clone_from(only);
=======
            Fact::RunStarted { flow, pinned, parent, .. } => {
                self.parent.clone_from(parent);
>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
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

    /// Returns what all calls cost together, as far as that is known. A remembered result cost nothing this time.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        self.tasks().filter(|task| !task.cached).for_each(|task| usage.add(&task.usage()));
        usage
    }

    /// Returns the time from its first event to its last.
    pub fn took(&self) -> Duration {
        self.touched.since(self.started)
    }
}

<<<<<<< HEAD
=======
impl StepReport {
    /// Says whether some of its tasks failed and others made up for it.
    pub(super) fn is_put_up_with(&self) -> bool {
        self.at_least
            && self.tasks.iter().any(|task| matches!(task.status(), Some(Status::Succeeded | Status::Partial)))
    }
}

impl TaskReport {
    fn new(address: &Address) -> TaskReport {
        TaskReport {
            address: address.clone(),
            label: None,
            outcome: None,
            cached: false,
            kept: false,
            restored: Vec::new(),
            attempts: 0,
            took: Duration::ZERO,
            because: Vec::new(),
            cacheable: false,
        }
    }

    fn see(&mut self, fact: &Fact) {
        match fact {
            Fact::StepStarted { attempt, label, cache, .. } => {
                self.attempts = *attempt;
                self.label.clone_from(label);
                if let CacheNote::Miss { because, .. } = cache {
                    self.cacheable = true;
                    // Only the first attempt asked the cache.
                    self.because.extend(because.iter().filter(|_| *attempt == 1).cloned());
                }
            }
            Fact::StepRetried { attempt, .. } => self.attempts = *attempt,
            Fact::StepEnded { outcome, source, took_ms, label, .. } => {
                self.outcome = Some(outcome.clone());
                self.took = Duration::from_millis(*took_ms);
                self.label.clone_from(label);
                if let Source::Cache { restored, .. } = source {
                    self.cached = true;
                    self.cacheable = true;
                    self.restored.clone_from(restored);
                }
            }
            Fact::Decided { taken: false, .. } => self.outcome = Some(Outcome::Skipped { because: Skip::Guard }),
            _ => {}
        }
    }

    /// Returns the bare status; `None` while it has not ended.
    pub fn status(&self) -> Option<Status> {
        self.outcome.as_ref().map(Outcome::status)
    }
}

/// Puts tasks under their steps, in the file's order. A step that a finished run never reached is there too.
fn steps(plan: &Plan, mut tasks: HashMap<Address, TaskReport>, status: RunStatus) -> Vec<StepReport> {
    let mut by_step: HashMap<StepId, Vec<TaskReport>> = HashMap::new();
    for (address, task) in tasks.drain() {
        by_step.entry(address.step).or_default().push(task);
    }
    let mut steps = Vec::new();
    let mut previous: Option<&StepId> = None;
    for node in plan.nodes().iter().filter(|node| !node.is_hidden()) {
        if previous == Some(&node.step) {
            continue;
        }
        previous = Some(&node.step);
        let is_task = plan.nodes_of(&node.step).iter().any(|node| node.task().is_some());
        let mut tasks = by_step.remove(&node.step).unwrap_or_default();
        let reached = !tasks.is_empty();
        tasks.retain(|task| task.attempts > 0 || task.outcome.is_some());
        tasks.sort_by(|one, other| one.address.indices.cmp(&other.address.indices));
        // What takes effects back stands in the report only when it was needed.
        let is_undo = node.step.as_str().starts_with("undo/");
        if tasks.is_empty() && is_task && (is_undo || status.is_resumable()) {
            continue;
        }
        let named = plan.path(node.id).into_iter().filter(|id| !plan.node(*id).is_hidden());
        let mut owners: Vec<&StepId> = named.map(|id| &plan.node(id).step).collect();
        owners.dedup();
        let fans_out = |node: &Node| matches!(node.kind, Kind::Each(_)) || !node.scope.is_empty();
        let shape = match plan.nodes_of(&node.step) {
            _ if !is_task && tasks.is_empty() => Shape::Group,
            nodes if nodes.iter().any(fans_out) => Shape::Many,
            _ => Shape::One,
        };
        let optional = plan.path(node.id).into_iter().any(|id| plan.node(id).optional);
        let counts = |id: &NodeId| match &plan.node(*id).kind {
            Kind::Each(fan) | Kind::Pipe(fan) => fan.at_least.is_some(),
            _ => false,
        };
        let at_least =
            plan.path(node.id).iter().chain(plan.nodes_of(&node.step).iter().map(|node| &node.id)).any(counts);
        steps.push(StepReport {
            step: node.step.clone(),
            depth: owners.len().saturating_sub(1),
            shape,
            optional,
            at_least,
            reached,
            tasks,
        });
    }
    without_empty_groups(steps)
}

/// Takes out groups under which nothing stands.
fn without_empty_groups(steps: Vec<StepReport>) -> Vec<StepReport> {
    let mut kept: Vec<StepReport> = Vec::with_capacity(steps.len());
    for step in steps.into_iter().rev() {
        let holds = kept.last().is_some_and(|next| next.depth > step.depth);
        if step.shape != Shape::Group || holds {
            kept.push(step);
        }
    }
    kept.reverse();
    kept
}

>>>>>>> 05142a1 (Marks, and forks that keep of a run what still holds: by step, item, round, mark, input or definition)
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
        Fact::StepEnded { step: step.parse().unwrap(), outcome, source: Source::Ran, took_ms: 1, label: None }
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
