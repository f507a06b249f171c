//! What of a run depends on what: when something is to be made again, all that was made from it is found here.
//!
//! A spot is a node in its round and item, of the plan that the run goes on with. It is dropped when its own facts no
//! longer hold, and reopened when only its end may be another. Both spread: inwards, along sequences and rounds, to
//! whoever uses the result, and outwards to the groups round it. To drop too much costs time, to keep too much would be
//! wrong; where the two are near, more is dropped.

use std::collections::{BTreeMap, HashMap};

use super::fold::RunState;
use super::frame::{Frame, FrameId};
use crate::model::Address;
use crate::plan::{Change, Kind, Likeness, Node, NodeId, Plan};

/// A node in its round and item.
pub(super) type Place = (NodeId, Vec<u32>);

/// What became of a spot.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    /// Its frame in the older run, if it had one.
    frame: Option<FrameId>,
    is_dropped: bool,
    is_reopened: bool,
}

/// All spots of a run, and what became of them.
pub(super) struct Spots<'r> {
    old: &'r RunState,
    plan: &'r Plan,
    likeness: &'r Likeness,
    spots: BTreeMap<Place, Spot>,
    /// By node: the nodes outside it that use what is inside.
    users: HashMap<NodeId, Vec<NodeId>>,
    /// Of loops: how many of their rounds hold.
    rounds: BTreeMap<Place, u32>,
    work: Vec<Step>,
}

/// A step of the spreading.
enum Step {
    Drop(Place),
    Reopen(Place),
}

impl<'r> Spots<'r> {
    /// Lays out the spots of a run for the plan that it is to go on with. What is new or not over is dropped already.
    pub(super) fn new(old: &'r RunState, plan: &'r Plan, likeness: &'r Likeness) -> Spots<'r> {
        let (spots, rounds, work) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut made = Spots { old, plan, likeness, spots, users: users(plan), rounds, work };
        made.lay_old();
        plan.nodes().iter().for_each(|node| made.lay_new(node));
        made.spread();
        made
    }

    fn lay_old(&mut self) {
        for index in 0..self.old.frames.len() {
            let id = FrameId(u32::try_from(index).expect("frames are counted in 32 bits"));
            let Some(place) = self.place(id) else {
                // A group that is gone can no longer say that it took anything back.
                self.drop_undone(id);
                continue;
            };
            if self.old.frame(id).end().is_none() {
                let is_task = matches!(self.plan.node(place.0).kind, Kind::Task(_));
                self.work.push(if is_task { Step::Drop(place.clone()) } else { Step::Reopen(place.clone()) });
            }
            self.spots.insert(place, Spot { frame: Some(id), ..Spot::default() });
        }
    }

    /// Makes spots for a node that the older plan did not have, or that stood where it was never opened and stands
    /// elsewhere now, and marks what the node's change means.
    fn lay_new(&mut self, node: &Node) {
        let change = self.likeness.change(node.id);
        if matches!(change, Change::New | Change::Wrapper | Change::Changed) {
            for place in self.new_places(node) {
                self.spots.entry(place).or_default();
            }
        }
        for place in self.under(node.id, &[]) {
            match change {
                Change::New | Change::Changed => self.work.push(Step::Drop(place)),
                Change::Regrouped => self.work.push(Step::Reopen(place)),
                Change::None | Change::Wrapper => {}
            }
        }
    }

    /// Returns where a node would have stood in the older run: wherever its parent stood and chose it.
    fn new_places(&self, node: &Node) -> Vec<Place> {
        let Some(parent) = node.parent.map(|parent| self.plan.node(parent)) else {
            return vec![(node.id, Vec::new())];
        };
        if node.scope.len() > parent.scope.len() + 1 || !parent.children.contains(&node.id) {
            return Vec::new();
        }
        let slot = parent.children.iter().position(|child| *child == node.id);
        let mut places = Vec::new();
        for (_, indices) in self.under(parent.id, &[]) {
            let frame = self.spots[&(parent.id, indices.clone())].frame.map(|frame| self.old.frame(frame));
            let chosen = frame.and_then(Frame::more).and_then(|more| more.chosen);
            match chosen {
                Some(chosen) if chosen.map(|slot| slot as usize) != slot => {}
                _ if node.scope.len() > parent.scope.len() => {
                    let count = frame.map_or(0, |frame| frame.tally.opened);
                    places.extend((0..count).map(|index| (node.id, [&indices[..], &[index]].concat())));
                }
                _ => places.push((node.id, indices)),
            }
        }
        places
    }

    /// Returns where a frame of the older run stands now, if its node is still there.
    pub(super) fn place(&self, id: FrameId) -> Option<Place> {
        let frame = self.old.frame(id);
        Some((self.likeness.twin(frame.node)?, frame.indices.to_vec()))
    }

    /// Returns the spots of a node inside these rounds and items.
    pub(super) fn under(&self, node: NodeId, indices: &[u32]) -> Vec<Place> {
        let from = (node, indices.to_vec());
        let inside = |place: &&Place| place.0 == node && place.1.starts_with(indices);
        self.spots.range(from..).map(|(place, _)| place).take_while(inside).cloned().collect()
    }

    /// Drops a spot with all that depends on it.
    pub(super) fn drop_spot(&mut self, place: Place) {
        self.work.push(Step::Drop(place));
        self.spread();
    }

    /// Drops all spots of a step, or one of its items or rounds, with what depends on them.
    pub(super) fn drop_step(&mut self, address: &Address) {
        let nodes = self.plan.nodes_of(&address.step);
        if let Some(node) = nodes.iter().find(|node| node.scope.len() >= address.indices.len()) {
            self.work.extend(self.under(node.id, &address.indices).into_iter().map(Step::Drop));
            self.spread();
        }
    }

    /// Says that a spot may end otherwise.
    pub(super) fn reopen(&mut self, place: Place) {
        self.work.push(Step::Reopen(place));
        self.spread();
    }

    /// Says whether a spot's own facts hold.
    pub(super) fn holds(&self, place: &Place) -> bool {
        self.spots.get(place).is_some_and(|spot| !spot.is_dropped)
    }

    /// Says whether a spot ends as it did.
    pub(super) fn ends_the_same(&self, place: &Place) -> bool {
        self.spots.get(place).is_some_and(|spot| !spot.is_reopened)
    }

    /// Returns how many rounds of a loop hold; `None`: all.
    pub(super) fn whole_rounds(&self, place: &Place) -> Option<u32> {
        self.rounds.get(place).copied()
    }

    fn spread(&mut self) {
        while let Some(step) = self.work.pop() {
            match step {
                Step::Drop(place) => self.dropped(place),
                Step::Reopen(place) => self.reopened(place),
            }
        }
    }

    /// What never opened is dropped too: others may have gone on without it, and must ask again.
    fn dropped(&mut self, place: Place) {
        let spot = self.spots.entry(place.clone()).or_default();
        if spot.is_dropped {
            return;
        }
        spot.is_dropped = true;
        let plan = self.plan;
        let node = plan.node(place.0);
        for child in &node.children {
            match plan.node(*child).scope.len() == node.scope.len() {
                true => self.work.push(Step::Drop((*child, place.1.clone()))),
                false => self.work.extend(self.under(*child, &place.1).into_iter().map(Step::Drop)),
            }
        }
        self.work.push(Step::Reopen(place));
    }

    fn reopened(&mut self, place: Place) {
        let Some(spot) = self.spots.get_mut(&place).filter(|spot| !spot.is_reopened) else { return };
        spot.is_reopened = true;
        for user in self.users.get(&place.0).into_iter().flatten() {
            self.work.extend(self.under(*user, &place.1).into_iter().map(Step::Drop));
        }
        let plan = self.plan;
        if let Some(parent) = plan.node(place.0).parent.map(|parent| plan.node(parent)) {
            self.spread_beside(parent, &place);
            self.work.push(Step::Reopen((parent.id, place.1[..parent.scope.len()].to_vec())));
        }
    }

    /// Drops what comes after a child in its group: a sequence goes on from what came before, a round from the last one.
    fn spread_beside(&mut self, parent: &Node, (node, indices): &Place) {
        let slot = parent.children.iter().position(|child| child == node);
        match &parent.kind {
            Kind::Sequential | Kind::Always | Kind::OnFailure => {
                for later in parent.children.iter().skip(slot.map_or(0, |slot| slot + 1)) {
                    self.work.push(Step::Drop((*later, indices.clone())));
                }
            }
            Kind::Loop(_) => {
                let Some((round, outer)) = indices.split_last() else { return };
                let whole = self.rounds.entry((parent.id, outer.to_vec())).or_insert(*round);
                *whole = (*whole).min(*round);
                let later = self.under(*node, outer).into_iter().filter(|(_, indices)| indices.last() > Some(round));
                self.work.extend(later.map(Step::Drop));
            }
            Kind::Undo if slot == Some(0) => {
                let group = self.spots.get(&(parent.id, indices.clone())).and_then(|spot| spot.frame);
                group.into_iter().for_each(|group| self.drop_undone(group));
            }
            _ => {}
        }
    }

    /// What was taken back is no longer done, so it cannot be kept when its workflow goes on.
    fn drop_undone(&mut self, group: FrameId) {
        let group = self.old.frame(group);
        let done = group.more().map(|more| &more.undo[..]).unwrap_or_default();
        for (undo, done) in group.children().iter().skip(1).zip(done) {
            let places = [self.place(*undo), self.place(*done)];
            self.work.extend(places.into_iter().flatten().map(Step::Drop));
        }
    }
}

/// Finds, for each node, who uses what is in it from outside. What one node sees of another inside rounds and items of
/// its own is seen as the whole of those. A round that uses the one before is after it anyway.
fn users(plan: &Plan) -> HashMap<NodeId, Vec<NodeId>> {
    let mut users: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    for node in plan.nodes() {
        let refs = node.refs.iter().filter(|used| used.previous.is_none()).map(|used| used.target);
        for target in refs.chain(node.needs.iter().map(|need| need.target)) {
            let theirs = &plan.node(target).scope;
            let shared = node.scope.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
            let used = theirs.get(shared).copied().unwrap_or(target);
            let is_inside = plan.is_inside(target, node.id);
            let list = users.entry(used).or_default();
            if !is_inside && !list.contains(&node.id) {
                list.push(node.id);
            }
        }
    }
    users
}
