//! Each: one run of the body for each item, together. No items is no failure.

use super::Tally;
use crate::model::Status;

/// All of them.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width
}

/// Ends when all items have ended.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    (tally.ended() == tally.width).then(|| tally.status())
}
