//! What a run that goes on from another may keep of it: all but what is asked for again and what depends on that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fold::RunState;
use super::frame::{End, FrameId};
use super::spots::{Place, Spots};
use crate::model::{Address, Event, Fact, Outcome, Skip, Status};
use crate::plan::{Kind, Likeness, Node, Plan};

/// What is to be made again. Whatever was not over, and whatever says something else in the plan that the run goes on
/// with, is made again in any case.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Steps, or single items and rounds of them.
    pub steps: Vec<Address>,
    /// The inputs that are others now.
    pub inputs: BTreeSet<String>,
    /// What failed, what could not run because of that, and what was not asked for.
    pub failed: bool,
}

/// What is kept of a run.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// The facts, in their order.
    pub facts: Vec<Fact>,
    /// The tasks that had ended and are kept.
    pub kept: Vec<Address>,
    /// The tasks that were begun or had ended and are made again, in the order of their first events.
    pub again: Vec<Address>,
    /// Of those, what had failed itself, when that was asked for.
    pub failed: Vec<Address>,
}

/// Finds what of a run (`old` is the fold of `events`) may be kept by one that goes on with `plan`.
pub fn keep(old: &RunState, events: &[Event], plan: &Arc<Plan>, wish: &Wish) -> Keep {
    let likeness = match Arc::ptr_eq(&old.plan, plan) {
        true => Likeness::same(plan),
        false => Likeness::of(&old.plan, plan),
    };
    let mut spots = Spots::new(old, plan, &likeness);
    wish.steps.iter().for_each(|step| spots.drop_step(step));
    drop_users_of_inputs(&mut spots, plan, &wish.inputs);
    let failed = if wish.failed { drop_failed(&mut spots, old) } else { Vec::new() };
    drop_users_of_data(&mut spots, old, events);
    Keep { failed, ..chosen(old, events, &spots) }
}

/// Drops what uses an input that is another now. The outputs of the whole workflow are only worked out again.
fn drop_users_of_inputs(spots: &mut Spots<'_>, plan: &Plan, inputs: &BTreeSet<String>) {
    let uses = |node: &&Node| {
        let names = &node.input_names;
        node.home.is_none() && !inputs.is_empty() && names.iter().any(|name| name.is_empty() || inputs.contains(name))
    };
    for node in plan.nodes().iter().filter(uses) {
        let is_root = matches!(&node.kind, Kind::Flow(flow) if flow.path.is_empty());
        for place in spots.under(node.id, &[]) {
            if is_root { spots.reopen(place) } else { spots.drop_spot(place) }
        }
    }
}

/// Drops what failed and what did not run because of that; returns what it was.
fn drop_failed(spots: &mut Spots<'_>, old: &RunState) -> Vec<Address> {
    let mut failed = Vec::new();
    for index in 0..old.frames.len() {
        let id = FrameId(u32::try_from(index).expect("frames are counted in 32 bits"));
        let frame = old.frame(id);
        let is_undo = old.plan_node(id).undoes.is_some();
        let found = match frame.end() {
            Some(End::Task(outcome)) if asks_for_another_try(outcome) && !is_undo => Some(id),
            // A loop that never reached what it wanted may reach it with another last round.
            Some(End::Group(Status::Failed)) if matches!(old.plan_node(id).kind, Kind::Loop(_)) => {
                frame.children().last().copied()
            }
            _ => None,
        };
        let Some(found) = found.filter(|id| !is_settled(old, *id)) else { continue };
        if let Some(place) = spots.place(found) {
            failed.push(old.address(found));
            spots.drop_spot(place);
        }
    }
    failed
}

fn asks_for_another_try(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed { .. } | Outcome::Skipped { because: Skip::Needs { .. } | Skip::Excluded | Skip::Unreached }
    )
}

/// Says whether a frame is in a round after which its loop went on, or in one that was good enough for it.
fn is_settled(old: &RunState, id: FrameId) -> bool {
    let mut child = id;
    while let Some(parent) = old.frame(child).parent {
        let frame = old.frame(parent);
        if matches!(old.plan_node(parent).kind, Kind::Loop(_)) {
            let succeeded = frame.end().is_some_and(|end| end.status() == Status::Succeeded);
            if succeeded || frame.children().last() != Some(&child) {
                return true;
            }
        }
        child = parent;
    }
    false
}

/// Drops what was given values of the shared data by steps that are dropped or gone, until nothing more is found.
fn drop_users_of_data(spots: &mut Spots<'_>, old: &RunState, events: &[Event]) {
    let mut puts: BTreeMap<&str, Option<Place>> = BTreeMap::new();
    let mut uses: Vec<(Place, Option<Place>)> = Vec::new();
    for fact in events.iter().map(|event| &event.fact) {
        let frame = fact.step().and_then(|step| frame_of(old, fact, step));
        let place = frame.and_then(|frame| spots.place(frame));
        match fact {
            Fact::DataPut { key, .. } => _ = puts.insert(key, place),
            Fact::DataGot { .. } => {
                let (Some(user), Some(frame)) = (place, frame) else { continue };
                let gets = old.plan_node(frame).task().map(|task| &task.gets[..]).unwrap_or_default();
                let from = gets.iter().filter_map(|key| puts.get(key.source()));
                uses.extend(from.map(|from| (user.clone(), from.clone())));
            }
            _ => {}
        }
    }
    let is_gone = |spots: &Spots<'_>, from: &Option<Place>| from.as_ref().is_none_or(|from| !spots.holds(from));
    while let Some(index) = uses.iter().position(|(user, from)| spots.holds(user) && is_gone(spots, from)) {
        let (user, _) = uses.swap_remove(index);
        spots.drop_spot(user);
    }
}

/// Takes the facts that hold.
fn chosen(old: &RunState, events: &[Event], spots: &Spots<'_>) -> Keep {
    let mut keep = Keep::default();
    let mut again = BTreeSet::new();
    for fact in events.iter().map(|event| &event.fact) {
        let Some(step) = fact.step() else { continue };
        let frame = frame_of(old, fact, step);
        let holds = frame.is_some_and(|frame| holds(old, spots, frame, fact));
        if matches!(fact, Fact::StepEnded { .. }) && holds {
            keep.kept.push(step.clone());
        }
        if matches!(fact, Fact::StepStarted { .. } | Fact::StepEnded { .. }) && !holds && again.insert(step.clone()) {
            keep.again.push(step.clone());
        }
        // Processes and parts of attempts are the older run's own.
        if holds && !matches!(fact, Fact::Spawned { .. } | Fact::StepReplied { .. }) {
            keep.facts.push(fact.clone());
        }
    }
    keep
}

/// Says whether a fact about a frame holds.
fn holds(old: &RunState, spots: &Spots<'_>, id: FrameId, fact: &Fact) -> bool {
    let Some(place) = spots.place(id).filter(|place| spots.holds(place)) else { return false };
    match fact {
        Fact::Looped { rounds, .. } => spots.whole_rounds(&place).is_none_or(|whole| *rounds <= whole),
        Fact::Concluded { .. } => spots.ends_the_same(&place),
        Fact::Decided { .. } | Fact::Chose { .. } | Fact::Expanded { .. } | Fact::Entered { .. } => true,
        // What was put from outside belongs to no step, and no step is to make it again.
        Fact::DataPut { .. } if old.plan_node(id).task().is_none() => true,
        // A loop or a workflow may have failed after what is in it had ended.
        _ => old.frame(id).end().is_some() && spots.ends_the_same(&place),
    }
}

/// Returns the frame that a fact was about: `if`, `each`, `loop` and body of a step share an address.
fn frame_of(old: &RunState, fact: &Fact, step: &Address) -> Option<FrameId> {
    let is_meant = |node: &&Node| match fact {
        Fact::Decided { .. } => matches!(node.kind, Kind::Conditional(_)),
        Fact::Chose { .. } => matches!(node.kind, Kind::Switch(_)),
        Fact::Expanded { .. } => matches!(node.kind, Kind::Each(_) | Kind::Pipe(_)),
        Fact::Looped { .. } => matches!(node.kind, Kind::Loop(_)),
        Fact::Entered { .. } | Fact::Concluded { .. } => matches!(node.kind, Kind::Flow(_)),
        _ => true,
    };
    let nodes = old.plan.nodes_of(&step.step).iter().rev();
    let mut fitting = nodes.filter(|node| node.scope.len() == step.indices.len()).filter(is_meant);
    fitting.find_map(|node| old.frame_at(node.id, &step.indices))
}
