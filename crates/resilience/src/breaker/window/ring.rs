//! The last so many calls, two bits a call at most. Leaves what they mean to `rule`.

use super::{Outcome, Sums};

/// The most calls that a count window holds.
pub(in crate::breaker) const MAX_CALLS: u32 = u16::MAX as u32;

/// The bits of one word.
const BITS: usize = u64::BITS as usize;

/// The last so many calls: one bit a call that says whether it failed, and where calls are timed a
/// second one that says whether it was slow.
#[derive(Debug)]
pub(in crate::breaker) struct Ring {
    /// The failed bits, and behind them the slow bits if calls are timed.
    bits: Box<[u64]>,
    capacity: u16,
    /// Where the next call goes, which is where the oldest is once the ring is full.
    next: u16,
    calls: u16,
    failures: u16,
    slow: u16,
}

impl Ring {
    /// Creates an empty ring.
    pub(in crate::breaker) fn of(capacity: u16, is_timed: bool) -> Ring {
        let words = usize::from(capacity).div_ceil(BITS) * if is_timed { 2 } else { 1 };
        Ring { bits: vec![0; words].into(), capacity, next: 0, calls: 0, failures: 0, slow: 0 }
    }

    pub(super) fn push(&mut self, outcome: Outcome) {
        if self.capacity == 0 {
            return;
        }
        let at = usize::from(self.next);
        let slow_at = usize::from(self.capacity).div_ceil(BITS) * BITS + at;
        if self.calls < self.capacity {
            self.calls += 1;
        }
        // The bits of a place that was never used are 0.
        self.failures -= u16::from(self.replace(at, outcome.is_failed));
        self.failures += u16::from(outcome.is_failed);
        if slow_at / BITS < self.bits.len() {
            self.slow -= u16::from(self.replace(slow_at, outcome.is_slow));
            self.slow += u16::from(outcome.is_slow);
        }
        self.next = if self.next + 1 == self.capacity { 0 } else { self.next + 1 };
    }

    pub(super) fn sums(&self) -> Sums {
        Sums { calls: self.calls.into(), failures: self.failures.into(), slow: self.slow.into() }
    }

    /// Says whether the ring is full of calls that were fine.
    pub(super) fn is_clean(&self) -> bool {
        self.calls == self.capacity && self.failures == 0 && self.slow == 0
    }

    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
        (self.next, self.calls, self.failures, self.slow) = (0, 0, 0, 0);
    }

    /// Sets a bit and returns what it was.
    fn replace(&mut self, at: usize, is_set: bool) -> bool {
        let (word, mask) = (&mut self.bits[at / BITS], 1 << (at % BITS));
        let was_set = *word & mask != 0;
        *word = if is_set { *word | mask } else { *word & !mask };
        was_set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Checks a ring against a queue of the same calls, after each of them.
    fn check(capacity: u16, is_timed: bool, seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut ring, mut queue) = (Ring::of(capacity, is_timed), VecDeque::new());
        let failing = random.random_range(0.0..=1.0);
        for _ in 0..4 * usize::from(capacity) + 10 {
            let is_slow = is_timed && random.random_bool(0.3);
            let outcome = Outcome { is_failed: random.random_bool(failing), is_slow };
            ring.push(outcome);
            queue.push_back(outcome);
            if queue.len() > usize::from(capacity) {
                queue.pop_front();
            }
            let mut expected = Sums::default();
            queue.iter().for_each(|outcome| expected.add(*outcome));
            assert_eq!(ring.sums(), expected);
            let is_clean = queue.len() == usize::from(capacity) && queue.iter().all(|outcome| outcome.is_fine());
            assert_eq!(ring.is_clean(), is_clean);
        }
        ring.clear();
        assert_eq!(ring.sums(), Sums::default());
    }

    #[test]
    fn a_ring_holds_the_last_calls() {
        for (seed, capacity) in [0, 1, 2, 63, 64, 65, 100, 128, 1_000].into_iter().enumerate() {
            check(capacity, false, seed as u64);
            check(capacity, true, seed as u64);
        }
    }

    #[test]
    fn the_longest_ring_holds_as_many_as_it_says() {
        let mut ring = Ring::of(u16::MAX, true);
        let failed = Outcome { is_failed: true, is_slow: true };
        (0..MAX_CALLS + 10).for_each(|_| ring.push(failed));
        let all = u64::from(MAX_CALLS);
        assert_eq!(ring.sums(), Sums { calls: all, failures: all, slow: all });
    }

    #[test]
    fn a_hundred_calls_take_sixteen_bytes() {
        assert_eq!(size_of_val(&*Ring::of(100, false).bits), 16);
    }
}
