//! What retries cost: a bucket that successes fill, so that a service that is down gets few of them.
//! Leaves how often and how long to `policy`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Clock, Error, Part, Verdict};

/// How many retries a bucket holds unless set: what an AWS-like client may do from a cold start.
const DEFAULT_CAPACITY: u32 = 10;

/// The parts of one retry, so that a success can pay for a tenth of one in whole numbers.
const PARTS: u64 = 1_000_000;

/// A retry budget: each retry takes one from a bucket, each success puts a share of one back.
///
/// It scales with the caller's own traffic and has no floor: a bucket that a rate fills, such as ten
/// retries a second, is no limit at all for a thousand small clients. It starts full. Cloning shares
/// it; share one among all callers of a service. Idea: the success-fed token bucket of gRPC (A6) and of
/// Brooker, "Fixing retries with token buckets and circuit breakers" (2022).
///
/// ```
/// use segno_resilience::{Budget, Verdict};
///
/// let budget = Budget::ratio(0.1).capacity(1).build()?;
/// assert!(budget.try_spend(Verdict::Transient));
/// assert!(!budget.try_spend(Verdict::Transient), "after one retry, ten successes are missing for the next");
/// (0..10).for_each(|_| budget.deposit());
/// assert!(budget.try_spend(Verdict::Transient));
/// # Ok::<(), segno_resilience::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Budget(Arc<Bucket>);

#[derive(Debug)]
struct Bucket {
    parts: AtomicU64,
    capacity: u64,
    deposit: u64,
}

/// The pieces of a [`Budget`], begun with [`Budget::ratio`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct BudgetBuilder {
    ratio: f64,
    capacity: u32,
}

impl Budget {
    /// Starts a budget of so many retries a success, 0.1 for at most a tenth more load; from 0 to 1.
    pub fn ratio(ratio: f64) -> BudgetBuilder {
        BudgetBuilder { ratio, capacity: DEFAULT_CAPACITY }
    }

    /// Puts the share of a success into the bucket.
    pub fn deposit(&self) {
        let Bucket { parts, capacity, deposit } = &*self.0;
        // A healthy service finds it full: that costs a load, not a contended write.
        if parts.load(Ordering::Relaxed) < *capacity {
            let fill = |held: u64| Some(held.saturating_add(*deposit).min(*capacity));
            // The closure never declines, so there is nothing to report.
            let _ = parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill);
        }
    }

    /// Takes a retry out of the bucket and says whether there was one.
    ///
    /// A pause that the other side asked for costs as much: it too is load that it did not ask for.
    pub fn try_spend(&self, verdict: Verdict) -> bool {
        let price = if verdict.is_retryable() { PARTS } else { 0 };
        let spend = |held: u64| held.checked_sub(price);
        self.0.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }

    /// Returns how many retries the bucket holds now.
    pub fn available(&self) -> f64 {
        self.0.parts.load(Ordering::Relaxed) as f64 / PARTS as f64
    }
}

impl BudgetBuilder {
    /// Sets how many retries the bucket holds at most; 10 unless set.
    pub fn capacity(self, retries: u32) -> BudgetBuilder {
        BudgetBuilder { capacity: retries, ..self }
    }

    /// Checks the numbers and returns the budget.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a ratio outside 0 to 1 or below a millionth, and for a capacity of 0.
    pub fn build(self) -> Result<Budget, Error> {
        let BudgetBuilder { ratio, capacity } = self;
        // What is smaller than a part would be nothing.
        if !(0.0..=1.0).contains(&ratio) || (ratio > 0.0 && ratio * (PARTS as f64) < 1.0) {
            return Err(Error::number("a budget's ratio", "0 or from 0.000001 to 1", ratio));
        }
        if capacity == 0 {
            return Err(Error::number("a budget's capacity", "at least 1", capacity));
        }
        let capacity = u64::from(capacity) * PARTS;
        let deposit = (ratio * PARTS as f64).round() as u64;
        Ok(Budget(Arc::new(Bucket { parts: AtomicU64::new(capacity), capacity, deposit })))
    }
}

impl Part<Budget> for BudgetBuilder {
    fn build_on(self, _: &Clock) -> Result<Budget, Error> {
        self.build()
    }
}

impl Part<Budget> for Budget {
    fn build_on(self, _: &Clock) -> Result<Budget, Error> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backoff, EveryError, Retry};

    /// Checks how many retries a full bucket pays for after so many successes of a full outage.
    fn check(ratio: f64, capacity: u32, successes: u32, expected: u32) {
        let budget = Budget::ratio(ratio).capacity(capacity).build().unwrap();
        while budget.try_spend(Verdict::Transient) {}
        (0..successes).for_each(|_| budget.deposit());
        let retries = std::iter::from_fn(|| budget.try_spend(Verdict::Transient).then_some(()));
        assert_eq!(retries.count(), expected as usize, "{ratio} {capacity} {successes}");
    }

    #[test]
    fn successes_pay_for_retries_up_to_the_capacity() {
        check(0.1, 10, 9, 0);
        check(0.1, 10, 10, 1);
        check(0.1, 10, 1_000_000, 10);
        check(1.0, 3, 2, 2);
        check(0.0, 3, 1_000, 0);
    }

    #[test]
    fn every_bad_number_is_an_error() {
        for ratio in [-0.1, 1.1, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(Budget::ratio(ratio).build().is_err(), "{ratio}");
        }
        let error = Budget::ratio(0.1).capacity(0).build().unwrap_err();
        assert_eq!(error.to_string(), "a budget's capacity must be at least 1, not 0");
    }

    #[test]
    fn calls_that_fail_share_what_the_bucket_holds() {
        let budget = Budget::ratio(0.1).capacity(5).build().unwrap();
        let retry = Retry::attempts(3).backoff(Backoff::none()).budget(budget.clone()).build().unwrap();
        let attempts = (0..10).map(|_| retry.run_blocking(EveryError, |_| Err::<(), _>(())).unwrap_err().attempts);
        assert_eq!(attempts.sum::<u32>(), 10 + 5);
        (0..10).for_each(|_| retry.run_blocking(EveryError, |_| Ok::<_, ()>(())).unwrap());
        assert_eq!(budget.available(), 1.0);
    }
}
