//! Finds a frame by its node and the rounds and items round it. The frames themselves hold both, so that the table holds
//! only their numbers: of a run with 100,000 frames that is most of what it takes.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::frame::{Frame, FrameId};
use crate::plan::NodeId;

/// The numbers of all frames, by where they are.
#[derive(Debug, Default)]
pub(super) struct Places {
    table: HashTable<FrameId>,
    hasher: DefaultHashBuilder,
}

impl Places {
    /// Returns the frame of a node inside these rounds and items.
    pub(super) fn find(&self, frames: &[Frame], node: NodeId, indices: &[u32]) -> Option<FrameId> {
        let is_it = |id: &FrameId| frames[id.0 as usize].is_at(node, indices);
        self.table.find(self.hasher.hash_one((node, indices)), is_it).copied()
    }

    /// Takes in the frame that was opened last.
    pub(super) fn insert(&mut self, frames: &[Frame], id: FrameId) {
        let Places { table, hasher } = self;
        let hash = |id: &FrameId| {
            let Frame { node, indices, .. } = &frames[id.0 as usize];
            hasher.hash_one((*node, &indices[..]))
        };
        table.insert_unique(hash(&id), id, hash);
    }
}
