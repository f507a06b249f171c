//! Forks: a new run that takes over the events of another, as far as they hold. The records are copied, because the chain
//! of checksums is one per run; large outputs are shared, because blobs are named by their hash.
//!
//! What is kept is worked out in `state::keep`; from there on a fork is a run like any other.

use std::collections::BTreeSet;
use std::time::SystemTime;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::run::{Begun, Engine, end_left_behind, fresh_id, owner, unfit};
use crate::definition::Definition;
use crate::journal::{Batch, RunLock};
use crate::model::{Address, Event, Fact, Inputs, Parent, RunId, StepId, Timestamp};
use crate::plan::{NodeId, Plan};
use crate::spec::nearest;
use crate::state::{Keep, Mark, RunState, Wish, keep, marks};

/// The most names that a hint lists.
const MAX_NAMES: usize = 20;

/// How a run goes on from another.
#[derive(Clone, Debug, Default)]
pub struct Fork {
    /// From where.
    pub point: Point,
    /// Inputs that are others now; what uses them is made again.
    pub inputs: Map<String, Value>,
    /// Another definition; `None`: the one that the older run is pinned to.
    pub definition: Option<Definition>,
}

/// From where a run goes on in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Point {
    /// From where it stood: only what is not over or no longer holds is made again.
    #[default]
    End,
    /// From a step, or a single item or round of it.
    Step(Address),
    /// From a mark.
    Mark(String),
    /// As from its end, and what failed is made again with all that depends on it.
    Failed,
}

/// A fork that is worked out and not recorded yet. The older run is owned until then.
#[derive(Debug)]
pub struct Branch {
    /// The older run.
    pub parent: RunId,
    /// What the fork will be pinned to.
    pub definition: Definition,
    /// Tasks that had ended and are kept.
    pub kept: Vec<Address>,
    /// Tasks that were begun or had ended and will be made again.
    pub again: Vec<Address>,
    /// Of those, what had failed or could not run, when that was asked for.
    pub failed: Vec<Address>,
    facts: Vec<Fact>,
    inputs: Inputs,
    only: Vec<StepId>,
    /// Processes of the older run that were recorded and not seen to end.
    left: Vec<(u32, u64)>,
    _lock: Option<RunLock>,
}

impl Engine {
    /// Works out a fork of a run, and records nothing.
    ///
    /// # Errors
    /// When the run is being worked on (reason `locked`) or cannot be read, when there is no such step or mark or the step
    /// never ran (reason `not_found`), or the inputs do not fit.
    pub fn branch(&self, parent: &RunId, fork: Fork) -> Result<Branch, Fault> {
        let lock = self.setup().locks.as_ref().map(|locks| locks.own(parent)).transpose()?;
        let mut events = self.setup().journal.read(parent)?.events;
        let old = self.pinned(parent, events.first().map(|event| &event.fact))?;
        let Some(Fact::RunStarted { inputs: before, only, .. }) = events.first().map(|event| event.fact.clone()) else {
            return Err(Fault::new(Kind::Internal, "a run must begin with its start").with("run", parent));
        };
        let mut state = RunState::of(old.plan.clone(), &events);
        let left = state.processes().collect();
        let definition = fork.definition.unwrap_or_else(|| old.clone());
        let mut wish = Wish { failed: fork.point == Point::Failed, ..Wish::default() };
        match &fork.point {
            Point::Step(step) => {
                check_step(parent, &old.plan, &definition.plan, &events, step)?;
                wish.steps.push(step.clone());
            }
            Point::Mark(name) => {
                let mark = find_mark(parent, &old.plan, &events, name)?;
                events.retain(|event| event.seq <= mark.seq);
                state = RunState::of(old.plan.clone(), &events);
            }
            Point::End | Point::Failed => {}
        }
        let inputs = self.inputs(&old, &before, &definition, fork.inputs)?;
        wish.inputs = differences(&before, &inputs);
        let Keep { facts, kept, again, failed } = keep(&state, &events, &definition.plan, &wish);
        let only = match fork.point {
            Point::Failed => Vec::new(),
            _ => only.into_iter().filter(|step| definition.plan.step(step).is_some()).collect(),
        };
        let parent = parent.clone();
        Ok(Branch { parent, definition, kept, again, failed, facts, inputs, only, left, _lock: lock })
    }

    /// Records a fork: its start and all that it takes over, in one piece. What a dead owner of the older run has left
    /// running is ended first, because it may be at what is made again.
    ///
    /// # Errors
    /// When it could not be made durable, or something of the older run still runs.
    pub async fn fork(&self, branch: Branch) -> Result<Begun, Fault> {
        let Branch { parent, definition, facts, inputs, only, left, _lock, .. } = branch;
        end_left_behind(&parent, &left).await?;
        let now = SystemTime::now();
        let id = fresh_id(now);
        let lock = self.setup().locks.as_ref().map(|locks| locks.own(&id)).transpose()?;
        let (pinned, pins) = definition.pins();
        let flow = definition.plan.name.clone();
        let parent = Some(Parent { run: parent, events: facts.len() as u64 });
        let start = Fact::RunStarted { flow, pinned, inputs, owner: owner(), parent, only };
        let at = Timestamp::from_system(now);
        let numbered = std::iter::once(start).chain(facts).zip(1..);
        let events: Vec<Event> = numbered.map(|(fact, seq)| Event { seq, at, fact }).collect();
        let state = RunState::of(definition.plan.clone(), &events);
        self.setup().journal.append(Batch { run: id.clone(), events: events.into(), pins }).await?;
        Ok(Begun { id, definition, state, first: Vec::new(), pins: Vec::new(), _lock: lock })
    }

    /// Returns a run's marks.
    ///
    /// # Errors
    /// When the run cannot be read.
    pub fn marks(&self, id: &RunId, definition: &Definition) -> Result<Vec<Mark>, Fault> {
        let mut fold = crate::state::MarkFold::new(definition.plan.clone());
        self.setup().journal.replay(id, &mut |event| fold.see(&event))?;
        Ok(fold.finish())
    }

    /// Works out the inputs of a fork. What a default gave is worked out again, so that it may follow an input that is
    /// another now.
    fn inputs(
        &self,
        old: &Definition,
        before: &Inputs,
        new: &Definition,
        changes: Map<String, Value>,
    ) -> Result<Inputs, Fault> {
        if changes.is_empty() && old.hash() == new.hash() {
            return Ok(before.clone());
        }
        let files = self.list_files();
        let is_default = |name: &String| {
            let mut without = (**before).clone();
            without.remove(name);
            old.plan.bind(without, &files).is_ok_and(|bound| bound.get(name) == before.get(name))
        };
        let given = before.iter().filter(|(name, _)| new.plan.has_input(name) && !is_default(name));
        let mut given: Map<String, Value> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        given.extend(changes);
        new.plan.bind(given, &files).map_err(|bad| unfit(&bad))
    }
}

/// Finds a mark of a run.
pub(super) fn find_mark(run: &RunId, plan: &std::sync::Arc<Plan>, events: &[Event], name: &str) -> Result<Mark, Fault> {
    let marks = marks(plan, events);
    if let Some(mark) = marks.iter().find(|mark| mark.name == name) {
        return Ok(mark.clone());
    }
    let names = || marks.iter().map(|mark| mark.name.as_str());
    let fault = Fault::new(Kind::Validation, format!("run {run} has no mark '{name}'")).reason("not_found");
    Err(match nearest(name, names()) {
        Some(near) => fault.hint(format!("did you mean '{near}'?")),
        None if marks.is_empty() => fault.hint("it has none; 'checkpoints' in the workflow says when marks are set"),
        None => fault.hint(format!("its marks are: {}", listed(names()))),
    })
}

/// Checks that a step is one, and that it ran.
fn check_step(run: &RunId, old: &Plan, new: &Plan, events: &[Event], wished: &Address) -> Result<(), Fault> {
    let fault = |message: String| Fault::new(Kind::Validation, message).reason("not_found");
    if let Err(hint) = new.near_step(&wished.step) {
        return Err(fault(format!("there is no step '{}'", wished.step)).hint(hint));
    }
    let ran = ran(old, events);
    let Some(node) = old.step(&wished.step) else { return Ok(()) };
    let is_meant =
        |(inside, indices): &(NodeId, &[u32])| old.is_inside(*inside, node) && indices.starts_with(&wished.indices);
    if ran.iter().any(is_meant) {
        return Ok(());
    }
    let mut steps: Vec<NodeId> = ran.iter().map(|(node, _)| *node).collect();
    steps.sort_unstable();
    steps.dedup();
    let names = steps.into_iter().map(|node| old.node(node).step.as_str());
    Err(fault(format!("'{wished}' never ran in run {run}")).hint(format!("what ran is: {}", listed(names))))
}

/// Returns the steps that ran or were asked about, with their rounds and items.
fn ran<'e>(plan: &Plan, events: &'e [Event]) -> Vec<(NodeId, &'e [u32])> {
    let ran = |event: &'e Event| match &event.fact {
        Fact::StepEnded { outcome, .. } if outcome.reply().is_none() && outcome.fault().is_none() => None,
        Fact::DataPut { .. } | Fact::DataGot { .. } => None,
        fact => fact.step(),
    };
    let known = |address: &'e Address| Some((plan.step(&address.step)?, &address.indices[..]));
    events.iter().filter_map(ran).filter_map(known).filter(|(node, _)| !plan.node(*node).is_hidden()).collect()
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(MAX_NAMES).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_NAMES);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Returns the names of the inputs that are not the same.
fn differences(before: &Inputs, after: &Inputs) -> BTreeSet<String> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
