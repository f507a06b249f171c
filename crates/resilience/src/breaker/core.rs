//! The breaker itself: who is let through and what a result changes. A healthy call reads one atomic
//! twice; all else stands behind a small lock. Leaves telling and counting for people to `circuit`.
//!
//! Only the holder of the lock changes the word. Without it calls read it: those of a closed breaker, the
//! successes that change nothing, and rejections.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::Duration;

use super::rule::Rule;
use super::window::{Outcome, Sums, Window};
use super::word::Word;
use super::{Change, State, Why};
use crate::Clock;
use crate::clock::Moment;
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// The state of a breaker, its rule and what it remembers.
#[derive(Debug)]
pub(super) struct Core {
    word: AtomicU64,
    /// When an open breaker lets a probe through, and when a half-open one has waited long enough for
    /// those that it let through. Nothing while the word changes: whoever reads that asks for the lock.
    until: AtomicU64,
    rule: Rule,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    window: Window,
    phase: Phase,
}

/// What is remembered beside the window; always of the state that the word tells.
#[derive(Debug)]
enum Phase {
    Closed {
        /// The failures since the last success.
        in_a_row: u32,
    },
    Open {
        /// How long it is open, in nanoseconds.
        wait: u64,
    },
    HalfOpen {
        /// The generation in which it became so. Later ones of the same phase wrote lost probes off.
        first: u64,
        /// The probes that succeeded.
        succeeded: u16,
        /// Those of them that were slow.
        slow: u16,
    },
}

/// What a breaker says to a call: it is let through with this word, or rejected for so long if that is
/// known.
pub(super) type Answer = Result<Word, Option<Duration>>;

/// What a result came to.
pub(super) enum Judged {
    /// It was counted, and this changed.
    Counted(Option<Change>),
    /// It belongs to a state that is over.
    Stale,
}

impl Core {
    /// Creates a closed breaker.
    pub(super) fn new(rule: Rule, window: Window) -> Core {
        let word = Word::closed(0, window.is_clean());
        let memory = Mutex::new(Memory { window, phase: Phase::Closed { in_a_row: 0 } });
        Core { word: AtomicU64::new(word.bits()), until: AtomicU64::new(0), rule, memory }
    }

    #[inline]
    pub(super) fn rule(&self) -> &Rule {
        &self.rule
    }

    #[inline]
    pub(super) fn word(&self) -> Word {
        Word::from_bits(self.word.load(Acquire))
    }

    /// Says whether a success of a call that was let through with this word changes nothing.
    ///
    /// A full window without failures stays as it is, so that a healthy call writes nothing. One that
    /// fails takes the lock and clears the bit; a success at the same moment counts as before it.
    #[inline]
    pub(super) fn is_clean_for(&self, admitted: Word) -> bool {
        let word = self.word();
        word.is_clean() && word.generation() == admitted.generation()
    }

    /// Answers a call that read this word, if it is rejected and that is plain without the lock.
    pub(super) fn rejects(&self, word: Word, clock: &Clock) -> Option<Answer> {
        let (is_open, limit) = match word.state() {
            State::Open => (true, self.rule.open_for),
            State::HalfOpen if word.probes() == 0 => (false, self.rule.half_open_for),
            State::Closed | State::HalfOpen => return None,
        };
        let until = self.until.load(Acquire);
        let left = (until != u64::MAX).then(|| until.saturating_sub(clock.now().as_nanos()));
        // Longer than the limit it is by hand, or because the clock was set back.
        let is_plain = left.is_none_or(|left| left > 0 && left <= limit);
        (is_plain && self.word() == word).then(|| Err(left.filter(|_| is_open).map(Duration::from_nanos)))
    }

    /// Answers a call under the lock, and says what changed.
    pub(super) fn answer(&self, clock: &Clock) -> (Answer, Option<Change>) {
        let mut memory = self.lock();
        let (word, now) = (self.word(), clock.now());
        match memory.phase {
            Phase::Closed { .. } => (Ok(word), None),
            Phase::Open { wait } => match self.left(wait, now) {
                Some(left) => (Err(left), None),
                None => {
                    let change = self.half_open(&mut memory);
                    (Ok(self.take_probe(now)), Some(change))
                }
            },
            Phase::HalfOpen { .. } if word.probes() > 0 => (Ok(self.take_probe(now)), None),
            Phase::HalfOpen { succeeded, .. } => match self.left(self.rule.half_open_for, now) {
                Some(_) => (Err(None), None),
                None => {
                    let change = self.write_off(succeeded);
                    (Ok(self.take_probe(now)), Some(change))
                }
            },
        }
    }

    /// Returns how much is left of a wait, if that is known and there is something left.
    fn left(&self, wait: u64, now: Moment) -> Option<Option<Duration>> {
        let until = self.until.load(Acquire);
        if until == u64::MAX {
            return Some(None);
        }
        let left = until.saturating_sub(now.as_nanos());
        if left > wait {
            // The clock was set back: the wait begins anew, rather than to last longer by as much.
            self.until.store(after(now, wait), Release);
        }
        (left > 0).then(|| Some(Duration::from_nanos(left.min(wait))))
    }

    /// Takes a probe of those that are free. The time to come back counts from the last one taken.
    fn take_probe(&self, now: Moment) -> Word {
        let word = self.word().take_probe();
        self.turn(word, after(now, self.rule.half_open_for));
        word
    }

    /// Counts a result for the state in which its call was let through.
    pub(super) fn judge(&self, admitted: Word, outcome: Outcome, clock: &Clock) -> Judged {
        let mut memory = self.lock();
        let word = self.word();
        let Memory { window, phase } = &mut *memory;
        match phase {
            Phase::Closed { in_a_row } if admitted.generation() == word.generation() => {
                window.push(outcome, || clock.now());
                // Even the largest number is not reached: it stands for no limit.
                *in_a_row = if outcome.is_failed { (*in_a_row + 1).min(u32::MAX - 1) } else { 0 };
                if let Some(why) = self.rule.broken_by(window.sums(), *in_a_row) {
                    return Judged::Counted(Some(self.open(&mut memory, self.rule.open_for, clock.now(), why)));
                }
                let is_clean = *in_a_row == 0 && window.is_clean();
                if is_clean != word.is_clean() {
                    self.word.store(word.clean(is_clean).bits(), Release);
                }
                Judged::Counted(None)
            }
            Phase::HalfOpen { first, .. } if (*first..=word.generation()).contains(&admitted.generation()) => {
                Judged::Counted(self.judge_probe(&mut memory, outcome, clock))
            }
            Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen { .. } => Judged::Stale,
        }
    }

    /// One probe that fails opens; as many as were asked for must succeed to close.
    fn judge_probe(&self, memory: &mut Memory, outcome: Outcome, clock: &Clock) -> Option<Change> {
        let Phase::HalfOpen { succeeded, slow, .. } = &mut memory.phase else {
            return None;
        };
        if outcome.is_failed {
            return Some(self.open(memory, self.rule.open_for, clock.now(), Why::ProbeFailed));
        }
        *succeeded += 1;
        *slow += u16::from(outcome.is_slow);
        if *succeeded < self.rule.probes {
            return None;
        }
        match self.rule.is_too_slow((*slow).into(), (*succeeded).into()) {
            true => Some(self.open(memory, self.rule.open_for, clock.now(), Why::ProbesSlow)),
            false => Some(self.close(memory, Why::ProbesSucceeded)),
        }
    }

    /// Gives back a place that says nothing about the other side. Of a probe that was written off there
    /// is none to give back.
    #[inline]
    pub(super) fn give_back(&self, admitted: Word) {
        if admitted.state() == State::HalfOpen {
            self.put_probe(admitted);
        }
    }

    fn put_probe(&self, admitted: Word) {
        let _memory = self.lock();
        let word = self.word();
        if word.generation() == admitted.generation() {
            self.word.store(word.put_probe().bits(), Release);
        }
    }

    /// Opens by hand for so many nanoseconds, the largest number for ever.
    pub(super) fn trip(&self, wait: u64, clock: &Clock) -> Change {
        self.open(&mut self.lock(), wait, clock.now(), Why::ByHand)
    }

    /// Closes by hand and forgets what was counted.
    pub(super) fn reset(&self) -> Change {
        self.close(&mut self.lock(), Why::ByHand)
    }

    /// Returns the word, what the window shows now and the failures since the last success.
    pub(super) fn look(&self, clock: &Clock) -> (Word, Sums, u32) {
        let mut memory = self.lock();
        memory.window.advance(|| clock.now());
        let in_a_row = match memory.phase {
            Phase::Closed { in_a_row } => in_a_row,
            Phase::Open { .. } | Phase::HalfOpen { .. } => 0,
        };
        (self.word(), memory.window.sums(), in_a_row)
    }

    fn open(&self, memory: &mut Memory, wait: u64, now: Moment, why: Why) -> Change {
        memory.phase = Phase::Open { wait };
        self.change(Word::open(self.next()), after(now, wait), why)
    }

    fn close(&self, memory: &mut Memory, why: Why) -> Change {
        memory.phase = Phase::Closed { in_a_row: 0 };
        memory.window.clear();
        self.change(Word::closed(self.next(), memory.window.is_clean()), 0, why)
    }

    fn half_open(&self, memory: &mut Memory) -> Change {
        memory.phase = Phase::HalfOpen { first: self.next(), succeeded: 0, slow: 0 };
        self.change(Word::half_open(self.next(), self.rule.probes), 0, Why::Waited)
    }

    /// Lets new probes through in place of those that did not come back. If one of these does later, what
    /// it says still counts: calls may simply take longer than somebody thought.
    fn write_off(&self, succeeded: u16) -> Change {
        let missing = self.rule.probes.saturating_sub(succeeded);
        self.change(Word::half_open(self.next(), missing), 0, Why::ProbesLost)
    }

    /// Returns the generation after the present one.
    fn next(&self) -> u64 {
        self.word().generation() + 1
    }

    fn change(&self, to: Word, until: u64, why: Why) -> Change {
        let from = self.word().state();
        self.turn(to, until);
        Change { from, to: to.state(), why, generation: to.generation() }
    }

    /// Makes a new word true. Whoever reads the time of one word with another finds the word changed, or
    /// no time at all, and asks for the lock.
    fn turn(&self, to: Word, until: u64) {
        self.until.store(0, Release);
        self.word.store(to.bits(), Release);
        self.until.store(until, Release);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        // Nothing under the lock panics, and if it did each field would still be true by itself.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(now: Moment, wait: u64) -> u64 {
    now.after(Duration::from_nanos(wait)).as_nanos()
}

// Under the model checker locks and atomics are larger.
#[cfg(all(test, not(segno_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_takes_128_bytes_beside_the_bits_of_its_window() {
        assert_eq!(size_of::<Core>(), 128);
    }
}
