//! Flow: another workflow as one child. It is over when its outputs are known.

use super::Tally;
use crate::model::Status;

/// Its one child.
pub(super) fn open(tally: &Tally) -> u32 {
    tally.width
}

/// Ends as the workflow ended; what failed or never ran has no outputs to wait for.
pub(super) fn settle(tally: &Tally) -> Option<Status> {
    let status = (tally.width > 0 && tally.ended() == tally.width).then(|| tally.status())?;
    let has_outputs = matches!(status, Status::Succeeded | Status::Partial);
    (tally.closed || !has_outputs).then_some(status)
}
