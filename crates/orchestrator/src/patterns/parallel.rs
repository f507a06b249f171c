//! Parallel: all children at once; all of them end before it does.

use super::Tally;
use crate::model::Status;

/// All of them.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width
}

/// Ends when all have ended.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    (tally.ended() == tally.width).then(|| tally.status())
}
