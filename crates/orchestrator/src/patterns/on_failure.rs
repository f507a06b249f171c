//! On failure: a body, and a handler that runs only when the body has failed. The failure stays a failure.

use super::Tally;
use crate::model::Status;

/// The body, and the handler once the body has failed.
pub(super) fn open(tally: &Tally) -> u32 {
    if tally.failed > 0 { tally.width } else { tally.width.min(1) }
}

/// Ends with the body, or with the handler of a failed one.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    let is_over = tally.ended() == tally.width || (tally.ended() == 1 && tally.failed == 0);
    is_over.then(|| tally.status())
}
