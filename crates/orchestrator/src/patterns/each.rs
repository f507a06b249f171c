//! Each: one run of the body for each item, together. No items is no failure.

use super::{Tally, parallel};
use crate::model::{AtLeast, Status};

/// As many at once as the limit allows.
pub(super) fn open(limit: Option<u32>, tally: &Tally) -> u32 {
    parallel::open(limit, tally)
}

/// Ends when all items have ended. With enough of them done, the rest is only missing.
pub(super) fn settle(at_least: Option<AtLeast>, tally: &Tally) -> Option<Status> {
    let status = parallel::settle(tally)?;
    let done = tally.succeeded + tally.partial;
    // Items that their own guards left out were not wanted, so they are not counted as missing.
    let wanted = tally.width - tally.skipped;
    match (status, at_least) {
        (Status::Failed, Some(at_least)) if done > 0 && done >= at_least.of(wanted) => Some(Status::Partial),
        _ => Some(status),
    }
}
