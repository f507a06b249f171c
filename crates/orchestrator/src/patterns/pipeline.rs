//! Pipeline: items stream through stages, several in flight. An item whose stage fails drops out, the others go on.
//!
//! That each stage takes the items one at a time and in order is a need of the stage, not of this group: it sees counts.

use super::{Tally, each};
use crate::model::{AtLeast, Status};

/// As many items between the first stage and the last as the limit allows.
pub(super) fn open(limit: Option<u32>, tally: &Tally) -> u32 {
    each::open(limit, tally)
}

/// Ends when all items are through or have dropped out.
pub(super) fn settle(at_least: Option<AtLeast>, tally: &Tally) -> Option<Status> {
    each::settle(at_least, tally)
}
