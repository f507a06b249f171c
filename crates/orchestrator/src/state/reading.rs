//! What a reader may ask of a run's state: which frames there are, how they hang together and how they ended.
//!
//! The live view counts with this instead of folding the patterns a second time.

use std::sync::Arc;

use super::fold::RunState;
use super::frame::{End, Frame, FrameId};
use crate::model::Status;
use crate::plan::{NodeId, Plan};

impl RunState {
    /// Makes the state of a run in which nothing has happened, for a reader to whom thousands of outcomes are only weight:
    /// it keeps how tasks ended and nothing that they left.
    pub fn without_outcomes(plan: Arc<Plan>) -> RunState {
        let mut state = RunState::new(plan);
        state.keeps_outcomes = false;
        state
    }

    /// Returns how many frames were opened so far.
    pub fn opened(&self) -> usize {
        self.frames.len()
    }

    /// Returns the frames that were opened when there were `known` already, in the order of opening.
    pub fn opened_since(&self, known: usize) -> impl Iterator<Item = FrameId> + use<> {
        (known..self.frames.len()).map(|index| FrameId(u32::try_from(index).expect("frames are counted in 32 bits")))
    }

    /// Returns the frame of a node inside these rounds and items, once it is open.
    pub fn frame_at(&self, node: NodeId, indices: &[u32]) -> Option<FrameId> {
        self.places.find(&self.frames, node, indices)
    }

    /// Returns the frame that counts this one as its child.
    pub fn parent(&self, id: FrameId) -> Option<FrameId> {
        self.frame(id).parent
    }

    /// Returns the rounds and items that a frame is in, outermost first.
    pub fn indices_of(&self, id: FrameId) -> &[u32] {
        &self.frame(id).indices
    }

    /// Returns how a frame ended, once it has.
    pub fn ended(&self, id: FrameId) -> Option<Status> {
        self.frame(id).end().map(End::status)
    }

    /// Returns the round that a loop keeps, from 0, and how good that was; `None` while it goes on.
    pub fn kept_round(&self, id: FrameId) -> Option<(u32, Option<f64>)> {
        let frame: &Frame = self.frame(id);
        let kept = frame.kept()?;
        let score = frame.more().and_then(|more| more.scores.get(kept as usize).copied().flatten());
        Some((kept, score))
    }
}
