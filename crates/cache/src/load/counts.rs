//! What loads did, as numbers, counted under the lock of their shard.

use std::time::Duration;

use super::flights::End;
use crate::Statistics;

#[derive(Debug, Default)]
pub(super) struct Counts {
    loads: u64,
    failures: u64,
    pub(super) joined: u64,
    time: Duration,
}

impl Counts {
    /// A load ended that took so long.
    pub(super) fn end(&mut self, end: &End<'_>, took: Duration) {
        match end {
            End::Loaded => self.loads += 1,
            End::Failed { .. } => self.failures += 1,
        }
        self.time = self.time.saturating_add(took);
    }

    pub(super) fn add_to(&self, statistics: &mut Statistics) {
        statistics.loads += self.loads;
        statistics.load_failures += self.failures;
        statistics.joined += self.joined;
        statistics.load_time = statistics.load_time.saturating_add(self.time);
    }
}
