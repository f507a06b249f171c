//! Always: a body, then its clean-up, which runs however the body ended.

use super::Tally;
use crate::model::Status;

/// The body, and the clean-up once the body has ended.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width.min(tally.ended() + 1)
}

/// Ends with the clean-up; a failed body stays a failure.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    (tally.ended() == tally.width).then(|| tally.status())
}
