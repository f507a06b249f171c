//! Sequential: one child after the other; a failed one is the last.

use super::Tally;
use crate::model::Status;

/// One more than have ended, until one breaks.
pub(super) fn open(tally: &Tally) -> u32 {
    if tally.broke() { tally.opened } else { tally.width.min(tally.ended() + 1) }
}

/// Ends with its last child, or with the first that breaks.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    let over = tally.ended() == tally.width || (tally.broke() && tally.ended() == tally.opened);
    over.then(|| tally.status())
}
