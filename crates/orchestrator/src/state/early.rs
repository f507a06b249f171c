//! Facts that came before what they are about. A fork takes over the ends of items that its own limits have not let in
//! yet; they are held here and count as soon as their frame is there.

use std::collections::{HashMap, VecDeque};

use super::fold::RunState;
use super::frame::{Frame, FrameId, Phase};
use crate::model::{Address, Fact};
use crate::plan::Kind;

/// Facts that wait for their frame, in the order of the list.
#[derive(Debug, Default)]
pub(super) struct Early {
    held: HashMap<Address, VecDeque<(u64, Fact)>>,
    /// Addresses at which something can be taken in now.
    called: VecDeque<Address>,
}

#[cfg(test)]
impl Early {
    /// Says whether something is held for a task.
    pub(super) fn holds(&self, task: &Address) -> bool {
        self.held.contains_key(task)
    }
}

impl RunState {
    /// Takes in a fact about a step, or holds it until its frame is there.
    pub(super) fn take_in(&mut self, seq: u64, fact: &Fact) {
        let Some(step) = fact.step() else { return };
        if !self.early.held.contains_key(step)
            && let Some(frame) = self.fitting(step, fact)
        {
            return self.apply_to(frame, seq, fact);
        }
        self.early.held.entry(step.clone()).or_default().push_back((seq, fact.clone()));
        self.early.called.push_back(step.clone());
    }

    /// Notes that a frame goes to work or has something to find out: what is held for it may fit now. It is taken in when the
    /// frames are at rest, one after the other, because items that end at once would nest without a limit.
    pub(super) fn call_early(&mut self, id: FrameId) {
        if self.early.held.is_empty() {
            return;
        }
        let address = self.address(id);
        if self.early.held.contains_key(&address) {
            self.early.called.push_back(address);
        }
    }

    /// Takes in what was called.
    pub(super) fn recall(&mut self) {
        while let Some(address) = self.early.called.pop_front() {
            let Some(mut facts) = self.early.held.remove(&address) else { continue };
            while let Some((seq, fact)) = facts.pop_front() {
                match self.fitting(&address, &fact) {
                    Some(frame) => self.apply_to(frame, seq, &fact),
                    None => {
                        facts.push_front((seq, fact));
                        self.early.held.insert(address, facts);
                        break;
                    }
                }
            }
        }
    }

    /// Returns the frame that a fact is about, if it is so far that the fact can be about it.
    fn fitting(&self, address: &Address, fact: &Fact) -> Option<FrameId> {
        let id = self.find(address)?;
        let Frame { tally, phase, .. } = self.frame(id);
        let is_at_rest = tally.opened == tally.ended();
        let fits = match (&self.plan_node(id).kind, fact) {
            _ if matches!(phase, Phase::Ended(_)) => true,
            _ if matches!(phase, Phase::Waiting(_)) => false,
            (Kind::Loop(_), Fact::Looped { rounds, .. }) => *rounds == tally.opened && is_at_rest,
            (_, Fact::Looped { .. }) => false,
            (Kind::Flow(_), Fact::Concluded { .. }) => tally.opened > 0 && is_at_rest,
            (_, Fact::Concluded { .. }) => false,
            // What they find out after their rounds may end in a failure.
            (Kind::Loop(_) | Kind::Flow(_), Fact::StepEnded { .. }) => is_at_rest,
            _ => true,
        };
        fits.then_some(id)
    }
}
