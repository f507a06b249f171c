//! The incremental cursor: opens frames, counts ends upwards, wakes what waited. Microseconds a step, whatever the size.
//!
//! The plain tree walk in `oracle` is its specification.

use std::sync::Arc;

use super::fold::RunState;
use super::frame::{End, Frame, FrameId, Phase, Waiter, Work};
use crate::model::{Skip, Status};
use crate::patterns::{self, Tally};
use crate::plan::{Kind, Need, NodeId};

/// What a need says.
enum NeedState {
    Pending(FrameId),
    Met,
    Broken,
}

impl RunState {
    /// Opens a node as a child of `parent` inside the items `indices`.
    pub(super) fn open(&mut self, node: NodeId, parent: Option<FrameId>, indices: Arc<[u32]>) -> FrameId {
        let id = FrameId(u32::try_from(self.frames.len()).expect("a run has far fewer frames"));
        self.frames.push(Frame {
            node,
            parent,
            indices: indices.clone(),
            tally: Tally::default(),
            children: Vec::new(),
            phase: Phase::Taken,
            attempt: 0,
            items: None,
        });
        self.index.insert((node, indices), id);
        if let Some(parent) = parent {
            self.frame_mut(parent).children.push(id);
            self.hand_down(parent, id);
        }
        self.wait_or_go(id);
        id
    }

    /// Those that wait below `parent` for something inside `child` wait for `child` from now on.
    fn hand_down(&mut self, parent: FrameId, child: FrameId) {
        let Some(waiters) = self.waiters.get_mut(&parent) else {
            return;
        };
        let Frame { node, indices, .. } = &self.frames[child.0 as usize];
        let (plan, frames) = (&self.plan, &self.frames);
        let inside = |waiter: &mut Waiter| {
            let waiting = &frames[waiter.frame.0 as usize];
            plan.path(waiter.target).contains(node) && waiting.indices.starts_with(indices)
        };
        let moved: Vec<Waiter> = waiters.extract_if(.., inside).collect();
        if !moved.is_empty() {
            self.waiters.entry(child).or_default().extend(moved);
        }
    }

    /// Makes a new frame wait for its needs, or go.
    fn wait_or_go(&mut self, id: FrameId) {
        let needs = self.plan_node(id).needs.len();
        let mut pending = 0;
        for index in 0..needs {
            let need = self.plan_node(id).needs[index];
            if let NeedState::Pending(anchor) = self.need(id, need) {
                pending += 1;
                self.waiters.entry(anchor).or_default().push(Waiter { frame: id, target: need.target });
            }
        }
        match pending {
            0 => self.go(id),
            _ => self.frame_mut(id).phase = Phase::Waiting(pending),
        }
    }

    /// Says how a need of a frame stands: by the deepest frame that is open on the way to it.
    fn need(&self, id: FrameId, need: Need) -> NeedState {
        let indices = &self.frame(id).indices;
        let mut anchor = None;
        for node in self.plan.path(need.target) {
            let depth = self.plan.node(node).scope.len();
            match self.index.get(&(node, Arc::from(&indices[..depth]))) {
                Some(frame) => anchor = Some(*frame),
                None if anchor.is_some_and(|anchor| self.other_branch(anchor) == Some(node)) => return NeedState::Met,
                None => break,
            }
        }
        let anchor = anchor.expect("the root is open before anything else");
        let frame = self.frame(anchor);
        let Some(end) = frame.end() else {
            return NeedState::Pending(anchor);
        };
        let broken = end.status() == Status::Failed || end.is_blocked();
        if broken && !need.tolerant { NeedState::Broken } else { NeedState::Met }
    }

    /// Opens the branch that a guard chose. What is in the other one is skipped, so nobody waits for it any longer:
    /// the chosen one may hold the very frames that do.
    pub(super) fn decide(&mut self, id: FrameId, taken: bool) {
        self.taken.insert(id, taken);
        let branches = self.plan_node(id).children.len();
        self.widen(id, usize::from(taken || branches > 1));
        let (Some(other), Some(waiters)) = (self.other_branch(id), self.waiters.get_mut(&id)) else {
            return;
        };
        let plan = &self.plan;
        let freed: Vec<Waiter> = waiters.extract_if(.., |waiter| plan.path(waiter.target).contains(&other)).collect();
        freed.into_iter().for_each(|waiter| self.wake(waiter));
    }

    /// Returns the branch that a guard did not choose, once it was asked.
    fn other_branch(&self, id: FrameId) -> Option<NodeId> {
        let taken = self.taken.get(&id)?;
        self.plan_node(id).children.get(usize::from(*taken)).copied()
    }

    /// Lets a frame go whose needs are all over: to work, or to be skipped.
    fn go(&mut self, id: FrameId) {
        let node = self.plan_node(id);
        let broken = node.needs.iter().find(|need| matches!(self.need(id, **need), NeedState::Broken));
        let work = match (broken, &node.kind) {
            (Some(need), _) => Work::Skip { needs: self.plan.node(need.target).step.to_string() },
            (None, Kind::Task(_)) => Work::Attempt(1),
            (None, Kind::Conditional(_)) => Work::Decide,
            (None, Kind::Each(_)) => Work::Expand,
            (None, _) => {
                let width = node.children.len();
                return self.widen(id, width);
            }
        };
        self.offer(id, work);
    }

    /// Opens a group whose number of children is known.
    pub(super) fn widen(&mut self, id: FrameId, width: usize) {
        let frame = self.frame_mut(id);
        frame.phase = Phase::Open;
        frame.tally.width = u32::try_from(width).expect("items are counted in 32 bits");
        self.advance(id);
    }

    /// Opens the children that may be open now; ends the group when it is over.
    fn advance(&mut self, id: FrameId) {
        loop {
            let frame = self.frame(id);
            let next = frame.tally.opened;
            if frame.end().is_some() || next >= patterns::open(&self.plan_node(id).kind, &frame.tally) {
                break;
            }
            self.frame_mut(id).tally.opened += 1;
            let (node, indices) = self.child(id, next);
            self.open(node, Some(id), indices);
        }
        if self.frame(id).end().is_none()
            && let Some(status) = patterns::settle(&self.plan_node(id).kind, &self.frame(id).tally)
        {
            self.end(id, End::Group(status));
        }
    }

    /// Returns the node and the indices of a group's child number `slot`.
    fn child(&self, id: FrameId, slot: u32) -> (NodeId, Arc<[u32]>) {
        let (frame, node) = (self.frame(id), self.plan_node(id));
        match node.kind {
            Kind::Each(_) => (node.children[0], frame.indices.iter().copied().chain([slot]).collect()),
            Kind::Conditional(_) => (node.children[usize::from(!self.is_taken(id))], frame.indices.clone()),
            _ => (node.children[slot as usize], frame.indices.clone()),
        }
    }

    /// Ends a frame: its parent counts it, those that waited are woken.
    pub(super) fn end(&mut self, id: FrameId, end: End) {
        let (status, blocked) = (end.status(), end.is_blocked());
        self.frame_mut(id).phase = Phase::Ended(end);
        let optional = self.plan_node(id).optional;
        let parent = self.frame(id).parent;
        if let Some(parent) = parent {
            let tally = &mut self.frame_mut(parent).tally;
            match status {
                Status::Succeeded => tally.succeeded += 1,
                Status::Partial => tally.partial += 1,
                Status::Failed if optional => tally.tolerated += 1,
                Status::Failed => tally.failed += 1,
                Status::Skipped if blocked && optional => tally.tolerated += 1,
                Status::Skipped if blocked => tally.blocked += 1,
                Status::Skipped => tally.skipped += 1,
            }
        }
        for waiter in self.waiters.remove(&id).unwrap_or_default() {
            self.wake(waiter);
        }
        if let Some(parent) = parent {
            self.advance(parent);
        }
    }

    fn wake(&mut self, waiter: Waiter) {
        let Phase::Waiting(pending) = &mut self.frame_mut(waiter.frame).phase else {
            return;
        };
        *pending -= 1;
        if *pending == 0 {
            self.go(waiter.frame);
        }
    }

    /// Puts a frame among the ready ones.
    pub(super) fn offer(&mut self, id: FrameId, work: Work) {
        let is_attempt = matches!(work, Work::Attempt(_));
        self.frame_mut(id).phase = Phase::Ready(work);
        if is_attempt { self.tasks.push_back(id) } else { self.duties.push_back(id) }
    }

    /// Returns the outcome of a step that is skipped because of a need.
    pub fn skipped(needs: String) -> crate::model::Outcome {
        crate::model::Outcome::Skipped { because: Skip::Needs { step: needs } }
    }
}
