//! The incremental cursor: opens frames, counts ends upwards, wakes what waited. Microseconds a step, whatever the size.
//!
//! The plain tree walk in `oracle` is its specification.

use std::sync::Arc;

use super::fold::RunState;
use super::frame::{End, Frame, FrameId, Next, Phase, Waiter, Work};
use crate::model::{Outcome, Skip, Status, Verdict};
use crate::patterns::{self, Tally};
use crate::plan::{Kind, Need, Node, NodeId};

/// What a need says.
enum NeedState {
    Pending(FrameId),
    Met,
    Broken,
}

impl RunState {
    /// Does all that follows from what has just been taken in, deepest first. What is to be done stands in a list of its
    /// own, because groups may nest deeper than a thread's stack would bear.
    pub(super) fn follow(&mut self) {
        while let Some(next) = self.agenda.pop() {
            match next {
                Next::Advance(group) => self.advance(group),
                Next::Wake(waiter) => self.wake(waiter),
            }
        }
    }

    /// Puts a group on the agenda, unless it comes next anyway.
    fn go_on(&mut self, group: FrameId) {
        if !matches!(self.agenda.last(), Some(Next::Advance(next)) if *next == group) {
            self.agenda.push(Next::Advance(group));
        }
    }

    /// Opens a node as a child of `parent` inside the rounds and items `indices`.
    pub(super) fn open(&mut self, node: NodeId, parent: Option<FrameId>, indices: Arc<[u32]>) -> FrameId {
        let id = FrameId(u32::try_from(self.frames.len()).expect("a run has far fewer frames"));
        self.frames.push(Frame {
            node,
            parent,
            indices,
            tally: Tally::default(),
            phase: Phase::Taken,
            attempt: 0,
            more: None,
        });
        self.places.insert(&self.frames, id);
        if let Some(parent) = parent {
            self.frame_mut(parent).more_mut().children.push(id);
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
        let plan = &self.plan;
        let inside = |waiter: &mut Waiter| waiter.reach.starts_with(indices) && plan.is_inside(waiter.target, *node);
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
            let reach = self.reach(id, need.target);
            if let NeedState::Pending(anchor) = self.need(need, &reach) {
                pending += 1;
                self.waiters.entry(anchor).or_default().push(Waiter { frame: id, target: need.target, reach });
            }
        }
        if let Some((need, reach)) = self.stage_before(id)
            && let NeedState::Pending(anchor) = self.need(need, &reach)
        {
            pending += 1;
            self.waiters.entry(anchor).or_default().push(Waiter { frame: id, target: need.target, reach });
        }
        match pending {
            0 => self.go(id),
            _ => self.frame_mut(id).phase = Phase::Waiting(pending),
        }
    }

    /// Returns the rounds and items that a frame shares with a node: in those it is meant.
    pub(super) fn reach(&self, id: FrameId, target: NodeId) -> Arc<[u32]> {
        let frame = self.frame(id);
        let (mine, theirs) = (&self.plan_node(id).scope, &self.plan.node(target).scope);
        let shared = mine.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
        match shared == frame.indices.len() {
            true => frame.indices.clone(),
            false => Arc::from(&frame.indices[..shared]),
        }
    }

    /// Returns the same stage of the item before, which a stage of a pipe waits for, however it ends.
    fn stage_before(&self, id: FrameId) -> Option<(Need, Arc<[u32]>)> {
        let node = self.plan_node(id);
        let (last, round) = self.frame(id).indices.split_last().filter(|_| node.is_stage)?;
        let before = last.checked_sub(1)?;
        let reach = round.iter().copied().chain([before]).collect();
        Some((Need { target: node.id, tolerant: true }, reach))
    }

    /// Says how a need stands: by the deepest frame that is open on the way to it.
    fn need(&self, need: Need, reach: &Arc<[u32]>) -> NeedState {
        let mut anchor = None;
        for node in self.plan.path(need.target) {
            let depth = self.plan.node(node).scope.len();
            if depth > reach.len() {
                break;
            }
            match self.frame_at(node, &reach[..depth]) {
                Some(frame) => anchor = Some(frame),
                None if anchor.is_some_and(|anchor| self.is_passed_over(anchor, node)) => return NeedState::Met,
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

    /// Opens the branch that was chosen. What is in the others is skipped, so nobody waits for it any longer: the chosen
    /// one may hold the very frames that do.
    pub(super) fn choose(&mut self, id: FrameId, chosen: Option<u32>) {
        self.frame_mut(id).more_mut().chosen = Some(chosen);
        if let Some(waiters) = self.waiters.get_mut(&id) {
            let plan = &self.plan;
            let children = &plan.node(self.frames[id.0 as usize].node).children;
            let is_other = |slot: usize| chosen.map(|slot| slot as usize) != Some(slot);
            let passed = |target: NodeId| {
                let mut children = children.iter().enumerate();
                children.any(|(slot, child)| is_other(slot) && plan.is_inside(target, *child))
            };
            let freed = waiters.extract_if(.., |waiter| passed(waiter.target));
            let woken: Vec<Next> = freed.map(Next::Wake).collect();
            self.agenda.extend(woken.into_iter().rev());
        }
        self.widen(id, usize::from(chosen.is_some()));
    }

    /// Says whether a choice was made against this child.
    fn is_passed_over(&self, id: FrameId, child: NodeId) -> bool {
        let chosen = self.frame(id).more().and_then(|more| more.chosen);
        let slot = self.plan_node(id).children.iter().position(|node| *node == child);
        chosen.is_some_and(|chosen| slot.is_some() && chosen.map(|slot| slot as usize) != slot)
    }

    /// Lets a frame go whose needs are all over: to work, or to be skipped.
    fn go(&mut self, id: FrameId) {
        self.call_early(id);
        let node = self.plan_node(id);
        let is_broken = |need: &&Need| matches!(self.need(**need, &self.reach(id, need.target)), NeedState::Broken);
        if let Some(need) = node.needs.iter().find(is_broken) {
            let step = self.plan.node(need.target).step.to_string();
            return self.offer(id, Work::Skip(Skip::Needs { step }));
        }
        let width = node.children.len();
        match &node.kind {
            Kind::Task(_) if self.is_excluded(node) => self.offer(id, Work::Skip(Skip::Excluded)),
            Kind::Task(_) => self.offer(id, Work::Attempt(1)),
            Kind::Conditional(_) | Kind::Switch(_) | Kind::Each(_) | Kind::Pipe(_) => self.offer(id, Work::Decide),
            Kind::Loop(rounds) if rounds.going_while.is_some() => {
                self.frame_mut(id).phase = Phase::Open;
                self.offer(id, Work::Decide);
            }
            Kind::Loop(rounds) if rounds.asks() => self.grow(id, 1),
            Kind::Loop(rounds) => {
                let max = rounds.max as usize;
                self.widen(id, max);
            }
            Kind::Flow(flow) if !flow.path.is_empty() => self.offer(id, Work::Decide),
            Kind::Flow(_) | Kind::Undo => self.grow(id, 1),
            Kind::Sequential | Kind::Parallel(_) | Kind::Always | Kind::OnFailure => self.widen(id, width),
        }
    }

    /// Says whether the run was asked for other steps only.
    fn is_excluded(&self, node: &Node) -> bool {
        !self.only.is_empty() && !self.only.contains(&node.step) && node.undoes.is_none()
    }

    /// Opens a group whose number of children is known.
    pub(super) fn widen(&mut self, id: FrameId, width: usize) {
        let frame = self.frame_mut(id);
        frame.phase = Phase::Open;
        frame.tally.width = u32::try_from(width).expect("items are counted in 32 bits");
        frame.tally.closed = true;
        self.go_on(id);
    }

    /// Gives a group so many more children; there may be others later.
    pub(super) fn grow(&mut self, id: FrameId, more: u32) {
        let frame = self.frame_mut(id);
        frame.phase = Phase::Open;
        frame.tally.width += more;
        self.go_on(id);
    }

    /// Takes in what a loop said.
    pub(super) fn turn(&mut self, id: FrameId, verdict: Verdict, score: Option<f64>) {
        let rounds = self.frame(id).tally.opened as usize;
        let more = self.frame_mut(id).more_mut();
        more.scores.resize(rounds, None);
        if let (Some(last), Some(score)) = (more.scores.last_mut(), score) {
            *last = Some(score);
        }
        match verdict {
            Verdict::GoOn => self.grow(id, 1),
            verdict => self.close(id, verdict),
        }
    }

    /// Ends a loop: the best round is kept, the first of equals; without scores the last.
    fn close(&mut self, id: FrameId, verdict: Verdict) {
        let frame = self.frame(id);
        let scores = frame.more().map(|more| &more.scores[..]).unwrap_or_default();
        let mut best: Option<(usize, f64)> = None;
        for (round, score) in scores.iter().enumerate().filter_map(|(round, score)| Some((round, (*score)?))) {
            if best.is_none_or(|(_, known)| score > known) {
                best = Some((round, score));
            }
        }
        let kept = best.map(|(round, _)| round).or_else(|| frame.children().len().checked_sub(1));
        let status = kept.and_then(|round| self.frame(frame.children()[round]).end().map(End::status));
        let frame = self.frame_mut(id);
        frame.more_mut().kept = kept.and_then(|round| u32::try_from(round).ok());
        frame.phase = Phase::Open;
        frame.tally.kept = status.map(|status| (verdict, status));
        frame.tally.closed = true;
        self.go_on(id);
    }

    /// Opens the next child if one may be open now; else ends the group when it is over, or finds out whether it is.
    fn advance(&mut self, id: FrameId) {
        let frame = self.frame(id);
        if frame.end().is_some() {
            return;
        }
        let next = frame.tally.opened;
        if next < patterns::open(&self.plan_node(id).kind, &frame.tally) {
            self.frame_mut(id).tally.opened += 1;
            let (node, indices) = self.child(id, next);
            // The others follow when all is done that follows from this one.
            self.go_on(id);
            self.open(node, Some(id), indices);
            return;
        }
        match patterns::settle(&self.plan_node(id).kind, &self.frame(id).tally) {
            Some(status) => self.end(id, End::Group(status)),
            None => self.look_further(id),
        }
    }

    /// A group that is not over though all its children are has something to find out first.
    fn look_further(&mut self, id: FrameId) {
        let Frame { tally, phase, .. } = self.frame(id);
        let is_waiting = tally.closed || tally.opened == 0 || tally.ended() < tally.width;
        if is_waiting || !matches!(phase, Phase::Open) {
            return;
        }
        match &self.plan_node(id).kind {
            Kind::Loop(rounds) if self.round_broke(id) && rounds.until.is_none() => self.close(id, Verdict::Broken),
            Kind::Loop(_) => self.offer(id, Work::Decide),
            Kind::Flow(flow) if !flow.outputs.is_empty() && !self.is_partial_root(id) => self.offer(id, Work::Decide),
            Kind::Flow(_) => {
                self.frame_mut(id).tally.closed = true;
                self.go_on(id);
            }
            Kind::Undo => self.take_back(id),
            _ => {}
        }
    }

    /// Says whether this is the whole workflow, of which only some steps were asked for: outputs may use the others.
    fn is_partial_root(&self, id: FrameId) -> bool {
        self.frame(id).parent.is_none() && !self.only.is_empty()
    }

    /// Says whether a loop's last round failed, or did not run because something it needs had.
    pub fn round_broke(&self, id: FrameId) -> bool {
        let last = self.frame(id).children().last().and_then(|child| self.frame(*child).end());
        last.is_some_and(|end| end.status() == Status::Failed || end.is_blocked())
    }

    /// Lines up what takes back the effects of a failed body, last ended first.
    fn take_back(&mut self, id: FrameId) {
        let frame = self.frame(id);
        let (node, indices, failed) = (frame.node, frame.indices.clone(), frame.tally.broke());
        self.frame_mut(id).tally.closed = true;
        if failed {
            let inside = |(_, done): &(u64, FrameId)| {
                let done = &self.frames[done.0 as usize];
                done.indices.starts_with(&indices) && self.plan.is_inside(done.node, node)
            };
            let (mut mine, others): (Vec<_>, Vec<_>) = self.done.iter().copied().partition(inside);
            self.done = others;
            mine.sort_unstable();
            let count = u32::try_from(mine.len()).expect("frames are counted in 32 bits");
            let frame = self.frame_mut(id);
            frame.tally.width += count;
            frame.more_mut().undo = mine.into_iter().rev().map(|(_, done)| done).collect();
        }
        self.go_on(id);
    }

    /// Returns the node and the indices of a group's child number `slot`.
    fn child(&self, id: FrameId, slot: u32) -> (NodeId, Arc<[u32]>) {
        let (frame, node) = (self.frame(id), self.plan_node(id));
        match node.kind {
            Kind::Each(_) | Kind::Pipe(_) | Kind::Loop(_) => {
                (node.children[0], frame.indices.iter().copied().chain([slot]).collect())
            }
            Kind::Conditional(_) | Kind::Switch(_) => {
                let chosen = frame.more().and_then(|more| more.chosen).flatten().unwrap_or_default();
                (node.children[chosen as usize], frame.indices.clone())
            }
            Kind::Undo if slot > 0 => {
                let done = self.frame(frame.more().expect("it was lined up").undo[slot as usize - 1]);
                (self.plan.node(done.node).undo.expect("only such tasks are lined up"), done.indices.clone())
            }
            _ => (node.children[slot as usize], frame.indices.clone()),
        }
    }

    /// Ends a frame: its parent counts it, those that waited are woken.
    pub(super) fn end(&mut self, id: FrameId, end: End) {
        let (status, blocked, left_out) = (end.status(), end.is_blocked(), end.is_left_out());
        self.frame_mut(id).phase = Phase::Ended(end);
        self.ends.push(id);
        let optional = self.plan_node(id).optional;
        let parent = self.frame(id).parent;
        if let Some(parent) = parent {
            let tally = &mut self.frame_mut(parent).tally;
            match status {
                Status::Succeeded => tally.succeeded += 1,
                Status::Partial => tally.partial += 1,
                Status::Failed if optional => tally.tolerated += 1,
                Status::Failed => tally.failed += 1,
                Status::Skipped if left_out || (blocked && optional) => tally.tolerated += 1,
                Status::Skipped if blocked => tally.blocked += 1,
                Status::Skipped => tally.skipped += 1,
            }
        }
        if let Some(parent) = parent {
            self.go_on(parent);
        }
        let woken = self.waiters.remove(&id).unwrap_or_default();
        self.agenda.extend(woken.into_iter().rev().map(Next::Wake));
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
        self.call_early(id);
        if is_attempt { self.tasks.push_back(id) } else { self.duties.push_back(id) }
    }

    /// Returns the outcome of a step that does not run.
    pub fn skipped(because: Skip) -> Outcome {
        Outcome::Skipped { because }
    }
}
