//! Conditional: the branch that the guard chose, or none. Its width is one or zero once the guard was asked.

use super::Tally;
use crate::model::Status;

/// The chosen branch.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width
}

/// Ends as its branch ends; without a branch it is skipped.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    match tally.width {
        0 => Some(Status::Skipped),
        _ => (tally.ended() == tally.width).then(|| tally.status()),
    }
}
