//! What came of a policy's calls, counted without a lock. Leaves the meaning of the counts to readers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Cause, Failure, Rejector};

/// What came of a policy's calls since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Calls that returned what the body returned, and it was good.
    pub succeeded: u64,
    /// Calls that were given up with an error of the body.
    pub failed: u64,
    /// Calls that ran out of time.
    pub timed_out: u64,
    /// Calls that the breaker did not let through.
    pub rejected_by_breaker: u64,
    /// Calls that the rate limit did not let through.
    pub rejected_by_rate: u64,
    /// Calls that the bulkhead did not let through.
    pub rejected_by_bulkhead: u64,
    /// Calls that the adaptive limit of concurrency did not let through.
    pub rejected_by_concurrency: u64,
    /// Calls that were shed.
    pub shed: u64,
    /// Attempts after the first of their calls.
    pub retries: u64,
}

impl Tally {
    /// Returns how many calls have ended.
    pub fn calls(&self) -> u64 {
        self.succeeded + self.failed + self.timed_out + self.rejected()
    }

    /// Returns how many calls a part of the policy did not let through.
    pub fn rejected(&self) -> u64 {
        let limits = self.rejected_by_rate + self.rejected_by_bulkhead + self.rejected_by_concurrency;
        self.rejected_by_breaker + limits + self.shed
    }
}

/// The counters behind a [`Tally`]. A call that succeeds at once adds to one of them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    succeeded: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    rejected: [AtomicU64; 5],
    retries: AtomicU64,
}

impl Counts {
    /// Counts a call that succeeded at once.
    #[inline]
    pub(super) fn succeeded(&self) {
        self.succeeded.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call that has ended after so many attempts.
    pub(super) fn count<T, E>(&self, result: &Result<T, Failure<E>>, attempts: u32) {
        if attempts > 1 {
            self.retries.fetch_add(u64::from(attempts - 1), Ordering::Relaxed);
        }
        let counter = match result {
            Ok(_) => &self.succeeded,
            Err(Failure { cause: Cause::Failed(_), .. }) => &self.failed,
            Err(Failure { cause: Cause::TimedOut { .. }, .. }) => &self.timed_out,
            Err(Failure { cause: Cause::Rejected { rejection, .. }, .. }) => &self.rejected[rejection.by as usize],
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tally(&self) -> Tally {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let rejected = |by: Rejector| read(&self.rejected[by as usize]);
        Tally {
            succeeded: read(&self.succeeded),
            failed: read(&self.failed),
            timed_out: read(&self.timed_out),
            rejected_by_breaker: rejected(Rejector::Breaker),
            rejected_by_rate: rejected(Rejector::Rate),
            rejected_by_bulkhead: rejected(Rejector::Bulkhead),
            rejected_by_concurrency: rejected(Rejector::Concurrency),
            shed: rejected(Rejector::Shedding),
            retries: read(&self.retries),
        }
    }
}
