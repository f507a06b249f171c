//! What one shard counts, under its lock.

use std::time::Duration;

use super::Cause;
use crate::Statistics;

/// The counts of one shard. What is counted most comes first, on a line with the lock.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) misses_absent: u64,
    pub(crate) inserts: u64,
    left: [u64; 5],
    pub(crate) misses_expired: u64,
    pub(crate) saved_nanos: u64,
}

impl Counts {
    /// Counts what left, by cause.
    #[inline(always)]
    pub(crate) fn leave(&mut self, cause: Cause) {
        self.left[cause as usize] += 1;
    }

    /// Adds these counts to those of other shards.
    pub(crate) fn add_to(&self, all: &mut Statistics) {
        let left = |cause: Cause| self.left[cause as usize];
        all.hits += self.hits;
        all.misses_absent += self.misses_absent;
        all.misses_expired += self.misses_expired;
        all.inserts += self.inserts;
        all.evicted += left(Cause::Evicted);
        all.expired += left(Cause::Expired);
        all.removed += left(Cause::Removed);
        all.invalidated += left(Cause::Invalidated);
        all.replaced += left(Cause::Replaced);
        all.saved_time = all.saved_time.saturating_add(Duration::from_nanos(self.saved_nanos));
    }
}
