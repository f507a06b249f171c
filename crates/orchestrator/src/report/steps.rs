//! Tasks put under their steps, in the file's order.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::rounds::{Asked, LoopReport, loops};
use super::task::TaskReport;
use crate::model::{Address, Event, Fact, RunStatus, Status, StepId};
use crate::plan::{Kind, Node, NodeId, Plan};

/// What became of a step: of all its tasks together.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step.
    pub step: StepId,
    /// How many named groups it lies in.
    pub depth: usize,
    /// What kind of step it is.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// It, or a group round it, may fail without failing the run.
    pub optional: bool,
    /// Of its items only so many must be done.
    pub at_least: bool,
    /// It was come to, even if its list turned out to be empty.
    pub reached: bool,
    /// How much it counts for the quality of the run: its own weight, times that of each group round it.
    pub weight: f64,
    /// The value by which a case was chosen, for a step with cases.
    pub chosen: Option<String>,
    /// Its tasks are rounds of loops, and not items of a list too.
    pub in_rounds: bool,
    /// Its loops: one for each item round it.
    pub loops: Vec<LoopReport>,
    /// Its own tasks, in the order of their rounds and items; a group has none.
    pub tasks: Vec<TaskReport>,
}

/// What kind of step it is, as far as a report shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One task.
    One,
    /// A task for each item or round.
    Many,
    /// Steps inside it.
    Group,
}

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The work itself.
    Work,
    /// It runs when something else has failed: it mends or cleans up, and what it does is no part of the result.
    OnFailure,
    /// It takes back what another step did.
    Undo,
}

/// What was found of tasks and groups so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Boxed, since a table copies all that stands in it each time it grows.
    tasks: HashMap<Address, Box<TaskReport>>,
    asked: HashMap<Address, Asked>,
    chosen: HashMap<StepId, String>,
    /// The number of the last event that a fork took over.
    taken_over: u64,
}

impl Found {
    pub(super) fn see(&mut self, event: &Event) {
        if let Fact::RunStarted { parent: Some(parent), .. } = &event.fact {
            self.taken_over = parent.events + 1;
        }
        let Some(address) = event.fact.step() else { return };
        let task = self.tasks.entry(address.clone()).or_insert_with(|| Box::new(TaskReport::new(address)));
        task.see(event);
        task.taken_over = event.seq <= self.taken_over;
        match &event.fact {
            Fact::Looped { .. } => self.asked.entry(address.clone()).or_default().see(&event.fact),
            Fact::Chose { value, .. } => _ = self.chosen.insert(address.step.clone(), value.clone()),
            _ => {}
        }
    }
}

/// Puts tasks under their steps. A step that a finished run never reached is there too, unless the run went another way.
pub(super) fn steps(plan: &Plan, found: Found, status: RunStatus) -> Vec<StepReport> {
    let Found { mut tasks, asked, mut chosen, .. } = found;
    let mut loops = loops(plan, &mut tasks, &asked);
    // Boxed still: a list copies all that stands in it each time it grows.
    let mut by_step: HashMap<StepId, Vec<Box<TaskReport>>> = HashMap::new();
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
        let (tasks, reached) = own_tasks(plan, &node.step, by_step.remove(&node.step).unwrap_or_default());
        let is_task = plan.task_of(&node.step).is_some();
        if tasks.is_empty() && is_task && (status.is_resumable() || (!reached && is_another_way(plan, node, &steps))) {
            continue;
        }
        let mut own: Vec<LoopReport> =
            loops.extract_if(|address, _| address.step == node.step).map(|(_, own)| own).collect();
        own.sort_by(|one, other| one.address.indices.cmp(&other.address.indices));
        let chosen = chosen.remove(&node.step);
        steps.push(step(plan, node, is_task, StepParts { tasks, reached, loops: own, chosen }));
    }
    without_empty_groups(steps)
}

/// What a step is made of.
struct StepParts {
    tasks: Vec<TaskReport>,
    reached: bool,
    loops: Vec<LoopReport>,
    chosen: Option<String>,
}

fn step(plan: &Plan, node: &Node, is_task: bool, parts: StepParts) -> StepReport {
    let StepParts { tasks, reached, loops, chosen } = parts;
    let path = plan.path(node.id);
    let mut owners: Vec<&Node> = path.iter().map(|id| plan.node(*id)).filter(|node| !node.is_hidden()).collect();
    owners.dedup_by(|one, other| one.step == other.step);
    let own = plan.nodes_of(&node.step);
    let repeating = node.scope.iter().map(|id| plan.node(*id)).chain(own).filter(|node| repeats(node));
    let shape = match () {
        () if !is_task && tasks.is_empty() => Shape::Group,
        () if repeating.clone().next().is_some() => Shape::Many,
        () => Shape::One,
    };
    StepReport {
        step: node.step.clone(),
        depth: owners.len().saturating_sub(1),
        shape,
        role: role(plan, &path),
        optional: path.iter().any(|id| plan.node(*id).optional),
        at_least: path.iter().map(|id| plan.node(*id)).chain(own).any(needs_some),
        reached,
        weight: owners.iter().map(|owner| owner.weight).product(),
        chosen,
        in_rounds: repeating.clone().all(|node| matches!(node.kind, Kind::Loop(_))) && repeating.count() > 0,
        loops,
        tasks,
    }
}

impl StepReport {
    /// Says whether some of its tasks failed and others made up for it.
    pub(super) fn is_put_up_with(&self) -> bool {
        self.at_least
            && self.tasks.iter().any(|task| matches!(task.status(), Some(Status::Succeeded | Status::Partial)))
    }
}

fn needs_some(node: &Node) -> bool {
    match &node.kind {
        Kind::Each(fan) | Kind::Pipe(fan) => fan.at_least.is_some(),
        _ => false,
    }
}

fn repeats(node: &Node) -> bool {
    matches!(node.kind, Kind::Each(_) | Kind::Pipe(_) | Kind::Loop(_))
}

/// Returns a step's tasks in their order with the agents that made them, and whether anything of it was recorded at all.
#[expect(clippy::vec_box, reason = "they come out of a table, and a list of them copies all each time it grows")]
fn own_tasks(plan: &Plan, step: &StepId, mut tasks: Vec<Box<TaskReport>>) -> (Vec<TaskReport>, bool) {
    let reached = !tasks.is_empty();
    tasks.retain(|task| task.attempts > 0 || task.outcome.is_some());
    let mut tasks: Vec<TaskReport> = tasks.into_iter().map(|task| *task).collect();
    tasks.sort_by(|one, other| one.address.indices.cmp(&other.address.indices));
    if let Some((_, call)) = plan.task_of(step) {
        let mut names: BTreeMap<u32, Arc<str>> = BTreeMap::new();
        let mut name =
            |number: u32| names.entry(number).or_insert_with(|| call.alternative(number).name.as_str().into()).clone();
        for task in &mut tasks {
            task.agent = Some(name(task.call.0));
            task.failed_agents.iter_mut().for_each(|failed| failed.agent = name(failed.number).to_string());
        }
    }
    (tasks, reached)
}

fn role(plan: &Plan, path: &[NodeId]) -> Role {
    let is_later_child = |pair: &[NodeId]| plan.node(pair[0]).children.first() != Some(&pair[1]);
    let kinds = path.windows(2).filter(|pair| is_later_child(pair)).map(|pair| &plan.node(pair[0]).kind);
    kinds.fold(Role::Work, |role, kind| match kind {
        Kind::Undo => Role::Undo,
        Kind::OnFailure if role == Role::Work => Role::OnFailure,
        _ => role,
    })
}

/// Says whether a step was not reached because the run went another way, and not because something failed before it.
fn is_another_way(plan: &Plan, node: &Node, before: &[StepReport]) -> bool {
    let path = plan.path(node.id);
    let is_choice = path.windows(2).any(|pair| {
        let outer = plan.node(pair[0]);
        let is_first = outer.children.first() == Some(&pair[1]);
        matches!(
            (&outer.kind, is_first),
            (Kind::Switch(_), _) | (Kind::Conditional(_) | Kind::OnFailure | Kind::Undo, false)
        )
    });
    let is_skipped = |step: &StepReport| {
        !step.tasks.is_empty() && step.tasks.iter().all(|task| task.status() == Some(Status::Skipped))
    };
    let owners = path.iter().map(|id| &plan.node(*id).step);
    is_choice || owners.clone().any(|owner| before.iter().any(|step| step.step == *owner && is_skipped(step)))
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
