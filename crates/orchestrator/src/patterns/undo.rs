//! Undo: a body, and when it has failed, what takes back the effects of its tasks, one after the other, last ended first.
//!
//! What takes effects back may fail too: then the others still run, and the group has failed anyway.

use super::Tally;
use crate::model::Status;

/// One more than have ended.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width.min(tally.ended() + 1)
}

/// Ends once it is known that nothing is left to take back.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    (tally.closed && tally.ended() == tally.width).then(|| tally.status())
}
