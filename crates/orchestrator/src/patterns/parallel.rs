//! Parallel: all children together, so many at once as the limit allows; all of them end before it does.

use super::Tally;
use crate::model::Status;

/// As many more as have ended, up to the limit.
pub(super) fn open(limit: Option<u32>, tally: &Tally) -> u32 {
    match limit {
        Some(limit) => tally.width.min(tally.ended().saturating_add(limit)),
        None => tally.width,
    }
}

/// Ends when all have ended.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    (tally.ended() == tally.width).then(|| tally.status())
}
